r"""Incomplete Cholesky factorisation, with zero fill or with a threshold.

    A + alpha diag(A) = (I + L) D (I + L)^H + E,    M = (I + L)^{-H} D^{-1} (I + L)^{-1}

Zero fill, IC(0): L has the pattern of A, and E vanishes on it. Threshold, ICT: an entry is dropped
where :math:`|l_{ij}| d_j < \tau \sqrt{a_{ii} a_{jj}}`, and of each column the largest ones stay.

Cost: setup of IC(0) about that of ten products with A. An application reads L twice.

Failure modes: on an M-matrix, or an H-matrix with positive diagonal, no pivot breaks down. On other
positive definite matrices one may be zero or negative: then the diagonal is enlarged by the factor
:math:`1 + \alpha`, with :math:`\alpha` = 1e-3 first and doubled until all pivots are positive, as
they are at the latest when the matrix is diagonally dominant. An indefinite A may end there as
well: M is positive definite even so.

Sources: J. A. Meijerink and H. A. van der Vorst, An iterative solution method for linear systems
of which the coefficient matrix is a symmetric M-matrix, Math. Comp. 31 (1977), 148-162,
doi 10.1090/S0025-5718-1977-0438681-4; T. A. Manteuffel, An incomplete factorization technique for
positive definite linear systems, Math. Comp. 34 (1980), 473-497,
doi 10.1090/S0025-5718-1980-0559197-0 (shift); C.-J. Lin and J. J. Moré, Incomplete Cholesky
factorizations with limited memory, SIAM J. Sci. Comput. 21 (1999), 24-45,
doi 10.1137/S1064827597327334 (threshold and limit).

Differs from the sources in: the threshold is relative to the diagonal, so that no diagonal scaling
of A changes what is dropped.
"""

from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError
from resolvent.preconditioners.factorisations.factors import factored
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import real_diagonal, sparse_rows, strict_triangles

__all__ = ["CholeskyInfo", "cholesky_factor", "ichol"]

FIRST_SHIFT = 1e-3


@dataclass(frozen=True)
class CholeskyInfo:
    r"""What `ichol` found out.

    Attributes
    ----------
    shift : float
        The :math:`\alpha` with which all pivots are positive.
    attempts : int
        Factorisations tried, 1 where the first one went through.
    nnz : int
        Entries of the factor :math:`I + L`.
    """

    shift: float
    attempts: int
    nnz: int


def ichol(
    A: Any, *, drop_tol: float | None = None, fill: int | None = 10, shift: float = 0.0
) -> Preconditioner:
    r"""Return the incomplete Cholesky preconditioner of a Hermitian positive definite matrix.

    Parameters
    ----------
    A : (n, n) sparse matrix or array_like
        Hermitian with positive diagonal, real or complex.
    drop_tol : float, optional
        Threshold :math:`\tau`, relative to the diagonal; without it the factor has the pattern
        of A, entries stored as zeros included.
    fill : int or None
        With a threshold: how many entries a column of L may have more than the one of A; None
        for no limit. ``drop_tol=0, fill=None`` is the complete factorisation.
    shift : float
        The :math:`\alpha` to begin with; it grows if a pivot breaks down.

    Returns
    -------
    Preconditioner
        Positive definite. ``info`` is a `CholeskyInfo`: shift, attempts, entries.

    Raises
    ------
    TypeError
        ``A`` is on a device, or known by its products only.
    ValueError
        ``A`` is not square, finite and Hermitian; ``drop_tol``, ``fill`` or ``shift`` is negative.
    NotPositiveDefiniteError
        A diagonal entry is not positive, or :math:`|a_{ij}|^2 > a_{ii} a_{jj}`.

    See Also
    --------
    ilu : for other matrices.
    fsai : an approximate inverse without triangular systems.

    Notes
    -----
    On the host, in the precision of A. ``M @ r`` takes ``(n,)`` and ``(n, k)``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import gallery
    >>> A = gallery.poisson(100)  # tridiagonal: the factor is complete
    >>> M = ichol(A)
    >>> b = np.ones(100)
    >>> bool(np.linalg.norm(b - A @ (M @ b)) < 1e-12 * np.linalg.norm(b))
    True
    """
    L, d, info = cholesky_factor(A, drop_tol=drop_tol, fill=fill, shift=shift)
    U = L.conj().T.tocsr()
    U.sort_indices()
    return factored(L, 1 / d, U, is_spd=True, info=info)


