"""Implicit QL with Wilkinson's shift on a group of tridiagonal matrices, one per SIMD lane.

All lanes sweep in lockstep over the rows that any of them still has to treat; a lane outside its
own unreduced block applies the identity rotation. Off-diagonal entries below ``eps/4 max|T|`` are
dropped.

Source: Wilkinson and Reinsch, Handbook for Automatic Computation II (1971), routine tql2; the
convergence test and the lockstep are ours.
"""

import numpy as np

from resolvent.linalg.compiled.lanes import compile_lanes, load, splat, sqrt, store, where_positive

__all__ = ["implicit_ql"]

_SWEEPS_PER_EIGENVALUE = 30  # LAPACK's limit; about 1.7 are needed
_SHIFT, _BEGIN, _END = range(3)  # what each lane starts a sweep with, as vectors


@compile_lanes
def implicit_ql(d, e, q, cosine, sine, state):  # type: ignore[no-untyped-def]
    """Diagonalise (d, e) in place, the rotations applied to the columns of q."""
    n, lanes = d.shape
    eps = np.finfo(d.dtype).eps
    zero, one = splat(d, 0), splat(d, 1)
    begin, end = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)
    negligible = np.empty(lanes, d.dtype)
    lane = np.zeros((3, lanes), d.dtype)
    for s in range(lanes):
        largest = d.dtype.type(0)
        for i in range(n):
            largest = max(largest, abs(d[i, s]), abs(e[i, s]))
        negligible[s] = largest * eps / 4

    for _ in range(_SWEEPS_PER_EIGENVALUE * n):
        low, high = _next_blocks(d, e, negligible, begin, end, lane)
        if high == 0:
            return True

        g, s, c, p = load(lane, (_SHIFT,)), one, one, zero
        for i in range(high - 1, low - 1, -1):
            centre = splat(d, i + 0.5)
            mine = (centre - load(lane, (_BEGIN,))) * (load(lane, (_END,)) - centre)
            ei = load(e, (i,))
            f, b = s * ei, c * ei
            r = sqrt(f * f + g * g)
            reciprocal = one / r
            s_new = where_positive(r, f * reciprocal, zero)
            c_new = where_positive(r, g * reciprocal, one)
            following = load(d, (i + 1,))
            g_new = following - p
            t = (load(d, (i,)) - g_new) * s_new + (c_new + c_new) * b
            store(e, (i + 1,), where_positive(mine, r, load(e, (i + 1,))))
            store(d, (i + 1,), where_positive(mine, g_new + s_new * t, following))
            store(cosine, (i,), where_positive(mine, c_new, one))
            store(sine, (i,), where_positive(mine, s_new, zero))
            p = where_positive(mine, s_new * t, p)
            g = where_positive(mine, c_new * t - b, g)
            s = where_positive(mine, s_new, s)
            c = where_positive(mine, c_new, c)
        store(state, (0,), p)
        store(lane, (_SHIFT,), g)
        for s in range(lanes):
            if end[s] > begin[s]:
                d[begin[s], s] -= state[0, s]
                e[begin[s], s] = lane[_SHIFT, s]
                e[end[s], s] = 0
        _rotate_columns(q, cosine, sine, low, high)
    return False


@compile_lanes
def _next_blocks(d, e, negligible, begin, end, lane):  # type: ignore[no-untyped-def]
    """Find each lane's next unreduced block and shift; return the rows that cover all of them."""
    n, lanes = d.shape
    low, high = n, 0
    for s in range(lanes):
        k = begin[s]
        while k < n - 1 and abs(e[k, s]) <= negligible[s]:
            k += 1
        m = k
        while m < n - 1 and abs(e[m, s]) > negligible[s]:
            m += 1
        begin[s], end[s] = k, m
        lane[_BEGIN, s], lane[_END, s] = k, m
        if m > k:
            low, high = min(low, k), max(high, m)
            g = (d[k + 1, s] - d[k, s]) / (2 * e[k, s])
            r = np.sqrt(g * g + 1)
            lane[_SHIFT, s] = d[m, s] - d[k, s] + e[k, s] / (g + (r if g >= 0 else -r))
    return low, high


@compile_lanes
def _rotate_columns(q, cosine, sine, low, high):  # type: ignore[no-untyped-def]
    """Apply the rotations (i, i+1), i = high-1, ..., low, to the columns of q."""
    n = q.shape[0]
    # four rows at once hide the latency of the chain through x
    for k in range(0, n - 3, 4):
        x0, x1 = load(q, (k, high)), load(q, (k + 1, high))
        x2, x3 = load(q, (k + 2, high)), load(q, (k + 3, high))
        for i in range(high - 1, low - 1, -1):
            c, s = load(cosine, (i,)), load(sine, (i,))
            y0, y1 = load(q, (k, i)), load(q, (k + 1, i))
            y2, y3 = load(q, (k + 2, i)), load(q, (k + 3, i))
            store(q, (k, i + 1), s * y0 + c * x0)
            store(q, (k + 1, i + 1), s * y1 + c * x1)
            store(q, (k + 2, i + 1), s * y2 + c * x2)
            store(q, (k + 3, i + 1), s * y3 + c * x3)
            x0, x1 = c * y0 - s * x0, c * y1 - s * x1
            x2, x3 = c * y2 - s * x2, c * y3 - s * x3
        store(q, (k, low), x0)
        store(q, (k + 1, low), x1)
        store(q, (k + 2, low), x2)
        store(q, (k + 3, low), x3)
    for k in range(n - n % 4, n):
        x = load(q, (k, high))
        for i in range(high - 1, low - 1, -1):
            c, s = load(cosine, (i,)), load(sine, (i,))
            y = load(q, (k, i))
            store(q, (k, i + 1), s * y + c * x)
            x = c * y - s * x
        store(q, (k, low), x)
