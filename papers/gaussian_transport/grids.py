"""Gaussians on grids, and what a plan between two of them says."""

import numpy as np
from scipy.special import xlogy

from resolvent.arrays import Array
from resolvent.solvers.transport import TransportSolution

__all__ = ["gaussian_on_grid", "without_entropies"]


def gaussian_on_grid(S: Array, points: int, width: float) -> tuple[Array, Array]:
    """Return points (n, d) and weights of N(0, S), ``points`` in each direction.

    They reach ``width`` standard deviations; equal weights of a smooth density on a grid are
    accurate beyond all powers of the spacing.
    """
    axes = [np.linspace(-width, width, points) * np.sqrt(variance) for variance in np.diag(S)]
    x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(S))
    w = np.exp(-0.5 * np.sum(x @ np.linalg.inv(S) * x, axis=1))
    return x, w / np.sum(w)


def without_entropies(solution: TransportSolution) -> float:
    """Return the objective with KL(P | a b) for the regulariser, instead of sum P (log P - 1).

    For plans with the marginals a and b of mass 1 they differ by the entropies of a and b.
    """
    entropies = sum(float(np.sum(xlogy(w, w))) for w in solution.masses)
    return solution.value - solution.reg * (entropies - 1)
