r"""Newton's equation of the semi-dual, with as much of the plan as the error allows to drop.

.. math:: \left( D (1 + \lambda) - \tilde P^T (R (1 + \lambda))^{-1} \tilde P \right) d = w - c

Here :math:`D` and :math:`R` hold the column and row sums of the whole plan (and what relaxed
marginals add), while :math:`\tilde P` keeps the entries above a share of their row's and column's
mass. The matrix is then diagonally dominant, so positive definite whatever is dropped, and the
relative shift :math:`\lambda` keeps it so in rounding where the plan falls apart into blocks.

The mass that is dropped is at most twice the error now, so that convergence stays quadratic. The
equation is solved by conjugate gradients, to what the error asks for; where they take longer than a
factorisation, that one does it, and the rest of the stage.

Source: Tang, Shavlovsky et al., Accelerating Sinkhorn algorithm with sparse Newton iterations
(2024), arXiv 2401.12253; the mass rule after Tang and Qiu, Safe and sparse Newton method for
entropic-regularized optimal transport (NeurIPS 2024).
"""

from typing import Any, Literal, TypeAlias

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular

from resolvent.arrays import Array
from resolvent.linalg.compiled.forms import Diagonal
from resolvent.solvers.transport.kept_entries import KeptEntries, Plan
from resolvent.solvers.transport.problem import Problem
from resolvent.solvers.transport.semi_dual import Point, SemiDual

__all__ = ["LinearSolver", "PlanHessian"]

LinearSolver: TypeAlias = Literal["auto", "cholesky", "cg"]

_MOST_COLUMNS = 3_000  # for a factorisation
_SPARSE_WORK = 0.05  # of the products of the whole plan: below it those of the kept one are fewer
_MOST_STEPS = 2_000
_TINY = np.finfo(float).tiny
_GOOD_ENOUGH = 0.1  # relative residual of a direction that is worth a pass
_LEAST_PIVOT = 1e-3  # of the preconditioner, against the diagonal of the column sums
# Measured nanoseconds: of a kept or stored entry in a step of conjugate gradients, of a column
# cubed in a factorisation, and of an entry and column in the product that forms its matrix.
_KEPT, _STORED, _FACTORED, _FORMED = 2.0, 0.2, 0.014, 0.012


class PlanHessian:
    """Passes over the plan, and Newton's directions there; `steps` of conjugate gradients so far.

    Raises
    ------
    numpy.linalg.LinAlgError
        From `direction`: the matrix is not positive definite in rounding.
    """

    def __init__(self, problem: Problem, linear_solver: LinearSolver) -> None:
        self.entries, self.linear_solver, self.steps = KeptEntries(problem), linear_solver, 0

    def enter(self, semidual: SemiDual) -> None:
        """Begin a stage."""
        self.semidual, self.solver = semidual, self.linear_solver
        self.entries.enter(semidual)

    def at(self, v: Array, error: float) -> tuple[Point, Plan]:
        """Return the point of ``v`` and the plan there, sparser the larger the ``error``.

        The plan is overwritten by the next one.
        """
        return self.entries.at(v, error)

    def direction(self, point: Point, plan: Plan, shift: float, rtol: float) -> Array:
        """Return the solution of Newton's equation, its residual reduced to ``rtol``."""
        rows = np.maximum(point.rows, _TINY) * (1 + self.semidual.row_stiffness) * (1 + shift)
        columns = point.columns + self.semidual.column_stiffness * point.wanted
        diagonal, right = columns * (1 + shift), point.wanted - point.columns
        if self.solver == "cholesky":
            return _by_cholesky(plan, rows, diagonal, right)
        budget = _MOST_STEPS if self.solver == "cg" else _affordable(plan)
        d, left, steps = _by_cg(plan, rows, diagonal, right, rtol, budget)
        self.steps += steps
        if left <= max(rtol, _GOOD_ENOUGH):
            return d
        if self.solver == "cg" or right.size > _MOST_COLUMNS:
            raise np.linalg.LinAlgError(f"conjugate gradients took more than {steps} steps")
        self.solver = "cholesky"
        return _by_cholesky(plan, rows, diagonal, right)


def _affordable(plan: Plan) -> int:
    """Return the steps of conjugate gradients that take as long as a factorisation."""
    n, m = plan.shape
    if m > _MOST_COLUMNS:
        return _MOST_STEPS
    formed = _FORMED * n * m * m if isinstance(plan, np.ndarray) else 0.0
    step = _STORED * plan.size if isinstance(plan, np.ndarray) else _KEPT * max(1, plan.nnz)
    return max(10, int((formed + _FACTORED * m**3) / step))


def _by_cg(
    plan: Plan, rows: Array, diagonal: Array, right: Array, rtol: float, most: int
) -> tuple[Array, float, int]:
    """Return the solution, its relative residual, and the number of steps."""
    from resolvent.solvers.compiled.conjugate_gradients import ConjugateGradients
    from resolvent.solvers.compiled.schur import DenseSchur, SparseSchur, schur_diagonal

    form: Any = DenseSchur(diagonal, 1 / rows, plan)
    if sparse.issparse(plan):
        form = SparseSchur(diagonal, 1 / rows, plan.indptr, plan.indices, plan.data)
    M = Diagonal(1 / np.maximum(schur_diagonal(form), _LEAST_PIVOT * diagonal + _TINY))
    loop = ConjugateGradients(form, M, right.copy(), shared=False)
    size = loop.norms
    norms, _ = loop.advance(rtol * size, most)
    return loop.x, float(loop.norms[0] / size[0]) if size[0] > 0 else 0.0, len(norms)


def _by_cholesky(plan: Plan, rows: Array, diagonal: Array, right: Array) -> Array:
    S = _negative_product(plan, rows)
    S[np.diag_indices(right.size)] += diagonal
    L = np.linalg.cholesky(S)  # by NumPy as the product: its threads and SciPy's disturb each other
    half = solve_triangular(L, right, lower=True, check_finite=False)
    return np.asarray(solve_triangular(L, half, lower=True, trans=1, check_finite=False))


def _negative_product(plan: Plan, rows: Array) -> Array:
    """Return ``-P^T diag(1 / rows) P``, at least its lower triangle."""
    from resolvent.solvers.compiled.schur import schur_complement

    n, m = plan.shape
    if sparse.issparse(plan):
        work = float(np.sum(np.diff(plan.indptr).astype(float) ** 2))
        if work < _SPARSE_WORK * n * m * m:
            S = np.zeros((m, m))
            schur_complement(plan.indptr, plan.indices, plan.data, rows, S)
            return S
        plan = plan.toarray()
    scaled = plan / np.sqrt(rows)[:, None]
    return np.asarray(-(scaled.T @ scaled))
