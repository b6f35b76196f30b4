r"""Which solver with which preconditioner, by what is known of the system.

1. A rectangular A: least squares by LSMR.
2. A small A with known entries: its inverse or LU factors, refined by Richardson iteration.
3. Constant coefficients on a box: a fast sine transform, refined by CG.
4. Hermitian with a positive diagonal: many rows, CG with the diagonal for a while, then CG with
   multigrid from where that stopped. In space "a while" is the time of setting up multigrid: this
   ski-rental rule costs at most twice the time of the better choice. In a line or a plane, where CG
   takes hundreds to thousands of steps at such a size, it is a small part of that, which only a
   well-conditioned matrix can use. Fewer rows, CG with an incomplete Cholesky factor.
5. Hermitian otherwise, or found to be indefinite: MINRES.
6. Anything else: GMRES(50) with an incomplete LU factorisation, then IDR(8), and as the last resort
   LU factors, as long as there is memory for them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from scipy import sparse

from resolvent import preconditioners
from resolvent.arrays import Array, namespace_of
from resolvent.errors import SingularMatrixError
from resolvent.linalg.factorisations import inverse
from resolvent.linalg.graph_dimension import graph_dimension
from resolvent.linalg.poisson_stencil import poisson_stencil_of
from resolvent.operators import Operator
from resolvent.preconditioners import Preconditioner
from resolvent.preconditioners.factorisations.factors import on_host
from resolvent.preconditioners.sparse_rows import is_hermitian
from resolvent.results import Solution
from resolvent.solvers.krylov.cg import cg
from resolvent.solvers.krylov.gmres import gmres
from resolvent.solvers.krylov.idrs import idrs
from resolvent.solvers.krylov.lsmr import lsmr
from resolvent.solvers.krylov.minres import minres
from resolvent.solvers.linear_system import LinearSystem
from resolvent.solvers.stationary.richardson import richardson

__all__ = ["Plan", "Structure", "check_assumption", "plans"]

Structure = Literal["spd", "hermitian", "general"]

_FEW_DENSE_ROWS = 4_000
_FEW_SPARSE_ROWS = 5_000
_MOST_DENSE_ROWS = 20_000  # inverted in minutes
_MOST_SPARSE_ROWS = 100_000  # of a matrix from three dimensions the factors take gigabytes
_MANY_ROWS = 20_000
# seconds that `multigrid` takes for an entry of a matrix in a plane, and in space
_SETUP_PER_ENTRY = 2e-7, 4.5e-7
_TRIAL = 0.15  # of them, for CG in a plane
_PLANE = 2.3  # dimensions of a graph at most


@dataclass(frozen=True)
class Plan:
    """A solver to try, with what builds its preconditioner.

    Attributes
    ----------
    method : callable
        ``(A, b, *, M, ...) -> Solution``.
    preconditioner : str
        Its name, or empty.
    build : callable
        ``() -> M``.
    why : str
        What speaks for it.
    patience : float or None
        Seconds after which the next plan is worth its set-up.
    """

    method: Callable[..., Solution]
    preconditioner: str
    build: Callable[[], Any]
    why: str
    patience: float | None = None

    @property
    def name(self) -> str:
        """Name of the solver."""
        return str(getattr(self.method, "func", self.method).__name__)


def check_assumption(system: LinearSystem, assume: Structure | None) -> None:
    """Hold what the user says of A against its entries.

    Raises
    ------
    ValueError
        A is not Hermitian, or has a diagonal that isn't positive.
    """
    if assume not in ("spd", "hermitian") or system.A.matrix is None:
        return
    if not _is_hermitian(system.A):
        raise ValueError(f"A is not Hermitian, but assume={assume!r}")
    if assume == "spd" and not _has_positive_diagonal(system.A):
        raise ValueError("A has diagonal entries that are not positive, but assume='spd'")


def plans(system: LinearSystem, assume: Structure | None, nullspace: Any) -> Iterator[Plan]:
    """Yield what to try, the most promising first."""
    A, given = system.A, system.M
    hermitian = assume in ("spd", "hermitian") or (assume is None and _is_hermitian(A))
    positive = assume == "spd" or (hermitian and A.matrix is not None and _has_positive_diagonal(A))
    if A.shape[0] != A.shape[1]:
        yield Plan(lsmr, _name(given), lambda: given, "A is rectangular: least squares")
        return
    if given is not None:
        yield from _with_given(given, hermitian, positive, nullspace)
        return
    if nullspace is None:
        yield from _direct(A, system.b)
    if positive:
        yield from _positive(system, nullspace)
    if hermitian:
        why = "Hermitian, not known to be positive definite"
        yield Plan(partial(minres, nullspace=nullspace), "", _nothing, why)
    yield from _general(A, system.b)


def _with_given(
    M: Preconditioner, hermitian: bool, positive: bool, nullspace: Any
) -> Iterator[Plan]:
    if positive:
        why = "Hermitian with a positive diagonal"
        yield Plan(partial(cg, nullspace=nullspace), "given", lambda: M, why)
    if hermitian and M.is_spd is not False and M.is_linear and M.is_fixed:
        why = "Hermitian, not known to be positive definite"
        yield Plan(partial(minres, nullspace=nullspace), "given", lambda: M, why)
    yield Plan(partial(gmres, restart=50), "given", lambda: M, "no structure is known")


def _direct(A: Operator, b: Array) -> Iterator[Plan]:
    n, matrix = A.shape[0], A.matrix
    if matrix is None:
        return
    stencil = poisson_stencil_of(matrix)
    positive = stencil is not None and stencil.shift.imag == 0 and stencil.shift.real >= 0
    if stencil is not None and positive and min(stencil.coefficients) > 0:
        build = partial(
            preconditioners.fast_poisson,
            stencil.shape,
            coefficients=stencil.coefficients,
            shift=stencil.shift,
        )
        yield Plan(cg, "fast_poisson", build, "constant coefficients on a box")
    elif sparse.issparse(matrix) and n <= _FEW_SPARSE_ROWS:
        yield Plan(richardson, "sparse LU", partial(_sparse_lu, A), "few rows: a direct solve")
    elif _is_dense(A) and n <= _FEW_DENSE_ROWS:
        yield Plan(richardson, "inverse", partial(_inverse, A, b), "few rows: a direct solve")


def _positive(system: LinearSystem, nullspace: Any) -> Iterator[Plan]:
    A, why = system.A, "Hermitian with a positive diagonal"
    method = partial(cg, nullspace=nullspace)
    if not sparse.issparse(A.matrix):
        build = _nothing if A.matrix is None else partial(preconditioners.jacobi, A.matrix)
        yield Plan(method, "" if A.matrix is None else "jacobi", build, why)
    elif A.shape[0] < _MANY_ROWS or A.matrix.dtype.kind == "c":
        yield Plan(method, "ichol", partial(preconditioners.ichol, A.matrix), why)
    else:
        patience, why_so = _patience(A.matrix)
        cheap = partial(preconditioners.jacobi, A.matrix)
        yield Plan(method, "jacobi", cheap, why, patience)
        many = f"{why}; {patience:.2g} s without convergence, {why_so}"
        yield Plan(method, "multigrid", partial(preconditioners.multigrid, A.matrix), many)
        yield Plan(method, "ichol", partial(preconditioners.ichol, A.matrix), why)


def _patience(matrix: sparse.csr_array) -> tuple[float, str]:
    plane, space = _SETUP_PER_ENTRY
    if graph_dimension(matrix) < _PLANE:
        return _TRIAL * plane * matrix.nnz, "and CG is slow in a line or a plane"
    return space * matrix.nnz, "which pay for the set-up"


def _general(A: Operator, b: Array) -> Iterator[Plan]:
    why = "no structure is known"
    if sparse.issparse(A.matrix):
        build = partial(preconditioners.ilu, A.matrix)
        yield Plan(partial(gmres, restart=50), "ilu", build, why)
    yield Plan(partial(gmres, restart=50), "", _nothing, why)
    yield Plan(partial(idrs, s=8), "", _nothing, "GMRES(50) did not get there")
    why = "no iteration got there"
    if sparse.issparse(A.matrix) and A.shape[0] <= _MOST_SPARSE_ROWS:
        yield Plan(richardson, "sparse LU", partial(_sparse_lu, A), why)
    elif _is_dense(A) and A.shape[0] <= _MOST_DENSE_ROWS:
        yield Plan(richardson, "inverse", partial(_inverse, A, b), why)


def _is_dense(A: Operator) -> bool:
    return A.matrix is not None and not hasattr(A.matrix, "tocsr")


def _nothing() -> None:
    return None


def _name(M: Preconditioner | None) -> str:
    return "" if M is None else "given"


def _is_hermitian(A: Operator) -> bool:
    """Compare the entries with those of the adjoint, up to the rounding of an assembly."""
    matrix = A.matrix
    if matrix is None or A.shape[0] != A.shape[1] or 0 in A.shape:
        return False
    if type(A.kernel).__name__ == "SymmetricDiagonals":
        return True
    if sparse.issparse(matrix):  # the same rule as that of the preconditioners to come
        return is_hermitian(matrix)
    xp = None if hasattr(matrix, "tocsr") else namespace_of(matrix)
    if xp is None:
        skew, largest = abs(matrix - matrix.T.conj()).max(), abs(matrix).max()
        eps = np.finfo(matrix.dtype).eps
    else:
        skew = xp.max(xp.abs(matrix - (xp.conj(matrix.T) if A.is_complex else matrix.T)))
        largest, eps = xp.max(xp.abs(matrix)), xp.finfo(matrix.dtype).eps
    return bool(skew <= 100 * float(eps) * largest)


def _has_positive_diagonal(A: Operator) -> bool:
    matrix = A.matrix
    if hasattr(matrix, "tocsr"):
        return bool((matrix.diagonal().real > 0).all())
    xp = namespace_of(matrix)
    diagonal = xp.linalg.diagonal(matrix)
    return bool(xp.all((xp.real(diagonal) if A.is_complex else diagonal) > 0))


def _inverse(A: Operator, b: Array) -> Preconditioner:
    X = inverse(namespace_of(b), A.matrix)
    if X is None:
        raise SingularMatrixError("A is singular")
    return Preconditioner(A.shape, A.dtype, lambda r: X @ r, matrix=X)


def _sparse_lu(A: Operator) -> Preconditioner:
    from scipy.sparse.linalg import splu

    try:
        factors = splu(sparse.csc_array(A.matrix))
    except RuntimeError as error:  # SuperLU met an exact zero
        raise SingularMatrixError("A is singular") from error
    return Preconditioner(A.shape, A.dtype, lambda r: on_host(factors.solve, A.dtype, r))
