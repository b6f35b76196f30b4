"""Heat conduction in a square of blocks, each with its own conductivity: the affine matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from resolvent.arrays import Array, Namespace

__all__ = ["ThermalBlocks", "thermal_blocks"]


@dataclass(frozen=True, eq=False)
class ThermalBlocks:
    """The terms (Q, N, N), positive semidefinite, and what black boxes make of them."""

    xp: Namespace
    terms: Array

    @property
    def order(self) -> int:
        """The number of cells ``N``."""
        return int(self.terms.shape[-1])

    def matrix(self, mu: Array) -> Array:
        """Return the sum of the terms times the conductivities (Q,)."""
        flat = self.xp.reshape(self.terms, (self.terms.shape[0], -1))
        return self.xp.reshape(mu[None, :] @ flat, self.terms.shape[1:])

    def logdet(self, mu: Array) -> float:
        """Return the logarithm of the determinant."""
        return float(self.xp.linalg.slogdet(self.matrix(mu))[1])

    def solve(self, mu: Array) -> Array:
        """Return the temperatures (N,) for a source of one everywhere."""
        source = self.xp.ones(self.order, dtype=self.terms.dtype)
        return self.xp.linalg.solve(self.matrix(mu), source)


def thermal_blocks(xp: Namespace, cells: int, layout: Sequence[int]) -> ThermalBlocks:
    """Return the blocks of a layout (rows, columns) on ``cells`` by ``cells`` finite volumes.

    The temperature is zero on the boundary. Between two cells the mean of their conductivities
    counts, so that the matrix is affine in them.
    """
    jump = sparse.diags_array([1.0, -1.0], offsets=[0, -1], shape=(cells + 1, cells))
    mean = abs(jump) / 2
    ends = np.ones(cells + 1)
    ends[[0, -1]] = 4  # half the distance to the boundary, and half of a mean
    one = sparse.eye_array(cells)
    axes = [(sparse.kron(jump, one), sparse.kron(mean, one), np.repeat(ends, cells))]
    axes.append((sparse.kron(one, jump), sparse.kron(one, mean), np.tile(ends, cells)))
    places = [np.arange(cells) * parts // cells for parts in layout]
    block = (places[0][:, None] * layout[1] + places[1][None, :]).ravel()
    terms = []
    for q in range(layout[0] * layout[1]):
        term: Any = sum(
            G.T @ sparse.diags_array(weight * (M @ (block == q))) @ G for G, M, weight in axes
        )
        terms.append(term.toarray())
    return ThermalBlocks(xp, xp.asarray(np.stack(terms)))
