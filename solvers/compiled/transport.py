r"""Passes over the entropic plan, a row at a time: nothing of its size is kept.

In scaled variables :math:`P_{ij} = \exp(u_i + v_j - C_{ij} / \varepsilon)`. `sweep` takes the ``u``
that is optimal for ``v`` and returns the column sums with it, for one exponential an entry. What
else a pass brings home is up to its ``store``: nothing, the whole plan, or its large entries.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange
from numba.core import types
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.cost_rows import cost_row
from resolvent.linalg.compiled.lanes import (
    count,
    exp,
    load_run,
    splat,
    store_run,
    total,
    where_positive,
)

__all__ = ["Large", "exponentials", "exponents", "sweep"]


class Large(NamedTuple):
    """Room for the entries above ``share * min(row sum, b[j])``, a stretch for each part."""

    share: Any
    b: Any
    counts: Any
    columns: Any
    values: Any


@register_jitable
def exponents(cost, i, scale, v, row, top):  # type: ignore[no-untyped-def]
    """Write ``v - scale C[i]`` and return the largest; ``top`` is room for one register."""
    cost_row(cost, i, row)
    largest, j = splat(row, -np.inf), 0
    while j + count(row) <= row.size:
        value = load_run(v, j) - splat(row, scale) * load_run(row, j)
        store_run(row, j, value)
        largest = where_positive(value - largest, value, largest)
        j += count(row)
    store_run(top, 0, largest)
    best = top[0]
    for k in range(1, count(row)):
        best = max(best, top[k])
    for rest in range(j, row.size):
        row[rest] = v[rest] - scale * row[rest]
        best = max(best, row[rest])
    return best


@register_jitable
def exponentials(row, shift):  # type: ignore[no-untyped-def]
    """``row <- exp(row - shift)``, and its sum."""
    part, less, j = splat(row, 0), splat(row, shift), 0
    while j + count(row) <= row.size:
        value = exp(load_run(row, j) - less)
        store_run(row, j, value)
        part = part + value
        j += count(row)
    rest = total(part)
    for k in range(j, row.size):
        row[k] = np.exp(row[k] - shift)
        rest += row[k]
    return rest


@register_jitable
def _add(row, weight, columns):  # type: ignore[no-untyped-def]
    """``row *= weight``, and ``columns += row``."""
    j, w = 0, splat(row, weight)
    while j + count(row) <= row.size:
        value = load_run(row, j) * w
        store_run(row, j, value)
        store_run(columns, j, load_run(columns, j) + value)
        j += count(row)
    for rest in range(j, row.size):
        row[rest] *= weight
        columns[rest] += row[rest]


def _keep(store, t, i, row, r):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_keep)
def _keep_of(store, t, i, row, r):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Store what is wanted of row ``i`` of the plan, whose sum is ``r``."""
    if store is types.none:
        return lambda store, t, i, row, r: None  # noqa: ARG005
    if isinstance(store, types.Array):

        def whole(store, t, i, row, r):  # type: ignore[no-untyped-def]  # noqa: ARG001
            store[i] = row

        return whole

    def large(store, t, i, row, r):  # type: ignore[no-untyped-def]
        columns, values = store.columns[t], store.values[t]
        place, room = store.counts[t, 0], columns.size
        found = 0
        for j in range(row.size):
            if row[j] > store.share * min(r, store.b[j]):
                if place + found < room:
                    columns[place + found] = j
                    values[place + found] = row[j]
                found += 1
        store.counts[t, 0] += found
        store.counts[t, 1 + i] = found

    return large


@njit(cache=True, nogil=True, parallel=True, error_model="numpy")
def _sweep(cost, scale, v, log_a, damp, u, sums, store):  # type: ignore[no-untyped-def]
    parts, n = sums.shape[0], u.size
    for t in prange(parts):
        row, top = np.empty(v.size), np.empty(count(v))
        for i in range(t * n // parts, (t + 1) * n // parts):
            largest = exponents(cost, i, scale, v, row, top)
            total_i = exponentials(row, largest)
            u[i] = damp * (log_a[i] - largest - np.log(total_i))
            weight = np.exp(u[i] + largest)
            _add(row, weight, sums[t])
            _keep(store, t, i, row, weight * total_i)


def sweep(
    cost: Any, scale: float, v: Any, log_a: Any, damp: float, parts: int, store: Any = None
) -> tuple[Any, Any]:
    """Return the optimal ``u`` for ``v``, and the column sums of the plan.

    Parameters
    ----------
    cost : Stored or Points
        The costs.
    scale : float
        One over the regularisation.
    v : (m,) ndarray
        Scaled potential of the columns.
    log_a : (n,) ndarray
        Logarithms of the row sums wanted.
    damp : float
        1, or ``rho / (rho + reg)`` where rows are relaxed.
    parts : int
        Threads.
    store : None, (n, m) ndarray or Large
        Where the plan, or its large entries, are wanted.
    """
    u, sums = np.empty(log_a.size), np.zeros((parts, v.size))
    _sweep(cost, scale, v, log_a, damp, u, sums, store)
    return u, sums.sum(axis=0)
