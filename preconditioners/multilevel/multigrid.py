r"""Algebraic multigrid: PyAMG chooses the coarse levels, a compiled cycle on all threads runs them.

With prolongations P, restrictions R and Galerkin matrices :math:`A_c = R A P`, a cycle for
:math:`A x = b` from zero is

    smooth m steps;   x <- x + P cycle(A_c, R (b - A x));   smooth m steps in reverse

and the coarsest system is solved by a dense inverse. The smoother is a polynomial in A
(`resolvent.preconditioners.multilevel.cycle`), so that every step is a product with a sparse
matrix, and one cycle is a fixed linear operator; for symmetric positive definite A it is symmetric
positive definite.

Cost: set-up by PyAMG on one thread, a second or so for a million unknowns. A V-cycle reads each
matrix 2m times: about 4.4 m products with A at the operator complexity 2.2 of five-point matrices.

Failure modes: many steps where smooth errors are not what PyAMG's coarsening takes them for:
strong anisotropy at an angle to the mesh, elasticity without ``near_nullspace``, Helmholtz.
Coarsening stops where no connection is strong; if the level is then too large for a dense
inverse, it is only smoothed, see ``info.levels``.

Sources: J. W. Ruge and K. Stüben, Algebraic multigrid, in Multigrid Methods (1987), 73-130;
P. Vaněk, J. Mandel and M. Brezina, Algebraic multigrid by smoothed aggregation for second and
fourth order elliptic problems, Computing 56 (1996), 179-196; N. Bell, L. N. Olson, J. Schroder
and B. Southworth, PyAMG: Algebraic multigrid solvers in Python, J. Open Source Softw. 8 (2023),
5495.

Differs from the sources in: polynomial smoothers instead of Gauss-Seidel.
"""

from dataclasses import dataclass
from operator import index
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from resolvent.arrays import enter
from resolvent.errors import SingularMatrixError
from resolvent.preconditioners.multilevel.cycle import (
    coarsest_inverse,
    cycle_product,
    smoothing_weights,
)
from resolvent.preconditioners.multilevel.hierarchy import COARSENINGS, coarsen
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import is_hermitian, sparse_rows

__all__ = ["MultigridInfo", "multigrid"]

CYCLES = ("V", "W")
SMOOTHERS = ("chebyshev", "jacobi")

_LARGEST_DENSE = 2000  # rows of a coarsest matrix
_WORTH_A_FORM = 50_000  # rows; below it no cycle is compiled for each number of diagonals


@dataclass(frozen=True)
class MultigridInfo:
    """What `multigrid` found out.

    Attributes
    ----------
    levels : tuple of int
        Unknowns of each level.
    operator_complexity : float
        Entries of the matrices of all levels, over those of A.
    grid_complexity : float
        Unknowns of all levels, over those of A.
    coarsest : {"inverse", "smoothed"}
        How the coarsest level is treated.
    setup_seconds : float
        Of PyAMG and of what follows.
    """

    levels: tuple[int, ...]
    operator_complexity: float
    grid_complexity: float
    coarsest: str
    setup_seconds: float


