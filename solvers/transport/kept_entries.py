"""Passes that bring home the entries of the plan that Newton's equation keeps."""

import math
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from resolvent.arrays import Array
from resolvent.solvers.transport.problem import Problem
from resolvent.solvers.transport.semi_dual import Point, SemiDual

__all__ = ["KeptEntries", "Plan"]

Plan: TypeAlias = Array | sparse.csr_array

_LARGEST_SHARE, _SMALLEST_SHARE = 0.05, 1e-6
_SPARSE = 0.15  # of all entries: where more are wanted, all of them are cheaper
_MOST = 20_000_000  # entries; where the error asks for more, more is dropped


class KeptEntries:
    """Room for the entries of a plan, sparse or all of them; each pass overwrites the last."""

    def __init__(self, problem: Problem) -> None:
        n, m = self.shape = problem.cost.shape
        self.parts = problem.cost.parts  # type: ignore[attr-defined]
        self.capacity = min(_MOST, max(int(_SPARSE * n * m), 40 * (n + m))) // self.parts + m
        self.kept: Any = None
        self.whole: Any = None

    def enter(self, semidual: SemiDual) -> None:
        """Begin a stage."""
        self.semidual, self.coarser, self.dense = semidual, 1.0, False

    def at(self, v: Array, error: float) -> tuple[Point, Plan]:
        """Return the point of ``v`` and the plan there, sparser the larger the ``error``."""
        mass = float(np.sum(self.semidual.problem.b))
        share = min(_LARGEST_SHARE, max(error / mass, _SMALLEST_SHARE))
        while not self.dense:
            store = self._store(2 * self.coarser * share / sum(self.shape))
            point = self.semidual.at(v, store)
            if store.counts[:, 0].max() <= self.capacity:
                return point, _joined(store, self.shape)
            self.dense = math.prod(self.shape) <= _MOST
            self.coarser *= 8
        if self.whole is None:
            self.whole = np.empty(self.shape)
        return self.semidual.at(v, self.whole), self.whole

    def _store(self, share: float) -> Any:
        from resolvent.solvers.compiled.transport import Large

        if self.kept is None:
            size = self.parts, self.capacity
            self.kept = np.empty(size, dtype=np.int32), np.empty(size)
        counts = np.zeros((self.parts, self.shape[0] + 1), dtype=np.int64)
        return Large(share, self.semidual.problem.b, counts, *self.kept)


def _joined(store: Any, shape: tuple[int, int]) -> sparse.csr_array:
    pieces = [slice(0, found) for found in store.counts[:, 0]]
    columns = np.concatenate([x[s] for x, s in zip(store.columns, pieces, strict=True)])
    values = np.concatenate([x[s] for x, s in zip(store.values, pieces, strict=True)])
    starts = np.concatenate([[0], np.cumsum(store.counts[:, 1:].sum(axis=0))])
    return sparse.csr_array((values, columns, starts), shape=shape)
