r"""Overlapping subdomains, each solved directly.

    M = sum_i R_i^T (R_i A R_i^T)^{-1} R_i

:math:`R_i` picks the rows of subdomain i. An integer cuts the rows into that many consecutive
pieces, and ``overlap`` times each piece takes in the neighbours that A couples it to.

Cost: sparse LU factorisations of the subdomains, and two triangular solves with them for each
application.

Failure modes: a singular subdomain raises. The number of steps of conjugate gradients grows as
subdomains get smaller, about as the inverse of their diameter: for many of them a coarse level is
missing. Without overlap it is `block_jacobi` with sparse factors.

Source: M. Dryja and O. B. Widlund, An additive variant of the Schwarz alternating method for the
case of many subregions, Technical Report 339, Courant Institute (1987); B. F. Smith, P. E.
Bjørstad and W. D. Gropp, Domain Decomposition (1996), section 1.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from resolvent.errors import SingularMatrixError
from resolvent.preconditioners.factorisations.factors import on_host
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import is_hermitian, sparse_rows

__all__ = ["SchwarzInfo", "additive_schwarz"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SchwarzInfo:
    """What `additive_schwarz` found out.

    Attributes
    ----------
    subdomains : tuple of ndarray
        The sorted rows of each subdomain, overlap included.
    nnz : int
        Entries of all factors together.
    """

    subdomains: tuple[Rows, ...]
    nnz: int


def additive_schwarz(
    A: Any, subdomains: int | Iterable[ArrayLike], *, overlap: int = 1
) -> Preconditioner:
    r"""Return the sum of the inverses on overlapping subdomains.

    Parameters
    ----------
    A : (n, n) sparse matrix or array_like
        Real or complex.
    subdomains : int or iterable of 1-D integer arrays
        Number of consecutive pieces, or the rows of each piece; together they hold every row.
    overlap : int
        Layers of neighbours that each piece takes in.

    Returns
    -------
    Preconditioner
        Positive definite if A is Hermitian and all local matrices are positive definite.
        ``info`` is a `SchwarzInfo`: the subdomains, entries of the factors.

    Raises
    ------
    TypeError
        ``A`` is on a device, or known by its products only.
    ValueError
        ``A`` is not square and finite; the subdomains miss a row or name one that isn't there;
        ``overlap`` is negative.
    SingularMatrixError
        The matrix of a subdomain is singular.

    See Also
    --------
    block_jacobi : without overlap, on devices as well.

    Notes
    -----
    On the host, in the precision of A. ``M @ r`` takes ``(n,)`` and ``(n, k)``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import gallery
    >>> M = additive_schwarz(gallery.poisson(9), 3)
    >>> [subdomain.tolist() for subdomain in M.info.subdomains]
    [[0, 1, 2, 3], [2, 3, 4, 5, 6], [5, 6, 7, 8]]
    """
    if index(overlap) < 0:
        raise ValueError(f"overlap must not be negative, got {overlap}")
    rows = sparse_rows(A, builder="additive_schwarz", instead="block_jacobi")
    pieces = [_grow(rows, piece, overlap) for piece in _pieces(rows.shape[0], subdomains)]
    hermitian = is_hermitian(rows)
    factors, definite = [], hermitian
    for i, piece in enumerate(pieces):
        local = rows[piece][:, piece].tocsc()
        try:
            lu = _symmetric(local) if hermitian else None
            definite = definite and lu is not None
            factors.append(splu(local) if lu is None else lu)
        except RuntimeError as error:
            raise SingularMatrixError(f"the matrix of subdomain {i} is singular") from error

    def solve(r: NDArray[Any], trans: str) -> NDArray[Any]:
        y = np.zeros_like(r)
        for piece, lu in zip(pieces, factors, strict=True):
            y[piece] += lu.solve(r[piece], trans=trans)
        return y

    return Preconditioner(
        rows.shape,
        rows.dtype,
        lambda r: on_host(lambda x: solve(x, "N"), rows.dtype, r),
        lambda r: on_host(lambda x: solve(x, "H"), rows.dtype, r),
        is_spd=definite or (None if hermitian else False),
        info=SchwarzInfo(tuple(pieces), sum(lu.nnz for lu in factors)),
    )


def _pieces(n: int, subdomains: Any) -> list[Rows]:
    if isinstance(subdomains, Integral):
        count = index(subdomains)
        if not 1 <= count <= max(n, 1):
            raise ValueError(f"subdomains must be between 1 and {n}, got {count}")
        return np.array_split(np.arange(n), count)
    pieces = [np.asarray(piece) for piece in subdomains]
    if not all(piece.ndim == 1 and piece.size and piece.dtype.kind in "iu" for piece in pieces):
        raise ValueError("subdomains must be non-empty 1-D arrays of row numbers")
    pieces = [np.unique(piece).astype(np.int64) for piece in pieces]
    if not np.array_equal(np.unique(np.concatenate(pieces)), np.arange(n)):
        raise ValueError(f"subdomains must hold all of the rows 0 to {n - 1}, and no others")
    return pieces


def _grow(A: sparse.csr_array, piece: Rows, layers: int) -> Rows:
    """Return the rows within ``layers`` couplings of the piece, in order."""
    for _ in range(layers):
        piece = np.union1d(piece, A[piece].indices).astype(np.int64)
    return piece


def _symmetric(local: sparse.csc_array) -> Any:
    """Return a factorisation without pivoting, which proves definiteness; None where it doesn't."""
    options = {"SymmetricMode": True}
    try:
        lu = splu(local, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    except RuntimeError:
        return None
    symmetric = np.array_equal(lu.perm_r, lu.perm_c)
    return lu if symmetric and np.all(lu.U.diagonal().real > 0) else None
