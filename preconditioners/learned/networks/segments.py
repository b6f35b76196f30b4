"""Sums over groups of rows, the reverse of a gather: how messages of edges reach the nodes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, is_numpy, namespace_of, take
from resolvent.linalg.compiled.threads import alone, threads

__all__ = ["Segments"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Segments:
    """Rows 0 to m - 1 sorted into n groups; ``group[k]`` is that of row ``k``, on the host.

    `sum` adds the rows of each group, `take` copies the row of its group to each of them. The one
    is the adjoint of the other. Sums are taken in a fixed order, so they are the same each time.
    NumPy arrays are summed by a compiled loop, those of other libraries by a gather of as many
    rows for each group as the largest one has.
    """

    group: Ints
    groups: int

    @cached_property
    def order(self) -> Ints:
        """The rows, group by group."""
        return np.argsort(self.group, kind="stable")

    @cached_property
    def starts(self) -> Ints:
        """Where the groups begin in `order`, and the end."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @cached_property
    def counts(self) -> Ints:
        """Rows in each group."""
        return np.bincount(self.group, minlength=self.groups)

    @cached_property
    def _table(self) -> Ints:
        """Rows of each group one after another, filled up with the number of a row of zeros."""
        table = np.full((self.groups, int(self.counts.max(initial=0))), len(self.group))
        place = np.arange(len(self.group)) - np.repeat(self.starts[:-1], self.counts)
        table[self.group[self.order], place] = self.order
        return table.ravel()

    @cached_property
    def _placed(self) -> dict[tuple[int, Any], Array]:
        return {}

    def _taken(self, x: Array, rows: Ints) -> Array:
        """Return rows by numbers, which move once to each device."""
        xp, device = namespace_of(x), device_of(x)
        if is_numpy(xp):
            return take(x, rows)
        key = (id(rows), device)
        if key not in self._placed:
            self._placed[key] = xp.asarray(rows, device=device)
        return xp.take(x, self._placed[key], axis=0)

    def take(self, nodes: Array) -> Array:
        """Return rows (m, h) from rows of groups (n, h)."""
        return self._taken(nodes, self.group)

    def sum(self, rows: Array) -> Array:
        """Return sums (n, h) of rows (m, h), or (n,) of (m,)."""
        xp = namespace_of(rows)
        if rows.ndim == 1:
            return self.sum(rows[:, None])[:, 0]
        if is_numpy(xp):
            from resolvent.linalg.compiled.segments import segment_sums

            sums = np.empty((self.groups, rows.shape[1]), dtype=rows.dtype)
            parts = threads(rows.size)
            with alone(parts):
                segment_sums(np.ascontiguousarray(rows), self.order, self.starts, sums, parts)
            return sums
        zero = xp.zeros((1, rows.shape[1]), dtype=rows.dtype, device=device_of(rows))
        width = int(self.counts.max(initial=0))
        padded = self._taken(xp.concat([rows, zero]), self._table)
        return xp.sum(xp.reshape(padded, (self.groups, width, rows.shape[1])), axis=1)
