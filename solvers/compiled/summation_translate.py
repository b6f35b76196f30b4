"""Many small matrices applied to many short vectors: ``out[target] += M[m] @ coefs[source]``.

Matrices lie in panels of two registers of rows, column after column. Four vectors meet a panel at a
time: eight sums stay in registers. Pairs are sorted by thread, matrix and target; every thread owns
its targets, so nothing is added twice at once. Groups of four are filled up with pairs that add
zero to a row of nobody.
"""

from typing import Any, NamedTuple

from numba import njit, prange
from numba.extending import register_jitable

from resolvent.linalg.compiled.lanes import count, load_run, splat, store_run

__all__ = ["GROUP", "PANEL", "Matrices", "Schedule", "translate"]

GROUP = 4
PANEL = 32  # rows of a panel in single precision, two panels in double
_CHUNK = 64  # pairs whose vectors stay in the cache while the panels pass


class Matrices(NamedTuple):
    """Panels of matrix ``m`` begin at ``start[m]``; it has ``panels[m]`` and ``columns[m]``."""

    values: Any
    start: Any
    panels: Any
    columns: Any


class Schedule(NamedTuple):
    """The pairs of part ``t`` and matrix ``m`` are ``bounds[t, m]`` to ``bounds[t, m + 1]``."""

    bounds: Any
    targets: Any
    sources: Any


@njit(cache=True, parallel=True, nogil=True, error_model="numpy")
def translate(out, coefs, matrices, schedule):  # type: ignore[no-untyped-def]
    """Add the translated vectors to the rows of ``out``; both arrays are two-dimensional."""
    parts, many = schedule.bounds.shape[0], schedule.bounds.shape[1] - 1
    rows, vectors, values = out.reshape(-1), coefs.reshape(-1), matrices.values
    stride, step, lanes = out.shape[1], coefs.shape[1], count(values)
    for t in prange(parts):
        for m in range(many):
            first, last = schedule.bounds[t, m], schedule.bounds[t, m + 1]
            columns = matrices.columns[m]
            for chunk in range(first, last, _CHUNK):
                for panel in range(matrices.panels[m]):
                    base = matrices.start[m] + 2 * lanes * panel * columns
                    for g in range(chunk, min(chunk + _CHUNK, last), GROUP):
                        s0, s1 = schedule.sources[g] * step, schedule.sources[g + 1] * step
                        s2, s3 = schedule.sources[g + 2] * step, schedule.sources[g + 3] * step
                        a0 = splat(values, 0.0)
                        b0, a1, b1, a2, b2, a3, b3 = a0, a0, a0, a0, a0, a0, a0
                        for k in range(columns):
                            u = load_run(values, base + 2 * lanes * k)
                            v = load_run(values, base + 2 * lanes * k + lanes)
                            x = splat(values, vectors[s0 + k])
                            a0, b0 = a0 + u * x, b0 + v * x
                            x = splat(values, vectors[s1 + k])
                            a1, b1 = a1 + u * x, b1 + v * x
                            x = splat(values, vectors[s2 + k])
                            a2, b2 = a2 + u * x, b2 + v * x
                            x = splat(values, vectors[s3 + k])
                            a3, b3 = a3 + u * x, b3 + v * x
                        row = 2 * lanes * panel
                        _add(rows, schedule.targets[g] * stride + row, a0, b0)
                        _add(rows, schedule.targets[g + 1] * stride + row, a1, b1)
                        _add(rows, schedule.targets[g + 2] * stride + row, a2, b2)
                        _add(rows, schedule.targets[g + 3] * stride + row, a3, b3)


@register_jitable
def _add(rows, i, a, b):  # type: ignore[no-untyped-def]
    store_run(rows, i, load_run(rows, i) + a)
    i += count(rows)
    store_run(rows, i, load_run(rows, i) + b)
