r"""Eigendecomposition of thousands of small real symmetric matrices, 8 or 16 at a time.

``A = V diag(w) Vᵀ`` by Householder tridiagonalisation ``A = Q T Qᵀ`` and implicit QL with
Wilkinson's shift, each matrix in its own SIMD lane and groups of matrices on both cores. All lanes
sweep in lockstep over the rows that any of them still has to treat; a lane outside its own
unreduced block applies the identity rotation. Off-diagonal entries below ``eps/4 max|T|`` are
dropped, so the eigenvalues are accurate to a small multiple of ``eps norm(A)``. In float32 that is
float32's eps, while NumPy's own ``eigh`` computes in double and rounds: ten times slower, ten
times as accurate.

Cost: ``4/3 n³`` flops for T, as many for Q, about ``5 n³`` for the rotations.

Source: Wilkinson and Reinsch, Handbook for Automatic Computation II (1971), routines tred2 and
tql2; the convergence test and the lockstep are ours.
"""

from typing import Any, TypeAlias

import numpy as np
from numba import njit, prange

from resolvent.linalg.compiled.implicit_ql import implicit_ql
from resolvent.linalg.compiled.lanes import compile_lanes, load, splat, store, width
from resolvent.linalg.compiled.tridiagonal import accumulate, tridiagonalise

__all__ = ["batched_eigh", "batched_power"]

_compile_parallel = njit(cache=True, error_model="numpy", parallel=True)

Host: TypeAlias = np.ndarray[Any, Any]


def batched_eigh(A: Host) -> tuple[Host, Host] | None:
    """Return eigenvalues ``(b, n)``, unsorted, and eigenvectors in the columns of ``(b, n, n)``.

    Parameters
    ----------
    A : ndarray (b, n, n)
        Real symmetric, finite, float32 or float64; only the lower triangle is read.

    Returns
    -------
    tuple of ndarray, or None
        None where an eigenvalue did not converge.
    """
    values, vectors, converged = _outputs(A)
    _decompose_all(A, values, vectors, converged, width(A.dtype))
    return (values, vectors) if converged.all() else None


def batched_power(A: Host, exponent: float) -> tuple[Host, Host] | None:
    """Return eigenvalues and ``V diag(max(w, 0)**exponent) Vᵀ`` without storing the vectors.

    Parameters and None are those of `batched_eigh`; a negative exponent needs positive
    eigenvalues, for the caller to check.
    """
    values, X, converged = _outputs(A)
    _power_all(A, values, X, converged, exponent, width(A.dtype))
    return (values, X) if converged.all() else None


def _outputs(A: Host) -> tuple[Host, Host, Host]:
    groups = -(-A.shape[0] // width(A.dtype))
    return np.empty(A.shape[:2], A.dtype), np.empty_like(A, order="C"), np.ones(groups, np.bool_)


@_compile_parallel
def _decompose_all(A, values, vectors, converged, lanes):  # type: ignore[no-untyped-def]
    n = A.shape[1]
    for group in prange(converged.shape[0]):
        work, v = np.empty((6, n, lanes), A.dtype), np.empty((n, n, lanes), A.dtype)
        first = group * lanes
        converged[group] = _decompose(A, values, first, work, v)
        _unpack(v, vectors, first)


@_compile_parallel
def _power_all(A, values, X, converged, exponent, lanes):  # type: ignore[no-untyped-def]
    n = A.shape[1]
    for group in prange(converged.shape[0]):
        work, v = np.empty((6, n, lanes), A.dtype), np.empty((n, n, lanes), A.dtype)
        first = group * lanes
        converged[group] = _decompose(A, values, first, work, v)
        half = work[2]
        for s in range(lanes):
            matrix = min(first + s, A.shape[0] - 1)
            for k in range(n):
                w = values[matrix, k]
                half[k, s] = max(w, w * 0) ** (exponent / 2)
        _compose(v, half)
        _unpack(v, X, first)


@compile_lanes
def _decompose(A, values, first, work, v):  # type: ignore[no-untyped-def]
    """Decompose a group; ``v[i, k]`` becomes component i of eigenvector k."""
    n, _, lanes = v.shape
    a, scale = np.empty_like(v), np.empty(lanes, v.dtype)
    d, e = work[0], work[1]
    _pack(A, a, scale, first)
    tridiagonalise(a, d, e, work[2], work[3], work[4])
    accumulate(a, v, work[2], work[3], work[4])
    converged = implicit_ql(d, e, v, work[2], work[3], work[4])
    for s in range(min(lanes, A.shape[0] - first)):
        for k in range(n):
            values[first + s, k] = d[k, s] * scale[s]
    return converged


@compile_lanes
def _pack(A, a, scale, first):  # type: ignore[no-untyped-def]
    """Copy a group, scaled to max 1; lanes beyond the batch repeat its last matrix."""
    n, _, lanes = a.shape
    for s in range(lanes):
        matrix = A[min(first + s, A.shape[0] - 1)]
        largest = A.dtype.type(0)
        for i in range(n):
            for j in range(i + 1):
                largest = max(largest, abs(matrix[i, j]))
        scale[s] = largest
        divisor = largest if largest > 0 else A.dtype.type(1)
        for i in range(n):
            for j in range(i + 1):
                a[i, j, s] = matrix[i, j] / divisor


@compile_lanes
def _compose(v, half):  # type: ignore[no-untyped-def]
    """Overwrite V by ``(V diag(half)) (V diag(half))ᵀ``, row by row from below."""
    n = v.shape[0]
    zero = splat(v, 0)
    for i in range(n):
        for k in range(n):
            store(v, (i, k), load(v, (i, k)) * load(half, (k,)))
    row = np.empty_like(half)
    for i in range(n - 1, -1, -1):
        for j in range(0, i, 2):  # two columns share the loads of row i; j + 1 = i at the most
            x0, x1 = zero, zero
            for k in range(n):
                y = load(v, (i, k))
                x0 = x0 + y * load(v, (j, k))
                x1 = x1 + y * load(v, (j + 1, k))
            store(row, (j,), x0)
            store(row, (j + 1,), x1)
        if i % 2 == 0:
            x = zero
            for k in range(n):
                y = load(v, (i, k))
                x = x + y * y
            store(row, (i,), x)
        # row i of V is needed no more: every later product is among rows above it
        for j in range(i + 1):
            store(v, (i, j), load(row, (j,)))
    for i in range(n):
        for j in range(i):
            store(v, (j, i), load(v, (i, j)))


@compile_lanes
def _unpack(v, out, first):  # type: ignore[no-untyped-def]
    n, _, lanes = v.shape
    for s in range(min(lanes, out.shape[0] - first)):
        for i in range(n):
            for j in range(n):
                out[first + s, i, j] = v[i, j, s]
