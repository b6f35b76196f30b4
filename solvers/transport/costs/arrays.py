"""A matrix of costs of any array library, on its device."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from resolvent.arrays import Array, Namespace, device_of
from resolvent.solvers.transport.costs.cost import Cost, Products

__all__ = ["ArrayCost"]

_BLOCK = 8_000_000  # entries of the plan at a time
_HIGHEST = 700.0  # exponent


@dataclass(frozen=True, eq=False)
class ArrayCost(Cost):
    """A matrix of costs; plus infinity forbids a pair.

    Passes go by blocks of rows, so that they need little memory beside it.

    Attributes
    ----------
    values : (n, m) array
        Float64.
    xp : namespace
        Its library.
    """

    values: Array
    xp: Namespace

    @property
    def device(self) -> Any:
        """Where the arrays are."""
        return device_of(self.values)

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """``(n, m)``."""
        n, m = self.values.shape
        return n, m

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest cost, infinite ones too; NaN if there is one."""
        return float(self.xp.min(self.values)), float(self.xp.max(self.values))

    @cached_property
    def span(self) -> tuple[float, float]:
        """Bounds of the finite costs."""
        lowest, highest = self.extremes
        if self.allowed is not None:
            finite = self.xp.where(
                self.allowed, self.values, self.xp.full_like(self.values, lowest)
            )
            highest = float(self.xp.max(finite))
        return lowest, highest

    @cached_property
    def allowed(self) -> Array | None:
        """Which pairs are not forbidden, None if all are allowed."""
        return None if math.isfinite(self.extremes[1]) else self.xp.isfinite(self.values)

    def rows(self, which: Array) -> Array:
        """Return the costs of some rows."""
        return self.xp.take(self.values, which, axis=0)

    def take(self, rows: Array, columns: Array) -> "ArrayCost":
        """Return the costs of some rows and columns."""
        xp = self.xp
        return ArrayCost(xp.take(xp.take(self.values, rows, axis=0), columns, axis=1), xp)

    @property
    def T(self) -> "ArrayCost":
        """The costs with rows and columns exchanged."""
        return ArrayCost(self.values.T, self.xp)

    def sweep(
        self, reg: float, v: Array, log_a: Array, damp: float, store: Any = None
    ) -> tuple[Array, Array]:
        """Return the ``u`` that gives the rows their sums, and the column sums of the plan."""
        assert store is None
        xp, found, columns = self.xp, [], 0.0 * v
        for block in self._blocks():
            powers = v - self.values[block, :] / reg
            largest = xp.max(powers, axis=1, keepdims=True)
            entries = xp.exp(powers - largest)
            logs = largest[:, 0] + xp.log(xp.sum(entries, axis=1))
            u = damp * (log_a[block] - logs)
            columns = columns + xp.exp(u + largest[:, 0]) @ entries
            found.append(u)
        return xp.concat(found), columns

    def plan_sums(
        self, reg: float, u: Array, v: Array, x: Array, y: Array
    ) -> tuple[Array, Array, Array]:
        """Return row sums and column sums of ``diag(x) P diag(y)``, and what it costs."""
        xp, rows, columns, paid = self.xp, [], 0.0 * v, 0.0 * v[0]
        for block, P in self._plans(reg, u, v):
            rows.append(x[block] * (P @ y))
            columns = columns + y * (x[block] @ P)
            costs = xp.where(P > 0, self.values[block, :], 0.0 * P)
            paid = paid + x[block] @ ((P * costs) @ y)
        return xp.concat(rows), columns, paid

    def rounded(
        self, reg: float, u: Array, v: Array, x: Array, y: Array, left: Array, right: Array
    ) -> tuple[Array, Array]:
        """Return cost and negative entropy of ``diag(x) P diag(y) + left right^T``."""
        xp, cost, entropy = self.xp, 0.0 * v[0], 0.0 * v[0]
        for block, P in self._plans(reg, u, v):
            Q = x[block][:, None] * P * y + left[block][:, None] * right
            some = Q > 0
            cost = cost + xp.sum(Q * xp.where(some, self.values[block, :], 0.0 * P))
            entropy = entropy + xp.sum(Q * (xp.log(xp.where(some, Q, xp.ones_like(Q))) - 1))
        return cost, entropy

    def c_transform(self, f: Array) -> Array:
        """Return ``min_i C[i, j] - f[i]`` for every column ``j``."""
        xp, least = self.xp, None
        for block in self._blocks():
            here = xp.min(self.values[block, :] - f[block][:, None], axis=0)
            least = here if least is None else xp.minimum(least, here)
        return least

    def plan(self, reg: float, u: Array, v: Array) -> Array:
        """Return the plan, ``(n, m)``."""
        return self.xp.concat([P for _, P in self._plans(reg, u, v)])

    def products(self, reg: float, u: Array, v: Array) -> Products:
        """Return the products with the plan, which is stored."""
        P = self.plan(reg, u, v)
        return Products(lambda y: P @ y, lambda x: x @ P, self.device, P)

    def _blocks(self) -> Iterator[slice]:
        n, m = self.shape
        step = max(1, _BLOCK // m)
        for start in range(0, n, step):
            yield slice(start, min(start + step, n))

    def _plans(self, reg: float, u: Array, v: Array) -> Iterator[tuple[slice, Array]]:
        for block in self._blocks():
            powers = u[block][:, None] + v - self.values[block, :] / reg
            highest = self.xp.full_like(powers, _HIGHEST)
            yield block, self.xp.exp(self.xp.where(powers > _HIGHEST, highest, powers))
