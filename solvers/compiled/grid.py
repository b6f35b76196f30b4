"""Passes along one axis of a grid: every line of a tensor against a table of costs."""

import numpy as np
from numba import njit, prange
from numba.extending import register_jitable

from resolvent.linalg.compiled.cost_rows import Stored
from resolvent.linalg.compiled.lanes import count, load_run, splat, total
from resolvent.solvers.compiled.transport import exponentials, exponents

__all__ = ["averages", "log_sums"]


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def log_sums(lines, table, parts):  # type: ignore[no-untyped-def]
    """Return ``log sum_j exp(lines[r, j] - table[i, j])``."""
    found = np.empty((lines.shape[0], table.shape[0]))
    for t in prange(parts):
        row, top = np.empty(lines.shape[1]), np.empty(count(lines))
        lo, hi = t * lines.shape[0] // parts, (t + 1) * lines.shape[0] // parts
        for r in range(lo, hi):
            for i in range(table.shape[0]):
                largest = exponents(Stored(table), i, 1.0, lines[r], row, top)
                found[r, i] = largest
                if largest > -np.inf:
                    found[r, i] += np.log(exponentials(row, largest))
    return found


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def averages(lines, table, logs, values, paid, parts):  # type: ignore[no-untyped-def]
    """Return averages over ``j`` of ``values`` and of ``paid + table[i, j] values``.

    The weights are ``exp(lines[r, j] - table[i, j] - logs[r, i])``.
    """
    shape = lines.shape[0], table.shape[0]
    first, second = np.zeros(shape), np.zeros(shape)
    for t in prange(parts):
        row, top = np.empty(lines.shape[1]), np.empty(count(lines))
        lo, hi = t * lines.shape[0] // parts, (t + 1) * lines.shape[0] // parts
        for r in range(lo, hi):
            for i in range(table.shape[0]):
                if logs[r, i] > -np.inf:
                    exponents(Stored(table), i, 1.0, lines[r], row, top)
                    exponentials(row, logs[r, i])
                    first[r, i], second[r, i] = _dots(row, values[r], paid[r], table[i])
    return first, second


@register_jitable
def _dots(weights, values, paid, costs):  # type: ignore[no-untyped-def]
    """Return the inner products of ``weights`` with ``values`` and ``paid + costs values``."""
    one, other, j = splat(weights, 0), splat(weights, 0), 0
    while j + count(weights) <= weights.size:
        w, x = load_run(weights, j), load_run(values, j)
        one = one + w * x
        other = other + w * (load_run(paid, j) + load_run(costs, j) * x)
        j += count(weights)
    first, second = total(one), total(other)
    for k in range(j, weights.size):
        first += weights[k] * values[k]
        second += weights[k] * (paid[k] + costs[k] * values[k])
    return first, second
