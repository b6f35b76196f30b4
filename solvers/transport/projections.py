"""Two weighted sets of points, and their projections onto random lines in bounded memory."""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from resolvent.arrays import Array, Namespace, device_of, enter, is_numpy

__all__ = [
    "Measures",
    "Seed",
    "directions",
    "enter_measures",
    "row_blocks",
    "signed_points",
    "take_rows",
]

Seed: TypeAlias = np.random.Generator | int | None

# of the largest array at a time: NumPy gains from the cache, a GPU from few large launches
_ENTRIES, _ENTRIES_ELSEWHERE = 1 << 16, 1 << 22


class Measures(NamedTuple):
    r"""Probability measures :math:`\sum_i a_i \delta_{x_i}` and :math:`\sum_j b_j \delta_{y_j}`.

    Attributes
    ----------
    xp : namespace
        Array API namespace of the arrays.
    x, y : (n, d), (m, d) array
        Points in units of ``unit``, the first of ``x`` at the origin.
    a, b : (n,), (m,) array
        Weights of sum 1.
    shape : tuple of int
        Shape of the user's ``x``.
    unit : float
        A power of two near the largest modulus of a coordinate; 1 if all points coincide.
    mass : float
        The sum of the user's weights.
    eps : float
        The precision of what the user passed.
    leave : callable
        Takes an array to the user's dtype.
    """

    xp: Namespace
    x: Array
    y: Array
    a: Array
    b: Array
    shape: tuple[int, ...]
    unit: float
    mass: float
    eps: float
    leave: Callable[[Array], Array]

    @property
    def dimension(self) -> int:
        """The number of coordinates of a point."""
        return int(self.x.shape[1])


def enter_measures(x: Any, y: Any, a: Any, b: Any) -> Measures:
    """Take points and weights through the door; without weights they are uniform.

    Raises
    ------
    TypeError, ValueError
        What `resolvent.arrays.enter` refuses, no points, complex ones, different dimensions,
        weights that don't fit, a negative one, no mass, or different masses.
    """
    weights = {name: w for name, w in (("a", a), ("b", b)) if w is not None}
    entered = enter(matrix=False, x=x, y=y, **weights)
    xp, (x, y, *rest) = entered.xp, entered.arrays
    shape = tuple(x.shape)
    x, y = _points(xp, "x", x), _points(xp, "y", y)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x has {x.shape[1]} coordinates and y has {y.shape[1]}")
    weights = dict(zip(weights, rest, strict=True))
    a, first = _probabilities(xp, "a", weights.get("a"), x)
    b, second = _probabilities(xp, "b", weights.get("b"), y)
    if abs(first - second) > np.sqrt(entered.unit) * first:
        raise ValueError(f"a has the mass {first:g} and b {second:g}")
    x, y = x - x[:1, :], y - x[:1, :]
    largest = max(float(xp.max(xp.abs(x))), float(xp.max(xp.abs(y))))
    unit = math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest else 1.0
    return Measures(xp, x / unit, y / unit, a, b, shape, unit, first, entered.unit, entered.leave)


def signed_points(measures: Measures) -> tuple[Array, Array]:
    """Return all points, and their weights in the difference of the two measures."""
    xp = measures.xp
    return xp.concat([measures.x, measures.y]), xp.concat([measures.a, -measures.b])


def directions(measures: Measures, count: int, rng: Seed) -> Iterator[Array]:
    """Generate blocks ``(rows, d)`` of ``count`` independent directions, uniform on the sphere.

    They are drawn on the host in double precision, so that a seed means the same directions for
    every library and dtype. On a line there is one direction, whatever ``count``.
    """
    xp, d = measures.xp, measures.dimension
    like = {"dtype": measures.x.dtype, "device": device_of(measures.x)}
    if d == 1:
        yield xp.ones((1, 1), **like)
        return
    generator = np.random.default_rng(rng)
    for rows in row_blocks(xp, count, max(measures.x.shape[0] + measures.y.shape[0], d)):
        theta = generator.standard_normal((rows.stop - rows.start, d))
        yield xp.asarray(theta / np.linalg.norm(theta, axis=1, keepdims=True), **like)


def row_blocks(xp: Namespace, count: int, width: int) -> Iterator[slice]:
    """Split ``count`` rows of ``width`` entries into blocks of bounded memory."""
    entries = _ENTRIES if is_numpy(xp) else _ENTRIES_ELSEWHERE
    step = max(1, entries // width)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def take_rows(xp: Namespace, values: Array, index: Array) -> Array:
    """Return ``values[r, index[r, k]]`` for every row r."""
    rows, width = values.shape
    offsets = width * xp.arange(rows, dtype=index.dtype, device=device_of(index))
    flat = xp.reshape(index + offsets[:, None], (-1,))
    return xp.reshape(xp.take(xp.reshape(values, (-1,)), flat, axis=0), index.shape)


def _points(xp: Namespace, name: str, points: Array) -> Array:
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or 0 in points.shape or not xp.isdtype(points.dtype, "real floating"):
        raise ValueError(
            f"{name} must be real points (n, d), got shape {tuple(points.shape)} of {points.dtype}"
        )
    return points


def _probabilities(
    xp: Namespace, name: str, weights: Array | None, points: Array
) -> tuple[Array, float]:
    """Return weights of sum 1, and their sum before."""
    n = points.shape[0]
    if weights is None:
        return xp.full(n, 1 / n, dtype=points.dtype, device=device_of(points)), 1.0
    if weights.shape != (n,):
        raise ValueError(f"{name} must be {n} weights, got shape {tuple(weights.shape)}")
    if bool(xp.any(weights < 0)):
        raise ValueError(f"{name} has a negative weight, {float(xp.min(weights)):g}")
    mass = float(xp.sum(weights))
    if not mass > 0:
        raise ValueError(f"{name} has no mass")
    return weights / mass, mass
