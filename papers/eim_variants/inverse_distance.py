r"""The function :math:`f(x, y) = 1 / |x - y|`, x in the unit square, y in a square that is near."""

import numpy as np

from resolvent.arrays import Array

__all__ = ["fields", "points", "random_sources", "sources"]

NEAREST, FARTHEST = -0.01, -1.0


def points(count: int) -> Array:
    """Return a grid of points x in the open unit square, one more a row than rows."""
    return _grid((np.arange(count) + 0.5) / count, (np.arange(count + 1) + 0.5) / (count + 1))


def sources(count: int) -> Array:
    """Return a grid of points y in [-1, -0.01]^2."""
    return _grid(*(np.linspace(NEAREST, FARTHEST, n) for n in (count, count + 1)))


def random_sources(count: int, rng: np.random.Generator) -> Array:
    """Return random points y."""
    return rng.uniform(FARTHEST, NEAREST, (count, 2))


def fields(x: Array, y: Array) -> Array:
    """Return f (N, n) for points (N, 2) and sources (n, 2)."""
    return 1 / np.linalg.norm(x[:, None, :] - y[None, :, :], axis=-1)


def _grid(first: Array, second: Array) -> Array:
    return np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)
