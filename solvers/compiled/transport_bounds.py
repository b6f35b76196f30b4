r"""Passes that bound a transport cost from both sides."""

import numpy as np
from numba import njit, prange
from numba.extending import register_jitable

from resolvent.linalg.compiled.cost_rows import cost_row
from resolvent.linalg.compiled.lanes import (
    count,
    exp,
    load_run,
    splat,
    store_run,
    where_positive,
)

__all__ = ["c_transform", "plan_sums", "rounded_costs", "whole_plan"]


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def c_transform(cost, f, m, parts):  # type: ignore[no-untyped-def]
    """Return ``min_i C[i, j] - f[i]`` for every column ``j``."""
    n = f.size
    lowest = np.full((parts, m), np.inf)
    for t in prange(parts):
        row, least = np.empty(m), lowest[t]
        for i in range(t * n // parts, (t + 1) * n // parts):
            cost_row(cost, i, row)
            _take_least(row, f[i], least)
    result = lowest[0]
    for t in range(1, parts):
        result = np.minimum(result, lowest[t])
    return result


@register_jitable
def _take_least(row, f, least):  # type: ignore[no-untyped-def]
    """``least <- min(least, row - f)``."""
    j, shift = 0, splat(row, f)
    while j + count(row) <= row.size:
        here, found = load_run(row, j) - shift, load_run(least, j)
        store_run(least, j, where_positive(found - here, here, found))
        j += count(row)
    for k in range(j, row.size):
        least[k] = min(least[k], row[k] - f)


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def plan_sums(cost, scale, u, v, x, y, parts):  # type: ignore[no-untyped-def]
    """Return row sums and column sums of ``diag(x) P diag(y)``, and its cost."""
    n, m = u.size, v.size
    rows, columns, costs = np.zeros(n), np.zeros((parts, m)), np.zeros(parts)
    for t in prange(parts):
        row, entries = np.empty(m), np.empty(m)
        for i in range(t * n // parts, (t + 1) * n // parts):
            cost_row(cost, i, row)
            _plan_row(row, scale, u[i], v, x[i], y, entries)
            for j in range(m):
                rows[i] += entries[j]
                columns[t, j] += entries[j]
                if entries[j] > 0:
                    costs[t] += entries[j] * row[j]
    return rows, columns.sum(axis=0), costs.sum()


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def whole_plan(cost, scale, u, v, parts):  # type: ignore[no-untyped-def]
    """Return the plan."""
    n, m = u.size, v.size
    P, ones = np.empty((n, m)), np.ones(m)
    for t in prange(parts):
        row = np.empty(m)
        for i in range(t * n // parts, (t + 1) * n // parts):
            cost_row(cost, i, row)
            _plan_row(row, scale, u[i], v, 1.0, ones, P[i])
    return P


@register_jitable
def _plan_row(row, scale, u, v, x, y, entries):  # type: ignore[no-untyped-def]
    """Write a row of ``diag(x) P diag(y)`` for the costs ``row``; logarithms are at most 700."""
    j, here, factor, slope = 0, splat(row, u), splat(row, x), splat(row, scale)
    highest = splat(row, 700.0)
    while j + count(row) <= row.size:
        power = here + load_run(v, j) - slope * load_run(row, j)
        power = where_positive(power - highest, highest, power)
        store_run(entries, j, factor * exp(power) * load_run(y, j))
        j += count(row)
    for k in range(j, row.size):
        entries[k] = x * np.exp(min(u + v[k] - scale * row[k], 700.0)) * y[k]


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def rounded_costs(cost, scale, u, v, x, y, left, right, parts):  # type: ignore[no-untyped-def]
    """Return cost and negative entropy of ``diag(x) P diag(y) + left right^T``.

    The latter is the sum of ``p (log(p) - 1)``. Mass on a forbidden pair costs infinity.
    """
    n, m = u.size, v.size
    costs, entropies = np.zeros(parts), np.zeros(parts)
    for t in prange(parts):
        row, entries = np.empty(m), np.empty(m)
        for i in range(t * n // parts, (t + 1) * n // parts):
            cost_row(cost, i, row)
            _plan_row(row, scale, u[i], v, x[i], y, entries)
            for j in range(m):
                p = entries[j] + left[i] * right[j]
                if p > 0:
                    costs[t] += p * row[j]
                    entropies[t] += p * (np.log(p) - 1)
    return costs.sum(), entropies.sum()
