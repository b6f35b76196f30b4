"""The summation by compiled loops: charges of NumPy to potentials, in the order of a plan."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.linalg.compiled.threads import alone, threads
from resolvent.solvers.compiled import summation
from resolvent.solvers.compiled.summation import LANES, Expansions, Ranges, Runs, Skeletons
from resolvent.solvers.compiled.summation_kernels import ComplexProfile, Profile
from resolvent.solvers.compiled.summation_translate import PANEL, Matrices, Schedule, translate
from resolvent.solvers.summation import passes
from resolvent.solvers.summation.interactions import lists, merged_runs
from resolvent.solvers.summation.plan import Plan
from resolvent.solvers.summation.schedule import bounds, real_form, schedule, stacked

__all__ = ["CompiledSum", "coordinates"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def coordinates(points: Floats) -> Floats:
    """Return points (n, 3) as rows of coordinates with room for one register at the end."""
    rows = np.zeros((3, len(points) + LANES))
    rows[:, : len(points)] = points.T
    return rows


class CompiledSum:
    """Apply a plan to charges (n, k), one column at a time."""

    name = "compiled"

    def __init__(self, plan: Plan, targets: Floats, sources: Floats) -> None:
        self.plan, tree = plan, plan.tree
        self.kernel = plan.levels.kernel
        self.form = self.kernel.form
        user = isinstance(self.form, Profile | ComplexProfile)
        _, self._project, self._evaluate = (
            summation.sums_of(self.form.function)
            if user
            else (summation.direct, summation.project, summation.evaluate)
        )
        self.parts = 2 if self.kernel.is_complex else 1
        self.threads = threads(len(targets) + len(sources), enough=4000)
        self.targets = coordinates(targets[tree.target_order])
        self.sources = coordinates(sources[tree.source_order])
        self._used = sorted({int(level) for level in np.unique(tree.level[self._expanding])})
        self._prepare_cells()
        self._prepare_passes()
        self._prepare_lists()

    @cached_property
    def _expanding(self) -> Ints:
        plan = self.plan
        cells = [*plan.up.values(), *plan.down.values(), *plan.pairs.translated]
        cells += [plan.pairs.evaluated[1], plan.pairs.projected[0]]
        return np.unique(np.concatenate(cells))

    def _prepare_cells(self) -> None:
        """Lay the skeletons of all levels into arrays of one shape."""
        tree, levels = self.plan.tree, self.plan.levels
        kinds = sorted({levels.kind(level) for level in self._used})
        self._slot = {kind: k for k, kind in enumerate(kinds)}
        level_of = {levels.kind(level): level for level in self._used}
        self._sides = [
            [levels.cell(level_of[kind], transposed) for kind in kinds]
            for transposed in (False, True)
        ]
        every = [cell for side in self._sides for cell in side]
        largest = max((cell.size for cell in every), default=1)
        self._room = -(-largest // LANES) * LANES
        rank = max((cell.rank for cell in every), default=1) * self.parts
        self._width = -(-rank // PANEL) * PANEL
        kind = np.zeros(len(tree.level), dtype=np.int64)
        unit, factor = np.ones(len(kind)), np.ones(len(kind))
        for level in self._used:
            here = tree.level == level
            kind[here] = self._slot[levels.kind(level)]
            unit[here], factor[here] = levels.unit(level), levels.factor(level)
        self._kind, self._factor = kind, factor

        def skeletons(cells: list[Any], attribute: str) -> Skeletons:
            shape = np.zeros((max(len(cells), 1), 3, self._room + LANES))
            for k, cell in enumerate(cells):
                shape[k, :, : cell.size] = getattr(cell, attribute).T
            size = np.array([cell.size for cell in cells] or [0], dtype=np.int64)
            return Skeletons(shape, size, kind, unit, tree.centre)

        self._source_far, self._source_near = (
            skeletons(self._sides[0], name) for name in ("far", "near")
        )
        self._target_far, self._target_near = (
            skeletons(self._sides[1], name) for name in ("far", "near")
        )

    def _prepare_passes(self) -> None:
        plan, room, cells = self.plan, self._room, len(self.plan.tree.level)
        planar = {"columns": room}
        into = [real_form(c.projection, **planar) for c in self._sides[0]]
        out_of = [real_form(c.projection.T, rows=room) for c in self._sides[1]]
        spread = [real_form(c.basis, rows=room) for c in self._sides[0]]
        gather = [real_form(c.basis.T, **planar) for c in self._sides[1]]
        self._inner_cells = np.unique(plan.pairs.evaluated[1])
        self._outer_cells = np.unique(plan.pairs.projected[0])

        def scheduled(
            targets: Ints, sources: Ints, which: Ints, matrices: int, idle: tuple[int, int]
        ) -> Schedule:
            return schedule(targets, sources, which, matrices, self.threads, idle)

        def to_cells(of: Ints, matrices: list[Any]) -> tuple[Matrices, Schedule]:
            many, rows = len(matrices), np.arange(len(of))
            return stacked(matrices), scheduled(of, rows, self._kind[of], many, (cells, len(of)))

        def from_cells(of: Ints, matrices: list[Any]) -> tuple[Matrices, Schedule]:
            many, rows = len(matrices), np.arange(len(of))
            return stacked(matrices), scheduled(rows, of, self._kind[of], many, (len(of), cells))

        def between(step: passes.Pass) -> tuple[Matrices, Schedule]:
            real = stacked([real_form(M) for M in step.matrices])
            return real, scheduled(*step[:3], len(step.matrices), (cells, cells))

        self._p2m = to_cells(plan.source_leaves, into)
        self._x2l = to_cells(self._outer_cells, gather)
        self._l2p = from_cells(plan.local_leaves, out_of)
        self._m2w = from_cells(self._inner_cells, spread)
        self._m2m = [between(step) for step in passes.up(plan)]
        self._l2l = [between(step) for step in passes.down(plan)]
        step, found = passes.across(plan)
        self._main = stacked([real_form(C) for _, each in found for C in each.main])
        self._rest = stacked([real_form(C) for _, each in found for C in each.rest], np.float32)
        self._across = scheduled(*step[:3], len(self._rest.start), (cells, cells))
        self._scale = np.ones(cells + self.threads)
        for of, each in found:
            self._scale[of] = each.scale

    def _prepare_lists(self) -> None:
        plan, tree, pairs = self.plan, self.plan.tree, self.plan.pairs
        leaves, row_of = plan.target_leaves, np.full(len(self._kind), -1, dtype=np.int64)
        row_of[leaves] = np.arange(len(leaves))
        t, s = pairs.near
        self._near = Runs(*merged_runs(row_of[t], tree.sources[s], len(leaves)))
        self._ranges = Ranges(tree.targets[leaves, 0].copy(), tree.targets[leaves, 1].copy())

        def expansions(t: Ints, cells: Ints, members: Ints) -> tuple[Ints, Ints, Ints]:
            order = np.argsort(row_of[t], kind="stable")
            chosen = cells[order]
            rows = np.searchsorted(members, chosen)
            return lists(row_of[t][order], len(leaves)), chosen, rows

        self._outer = expansions(plan.local_leaves, plan.local_leaves, plan.local_leaves)
        self._inner = expansions(*pairs.evaluated, self._inner_cells)
        own = tree.sources[plan.source_leaves]
        self._own = Runs(np.arange(len(own) + 1), own[:, 0].copy(), own[:, 1].copy())
        t, s = pairs.projected
        self._projected = Runs(
            *merged_runs(
                np.searchsorted(self._outer_cells, t), tree.sources[s], len(self._outer_cells)
            )
        )
        length = np.concatenate([[0], np.cumsum(self._near.stop - self._near.start)])
        work = length[self._near.indptr[1:]] - length[self._near.indptr[:-1]]
        work += self._room * (np.diff(self._outer[0]) + np.diff(self._inner[0]))
        width = -(-(self._ranges.stop - self._ranges.start) // LANES)
        self._leaf_bounds = bounds(work * width, self.threads)
        self._own_bounds = bounds(own[:, 1] - own[:, 0] + 1, self.threads)
        many = np.diff(self._projected.indptr)
        self._projected_bounds = bounds(many + 1, self.threads)

    def __call__(self, charges: NDArray[Any]) -> NDArray[Any]:
        """Return the potentials (m, k) of charges (n, k), both in the order of the user."""
        if self.parts == 1 and np.iscomplexobj(charges):
            return _complex(self(charges.real), self(charges.imag))
        columns = [self._column(charges[:, k]) for k in range(charges.shape[1])]
        dtype = np.complex128 if self.parts == 2 else np.float64
        empty = np.zeros((len(self.plan.tree.target_order), 0), dtype=dtype)
        return np.stack(columns, axis=1) if columns else empty

    def _column(self, charges: NDArray[Any]) -> NDArray[Any]:
        tree = self.plan.tree
        given = charges[tree.source_order]
        size = float(np.max(np.abs(given), initial=0.0)) or 1.0
        q = np.zeros((self.parts, len(given) + LANES))
        q[0, : len(given)] = given.real / size
        if self.parts == 2:
            q[1, : len(given)] = given.imag / size
        out = np.zeros((self.parts, len(tree.target_order)))
        with alone(self.threads):
            self._apply(q, out)
        out *= size
        potentials = np.empty_like(out)
        potentials[:, tree.target_order] = out
        return _complex(*potentials) if self.parts == 2 else potentials[0]

    def _apply(self, q: Floats, out: Floats) -> None:
        plan, form, parts, room = self.plan, self.form, self.parts, self._room
        cells, spare = len(plan.tree.level), self.threads
        w, local = np.zeros((2, cells + spare, self._width))
        far = self._projections(
            plan.source_leaves, self._own, self._source_far, q, self._own_bounds
        )
        translate(w, far, *self._p2m)
        w[plan.source_leaves] /= self._factor[plan.source_leaves, None]
        for step in self._m2m:
            translate(w, w, *step)
        single = w.astype(np.float32)
        rest = np.zeros_like(single)
        translate(rest, single, self._rest, self._across)
        translate(local, w, self._main, self._across)
        local += rest
        local *= self._scale[:, None]
        if len(self._outer_cells):
            near = self._projections(
                self._outer_cells, self._projected, self._target_near, q, self._projected_bounds
            )
            near /= np.append(self._factor[self._outer_cells], 1.0)[:, None]
            translate(local, near, *self._x2l)
        for step in self._l2l:
            translate(local, local, *step)
        local[plan.local_leaves] *= self._factor[plan.local_leaves, None]
        ends = np.zeros((len(plan.local_leaves) + spare, -(-parts * room // PANEL) * PANEL))
        translate(ends, local, *self._l2p)
        inner = np.zeros((len(self._inner_cells) + spare, ends.shape[1]))
        translate(inner, w, *self._m2w)
        inner[: len(self._inner_cells)] *= self._factor[self._inner_cells, None]
        self._evaluate(
            form,
            self._ranges,
            self.targets,
            self._near,
            Expansions(self._parted(ends), *self._outer),
            self._target_far,
            Expansions(self._parted(inner), *self._inner),
            self._source_near,
            self.sources,
            q,
            out,
            self._leaf_bounds,
        )

    def _parted(self, rows: Floats) -> Floats:
        """View rows of charges as (rows, parts, points)."""
        return rows[:, : self.parts * self._room].reshape(len(rows), self.parts, self._room)

    def _projections(
        self, cells: Ints, runs: Runs, skeletons: Skeletons, q: Floats, cuts: Ints
    ) -> Floats:
        """Return the potentials of sources on skeletons, a row for each cell and one of zeros."""
        rows = np.zeros((len(cells) + 1, self.parts, self._room))
        self._project(self.form, cells, runs, skeletons, self.sources, q, rows, cuts)
        return rows.reshape(len(rows), -1)


def _complex(real: Floats, imag: Floats) -> NDArray[np.complex128]:
    """Join parts; a product with the imaginary unit would make NaN of an infinite one."""
    joined = np.empty(real.shape, dtype=np.complex128)
    joined.real, joined.imag = real, imag
    return joined
