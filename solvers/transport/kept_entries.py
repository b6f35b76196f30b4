"""Passes that bring home the entries of the plan that Newton's equation keeps."""

from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from resolvent.arrays import Array
from resolvent.solvers.transport.semi_dual import Point, SemiDual

__all__ = ["KeptEntries", "Plan"]

Plan: TypeAlias = Array | sparse.csr_array

_LARGEST_SHARE, _SMALLEST_SHARE = 0.05, 1e-6
_ROOM = 4_000_000  # entries for which there is always room
_MOST = 20_000_000  # entries; where the error asks for more, more is dropped
_DENSE = 0.2  # of all entries: from here on all of them are cheaper


class KeptEntries:
    """Room for the entries of a plan, sparse or all of them; each pass overwrites the last."""

    def __init__(self, semidual: SemiDual) -> None:
        self.semidual, self.coarser, self.dense = semidual, 1.0, False
        n, m = semidual.problem.cost.shape
        self.parts = semidual.problem.cost.parts  # type: ignore[attr-defined]
        self.capacity = min(n * m, max(_ROOM, 40 * (n + m))) // self.parts + m
        self.room: Any = None

    def at(self, v: Array, error: float) -> tuple[Point, Plan]:
        """Return the point of ``v`` and the plan there, sparser the larger the ``error``."""
        n, m = self.semidual.problem.cost.shape
        if self.dense:
            return self.semidual.at(v, self.room), self.room
        mass = float(np.sum(self.semidual.problem.b))
        share = min(_LARGEST_SHARE, max(error / mass, _SMALLEST_SHARE))
        while True:
            store = self._store(2 * self.coarser * share / (n + m))
            point = self.semidual.at(v, store)
            found = store.counts[:, 0]
            if found.max() <= self.capacity:
                break
            if found.sum() > _MOST:
                self.coarser *= 8
            self.capacity, self.room = min(int(1.5 * found.max()), max(self.capacity, _MOST)), None
        plan = _joined(store, (n, m))
        if found.sum() > _DENSE * n * m and n * m <= _ROOM:
            self.dense, self.room = True, np.empty((n, m))
        return point, plan

    def _store(self, share: float) -> Any:
        from resolvent.solvers.compiled.transport import Large

        parts, n = self.parts, self.semidual.problem.a.size
        if self.room is None:
            self.room = (
                np.empty((parts, self.capacity), dtype=np.int32),
                np.empty((parts, self.capacity)),
            )
        counts = np.zeros((parts, n + 1), dtype=np.int64)
        return Large(share, self.semidual.problem.b, counts, *self.room)


def _joined(store: Any, shape: tuple[int, int]) -> sparse.csr_array:
    pieces = [slice(0, found) for found in store.counts[:, 0]]
    columns = np.concatenate([x[s] for x, s in zip(store.columns, pieces, strict=True)])
    values = np.concatenate([x[s] for x, s in zip(store.values, pieces, strict=True)])
    starts = np.concatenate([[0], np.cumsum(store.counts[:, 1:].sum(axis=0))])
    return sparse.csr_array((values, columns, starts), shape=shape)
