"""Sums of kernel values between points and points, and between points and skeletons of cells.

Targets fill the lanes of a register, sources come one by one. Points are ``(3, n)`` arrays of
coordinates, padded by one register at the end; charges and potentials have one row, or two for
real and imaginary part. Loops over cells are cut into parts of equal work, one for a thread.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.lanes import load_run, splat, store_run
from resolvent.solvers.compiled.summation_kernels import accumulate, nothing, values

__all__ = [
    "LANES",
    "Expansions",
    "Ranges",
    "Runs",
    "Skeletons",
    "sums_of",
    "direct",
    "evaluate",
    "project",
]

LANES = 8


class Runs(NamedTuple):
    """Lists of ranges: those of list ``i`` are ``indptr[i]`` to ``indptr[i + 1]``."""

    indptr: Any
    start: Any
    stop: Any


class Skeletons(NamedTuple):
    """Points of cells: ``shape[kind[c], :, :size[kind[c]]] * unit[c] + centre[c]``."""

    shape: Any
    size: Any
    kind: Any
    unit: Any
    centre: Any


class Expansions(NamedTuple):
    """Lists of cells: ``charges[rows[k]]`` sit on the skeleton of ``cells[k]``."""

    charges: Any
    indptr: Any
    cells: Any
    rows: Any


class Ranges(NamedTuple):
    """Targets ``start[row]`` to ``stop[row]`` of leaf ``row``."""

    start: Any
    stop: Any


@register_jitable
def _sums(kernel, x, y, z, start, stop, sources, charges, room, sums):  # type: ignore[no-untyped-def]
    """Add the potentials at eight positions of the sources ``start`` to ``stop``."""
    for j in range(start, stop):
        dx = x - splat(room, sources[0, j])
        dy = y - splat(room, sources[1, j])
        dz = z - splat(room, sources[2, j])
        r2 = dx * dx + dy * dy + dz * dz
        sums = accumulate(sums, values(kernel, r2, room), charges, j)
    return sums


@register_jitable
def _expand(kernel, x, y, z, expansions, skeletons, row, room, sums):  # type: ignore[no-untyped-def]
    """Add the potentials of charges on skeletons, in the units of their cells."""
    for k in range(expansions.indptr[row], expansions.indptr[row + 1]):
        c = expansions.cells[k]
        kind, centre = skeletons.kind[c], skeletons.centre[c]
        inverse = splat(room, 1.0 / skeletons.unit[c])
        u = (x - splat(room, centre[0])) * inverse
        v = (y - splat(room, centre[1])) * inverse
        w = (z - splat(room, centre[2])) * inverse
        charges = expansions.charges[expansions.rows[k]]
        sums = _sums(
            kernel, u, v, w, 0, skeletons.size[kind], skeletons.shape[kind], charges, room, sums
        )
    return sums


def _write(sums, room, out, first, many):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_write)
def _write_of(sums, room, out, first, many):  # type: ignore[no-untyped-def]  # noqa: ARG001
    def one(sums, room, out, first, many):  # type: ignore[no-untyped-def]
        store_run(room, 0, sums[0])
        for k in range(many):
            out[0, first + k] = room[k]

    def two(sums, room, out, first, many):  # type: ignore[no-untyped-def]
        store_run(room, 0, sums[0])
        for k in range(many):
            out[0, first + k] = room[k]
        store_run(room, 0, sums[1])
        for k in range(many):
            out[1, first + k] = room[k]

    return one if len(sums) == 1 else two


def _direct(kernel, targets, n, sources, m, charges, out, parts):  # type: ignore[no-untyped-def]
    blocks = (n + LANES - 1) // LANES
    for t in prange(parts):
        room = np.empty(LANES)
        for b in range(t * blocks // parts, (t + 1) * blocks // parts):
            i = b * LANES
            x, y, z = load_run(targets[0], i), load_run(targets[1], i), load_run(targets[2], i)
            sums = nothing(kernel, room)
            sums = _sums(kernel, x, y, z, 0, m, sources, charges, room, sums)
            _write(sums, room, out, i, min(LANES, n - i))


def _project(kernel, cells, runs, skeletons, sources, charges, out, bounds):  # type: ignore[no-untyped-def]
    """Write the potentials of runs of sources on the skeletons of cells: ``out[row, part, :]``."""
    for t in prange(bounds.size - 1):
        room = np.empty(LANES)
        for row in range(bounds[t], bounds[t + 1]):
            c = cells[row]
            kind, centre = skeletons.kind[c], skeletons.centre[c]
            unit, size = splat(room, skeletons.unit[c]), skeletons.size[kind]
            for i in range(0, size, LANES):
                x = load_run(skeletons.shape[kind, 0], i) * unit + splat(room, centre[0])
                y = load_run(skeletons.shape[kind, 1], i) * unit + splat(room, centre[1])
                z = load_run(skeletons.shape[kind, 2], i) * unit + splat(room, centre[2])
                sums = nothing(kernel, room)
                for k in range(runs.indptr[row], runs.indptr[row + 1]):
                    sums = _sums(
                        kernel, x, y, z, runs.start[k], runs.stop[k], sources, charges, room, sums
                    )
                _write(sums, room, out[row], i, min(LANES, size - i))


def _evaluate(  # type: ignore[no-untyped-def]
    kernel, leaves, targets, near, outer, far, inner, close, sources, charges, out, bounds
):
    """Write the potentials at the targets of leaves.

    They are those of ``near`` runs of sources, of ``outer`` charges on the ``far`` skeletons of the
    leaves and of ``inner`` charges on the skeletons of smaller cells.
    """
    for t in prange(bounds.size - 1):
        room = np.empty(LANES)
        for row in range(bounds[t], bounds[t + 1]):
            stop = leaves.stop[row]
            for i in range(leaves.start[row], stop, LANES):
                x, y, z = load_run(targets[0], i), load_run(targets[1], i), load_run(targets[2], i)
                sums = nothing(kernel, room)
                for k in range(near.indptr[row], near.indptr[row + 1]):
                    sums = _sums(
                        kernel, x, y, z, near.start[k], near.stop[k], sources, charges, room, sums
                    )
                sums = _expand(kernel, x, y, z, outer, far, row, room, sums)
                sums = _expand(kernel, x, y, z, inner, close, row, room, sums)
                _write(sums, room, out, i, min(LANES, stop - i))


def _compiled(on_disk: bool) -> tuple[Any, Any, Any]:
    compiled = njit(cache=on_disk, parallel=True, nogil=True, error_model="numpy")
    return compiled(_direct), compiled(_project), compiled(_evaluate)


@cache
def sums_of(function: Any) -> tuple[Any, Any, Any]:  # noqa: ARG001
    """Return `direct`, `project` and `evaluate` for a user's function, compiled once a session."""
    return _compiled(on_disk=False)


direct, project, evaluate = _compiled(on_disk=True)
