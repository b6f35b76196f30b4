r"""Systems with the Schur complement :math:`D - P^T R^{-1} P` of all of a plan, on any library.

A stored plan of few columns gives the matrix, which is factored; else conjugate gradients solve by
products. Where both marginals are fixed the constants are in its null space: the right-hand side is
then orthogonal to them, and so is the solution.
"""

import math

import numpy as np

from resolvent.arrays import Array, Namespace, eps
from resolvent.linalg.factorisations import solve
from resolvent.operators import as_operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.results import Reason
from resolvent.solvers.krylov.cg import cg
from resolvent.solvers.transport.costs import Products

__all__ = ["solve_schur"]

_MOST_COLUMNS = 3_000  # for a factorisation
_MOST_STEPS = 5_000
_USEFUL = 0.5  # relative residual


def solve_schur(
    xp: Namespace,
    products: Products,
    rows: Array,
    diagonal: Array,
    right: Array,
    *,
    constants: bool,
    rtol: float,
    accept: float = math.inf,
) -> tuple[Array, int]:
    """Return the solution and the steps of conjugate gradients; ``constants`` if they are null.

    Raises
    ------
    numpy.linalg.LinAlgError
        The matrix is singular in rounding, or the error is above ``accept``: that of rounding,
        estimated by the solution of a second system, or the residual that was reached.
    """
    m = right.shape[0]
    if constants:
        right = right - xp.mean(right)
    if products.stored is not None and m <= _MOST_COLUMNS:
        P = products.stored
        S = -(P.T @ (P / rows[:, None]))
        S = S + xp.eye(m, dtype=S.dtype, device=products.device) * diagonal
        if constants:
            S = S + xp.mean(diagonal) / m
        signs = (-1.0) ** xp.arange(m, dtype=S.dtype, device=products.device)
        probe = diagonal * (signs - xp.sum(diagonal * signs) / xp.sum(diagonal))
        both = solve(xp, S, xp.stack([right, probe], axis=1))
        if both is None or not bool(xp.all(xp.isfinite(both))):
            raise np.linalg.LinAlgError("the Schur complement is singular in rounding")
        d, answer = both[:, 0], both[:, 1]
        if eps(xp, S.dtype) * float(xp.max(xp.abs(answer))) > accept:
            raise np.linalg.LinAlgError("the plan falls apart: rounding decides the solution")
        return (d - xp.mean(d) if constants else d), 0

    def product(x: Array) -> Array:
        return diagonal * x - products.back(products.onto(x) / rows)

    M = Preconditioner((m, m), right.dtype, lambda r: r / diagonal, is_spd=True)
    operator = as_operator(product, like=right)
    found = cg(operator, right, M=M, rtol=rtol, maxiter=_MOST_STEPS)
    allowed = min(accept, _USEFUL) * float(xp.linalg.vector_norm(right))
    if found.reason is not Reason.CONVERGED and found.residual_norm > allowed:
        raise np.linalg.LinAlgError(found.reason.advice)
    return (found.x - xp.mean(found.x) if constants else found.x), found.iterations