def multigrid(
    A: Any,
    *,
    coarsening: str = "ruge-stuben",
    smoother: str = "chebyshev",
    sweeps: int = 2,
    cycle: str = "V",
    near_nullspace: ArrayLike | None = None,
    max_coarse: int = 200,
    **options: Any,
) -> Preconditioner:
    r"""Return one cycle of algebraic multigrid.

    Parameters
    ----------
    A : (n, n) sparse matrix or array_like
        Real; symmetric positive definite, or an M-matrix at least, to be of use. A singular
        matrix, such as that of a Neumann problem, needs a consistent right-hand side.
    coarsening : {"ruge-stuben", "smoothed-aggregation"}
        Coarse levels by choosing unknowns, or by aggregating them.
    smoother : {"chebyshev", "jacobi"}
        Polynomial of degree ``sweeps``, or as many damped Jacobi steps; take the latter for a
        nonsymmetric A, whose eigenvalues are not real.
    sweeps : int
        Smoothing steps before, and as many after the coarse correction.
    cycle : {"V", "W"}
        Visit each coarse level once, or twice as often as the one above it.
    near_nullspace : (n,) or (n, m) array_like, optional
        Smooth errors that smoothed aggregation must represent, such as the rigid-body motions of
        elasticity; by default the constants.
    max_coarse : int
        Size at which coarsening ends.
    **options
        For ``pyamg.ruge_stuben_solver`` or ``pyamg.smoothed_aggregation_solver``, e.g.
        ``strength=("classical", {"theta": 0.5})``.

    Returns
    -------
    Preconditioner
        Fixed and linear. ``is_spd`` if A is symmetric, and neither a diagonal entry nor an
        eigenvalue of the coarsest matrix is negative. ``info`` is a `MultigridInfo`: levels,
        complexities, seconds.

    Raises
    ------
    ImportError
        PyAMG is not installed: ``pip install "resolvent[multigrid]"``.
    TypeError
        ``A`` is complex, on a device, or known by its products only.
    ValueError
        ``A`` is not square and finite; an option is unknown or out of range; ``near_nullspace``
        doesn't fit to ``A`` or goes with Ruge-Stuben.
    SingularMatrixError
        A row of ``A`` is zero.

    Notes
    -----
    On the host. ``M @ r`` takes ``(n,)``, and ``(n, k)`` column by column, in the precision of r.
    The cycle runs in the precision of A: ``multigrid(A.astype(np.float32))`` halves its memory,
    and costs at most a step more inside float64 conjugate gradients, as long as the condition of
    A is well below :math:`10^7`. Each thread that uses M has work arrays
    of its own.

    With Ruge-Stuben the weights of PyAMG's "direct" interpolation are the default: on five-point
    matrices the set-up takes 0.6 of the time of its "classical" ones, for at most one step more.
    With smoothed aggregation the prolongations are damped by row sums instead of an estimated
    spectral radius, and the candidates are not improved: at most half of PyAMG's set-up time.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import gallery
    >>> from resolvent.solvers import cg
    >>> A = gallery.poisson((40, 40))
    >>> M = multigrid(A)
    >>> M.info.levels
    (1600, 800, 207, 54)
    >>> cg(A, np.ones(1600), M=M).iterations < 10
    True
    """
    for name, value, known in (
        ("coarsening", coarsening, COARSENINGS),
        ("smoother", smoother, SMOOTHERS),
        ("cycle", cycle, CYCLES),
    ):
        if value not in known:
            raise ValueError(f"{name} must be one of {known}, got {value!r}")
    for name, count in (("sweeps", sweeps), ("max_coarse", max_coarse)):
        if index(count) < 1:
            raise ValueError(f"{name} must be positive, got {count}")
    start = perf_counter()
    rows = sparse_rows(A, builder="multigrid", instead="chebyshev and jacobi")
    if rows.dtype.kind == "c":
        raise TypeError("multigrid needs a real A; ilu, ichol and ssor take a complex one")
    if near_nullspace is not None:
        if coarsening == "ruge-stuben":
            raise ValueError("near_nullspace needs coarsening='smoothed-aggregation'")
        options["B"] = _candidates(near_nullspace, rows)
    finest, symmetric = _recognised(rows)
    hierarchy = coarsen(
        rows, coarsening=coarsening, symmetric=symmetric, max_coarse=max_coarse, **options
    )
    matrices = hierarchy.matrices
    if not np.all(hierarchy.sums[0]):
        raise SingularMatrixError(f"row {int(np.argmin(hierarchy.sums[0]))} of A is zero")
    inverse, definite = np.empty((0, 0), dtype=rows.dtype), symmetric
    if matrices[-1].shape[0] <= max(max_coarse, _LARGEST_DENSE):
        inverse, definite = coarsest_inverse(hierarchy, symmetric=symmetric)
    definite = definite and all(bool(np.all(S.diagonal() > 0)) for S in matrices[:-1])
    product = cycle_product(
        finest,
        hierarchy,
        weights=smoothing_weights(smoother, sweeps),
        inverse=inverse,
        visits=CYCLES.index(cycle) + 1,
    )
    info = MultigridInfo(
        tuple(S.shape[0] for S in matrices),
        sum(S.nnz for S in matrices) / max(rows.nnz, 1),
        sum(S.shape[0] for S in matrices) / max(rows.shape[0], 1),
        "inverse" if inverse.size else "smoothed",
        perf_counter() - start,
    )
    return Preconditioner(rows.shape, rows.dtype, product, is_spd=definite, info=info)


def _candidates(near_nullspace: ArrayLike, rows: sparse.csr_array) -> NDArray[Any]:
    """Return the columns to represent, ``(n, m)``."""
    (B,) = enter(matrix=False, near_nullspace=near_nullspace).arrays
    if B.ndim not in (1, 2) or B.shape[0] != rows.shape[0]:
        n = rows.shape[0]
        raise ValueError(f"near_nullspace must be ({n},) or ({n}, m), got {tuple(np.shape(B))}")
    B = np.array(B if B.ndim == 2 else B[:, None], dtype=rows.dtype)
    if not np.all(np.any(B, axis=0)):
        raise ValueError("near_nullspace has a zero column")
    return B


def _recognised(rows: sparse.csr_array) -> tuple[Any, bool]:
    """Return the compiled form of A, and whether A is symmetric."""
    from resolvent.linalg.compiled.matrices import CSR, Stencil, SymmetricDiagonals
    from resolvent.linalg.compiled.recognise import recognise

    if rows.shape[0] < _WORTH_A_FORM:
        return CSR(rows.indptr, rows.indices, rows.data), is_hermitian(rows)
    form = recognise(rows, rows.dtype)
    if isinstance(form, Stencil):
        return form, bool(np.all(form.neighbours[::2] == form.neighbours[1::2]))
    return form, isinstance(form, SymmetricDiagonals) or is_hermitian(rows)
