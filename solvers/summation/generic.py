"""The summation for arrays of any library, and for kernels that can't be compiled.

Only the Array API standard is used: batches of kernel values, products of matrices, and sums over
lists by taking rows in a prepared order. Everything but the lists lives on the device of the
points, in double precision.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, device_of
from resolvent.solvers.summation import passes
from resolvent.solvers.summation.plan import Plan

__all__ = ["GenericSum"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BATCH = 1 << 22  # values of the kernel at a time
_ROWS = 1 << 15  # translated vectors at a time


class _Home:
    """Host arrays to the device."""

    def __init__(self, xp: Namespace, like: Array, is_complex: bool) -> None:
        self.xp, self.device = xp, device_of(like)
        self.real = xp.float64
        self.dtype = xp.complex128 if is_complex else xp.float64

    def real_array(self, x: Any) -> Array:
        return self.xp.asarray(np.asarray(x, dtype=np.float64), device=self.device)

    def matrix(self, x: Any) -> Array:
        return self.xp.astype(self.xp.asarray(np.array(x), device=self.device), self.dtype)

    def index(self, x: Ints) -> Array:
        return self.xp.asarray(np.array(x, dtype=np.int64), device=self.device)

    def zeros(self, *shape: int, dtype: Any = None) -> Array:
        return self.xp.zeros(shape, dtype=dtype or self.dtype, device=self.device)


class _Lists:
    """Sum rows by their targets: the longest lists first, one entry of all of them at a time."""

    def __init__(self, home: _Home, targets: Ints, rows: int) -> None:
        self.home, self.rows = home, rows
        counts = np.bincount(targets, minlength=rows)
        by_length = np.argsort(-counts, kind="stable")
        order = np.argsort(targets, kind="stable")
        first = np.cumsum(counts) - counts
        self._steps = []
        for k in range(int(counts.max(initial=0))):
            longer = by_length[: int(np.sum(counts > k))]
            self._steps.append(home.index(order[first[longer] + k]))
        self._back = home.index(np.argsort(by_length))

    def __call__(self, values: Array) -> Array:
        """Return the sums (rows, ...) of values (pairs, ...)."""
        xp = self.home.xp
        total = self.home.zeros(self.rows, *values.shape[1:], dtype=values.dtype)
        for step in self._steps:
            longer = int(step.shape[0])
            total[:longer, ...] += xp.take(values, step, axis=0)
        return xp.take(total, self._back, axis=0)


class _Translation:
    """One pass over coefficients (cells, rank, k)."""

    def __init__(self, home: _Home, step: passes.Pass, rows: int, width: int) -> None:
        self.home, self.rows, self.width = home, rows, width
        self._matrices = [home.matrix(M) for M in step.matrices]
        self._blocks = []
        cuts = range(0, len(step.targets), _ROWS)
        by_target = np.argsort(step.targets, kind="stable")
        for first in cuts:
            chosen = by_target[first : first + _ROWS]
            chosen = chosen[np.argsort(step.which[chosen], kind="stable")]
            which = step.which[chosen]
            used, start = np.unique(which, return_index=True)
            ends = np.append(start[1:], len(which))
            groups = [
                (int(m), home.index(step.sources[chosen[a:b]]))
                for m, a, b in zip(used, start, ends, strict=True)
            ]
            self._blocks.append((groups, _Lists(home, step.targets[chosen], rows)))

    def __call__(self, coefficients: Array) -> Array:
        """Return what is to be added, (rows, width, k)."""
        xp = self.home.xp
        total = self.home.zeros(self.rows, self.width, coefficients.shape[2])
        for groups, lists in self._blocks:
            moved = []
            for m, sources in groups:
                M = self._matrices[m]
                rows = xp.take(coefficients, sources, axis=0)[:, : M.shape[1], :]
                moved.append(_padded(self.home, xp.matmul(M, rows), self.width))
            total = total + lists(xp.concat(moved, axis=0))
        return total


def _padded(home: _Home, rows: Array, width: int) -> Array:
    missing = width - rows.shape[1]
    if missing == 0:
        return rows
    return home.xp.concat([rows, home.zeros(rows.shape[0], missing, rows.shape[2])], axis=1)


class GenericSum:
    """Apply a plan to charges (n, k)."""

    name = "generic"

    def __init__(
        self, plan: Plan, xp: Namespace, targets: Array, sources: Array, origin: Floats
    ) -> None:
        self.plan, self.kernel = plan, plan.levels.kernel
        self.home = home = _Home(xp, targets, self.kernel.is_complex)
        tree, levels, pairs = plan.tree, plan.levels, plan.pairs
        self.targets = _lifted(home, targets, origin, home.index(tree.target_order))
        self.sources = _lifted(home, sources, origin, home.index(tree.source_order))
        self._back = home.index(np.argsort(tree.target_order))
        self._order = home.index(tree.source_order)
        self._expanding = np.unique(
            np.concatenate(
                [plan.source_leaves, plan.local_leaves, *plan.up.values(), *plan.down.values()]
                + [*pairs.translated, pairs.evaluated[1], pairs.projected[0]]
            )
        )
        used = np.unique(tree.level[self._expanding])
        cells = [levels.cell(int(k), side) for k in used for side in (False, True)]
        self._width = max((cell.rank for cell in cells), default=1)
        many, width = len(tree.level), self._width
        self._up = [_Translation(home, step, many, width) for step in passes.up(plan)]
        self._down = [_Translation(home, step, many, width) for step in passes.down(plan)]
        step, found = passes.across(plan)
        matrices = [C for _, each in found for C in each.matrices()]
        self._across = _Translation(home, step._replace(matrices=matrices), many, width)

    def __call__(self, charges: Array) -> Array:
        """Return the potentials (m, k)."""
        plan, home, xp = self.plan, self.home, self.home.xp
        leaves, ends = plan.source_leaves, plan.local_leaves
        outer, inner = plan.pairs.projected, plan.pairs.evaluated
        wide = xp.complex128 if xp.isdtype(charges.dtype, "complex floating") else home.dtype
        if wide != home.dtype:
            return self(xp.real(charges)) + 1j * self(xp.imag(charges))
        q = xp.take(xp.astype(charges, home.dtype), self._order, axis=0)
        w = self._project(leaves, leaves, q, "far", lambda cell: cell.projection, False)
        for step in self._up:
            w = w + step(w)
        local = self._across(w)
        local = local + self._project(outer[0], outer[1], q, "near", lambda c: c.basis.T, True)
        for step in self._down:
            local = local + step(local)
        out = self._direct(q)
        out = out + self._expand(ends, ends, local, "far", lambda c: c.projection.T, True)
        out = out + self._expand(inner[0], inner[1], w, "near", lambda c: c.basis, False)
        return xp.take(out, self._back, axis=0)

    def _padded_points(self, ranges: Ints, points: Array) -> tuple[Array, NDArray[np.bool_], Ints]:
        """Return the points (b, most, 3) of ranges, which of them are real, and their places."""
        most = int(np.max(ranges[:, 1] - ranges[:, 0], initial=1))
        place = ranges[:, :1] + np.arange(most)
        real = place < ranges[:, 1:]
        place = np.where(real, place, 0)
        taken = self.home.xp.take(points, self.home.index(place.ravel()), axis=0)
        return self.home.xp.reshape(taken, (len(ranges), most, 3)), real, place

    def _charges(self, place: Ints, real: NDArray[np.bool_], q: Array) -> Array:
        xp, home = self.home.xp, self.home
        taken = xp.take(q, home.index(place.ravel()), axis=0)
        mask = home.matrix(real.ravel())
        return xp.reshape(taken * mask[:, None], (*place.shape, q.shape[1]))

    def _direct(self, q: Array) -> Array:
        """Return the potentials (m, k) of near pairs."""
        tree, xp = self.plan.tree, self.home.xp
        t, s = self.plan.pairs.near
        out = self.home.zeros(len(tree.target_order), q.shape[1])
        most = int(np.max(tree.target_count, initial=1, where=tree.is_leaf))
        more = int(np.max(tree.source_count, initial=1, where=tree.is_leaf))
        for batch in _batches(len(t), most * more):
            x, real, place = self._padded_points(tree.targets[t[batch]], self.targets)
            y, real_y, place_y = self._padded_points(tree.sources[s[batch]], self.sources)
            values = xp.matmul(
                xp.astype(self.kernel(xp, x, y), self.home.dtype), self._charges(place_y, real_y, q)
            )
            out = out + self._to_targets(values, real, place)
        return out

    def _to_targets(self, values: Array, real: NDArray[np.bool_], place: Ints) -> Array:
        """Return the sums (m, k) of values (b, most, k) at the places that are real."""
        flat = self.home.xp.reshape(values, (-1, values.shape[-1]))
        chosen = np.flatnonzero(real.ravel())
        lists = _Lists(self.home, place.ravel()[chosen], len(self.plan.tree.target_order))
        return lists(self.home.xp.take(flat, self.home.index(chosen), axis=0))

    def _skeletons(self, cells: Ints, level: int, name: str, transposed: bool) -> Array:
        cell = self.plan.levels.cell(level, transposed)
        unit, centre = self.plan.levels.unit(level), self.plan.tree.centre[cells]
        return self.home.real_array(getattr(cell, name) * unit + centre[:, None, :])

    def _project(
        self,
        t: Ints,
        s: Ints,
        q: Array,
        name: str,
        matrix: Callable[[Any], NDArray[Any]],
        transposed: bool,
    ) -> Array:
        """Return coefficients (cells, width, k) of sources ``s`` on the skeletons of ``t``."""
        tree, levels, home, xp = self.plan.tree, self.plan.levels, self.home, self.home.xp
        total = home.zeros(len(tree.level), self._width, q.shape[1])
        for level in np.unique(tree.level[t]):
            here = np.flatnonzero(tree.level[t] == level)
            M = matrix(levels.cell(int(level), transposed)) / levels.factor(int(level))
            most = int(np.max(tree.source_count[s[here]]))
            found = []
            for batch in _batches(len(here), most * M.shape[1]):
                chosen = here[batch]
                x = self._skeletons(t[chosen], int(level), name, transposed)
                y, real, place = self._padded_points(tree.sources[s[chosen]], self.sources)
                K = xp.astype(self.kernel(xp, x, y), home.dtype)
                values = xp.matmul(home.matrix(M), xp.matmul(K, self._charges(place, real, q)))
                found.append(_padded(home, values, self._width))
            total = total + _Lists(home, t[here], len(tree.level))(xp.concat(found, axis=0))
        return total

    def _expand(
        self,
        t: Ints,
        s: Ints,
        coefficients: Array,
        name: str,
        matrix: Callable[[Any], NDArray[Any]],
        transposed: bool,
    ) -> Array:
        """Return the potentials (m, k) at targets ``t`` of the coefficients of cells ``s``."""
        tree, levels, home, xp = self.plan.tree, self.plan.levels, self.home, self.home.xp
        out = home.zeros(len(tree.target_order), coefficients.shape[2])
        for level in np.unique(tree.level[s]):
            here = np.flatnonzero(tree.level[s] == level)
            M = matrix(levels.cell(int(level), transposed))
            most = int(np.max(tree.target_count[t[here]]))
            for batch in _batches(len(here), most * M.shape[0]):
                chosen = here[batch]
                rows = xp.take(coefficients, home.index(s[chosen]), axis=0)[:, : M.shape[1], :]
                y = self._skeletons(s[chosen], int(level), name, transposed)
                x, real, place = self._padded_points(tree.targets[t[chosen]], self.targets)
                K = xp.astype(self.kernel(xp, x, y), home.dtype)
                values = xp.matmul(K, xp.matmul(home.matrix(M), rows))
                out = out + self._to_targets(values, real, place)
        return out


def _batches(many: int, entries: int) -> list[slice]:
    """Cut ``many`` blocks of so many entries into batches."""
    step = max(1, _BATCH // max(entries, 1))
    return [slice(first, first + step) for first in range(0, many, step)]


def _lifted(home: _Home, points: Array, origin: Floats, order: Array) -> Array:
    """Return points as (n, 3) in double precision from an origin, in the order of the tree."""
    xp = home.xp
    points = xp.take(xp.astype(points, home.real), order, axis=0)
    flat = home.zeros(points.shape[0], 3 - points.shape[1], dtype=home.real)
    return xp.concat([points, flat], axis=1) - home.real_array(origin)
