"""What a unit of mass pays to move: stored costs, or points whose costs are computed on the fly."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from resolvent.arrays import Array, enter

__all__ = ["Cost", "PointCost", "StoredCost", "as_cost"]


class Cost:
    """Costs of ``n`` by ``m`` pairs, known by their rows.

    Attributes
    ----------
    shape : tuple of int
        ``(n, m)``.
    """

    shape: tuple[int, int]

    @property
    def form(self) -> Any:
        """What compiled passes read the rows from."""
        raise NotImplementedError

    @property
    def span(self) -> tuple[float, float]:
        """Bounds of the finite costs."""
        raise NotImplementedError

    @property
    def allowed(self) -> Array | None:
        """Which pairs are not forbidden, None if all are allowed."""
        return None

    def rows(self, which: Array) -> Array:
        """Return the costs of some rows."""
        raise NotImplementedError

    def take(self, rows: Array, columns: Array) -> "Cost":
        """Return the costs of some rows and columns."""
        raise NotImplementedError

    @property
    def T(self) -> "Cost":
        """The costs with rows and columns exchanged."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class StoredCost(Cost):
    """A matrix of costs.

    Attributes
    ----------
    values : (n, m) ndarray
        Real; plus infinity forbids a pair.
    """

    values: Array

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """``(n, m)``."""
        n, m = self.values.shape
        return n, m

    @cached_property
    def span(self) -> tuple[float, float]:  # noqa: D102
        finite = self.values if self.allowed is None else self.values[self.allowed]
        return (float(finite.min()), float(finite.max())) if finite.size else (np.inf, -np.inf)

    @cached_property
    def allowed(self) -> Array | None:  # noqa: D102
        finite = np.isfinite(self.values)
        return None if finite.all() else finite

    @property
    def form(self) -> Any:  # noqa: D102
        from resolvent.linalg.compiled.cost_rows import Stored

        return Stored(self.values)

    def rows(self, which: Array) -> Array:  # noqa: D102
        return self.values[which]

    def take(self, rows: Array, columns: Array) -> "StoredCost":  # noqa: D102
        return StoredCost(np.ascontiguousarray(self.values[np.ix_(rows, columns)]))

    @property
    def T(self) -> "StoredCost":  # noqa: D102
        return StoredCost(np.ascontiguousarray(self.values.T))


@dataclass(frozen=True, eq=False, init=False)
class PointCost(Cost):
    r"""The costs :math:`C_{ij} = \sum_k |x_{ik} - y_{jk}|^p` between points, never stored.

    Parameters
    ----------
    x : (n, d) array_like
        Points that mass leaves; ``(n,)`` on a line.
    y : (m, d) array_like
        Points where it arrives.
    p : {2, 1}
        Squared Euclidean distance, or the sum of moduli.

    Raises
    ------
    ValueError
        Points of several dimensions, with NaN or infinity, or another ``p``.

    Notes
    -----
    NumPy arrays. A pass over the costs computes them again, ``d`` flops an entry; memory is that of
    the points.

    Examples
    --------
    >>> PointCost([0.0, 1.0], [0.0, 2.0], p=2).rows([0, 1])
    array([[0., 4.],
           [1., 1.]])
    """

    x: Array
    y: Array
    p: int

    def __init__(self, x: Any, y: Any, p: int = 2) -> None:
        x, y = (_points(name, points) for name, points in {"x": x, "y": y}.items())
        if x.shape[1] != y.shape[1]:
            raise ValueError(f"x has {x.shape[1]} coordinates and y has {y.shape[1]}")
        if p not in (1, 2):
            raise ValueError(f"p must be 1 or 2, got {p!r}; pass other costs as an array")
        for name, value in {"x": x, "y": y, "p": int(p)}.items():
            object.__setattr__(self, name, value)

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """``(n, m)``."""
        return len(self.x), len(self.y)

    @property
    def span(self) -> tuple[float, float]:  # noqa: D102
        lowest = np.minimum(self.x.min(axis=0), self.y.min(axis=0))
        highest = np.maximum(self.x.max(axis=0), self.y.max(axis=0))
        return 0.0, float(np.sum((highest - lowest) ** self.p))

    @property
    def form(self) -> Any:  # noqa: D102
        from resolvent.linalg.compiled.cost_rows import Points

        return Points(self.x, np.ascontiguousarray(self.y.T), np.empty((1,) * (3 - self.p)))

    def rows(self, which: Array) -> Array:  # noqa: D102
        distance = np.abs(self.x[np.asarray(which), None, :] - self.y)
        return np.sum(distance**2 if self.p == 2 else distance, axis=-1)

    def take(self, rows: Array, columns: Array) -> "PointCost":  # noqa: D102
        return PointCost(self.x[rows], self.y[columns], self.p)

    @property
    def T(self) -> "PointCost":  # noqa: D102
        return PointCost(self.y, self.x, self.p)


def as_cost(cost: Any) -> Cost:
    """Adapt a matrix; costs of the library are returned as they are.

    Raises
    ------
    TypeError, ValueError
        ``cost`` is no real matrix on the host, has NaN or minus infinity, or has no rows or
        columns.
    """
    if isinstance(cost, Cost):
        return cost
    (values,) = enter(matrix=False, finite=False, cost=cost).arrays
    if type(values) is not np.ndarray:
        raise TypeError(f"cost must be on the host for now, got a {type(values).__name__}")
    if values.ndim != 2 or 0 in values.shape or values.dtype.kind != "f":
        raise ValueError(
            f"cost must be a real matrix (n, m), got shape {values.shape} of {values.dtype}"
        )
    if np.isnan(values).any() or (values == -np.inf).any():
        raise ValueError("cost has NaN or minus infinity; plus infinity forbids a pair")
    return StoredCost(np.ascontiguousarray(values, dtype=np.float64))


def _points(name: str, points: Any) -> Array:
    (points,) = enter(matrix=False, **{name: points}).arrays
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or 0 in points.shape or points.dtype.kind != "f":
        raise ValueError(f"{name} must be points (n, d), got shape {points.shape}")
    return np.ascontiguousarray(points, dtype=np.float64)
