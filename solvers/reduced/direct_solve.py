"""Sums of matrices with coefficients, and their direct solution by LU factorisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from resolvent.arrays import Array, eps, is_finite, namespace_of
from resolvent.linalg.factorisations import solve
from resolvent.operators import Operator
from resolvent.vectors import scaled_norm

__all__ = ["AlignedSum", "add_up", "solve_direct"]


@dataclass(frozen=True, eq=False)
class AlignedSum:
    """Sparse matrices stored on the union of their patterns: a sum is one product.

    Attributes
    ----------
    data : (Q, nnz) ndarray
        Entries of each matrix, column by column.
    indices, indptr : ndarray
        The pattern, as of a CSC matrix.
    """

    data: NDArray[Any]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int32]

    @classmethod
    def of(cls, terms: Sequence[Any]) -> "AlignedSum":
        """Align square matrices of one order."""
        columns = [A.tocsc() for A in terms]
        for A in columns:
            A.sum_duplicates()
        n = columns[0].shape[0]
        keys = [A.indices + n * _column_numbers(A) for A in columns]
        union = np.unique(np.concatenate(keys))
        data = np.zeros((len(terms), union.size), dtype=np.result_type(*(A.dtype for A in columns)))
        for row, A, key in zip(data, columns, keys, strict=True):
            row[np.searchsorted(union, key)] = A.data
        indptr = np.searchsorted(union, n * np.arange(n + 1))
        return cls(data, (union % max(n, 1)).astype(np.int32), indptr.astype(np.int32))

    def matrix(self, coefficients: NDArray[Any]) -> sparse.csc_array:
        """Return the sum with these coefficients."""
        n = self.indptr.size - 1
        return sparse.csc_array((coefficients @ self.data, self.indices, self.indptr), shape=(n, n))


def add_up(terms: Sequence[Any], coefficients: Array) -> Any:
    """Return ``sum_q coefficients[q] terms[q]``: an array, or an `Operator` if a term is one."""
    if any(isinstance(A, Operator) for A in terms):
        xp = namespace_of(coefficients)
        dtype = xp.result_type(coefficients, *(A.dtype for A in terms))
        return Operator(
            terms[0].shape,
            dtype,
            lambda x: sum(c * (A @ x) for c, A in _pairs(coefficients, terms)),
        )
    return sum(c * A for c, A in _pairs(coefficients, terms))


def solve_direct(A: Any, b: Array) -> Array | None:
    """Return ``A^{-1} b``, or None if A is singular to working precision.

    That is: it has no LU factorisation, or ``eps norm(A) norm(x) >= norm(b)`` in the Frobenius
    norm, which proves a condition beyond ``1/eps``.

    Raises
    ------
    TypeError
        The entries of A are not known.
    """
    xp = namespace_of(b)
    if sparse.issparse(A):
        norm = scaled_norm(A.data)[1]
        x = _sparse_solve(A, b)
    elif array_api_compat.is_array_api_obj(A):
        b = xp.astype(b, xp.result_type(A, b))
        norm = scaled_norm(xp.reshape(A, (-1,)))[1]
        x = solve(xp, A, b[:, None])
        x = None if x is None else x[:, 0]
    else:
        raise TypeError(
            "the entries of a matrix are not known, so it can't be factorised: pass "
            "AffineSystem(..., solver=), for instance by gmres"
        )
    if x is None or not is_finite(x):
        return None
    size, right = (scaled_norm(v)[1] for v in (x, b))
    return x if eps(xp, x.dtype) * norm * size < right or right == 0 else None


def _sparse_solve(A: sparse.csc_array, b: NDArray[Any]) -> NDArray[Any] | None:
    dtype = np.result_type(A.dtype, b.dtype)
    try:
        return np.asarray(splu(A.astype(dtype)).solve(b.astype(dtype)))
    except RuntimeError as error:
        if "singular" in str(error):
            return None
        raise


def _pairs(coefficients: Array, terms: Sequence[Any]) -> Any:
    return zip((coefficients[q] for q in range(len(terms))), terms, strict=True)


def _column_numbers(A: Any) -> NDArray[np.int64]:
    return np.repeat(np.arange(A.shape[1]), np.diff(A.indptr))
