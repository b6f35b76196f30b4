"""Matrices and pairs of cells in the layout of the compiled loops."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers.compiled.summation_translate import GROUP, PANEL, Matrices, Schedule

__all__ = ["bounds", "real_form", "schedule", "stacked"]

Ints = NDArray[np.int64]


def real_form(M: NDArray[Any], *, rows: int = 0, columns: int = 0) -> NDArray[np.float64]:
    """Return a complex matrix as a real one, acting on real and imaginary parts.

    The parts of a coefficient follow each other. On a side where a length is given, all real parts
    come first, padded to that length, and then all imaginary ones. A real matrix stays as it is.
    """
    if not np.iscomplexobj(M):
        return M
    a, b = M.shape
    form = np.zeros((2 * max(a, rows), 2 * max(b, columns)))
    i, j = np.arange(a), np.arange(b)
    real_i, imaginary_i = (i, rows + i) if rows else (2 * i, 2 * i + 1)
    real_j, imaginary_j = (j, columns + j) if columns else (2 * j, 2 * j + 1)
    form[np.ix_(real_i, real_j)] = form[np.ix_(imaginary_i, imaginary_j)] = M.real
    form[np.ix_(imaginary_i, real_j)] = M.imag
    form[np.ix_(real_i, imaginary_j)] = -M.imag
    return form


def stacked(matrices: Sequence[NDArray[Any]], dtype: Any = np.float64) -> Matrices:
    """Return real matrices as panels of two registers of rows."""
    rows = PANEL * np.dtype(np.float32).itemsize // np.dtype(dtype).itemsize
    panels = np.array([-(-M.shape[0] // rows) for M in matrices], dtype=np.int64)
    columns = np.array([M.shape[1] for M in matrices], dtype=np.int64)
    sizes = panels * columns * rows
    start = np.cumsum(sizes) - sizes
    values = np.zeros(int(sizes.sum()), dtype=dtype)
    for M, first, many in zip(matrices, start, panels, strict=True):
        padded = np.zeros((many * rows, M.shape[1]))
        padded[: M.shape[0]] = M
        block = padded.reshape(many, rows, M.shape[1]).transpose(0, 2, 1)
        values[first : first + block.size] = block.ravel()
    return Matrices(values, start, panels, columns)


def bounds(work: NDArray[Any], parts: int) -> Ints:
    """Return where to cut rows into ``parts`` of about equal work."""
    done = np.concatenate([np.zeros(1), np.cumsum(work, dtype=np.float64)])
    cuts = np.searchsorted(done, np.arange(parts + 1) * (done[-1] / parts))
    cuts[0], cuts[-1] = 0, len(work)
    return np.maximum.accumulate(cuts).astype(np.int64)


def schedule(
    targets: Ints, sources: Ints, which: Ints, matrices: int, parts: int, idle: tuple[int, int]
) -> Schedule:
    """Sort pairs by part, matrix and target, in groups filled up with the ``idle`` rows.

    ``idle`` is a target row that nobody reads, the first of ``parts``, and a source row of zeros.
    """
    rows = int(targets.max(initial=-1)) + 1
    owner = np.searchsorted(
        bounds(np.bincount(targets, minlength=rows), parts), np.arange(rows), side="right"
    )
    part = np.clip(owner - 1, 0, parts - 1)[targets]
    slot = part * matrices + which
    order = np.argsort(slot * np.int64(max(rows, 1)) + targets)
    counts = np.bincount(slot, minlength=parts * matrices)
    padded = -(-counts // GROUP) * GROUP
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(padded)])
    place = np.arange(len(targets)) + np.repeat(starts[:-1] - np.cumsum(counts) + counts, counts)
    to = np.repeat(idle[0] + np.arange(parts), padded.reshape(parts, -1).sum(axis=1))
    of = np.full(int(starts[-1]), idle[1], dtype=np.int64)
    to[place], of[place] = targets[order], sources[order]
    at = np.arange(parts)[:, None] * matrices + np.arange(matrices + 1)
    return Schedule(starts[at], to, of)
