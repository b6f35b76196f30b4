r"""One multigrid cycle as a product ``r -> M r``: the smoother, and all levels in compiled form.

The smoother is a polynomial in :math:`D A`, where D holds the reciprocal row sums of absolute
values. For symmetric A no eigenvalue of :math:`D A` exceeds 1, because :math:`D^{-1} - A` is
diagonally dominant: nothing has to be estimated. m steps with the weights

    jacobi      4/3
    chebyshev   1 / sin^2(j pi / (2m + 1)),   j = 1..m

multiply the error at an eigenvalue t by :math:`p(t) = (1 - 4t/3)^m`, or by
:math:`p(t) = W_m(1 - 2t) / (2m + 1)` with the Chebyshev polynomial of the fourth kind: of all p
of degree m with p(0) = 1 it has the least maximum of :math:`\sqrt t |p(t)|` in :math:`0 < t \le 1`,
so no lower bound of the spectrum is needed either. Both are below 1 there, which makes a symmetric
cycle positive definite.

Sources: A. H. Baker, R. D. Falgout, T. V. Kolev and U. M. Yang, Multigrid smoothers for
ultraparallel computing, SIAM J. Sci. Comput. 33 (2011), 2864-2887 (the row sums);
J. Lottes, Optimal polynomial smoothers for multigrid V-cycles, arXiv 2202.08830 (the weights).

Differs from the sources in: the polynomial is applied by its roots.
"""

from collections.abc import Callable, Sequence
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import eps
from resolvent.preconditioners.factorisations.factors import on_host
from resolvent.preconditioners.multilevel.hierarchy import Hierarchy

__all__ = ["coarsest_inverse", "cycle_product", "smoothing_weights"]

Host = NDArray[Any]
Matrices = Sequence[sparse.csr_array]


def smoothing_weights(smoother: str, m: int) -> Host:
    """Return the weights of ``m`` steps of ``"jacobi"`` or ``"chebyshev"``."""
    if smoother == "jacobi":
        return np.full(m, 4 / 3)
    return np.asarray(1 / np.sin(np.pi * np.arange(1, m + 1) / (2 * m + 1)) ** 2)


def coarsest_inverse(hierarchy: Hierarchy, *, symmetric: bool) -> tuple[Host, bool]:
    """Return the dense pseudo-inverse, and whether the matrix is symmetric semidefinite.

    Eigenvalues or singular values that may be rounding count as zero.
    """
    A = hierarchy.matrices[-1]
    dense = A.toarray().astype(np.float64)
    if symmetric:
        w, V = np.linalg.eigh((dense + dense.T) / 2)
        Vh = V.T
    else:
        V, w, Vh = np.linalg.svd(dense)
    unit = A.shape[0] * eps(np, A.dtype)
    noise = max(unit * np.max(np.abs(w), initial=0.0), np.max(hierarchy.noise[-1], initial=0.0))
    kept = np.abs(w) > noise
    inverse = (Vh[kept].T / w[kept]) @ V[:, kept].T
    definite = symmetric and bool(np.all(w >= -noise))
    return np.ascontiguousarray(inverse, dtype=A.dtype), definite


def cycle_product(
    finest: Any, hierarchy: Hierarchy, *, weights: Host, inverse: Host, visits: int
) -> Callable[[Host], Host]:
    """Return ``r -> M r``, one cycle from zero; ``finest`` is the compiled form of A.

    ``inverse`` is that of the coarsest matrix, or empty where that one is smoothed only. Each
    thread that applies it has work arrays of its own.
    """
    from resolvent.linalg.compiled.multigrid import Levels, cycle, route

    matrices = hierarchy.matrices
    dtype, n = matrices[0].dtype, matrices[0].shape[0]
    smoothed = matrices[:-1] if inverse.size else matrices
    levels = Levels(
        np.cumsum([0] + [S.shape[0] for S in matrices]),
        finest,
        _join(smoothed[1:], dtype),
        _join(hierarchy.prolong, dtype),
        _join(hierarchy.restrict, dtype),
        _scales(hierarchy),
        weights.astype(dtype),
        inverse,
        route(len(matrices), visits),
    )
    work = local()

    def apply(r: Host) -> Host:
        if not hasattr(work, "arrays"):
            work.arrays = np.zeros((3, levels.starts[-1]), dtype=dtype)
        b, x, y = work.arrays
        z = np.empty_like(r)
        columns = (r, z) if r.ndim == 2 else (r[:, None], z[:, None])
        for column, result in zip(columns[0].T, columns[1].T, strict=True):
            b[:n] = column
            cycle(levels, b, (x, y))
            result[:] = x[:n]
        return z

    def product(r: Host) -> Host:
        size = _largest(r, dtype)
        return on_host(apply, dtype, r) if size == 1 else on_host(apply, dtype, r / size) * size

    return product


def _largest(r: Host, dtype: Any) -> float:
    """Return a factor that takes ``r`` into the range of ``dtype``."""
    if not isinstance(r, np.ndarray) or dtype.itemsize == 8 or r.dtype.char in "fF":
        return 1.0
    size = float(np.max(np.abs(r), initial=0.0))
    return size if 0 < size < np.inf else 1.0


def _scales(hierarchy: Hierarchy) -> Host:
    """Return D of all levels, with the sign of the diagonal; zero in rows that are rounding."""
    scales = []
    for A, sums, noise in zip(hierarchy.matrices, hierarchy.sums, hierarchy.noise, strict=True):
        sign = np.where(A.diagonal() < 0, -1, 1)
        scales.append(np.divide(sign, sums, out=np.zeros_like(sums), where=sums > noise))
    return np.concatenate(scales)


def _join(matrices: Matrices, dtype: Any) -> Any:
    """Return the block-diagonal matrix of the blocks given, as a compiled CSR."""
    from resolvent.linalg.compiled.matrices import CSR

    entries = sum(S.nnz for S in matrices)
    index = np.int32 if max(entries, sum(S.shape[1] for S in matrices)) < 2**31 else np.int64
    indptr, indices, data = [np.zeros(1, index)], [np.empty(0, index)], [np.empty(0, dtype)]
    before = column = 0
    for S in matrices:
        indptr.append(S.indptr[1:].astype(index) + index(before))
        indices.append(S.indices.astype(index, copy=False) + index(column))
        data.append(S.data.astype(dtype, copy=False))
        before, column = before + S.nnz, column + S.shape[1]
    return CSR(np.concatenate(indptr), np.concatenate(indices), np.concatenate(data))
