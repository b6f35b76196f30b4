"""Thousands of small linear systems that share their terms: assembled and solved in the cache."""

import math
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from resolvent.linalg.compiled.threads import alone, threads

__all__ = ["solve_small_systems"]

_ENOUGH = 200_000  # entries of matrices; a parallel region costs as much as a thousandth of them
_SMALL, _LARGE = 1e-280, 1e280  # squares in which nothing is lost


def solve_small_systems(
    terms: NDArray[Any], rhs: NDArray[Any], alpha: NDArray[Any], beta: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return ``x`` (k, n) with ``sum_q alpha[q] terms[q] x = rhs beta``, and who is singular (k,).

    Gaussian elimination with partial pivoting. Singular: a pivot is zero, or ``eps norm(A) norm(x)
    >= norm(b)`` in the Frobenius norm, which proves a condition beyond ``1/eps``. Norms are safe at
    both ends of the range.

    ``terms`` (Q, n, n), ``rhs`` (n, p), ``alpha`` (Q, k) and ``beta`` (p, k) are of one dtype.
    """
    Q, n, _ = terms.shape
    k = alpha.shape[1]
    x = np.empty((k, n), terms.dtype)
    singular = np.empty(k, np.bool_)
    parts = threads(k * n * n, _ENOUGH)
    inputs = (np.ascontiguousarray(a) for a in (terms, rhs, alpha.T, beta.T))
    with alone(parts):
        _solve_all(*inputs, x, singular, parts, np.finfo(terms.dtype).eps)
    return x, singular


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _solve_all(terms, rhs, alpha, beta, x, singular, parts, eps):  # type: ignore[no-untyped-def]
    k, n = x.shape
    for part in prange(parts):
        A = np.empty((n, n + 1), x.dtype)
        for i in range(part * k // parts, (part + 1) * k // parts):
            sizes = _assemble(terms, rhs, alpha[i], beta[i], A)
            regular = _eliminate(A, x[i])
            growth = eps * sizes[0] * _length(x[i])
            # a comparison with NaN is false: what is not finite is singular
            singular[i] = not (regular and (growth < sizes[1] or sizes[1] == 0))


@njit(cache=True, nogil=True, error_model="numpy")
def _assemble(terms, rhs, alpha, beta, A):  # type: ignore[no-untyped-def]
    """Write the matrix and, as the last column, the right-hand side; return their norms."""
    n = A.shape[0]
    for i in range(n):
        line = A[i, :n]
        line[:] = 0
        for q in range(alpha.size):
            row, c = terms[q, i], alpha[q]
            for j in range(n):
                line[j] += c * row[j]
        b = beta[0] * rhs[i, 0]
        for p in range(1, beta.size):
            b += beta[p] * rhs[i, p]
        A[i, n] = b
    square = 0.0
    for i in range(n):
        square += _sum_of_squares(A[i, :n])
    size = np.sqrt(square)
    if not _SMALL < square < _LARGE:
        size = 0.0
        for i in range(n):
            size = np.hypot(size, _length(A[i, :n]))
    return size, _length(A[:, n])


@njit(cache=True, nogil=True, error_model="numpy")
def _eliminate(A, x):  # type: ignore[no-untyped-def]
    """Solve in place; tell whether no pivot was zero."""
    n = A.shape[0]
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(A[i, k]) > abs(A[p, k]):
                p = i
        if not abs(A[p, k]) > 0:
            x[:] = 0
            return False
        if p != k:
            for j in range(k, n + 1):
                A[k, j], A[p, j] = A[p, j], A[k, j]
        top = A[k, k + 1 :]
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            line = A[i, k + 1 :]
            for j in range(line.size):
                line[j] -= factor * top[j]
    for k in range(n - 1, -1, -1):
        x[k] = A[k, n]
        for j in range(k + 1, n):
            x[k] -= A[k, j] * x[j]
        x[k] /= A[k, k]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _length(line):  # type: ignore[no-untyped-def]
    """Return the Euclidean norm; squares that leave the range are taken again, scaled."""
    square = _sum_of_squares(line)
    if _SMALL < square < _LARGE:
        return np.sqrt(square)
    largest = 0.0
    for j in range(line.size):
        largest = max(largest, abs(line[j].real), abs(line[j].imag))
    if not 0 < largest < np.inf:
        return largest if square == square else square
    _, exponent = math.frexp(largest)
    # in two steps: the power itself may be out of range
    half = exponent // 2
    first, second = math.ldexp(1.0, -half), math.ldexp(1.0, half - exponent)
    total = 0.0
    for j in range(line.size):
        a, b = line[j].real * first * second, line[j].imag * first * second
        total += a * a + b * b
    return math.ldexp(math.sqrt(total), exponent)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def _sum_of_squares(line):  # type: ignore[no-untyped-def]
    total = 0.0
    for j in range(line.size):
        a, b = np.float64(line[j].real), np.float64(line[j].imag)
        total += a * a + b * b
    return total
