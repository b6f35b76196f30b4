"""Where a reference cell is looked at: grids in the cell, shells of boxes around it.

What is hardest to interpolate is a point on the nearest face of the far region. The first shell is
that face; the next ones follow closely and thin out. Every grid is a Chebyshev one with end points,
dense at edges and corners.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["cell_samples", "far_samples", "random_samples"]

Floats = NDArray[np.float64]

GAP = 1.5  # the far region begins one cell away: at this distance from the centre, in sides
_SHELLS = (1, 1.15, 1.35, 1.6, 2, 2.6, 3.5, 5, 8, 14, 25, 50)
_GROWTH = 1.8
_THINNING = 0.45


def cell_samples(dim: int, many: int) -> Floats:
    """Return a grid (n, 3) of ``many`` points along each axis in the unit cell around zero."""
    return _grid(dim, many, 0.5)


def far_samples(dim: int, many: int, extent: float) -> Floats:
    """Return points (n, 3) on shells from the gap to a distance of ``extent``."""
    shells = [GAP * shell for shell in _SHELLS if GAP * shell < extent] or [GAP]
    while shells[-1] < extent:  # a kernel may vary only far away from a small cell
        shells.append(min(_GROWTH * shells[-1], extent))
    surfaces = []
    for k, half in enumerate(shells):
        grid = _grid(dim, max(4, round(many / (1 + _THINNING * k))), half)
        surfaces.append(grid[np.max(np.abs(grid), axis=1) == half])
    return np.concatenate(surfaces)


def random_samples(dim: int, many: int, extent: float) -> tuple[Floats, Floats]:
    """Return fresh points (many, 3) of the far region and of the cell, half of them on faces."""
    rng = np.random.default_rng(0)
    cell, far = np.zeros((2, many, 3))
    cell[:, :dim] = rng.uniform(-0.5, 0.5, (many, dim))
    far[:, :dim] = rng.uniform(-1, 1, (many, dim))
    halves = GAP * np.minimum(extent / GAP, 1 / rng.uniform(0.05, 1, many))
    halves[::2] = GAP
    far *= (halves / np.max(np.abs(far), axis=1))[:, None]
    cell[::2] *= (0.5 / np.max(np.abs(cell[::2]), axis=1))[:, None]
    return far, cell


def _grid(dim: int, many: int, half: float) -> Floats:
    line = -half * np.cos(np.pi * np.arange(many) / (many - 1))
    line[0], line[-1] = -half, half
    axes = [line] * dim + [np.zeros(1)] * (3 - dim)
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
