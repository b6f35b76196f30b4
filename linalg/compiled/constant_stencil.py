"""Compare a CSR matrix with a stencil of constant coefficients, line by line."""

from typing import Any

import numpy as np
from numba import njit, prange

from resolvent.linalg.compiled.threads import threads

__all__ = ["follows"]


def follows(
    indptr: Any, indices: Any, data: Any, lengths: Any, entries: Any, tolerance: float
) -> bool:
    """Tell whether every row holds, in order, the entries whose neighbours are inside the box.

    ``entries`` is the row of a point with all its neighbours; ``lengths`` of the axes begin with
    the one along which the numbers run.
    """
    strides = np.cumprod(np.append(1, lengths[:-1]))
    offsets = np.concatenate([-strides[::-1], [0], strides])
    box = lengths, offsets, entries, tolerance
    lines = (indptr.size - 1) // lengths[0]
    parts = threads(indptr.size - 1)
    if parts == 1:
        return bool(_agrees(indptr, indices, data, *box, 0, lines))
    return bool(_agree(indptr, indices, data, *box, lines, parts))


@njit(cache=True, nogil=True, parallel=True)
def _agree(indptr, indices, data, lengths, offsets, entries, tolerance, lines, parts):  # type: ignore[no-untyped-def]
    agreed = np.zeros(parts, dtype=np.bool_)
    for t in prange(parts):
        lo, hi = t * lines // parts, (t + 1) * lines // parts
        agreed[t] = _agrees(indptr, indices, data, lengths, offsets, entries, tolerance, lo, hi)
    return agreed.all()


@njit(cache=True, nogil=True)
def _agrees(indptr, indices, data, lengths, offsets, entries, tolerance, lo, hi):  # type: ignore[no-untyped-def]
    axes, length = lengths.size, lengths[0]
    inside = np.ones(2 * axes + 1, dtype=np.bool_)
    for line in range(lo, hi):
        rest = line
        for axis in range(1, axes):
            place = rest % lengths[axis]
            rest //= lengths[axis]
            inside[axes - 1 - axis] = place > 0
            inside[axes + 1 + axis] = place < lengths[axis] - 1
        columns, wanted = offsets[inside], entries[inside]
        left = np.sum(inside[:axes]) - 1
        start, end = line * length, (line + 1) * length
        agrees = _row_agrees(indptr, indices, data, columns, wanted, tolerance, start, left)
        for i in range(start + 1, end - 1):
            agrees &= _row_agrees(indptr, indices, data, columns, wanted, tolerance, i, -1)
        last = left + 2
        agrees &= _row_agrees(indptr, indices, data, columns, wanted, tolerance, end - 1, last)
        if not agrees:
            return False
    return True


@njit(cache=True, nogil=True, inline="always")
def _row_agrees(indptr, indices, data, columns, wanted, tolerance, i, missing):  # type: ignore[no-untyped-def]
    k, count = indptr[i], columns.size
    if indptr[i + 1] - k != count - (missing >= 0):
        return False
    agrees = True
    for e in range(count):
        if e != missing:
            agrees &= indices[k] - i == columns[e] and abs(data[k] - wanted[e]) <= tolerance
            k += 1
    return agrees
