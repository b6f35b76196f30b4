r"""Sinkhorn-Newton-Sparse as it was published: a warm-up, then Newton steps of a fixed sparsity.

In scaled potentials :math:`u = f / \varepsilon`, :math:`v = g / \varepsilon` (the paper writes
:math:`\eta = 1 / \varepsilon`) the dual to minimise, and Newton's equation for it, are

.. math:: \Phi(u, v) = \sum_{ij} P_{ij} - \langle a, u \rangle - \langle b, v \rangle, \quad
          \begin{pmatrix} D_r & \tilde P \\ \tilde P^T & D_c \end{pmatrix}
          \begin{pmatrix} \delta u \\ \delta v \end{pmatrix} =
          \begin{pmatrix} a - r \\ b - c \end{pmatrix}, \quad
          P_{ij} = e^{u_i + v_j - C_{ij} / \varepsilon} .

:math:`D_r` and :math:`D_c` hold the row sums r and the column sums c of the whole plan, and
:math:`\tilde P` its largest entries, a fixed number of them. The matrix is then diagonally
dominant, so positive semidefinite whatever is dropped. Conjugate gradients with Jacobi's
preconditioner solve the equation, and backtracking by Armijo's rule makes :math:`\Phi` fall.

A departure from the equation: the diagonal is multiplied by :math:`1 + 10^{-10}`. The matrix is
singular, as constants may go from u to v, and has more such directions where the kept plan falls
apart into blocks, whose masses are then not yet right. The shift makes it definite; where the
shifted equation is not solved to the tolerance, the last iterate is the step. Conjugate
gradients from zero give a descent direction after every step, though the residual may have risen.

Cost: a step takes one exponential an entry for each trial of the line search, a selection among all
entries, and many steps of conjugate gradients, as the matrix is nearly reducible. The costs, the
plan and the selection are stored: ``3 n m`` numbers.

Failure modes: mass that is dropped makes convergence linear, and too small a budget makes it stall;
the reason is then MAXITER. Where the kept plan falls apart into blocks, directions are as long as
the shift is small and the line search cuts them: the error may stay for many steps while
:math:`\Phi` falls, and after 150 of them the reason is STAGNATED, as it is where no step lowers
:math:`\Phi` or a row of the plan underflows. The best potentials and their bounds are returned
whatever happens. `sinkhorn_newton` mends all of it.

Source: Tang, Shavlovsky, Rahmanian, Tardini, Thekumparampil, Xiao and Ying, Accelerating Sinkhorn
algorithm with sparse Newton iterations (ICLR 2024), arXiv 2401.12253.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from scipy import sparse

from resolvent.arrays import Array, is_numpy
from resolvent.errors import SingularMatrixError
from resolvent.preconditioners import jacobi
from resolvent.solvers.compiled.known import form_of
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.transport.problem import transport_problem
from resolvent.solvers.transport.semi_dual import Point, SemiDual
from resolvent.solvers.transport.sinkhorn import sinkhorn_steps
from resolvent.solvers.transport.solution import TransportSolution
from resolvent.solvers.transport.stages import Count, TransportCallback, solve_by_stages

__all__ = ["sinkhorn_newton_sparse"]

_BUDGET = 3  # entries for each row and each column
_INNER_RTOL = 1e-8
_INNER_STEPS = 10  # for each unknown
_SHIFT = 1e-10  # of the diagonal
_ARMIJO = 1e-4
_TRIALS = 40  # halvings of a step
_ROUNDING = 1e-13  # of the dual: a smaller fall can't be seen


def sinkhorn_newton_sparse(
    cost: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    warmup: int = 20,
    steps: int = 100,
    budget: float | None = None,
    tol: float = 1e-9,
    callback: TransportCallback | None = None,
    time_limit: float | None = None,
) -> TransportSolution:
    r"""Solve an entropic transport problem by Sinkhorn-Newton-Sparse, to compare with.

    `sinkhorn_newton` needs no budget and no warm-up, and solves what this does not.

    Parameters
    ----------
    cost, a, b, reg, tol, callback, time_limit
        As in `sinkhorn`.
    warmup : int
        Sinkhorn steps at ``reg``, from potentials of zero; at least one.
    steps : int
        Largest number of Newton steps.
    budget : float, optional
        Share of the ``n m`` entries of the plan that Newton's matrix keeps: the
        ``ceil(budget * n * m)`` largest, and those that equal the smallest of them. Its diagonal
        is not counted. ``k / n`` keeps k entries a row. By default ``3 (n + m)`` entries, which is
        ``6 / n`` for square problems.

    Returns
    -------
    TransportSolution
        With bounds on the exact cost.

    Raises
    ------
    TypeError, ValueError
        As in `sinkhorn`; ``warmup`` or ``steps`` below one, ``budget`` outside (0, 1].

    Notes
    -----
    NumPy arrays, computed in float64.

    The paper prints a budget of ``2 / n`` without a full account of what it is a share of. Of the
    plan it is too small: convergence is slow and linear. Of the Hessian of order ``2 n`` with its
    diagonal it leaves three entries of the plan to each row.

    Examples
    --------
    >>> import numpy as np
    >>> cost = np.random.default_rng(0).random((50, 50))
    >>> solution = sinkhorn_newton_sparse(cost, reg=5e-3)
    >>> solution.converged, solution.iterations - solution.newton_steps
    (True, 20)
    >>> sinkhorn_newton_sparse(cost, reg=5e-3, budget=1 / 50).reason.name
    'MAXITER'
    """
    problem = transport_problem(cost, a, b)
    if not is_numpy(problem.xp):
        raise TypeError("sinkhorn_newton_sparse solves on the host: pass NumPy arrays")
    if warmup < 1 or steps < 1:
        raise ValueError(f"warmup and steps must be at least 1, got {warmup!r} and {steps!r}")
    n, m = problem.cost.shape
    if budget is None:
        budget = min(1.0, _BUDGET * (1 / n + 1 / m))
    if not 0 < budget <= 1:
        raise ValueError(f"budget must be a share of the plan, in (0, 1], got {budget!r}")
    return solve_by_stages(
        partial(_steps, warmup=warmup, kept=math.ceil(budget * n * m)),
        problem,
        reg=reg,
        tol=tol,
        maxiter=warmup + steps,
        init=np.zeros(problem.whole.shape[1]),  # at reg from the first step on
        callback=callback,
        time_limit=time_limit,
    )


def _steps(
    semidual: SemiDual, v: Array, target: float, count: Count, warmup: int, kept: int
) -> Iterator[Point]:
    for point in islice(sinkhorn_steps(semidual, v, target, count), warmup):
        yield point
    dual = _Dual(semidual)
    point, P = dual.at(point.u, semidual.balanced_columns(point))
    while True:
        try:
            du, dv, inner = _direction(point, _largest(P, kept), dual)
        except SingularMatrixError:
            return
        count.newton_steps += 1
        count.linear_steps += inner
        found = dual.along(du, dv, point)
        if found is None:
            return
        point, P = found
        yield point


class _Dual:
    """The dual of a problem at one regularisation; ``at`` makes the whole plan."""

    def __init__(self, semidual: SemiDual) -> None:
        problem = semidual.problem
        self.semidual, self.a, self.b = semidual, problem.a, problem.b
        self.scaled_cost = problem.cost.rows(np.arange(problem.a.size)) / semidual.reg

    def at(self, u: Array, v: Array) -> tuple[Point, Array]:
        self.semidual.passes += 1
        with np.errstate(over="ignore"):
            P = np.exp(u[:, None] + v - self.scaled_cost)
            rows, columns = P.sum(axis=1), P.sum(axis=0)
        value = float(np.sum(rows) - self.a @ u - self.b @ v)
        error = float(np.sum(np.abs(rows - self.a)) + np.sum(np.abs(columns - self.b)))
        return Point(u, v, rows, columns, self.b, value, error), P

    def along(self, du: Array, dv: Array, point: Point) -> tuple[Point, Array] | None:
        """Return the first point on the way that lowers the dual enough, and its plan."""
        slope = float((point.rows - self.a) @ du + (point.columns - self.b) @ dv)
        if not slope < 0:
            return None
        step, rounding = 1.0, _ROUNDING * (1 + abs(point.value))
        for _ in range(_TRIALS):
            found, P = self.at(point.u + step * du, point.v + step * dv)
            if found.value <= point.value + _ARMIJO * step * slope + rounding:
                return found, P
            step /= 2
        return None


def _largest(P: Array, kept: int) -> sparse.csr_array:
    least = np.partition(P, -kept, axis=None)[-kept]
    return sparse.csr_array(np.where(least <= P, P, 0.0))


def _direction(point: Point, kept: sparse.csr_array, dual: _Dual) -> tuple[Array, Array, int]:
    """Return the last iterate of conjugate gradients, not that of the least residual: it descends.

    Where blocks have the wrong mass the residual rises at first, and the least one is at zero.
    """
    from resolvent.solvers.compiled.conjugate_gradients import ConjugateGradients

    rows, columns = (sparse.diags_array((1 + _SHIFT) * w) for w in (point.rows, point.columns))
    H = sparse.block_array([[rows, kept], [kept.T, columns]], format="csr")
    right = np.concatenate([dual.a - point.rows, dual.b - point.columns])
    system = linear_system(H, right, M=jacobi(H))
    loop = ConjugateGradients(system.A.kernel, form_of(system.M, right.dtype), right.copy())
    norms, _ = loop.advance(_INNER_RTOL * loop.norms, _INNER_STEPS * right.size)
    return loop.x[: dual.a.size], loop.x[dual.a.size :], len(norms)
