r"""The transport problems of the paper: costs ``C`` and marginals ``mu`` and ``nu``."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolvent.linalg.gallery import digits

__all__ = ["Problem", "blurred_images", "densities", "mnist_pair"]

Vector = NDArray[np.float64]

OFFSET = 0.01  # without it, pixels would have no mass


@dataclass(frozen=True, eq=False)
class Problem:
    """Squared distances, and two marginals of the same mass."""

    C: Vector
    mu: Vector
    nu: Vector


def blurred_images(side: int) -> Problem:
    """Return two bumps on a bright ground in the unit square, on ``side`` by ``side`` points."""
    points = _grid(side)
    mu = np.exp(-36 * np.sum((points - 1 / 3) ** 2, axis=1)) + 0.1
    nu = np.exp(-9 * np.sum((points - 2 / 3) ** 2, axis=1)) + 0.1
    return Problem(_squared_distances(points), mu / np.sum(mu), nu / np.sum(nu))


def mnist_pair(first: int, second: int) -> Problem:
    """Return two of the digits that `resolvent.linalg.gallery.digits` reads."""
    images = digits("mnist")[[first, second]] + OFFSET
    mu, nu = (image.ravel() / np.sum(image) for image in images)
    return Problem(_squared_distances(_grid(28)), mu, nu)


def densities(size: int) -> Problem:
    """Return two densities on the unit interval, in units of the mesh: their mass is size - 1."""
    x = np.linspace(0, 1, size)
    mu = np.exp(-100 * (x - 0.2) ** 2) + np.exp(-20 * np.abs(x - 0.4)) + OFFSET
    nu = np.exp(-100 * (x - 0.6) ** 2) + OFFSET
    C = _squared_distances(x[:, None])
    return Problem(C, mu * (size - 1) / np.sum(mu), nu * (size - 1) / np.sum(nu))


def _grid(side: int) -> Vector:
    x = np.linspace(0, 1, side)
    return np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)


def _squared_distances(points: Vector) -> Vector:
    return np.asarray(sum((x[:, None] - x) ** 2 for x in points.T))
