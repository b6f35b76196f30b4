r"""``z <- M r`` by the form of ``M``, for ``(n,)`` and ``(n, k)``, also inside compiled loops."""

import numpy as np
from numba import njit, prange
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.forms import Diagonal, Factors, Products
from resolvent.linalg.compiled.triangular import solve_unit

__all__ = ["apply", "applied"]

_WORTH_THREADS = 50_000  # rows
_PARTS = 32  # of the rows, shared evenly between the threads


def apply(M, r, z):  # type: ignore[no-untyped-def]
    """Write ``M r`` to ``z``, which is not ``r``."""
    raise NotImplementedError


@overload(apply)
def _apply_of(M, r, z):  # type: ignore[no-untyped-def]  # noqa: ARG001
    loops = {Diagonal: _diagonal, Factors: _factors, Products: _products}
    return loops.get(getattr(M, "instance_class", type(None)))


@njit(cache=True, nogil=True, error_model="numpy")
def applied(M, r):  # type: ignore[no-untyped-def]
    """Return ``M r`` for a contiguous ``r``."""
    z = np.empty_like(r)
    apply(M, r, z)
    return z


def _diagonal(M, r, z):  # type: ignore[no-untyped-def]
    for i in range(r.shape[0]):
        z[i] = M.inverse[i] * r[i]


def _factors(M, r, z):  # type: ignore[no-untyped-def]
    solve_unit(M.first, None, r, z)
    solve_unit(M.second, M.inverse, z, z)


def _products(M, r, z):  # type: ignore[no-untyped-def]
    middle = np.empty_like(z)
    _multiply(M.first, r, middle)
    _multiply(M.second, middle, z)


@register_jitable
def _multiply(A, x, y):  # type: ignore[no-untyped-def]
    n = x.shape[0]
    if n < _WORTH_THREADS:
        _rows(A, x, y, 0, n)
    else:
        _multiply_parallel(A, x, y)


@njit(nogil=True, error_model="numpy", parallel=True)
def _multiply_parallel(A, x, y):  # type: ignore[no-untyped-def]
    n = x.shape[0]
    for t in prange(_PARTS):
        _rows(A, x, y, t * n // _PARTS, (t + 1) * n // _PARTS)


def _rows(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Write rows ``lo`` to ``hi`` of ``A x``."""
    raise NotImplementedError


@overload(_rows)
def _rows_of(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return _vector_rows if x.ndim == 1 else _column_rows


def _vector_rows(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    # unsigned numbers: numba wraps signed indices around, which costs a third
    indptr, indices, data = A
    one = np.uint64(1)
    for i in range(np.uint64(lo), np.uint64(hi)):
        total = y.dtype.type(0)
        for k in range(np.uint64(indptr[i]), np.uint64(indptr[i + one])):
            total += data[k] * x[np.uint64(indices[k])]
        y[i] = total


def _column_rows(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    indptr, indices, data = A
    one = np.uint64(1)
    for i in range(np.uint64(lo), np.uint64(hi)):
        y[i] = 0
        for k in range(np.uint64(indptr[i]), np.uint64(indptr[i + one])):
            j, entry = np.uint64(indices[k]), data[k]
            for c in range(x.shape[1]):
                y[i, c] += entry * x[j, c]
