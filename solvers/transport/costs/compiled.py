"""Costs for compiled passes: a NumPy matrix, or points whose costs are computed on the fly."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import array_api_compat.numpy
import numpy as np

from resolvent.arrays import Array, enter
from resolvent.solvers.transport.costs.cost import Cost, Products

__all__ = ["CompiledCost", "PointCost", "StoredCost"]

_WORTH_THREADS = 100_000  # entries of a plan
_STORED = 20_000_000  # entries: a larger plan is computed again for each product


class CompiledCost(Cost):
    """Costs whose rows compiled passes read; all threads share a pass."""

    xp = array_api_compat.numpy
    device = "cpu"

    @property
    @abstractmethod
    def form(self) -> Any:
        """What compiled passes read the rows from."""

    @cached_property
    def parts(self) -> int:
        """How many threads share a pass."""
        from resolvent.linalg.compiled.threads import threads

        n, m = self.shape
        return threads(n * m, _WORTH_THREADS)

    def sweep(  # noqa: D102
        self, reg: float, v: Array, log_a: Array, damp: float, store: Any = None
    ) -> tuple[Array, Array]:
        from resolvent.linalg.compiled.threads import alone
        from resolvent.solvers.compiled.transport import sweep

        with alone(self.parts):
            return sweep(self.form, 1 / reg, v, log_a, damp, self.parts, store)

    def plan_sums(  # noqa: D102
        self, reg: float, u: Array, v: Array, x: Array, y: Array
    ) -> tuple[Array, Array, Array]:
        from resolvent.linalg.compiled.threads import alone
        from resolvent.solvers.compiled.transport_bounds import plan_sums

        with alone(self.parts):
            rows, columns, paid = plan_sums(self.form, 1 / reg, u, v, x, y, self.parts)
        return rows, columns, paid

    def rounded(  # noqa: D102
        self, reg: float, u: Array, v: Array, x: Array, y: Array, left: Array, right: Array
    ) -> tuple[Array, Array]:
        from resolvent.linalg.compiled.threads import alone
        from resolvent.solvers.compiled.transport_bounds import rounded_costs

        of = 1 / reg, u, v, x, y, left, right
        with alone(self.parts):
            cost, entropy = rounded_costs(self.form, *of, self.parts)
        return cost, entropy

    def c_transform(self, f: Array) -> Array:  # noqa: D102
        from resolvent.linalg.compiled.threads import alone
        from resolvent.solvers.compiled.transport_bounds import c_transform

        with alone(self.parts):
            return np.asarray(c_transform(self.form, f, self.shape[1], self.parts))

    def plan(self, reg: float, u: Array, v: Array) -> Array:  # noqa: D102
        from resolvent.linalg.compiled.threads import alone
        from resolvent.solvers.compiled.transport_bounds import whole_plan

        with alone(self.parts):
            return np.asarray(whole_plan(self.form, 1 / reg, u, v, self.parts))

    def products(self, reg: float, u: Array, v: Array) -> Products:  # noqa: D102
        n, m = self.shape
        if n * m <= _STORED:
            P = self.plan(reg, u, v)
            return Products(lambda y: P @ y, lambda x: x @ P, self.device, P)
        ones = np.ones(n), np.ones(m)
        return Products(
            lambda y: self.plan_sums(reg, u, v, ones[0], y)[0],
            lambda x: self.plan_sums(reg, u, v, x, ones[1])[1],
            self.device,
        )


@dataclass(frozen=True, eq=False)
class StoredCost(CompiledCost):
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
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest cost, infinite ones too; NaN if there is one."""
        return float(self.values.min()), float(self.values.max())

    @cached_property
    def span(self) -> tuple[float, float]:  # noqa: D102
        if self.allowed is None:
            return self.extremes
        finite = self.values[self.allowed]
        return (float(finite.min()), float(finite.max())) if finite.size else (np.inf, -np.inf)

    @cached_property
    def allowed(self) -> Array | None:  # noqa: D102
        return None if np.isfinite(self.extremes[1]) else np.isfinite(self.values)

    @cached_property
    def form(self) -> Any:  # noqa: D102
        from resolvent.linalg.compiled.cost_rows import Stored

        return Stored(np.ascontiguousarray(self.values))

    def rows(self, which: Array) -> Array:  # noqa: D102
        return self.values[which]

    def take(self, rows: Array, columns: Array) -> "StoredCost":  # noqa: D102
        return StoredCost(self.values[np.ix_(rows, columns)])

    @property
    def T(self) -> "StoredCost":  # noqa: D102
        return StoredCost(self.values.T)


@dataclass(frozen=True, eq=False, init=False)
class PointCost(CompiledCost):
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

    @cached_property
    def form(self) -> Any:  # noqa: D102
        from resolvent.linalg.compiled.cost_rows import Points

        return Points(self.x, np.ascontiguousarray(self.y.T), np.empty((1,) * (3 - self.p)))

    def rows(self, which: Array) -> Array:  # noqa: D102
        found = np.zeros((len(which), len(self.y)))
        for x, y in zip(self.x[np.asarray(which)].T, self.y.T, strict=True):
            distance = np.abs(x[:, None] - y)
            found += distance**2 if self.p == 2 else distance
        return found

    def take(self, rows: Array, columns: Array) -> "PointCost":  # noqa: D102
        return PointCost(self.x[rows], self.y[columns], self.p)

    @property
    def T(self) -> "PointCost":  # noqa: D102
        return PointCost(self.y, self.x, self.p)

    def pull_back(self, block: slice, Z: Array) -> tuple[Array, Array]:
        """Return the gradients of ``sum(Z * C[block])`` with respect to ``x[block]`` and ``y``."""
        x, y = self.x[block], self.y
        if self.p == 2:
            to_x = x * Z.sum(axis=1)[:, None] - Z @ y
            return 2 * to_x, 2 * (y * Z.sum(axis=0)[:, None] - Z.T @ x)
        signs = (Z * np.sign(xk[:, None] - yk) for xk, yk in zip(x.T, y.T, strict=True))
        sums = [(part.sum(axis=1), -part.sum(axis=0)) for part in signs]
        return np.stack([s for s, _ in sums], axis=1), np.stack([s for _, s in sums], axis=1)

    def push_forward(self, block: slice, dx: Array, dy: Array) -> Array:
        """Return the change of ``C[block]`` as the points move by ``dx`` and ``dy``."""
        change = np.zeros((len(self.x[block]), len(self.y)))
        for k in range(self.x.shape[1]):
            apart = self.x[block, k][:, None] - self.y[:, k]
            slope = 2 * apart if self.p == 2 else np.sign(apart)
            change += slope * (dx[block, k][:, None] - dy[:, k])
        return change


def _points(name: str, points: Any) -> Array:
    (points,) = enter(matrix=False, **{name: points}).arrays
    if type(points) is not np.ndarray:
        kind = type(points).__name__
        raise TypeError(f"{name} must be NumPy points, got a {kind}: pass the costs as an array")
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or 0 in points.shape or points.dtype.kind != "f":
        raise ValueError(f"{name} must be points (n, d), got shape {points.shape}")
    return np.ascontiguousarray(points, dtype=np.float64)
