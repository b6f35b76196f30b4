r"""Passes that bound a transport cost from both sides."""

import numpy as np
from numba import njit, prange

from resolvent.linalg.compiled.cost_rows import cost_row

__all__ = ["c_transform", "plan_sums", "rounded_costs"]


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def c_transform(cost, f, m, parts):  # type: ignore[no-untyped-def]
    """Return ``min_i C[i, j] - f[i]`` for every column ``j``."""
    n = f.size
    lowest = np.full((parts, m), np.inf)
    for t in prange(parts):
        row = np.empty(m)
        for i in range(t * n // parts, (t + 1) * n // parts):
            cost_row(cost, i, row)
            for j in range(m):
                lowest[t, j] = min(lowest[t, j], row[j] - f[i])
    result = lowest[0]
    for t in range(1, parts):
        result = np.minimum(result, lowest[t])
    return result


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def plan_sums(cost, scale, u, v, x, y, parts):  # type: ignore[no-untyped-def]
    """Return row sums and column sums of ``diag(x) P diag(y)``, and its cost."""
    n, m = u.size, v.size
    rows, columns, costs = np.zeros(n), np.zeros((parts, m)), np.zeros(parts)
    for t in prange(parts):
        row = np.empty(m)
        for i in range(t * n // parts, (t + 1) * n // parts):
            cost_row(cost, i, row)
            total = paid = 0.0
            for j in range(m):
                if row[j] < np.inf:
                    p = x[i] * np.exp(u[i] + v[j] - scale * row[j]) * y[j]
                    total += p
                    paid += p * row[j]
                    columns[t, j] += p
            rows[i] = total
            costs[t] += paid
    return rows, columns.sum(axis=0), costs.sum()


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def rounded_costs(cost, scale, u, v, x, y, left, right, parts):  # type: ignore[no-untyped-def]
    """Return cost and negative entropy of ``diag(x) P diag(y) + left right^T``.

    The latter is the sum of ``p (log(p) - 1)``. Mass on a forbidden pair costs infinity.
    """
    n, m = u.size, v.size
    costs, entropies = np.zeros(parts), np.zeros(parts)
    for t in prange(parts):
        row = np.empty(m)
        for i in range(t * n // parts, (t + 1) * n // parts):
            cost_row(cost, i, row)
            for j in range(m):
                p = left[i] * right[j]
                if row[j] < np.inf:
                    p += x[i] * np.exp(u[i] + v[j] - scale * row[j]) * y[j]
                if p > 0:
                    costs[t] += p * row[j]
                    entropies[t] += p * (np.log(p) - 1)
    return costs.sum(), entropies.sum()