def cholesky_factor(
    A: Any, *, drop_tol: float | None = None, fill: int | None = 10, shift: float = 0.0
) -> tuple[sparse.csr_array, NDArray[Any], CholeskyInfo]:
    """Return L without its unit diagonal, the diagonal of D, and what `ichol` found out."""
    if drop_tol is not None and not 0 <= drop_tol < np.inf:
        raise ValueError(f"drop_tol must be a finite number, not negative, got {drop_tol}")
    if fill is not None and index(fill) < 0:
        raise ValueError(f"fill must not be negative, got {fill}")
    if not 0 <= shift < np.inf:
        raise ValueError(f"shift must be a finite number, not negative, got {shift}")
    rows = sparse_rows(A, builder="ichol", instead="jacobi and chebyshev")
    diagonal = real_diagonal(rows, builder="ichol")
    lower, _ = strict_triangles(rows)
    _require_minors(lower, diagonal)
    if drop_tol is not None:
        lower = lower.tocsc()
    attempts = 1
    while True:
        shifted = diagonal * diagonal.dtype.type(1 + shift)
        if drop_tol is None:
            done, L, d = _zero_fill(lower, shifted)
        else:
            most = rows.shape[0] if fill is None else min(index(fill), rows.shape[0])
            done, L, d = _threshold(lower, shifted, drop_tol, most)
        if done:
            break
        shift = max(2 * shift, FIRST_SHIFT)
        attempts += 1
    return L, d, CholeskyInfo(shift=shift, attempts=attempts, nnz=L.nnz + L.shape[0])


def _require_minors(lower: sparse.csr_array, diagonal: NDArray[Any]) -> None:
    """Require minors of order two that are not negative; then shifts end at the row lengths."""
    root = np.sqrt(diagonal)
    row = np.repeat(np.arange(root.size), np.diff(lower.indptr))
    excess = np.abs(lower.data) - root[row] * root[lower.indices] * (
        1 + 4 * np.finfo(root.dtype).eps
    )
    if np.any(excess > 0):
        i, j = row[np.argmax(excess)], lower.indices[np.argmax(excess)]
        raise NotPositiveDefiniteError(
            f"the rows and columns {j} and {i} of A make an indefinite 2x2 matrix"
        )


def _zero_fill(
    lower: sparse.csr_array, diagonal: NDArray[Any]
) -> tuple[bool, sparse.csr_array, NDArray[Any]]:
    from resolvent.linalg.compiled.incomplete import cholesky_zero_fill

    L, d = np.empty_like(lower.data), np.empty_like(diagonal)
    broken = cholesky_zero_fill(lower.indptr, lower.indices, lower.data, diagonal, L, d)
    return broken < 0, sparse.csr_array((L, lower.indices, lower.indptr), shape=lower.shape), d


def _threshold(
    lower: sparse.csc_array, diagonal: NDArray[Any], drop_tol: float, fill: int
) -> tuple[bool, sparse.csr_array, NDArray[Any]]:
    from resolvent.linalg.compiled.incomplete import incomplete_cholesky

    d = np.empty_like(diagonal)
    broken, starts, rows, L = incomplete_cholesky(
        lower.indptr, lower.indices, lower.data, diagonal, float(drop_tol), fill, d
    )
    if broken >= 0:
        return False, lower, d
    starts = starts.astype(rows.dtype)
    return True, sparse.csc_array((L, rows, starts), shape=lower.shape).tocsr(), d
