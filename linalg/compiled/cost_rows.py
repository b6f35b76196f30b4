"""One row of a cost matrix, stored or computed from points, inside compiled loops."""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.lanes import count, load_run, splat, store_run
from resolvent.linalg.compiled.matrix_forms import has_form

__all__ = ["Points", "Stored", "cost_row"]


class Stored(NamedTuple):
    """A matrix of costs; plus infinity is a forbidden pair."""

    values: Any


class Points(NamedTuple):
    """``sum_k |x[i, k] - y[k, j]|^p``; ``squared`` is one-dimensional for p = 2, else two."""

    x: Any
    y: Any
    squared: Any


def cost_row(cost, i, row):  # type: ignore[no-untyped-def]
    """Write the costs of row ``i``."""
    raise NotImplementedError


@overload(cost_row)
def _cost_row_of(cost, i, row):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if has_form(cost, Stored):
        return _stored
    return _squares if cost.types[2].ndim == 1 else _moduli


def _stored(cost, i, row):  # type: ignore[no-untyped-def]
    row[:] = cost.values[i]


def _squares(cost, i, row):  # type: ignore[no-untyped-def]
    row[:] = 0
    for k in range(cost.x.shape[1]):
        x, y, j = splat(row, cost.x[i, k]), cost.y[k], 0
        while j + count(row) <= row.size:
            d = load_run(y, j) - x
            store_run(row, j, load_run(row, j) + d * d)
            j += count(row)
        for rest in range(j, row.size):
            row[rest] += (y[rest] - cost.x[i, k]) ** 2


@register_jitable
def _moduli(cost, i, row):  # type: ignore[no-untyped-def]
    row[:] = 0
    for k in range(cost.x.shape[1]):
        x, y = cost.x[i, k], cost.y[k]
        for j in range(row.size):
            row[j] += np.abs(y[j] - x)
