"""The door of builders whose kernels run over the rows of a sparse matrix on the host."""

from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import eps
from resolvent.errors import NotPositiveDefiniteError
from resolvent.operators import Operator

__all__ = ["is_hermitian", "narrow", "real_diagonal", "sparse_rows", "strict_triangles"]


def sparse_rows(A: Any, *, builder: str, instead: str) -> sparse.csr_array:
    """Return a square matrix as CSR: sorted, no duplicates, floating point, 32-bit indices.

    The matrix of the caller is never changed, but may be shared.

    Raises
    ------
    TypeError
        No matrix, or one that is not on the host; the message names what to take ``instead``.
    ValueError
        Not square, or NaN or infinite entries.
    """
    if isinstance(A, Operator) and A.matrix is not None:
        A = A.matrix
    on_host = isinstance(A, np.ndarray | np.generic | list | tuple)
    if not sparse.issparse(A) and not on_host:
        known = array_api_compat.is_array_api_obj(A) or hasattr(A, "tocsr")
        what = f"a {type(A).__module__.partition('.')[0]} matrix" if known else type(A).__name__
        raise TypeError(
            f"{builder} needs the entries of A in a NumPy or SciPy matrix, got {what}; {instead} "
            "take what is on a device. Where A is known by its products only, take chebyshev with "
            "resolvent.operators.as_operator(A, shape=(n, n))"
        )
    if len(np.shape(A)) != 2 or np.shape(A)[0] != np.shape(A)[1]:
        raise ValueError(f"A must be square, got shape {np.shape(A)}")
    rows = sparse.csr_array(A)
    if rows.dtype.kind not in "biufc":
        raise TypeError(f"A must be numeric, got dtype {rows.dtype}")
    if rows.dtype.char not in "fdFD":
        rows = rows.astype(np.complex128 if rows.dtype.kind == "c" else np.float64)
    if not np.all(np.isfinite(rows.data)):
        raise ValueError("A has NaN or infinite entries")
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return narrow(rows)


def narrow(A: sparse.csr_array) -> sparse.csr_array:
    """Return a matrix with 32-bit indices, of which half as much is read, where they suffice."""
    index = np.int32 if A.nnz < 2**31 else np.int64
    indices, indptr = (x.astype(index, copy=False) for x in (A.indices, A.indptr))
    return sparse.csr_array((A.data, indices, indptr), shape=A.shape)


def is_hermitian(A: sparse.csr_array) -> bool:
    """Tell whether ``A`` equals its adjoint up to the rounding of an assembly."""
    difference = abs(A - A.conj().T)
    magnitude = np.max(np.abs(A.data), initial=0.0)
    return bool(np.max(difference.data, initial=0.0) <= 100 * eps(np, A.dtype) * magnitude)


def real_diagonal(A: sparse.csr_array, *, builder: str) -> NDArray[Any]:
    """Return the positive diagonal of a Hermitian matrix.

    Raises
    ------
    ValueError
        ``A`` is not Hermitian.
    NotPositiveDefiniteError
        A diagonal entry is not positive.
    """
    if not is_hermitian(A):
        raise ValueError(f"{builder} needs a Hermitian A; pass its Hermitian part, or take ilu")
    diagonal = np.ascontiguousarray(A.diagonal().real)
    if not np.all(diagonal > 0):
        i = int(np.argmin(diagonal > 0))
        raise NotPositiveDefiniteError(
            f"the diagonal entry {diagonal[i]:.3g} of row {i} is not positive, so A is not "
            "positive definite"
        )
    return diagonal


def strict_triangles(A: sparse.csr_array) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Return the entries below and above the diagonal, with sorted rows and A's index type."""
    row = np.repeat(np.arange(A.shape[0], dtype=A.indices.dtype), np.diff(A.indptr))
    return _part(A, A.indices < row), _part(A, A.indices > row)


def _part(A: sparse.csr_array, mask: NDArray[np.bool_]) -> sparse.csr_array:
    before = np.zeros(mask.size + 1, dtype=A.indptr.dtype)
    np.cumsum(mask, out=before[1:])
    return sparse.csr_array((A.data[mask], A.indices[mask], before[A.indptr]), shape=A.shape)
