"""Householder tridiagonalisation ``A = Q T Qᵀ`` of a group of matrices, one per SIMD lane.

Source: Wilkinson and Reinsch, Handbook for Automatic Computation II (1971), routine tred2.
"""

import numpy as np

from resolvent.linalg.compiled.lanes import compile_lanes, load, splat, sqrt, store, where_positive

__all__ = ["accumulate", "tridiagonalise"]


@compile_lanes
def tridiagonalise(a, d, e, tau, v, p):  # type: ignore[no-untyped-def]
    """Overwrite the lower triangle by Householder vectors; d, e is the tridiagonal matrix."""
    n = a.shape[0]
    zero, one, half = splat(a, 0), splat(a, 1), splat(a, 0.5)
    info = np.finfo(a.dtype)
    lost = splat(a, info.tiny / info.eps)
    for k in range(n - 2):
        tail = zero
        for j in range(k + 2, n):
            x = load(a, (j, k))
            tail = tail + x * x
        # a column whose squares are close to underflow is far below eps: treat it as zero
        tail = where_positive(tail - lost, tail, zero)
        alpha = load(a, (k + 1, k))
        norm = sqrt(alpha * alpha + tail)
        beta = where_positive(alpha, -norm, norm)
        t = where_positive(tail, (beta - alpha) / beta, zero)
        factor = where_positive(tail, one / (alpha - beta), zero)
        store(d, (k,), load(a, (k, k)))
        store(e, (k,), where_positive(tail, beta, alpha))
        store(tau, (k,), t)
        store(a, (k + 1, k), one)
        store(v, (k + 1,), one)
        store(p, (k + 1,), zero)
        for j in range(k + 2, n):
            x = load(a, (j, k)) * factor
            store(a, (j, k), x)
            store(v, (j,), x)
            store(p, (j,), zero)
        # p = A v, from the lower triangle alone
        for i in range(k + 1, n):
            vi = load(v, (i,))
            total = load(a, (i, i)) * vi
            for j in range(k + 1, i):
                x = load(a, (i, j))
                total = total + x * load(v, (j,))
                store(p, (j,), load(p, (j,)) + x * vi)
            store(p, (i,), load(p, (i,)) + total)
        # w = t p - (t² vᵀp / 2) v, then A <- A - v wᵀ - w vᵀ
        total = zero
        for j in range(k + 1, n):
            total = total + load(p, (j,)) * load(v, (j,))
        total = -total * t * t * half
        for j in range(k + 1, n):
            store(p, (j,), load(p, (j,)) * t + total * load(v, (j,)))
        for i in range(k + 1, n):
            vi, wi = load(v, (i,)), load(p, (i,))
            for j in range(k + 1, i + 1):
                store(a, (i, j), load(a, (i, j)) - vi * load(p, (j,)) - wi * load(v, (j,)))
    for k in range(max(n - 2, 0), n):
        store(d, (k,), load(a, (k, k)))
        store(e, (k,), load(a, (n - 1, k)) if k < n - 1 else zero)


@compile_lanes
def accumulate(a, q, tau, v, p):  # type: ignore[no-untyped-def]
    """Form Q from the Householder vectors, last reflector first: ``Q <- Q - t v (vᵀQ)``."""
    n = a.shape[0]
    zero, one = splat(a, 0), splat(a, 1)
    for i in range(n):
        for j in range(n):
            store(q, (i, j), one if i == j else zero)
    for k in range(n - 3, -1, -1):
        for j in range(k + 1, n):
            store(v, (j,), load(a, (j, k)))
            store(p, (j,), zero)
        for i in range(k + 1, n):
            vi = load(v, (i,))
            for j in range(k + 1, n):
                store(p, (j,), load(p, (j,)) + vi * load(q, (i, j)))
        t = load(tau, (k,))
        for i in range(k + 1, n):
            vi = load(v, (i,)) * t
            for j in range(k + 1, n):
                store(q, (i, j), load(q, (i, j)) - vi * load(p, (j,)))
