r"""Newton's equation of the semi-dual, with as much of the plan as the error allows to drop.

.. math:: \left( D (1 + \lambda) - \tilde P^T (R (1 + \lambda))^{-1} \tilde P \right) d = w - c

Here :math:`D` and :math:`R` hold the column and row sums of the whole plan (and what relaxed
marginals add), while :math:`\tilde P` keeps the entries above a share of their row's and column's
mass. The matrix is then diagonally dominant, so positive definite whatever is dropped, and the
relative shift :math:`\lambda` keeps it so in rounding where the plan falls apart into blocks.

The mass that is dropped is at most twice the error now, so that convergence stays quadratic.

Source: Tang, Shavlovsky et al., Accelerating Sinkhorn algorithm with sparse Newton iterations
(2024), arXiv 2401.12253; the mass rule after Tang and Qiu, Safe and sparse Newton method for
entropic-regularized optimal transport (NeurIPS 2024).
"""

from typing import Any, Literal

import numpy as np
from scipy import sparse
from scipy.linalg import solve_triangular

from resolvent.arrays import Array
from resolvent.operators import as_operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.results import Reason
from resolvent.solvers.krylov.cg import cg
from resolvent.solvers.transport.semidual import Point, SemiDual
from resolvent.vectors import norm

__all__ = ["LinearSolver", "PlanEntries", "newton_direction"]

LinearSolver = Literal["auto", "cholesky", "cg"]

_DENSE_COLUMNS = 3_000  # up to here a factorisation beats iterations
_SPARSE_WORK = 0.05  # of the products of the whole plan: below it those of the kept one are fewer
_LARGEST_SHARE, _SMALLEST_SHARE = 0.05, 1e-6
_ROOM = 4_000_000  # entries for which there is always room
_MOST = 20_000_000  # entries; where the error asks for more, more is dropped


class PlanEntries:
    """Passes that bring home the entries of the plan that Newton's equation keeps."""

    def __init__(self, semidual: SemiDual) -> None:
        self.semidual, self.coarser = semidual, 1.0
        n, m = semidual.problem.cost.shape
        self.capacity = min(n * m, max(_ROOM, 40 * (n + m))) // semidual.parts + m

    def at(self, v: Array, error: float) -> tuple[Point, sparse.csr_array]:
        """Return the point of ``v`` and the plan there, sparser the larger the ``error``."""
        from resolvent.solvers.compiled.transport import Large

        b, parts = self.semidual.problem.b, self.semidual.parts
        n, m = self.semidual.problem.cost.shape
        share = min(_LARGEST_SHARE, max(error / float(np.sum(b)), _SMALLEST_SHARE))
        while True:
            store = Large(
                2 * self.coarser * share / (n + m),
                b,
                np.zeros((parts, n + 1), dtype=np.int64),
                np.empty((parts, self.capacity), dtype=np.int32),
                np.empty((parts, self.capacity)),
            )
            point = self.semidual.at(v, store)
            found = store.counts[:, 0]
            if found.max() <= self.capacity:
                return point, _joined(store, (n, m))
            if found.sum() > _MOST:
                self.coarser *= 8
            self.capacity = min(int(1.5 * found.max()), max(self.capacity, _MOST))


def newton_direction(
    point: Point,
    plan: sparse.csr_array,
    semidual: SemiDual,
    shift: float,
    linear_solver: LinearSolver,
) -> tuple[Array, int]:
    """Return the direction, and the steps of conjugate gradients it took.

    Raises
    ------
    numpy.linalg.LinAlgError
        The matrix is not positive definite in rounding.
    """
    rows = point.rows * (1 + semidual.row_stiffness) * (1 + shift)
    diagonal = (point.columns + semidual.column_stiffness * point.wanted) * (1 + shift)
    right = point.wanted - point.columns
    direct = linear_solver == "cholesky" or (
        linear_solver == "auto" and diagonal.size <= _DENSE_COLUMNS
    )
    if direct:
        return _by_cholesky(plan, rows, diagonal, right), 0
    return _by_cg(plan, rows, diagonal, right, point.error / float(np.sum(point.wanted)))


def _by_cholesky(plan: sparse.csr_array, rows: Array, diagonal: Array, right: Array) -> Array:
    from resolvent.solvers.compiled.schur import schur_complement

    n, m = plan.shape
    work = float(np.sum(np.diff(plan.indptr).astype(float) ** 2))
    if work < _SPARSE_WORK * n * m * m:
        S = np.zeros((m, m))
        schur_complement(plan.indptr, plan.indices, plan.data, rows, S)
    else:
        scaled = plan.toarray() / np.sqrt(rows)[:, None]
        S = -(scaled.T @ scaled)
    S[np.diag_indices(m)] += diagonal
    L = np.linalg.cholesky(S)  # by NumPy as the product: its threads and SciPy's disturb each other
    half = solve_triangular(L, right, lower=True, check_finite=False)
    return np.asarray(solve_triangular(L, half, lower=True, trans=1, check_finite=False))


def _by_cg(
    plan: sparse.csr_array, rows: Array, diagonal: Array, right: Array, error: float
) -> tuple[Array, int]:
    across = plan.T.tocsr()

    def product(x: Array) -> Array:
        return diagonal * x - across @ ((plan @ x) / rows)

    squares = sparse.csr_array((across.data**2, across.indices, across.indptr), shape=across.shape)
    inverse = 1 / np.maximum(diagonal - squares @ (1 / rows), 1e-3 * diagonal)
    shape = (right.size, right.size)
    M = Preconditioner(shape, right.dtype, lambda r: inverse * r, is_spd=True)
    rtol = min(0.1, max(error, 1e-10))
    found = cg(as_operator(product, shape=shape), right, M=M, rtol=rtol, maxiter=2_000)
    if found.reason is not Reason.CONVERGED and found.residual_norm > 0.5 * norm(right):
        raise np.linalg.LinAlgError(found.reason.advice)
    return found.x, found.iterations


def _joined(store: Any, shape: tuple[int, int]) -> sparse.csr_array:
    pieces = [slice(0, found) for found in store.counts[:, 0]]
    columns = np.concatenate([x[s] for x, s in zip(store.columns, pieces, strict=True)])
    values = np.concatenate([x[s] for x, s in zip(store.values, pieces, strict=True)])
    starts = np.concatenate([[0], np.cumsum(store.counts[:, 1:].sum(axis=0))])
    return sparse.csr_array((values, columns, starts), shape=shape)
