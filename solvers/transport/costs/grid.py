r"""Costs between the points of two grids, a sum over the axes: passes along one axis at a time.

The kernel :math:`e^{-C / \varepsilon}` is then a product of one small table for each axis, so that
a pass over the plan of :math:`N` by :math:`N` pairs costs :math:`d\,N^{1 + 1/d}` exponentials. All
of it stays in the log domain: with :math:`T_0 = v` and, axis by axis,

.. math:: T_k(\dots, i_k, \dots) = \log \sum_{j_k} \exp(T_{k-1}(\dots, j_k, \dots) -
          C_k(i_k, j_k) / \varepsilon),

the last one is :math:`\log \sum_j \exp(v_j - C_{ij} / \varepsilon)`, and the same weights average
any other tensor: rows of the plan are conditional distributions that factor along the axes.

Source: separable kernels after Solomon et al., Convolutional Wasserstein distances (2015), doi
10.1145/2766963; the log domain is ours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, device_of, enter, to_host
from resolvent.solvers.transport.costs.cost import Cost, Products
from resolvent.solvers.transport.costs.lines import along, averages, least, log_sums

__all__ = ["GridCost"]


@dataclass(frozen=True, eq=False, init=False)
class GridCost(Cost):
    r"""The costs :math:`\sum_k |x_k - y_k|^p` between the points of two grids, never stored.

    Parameters
    ----------
    axes : sequence of (n_k,) array_like
        Coordinates along each axis of the grid that mass leaves; marginals are in the order of
        ``image.ravel()``.
    to : sequence of (m_k,) array_like, optional
        The grid where it arrives, the same if not given.
    p : float
        At least 1.

    Raises
    ------
    ValueError
        No axes, another number of them in ``to``, or coordinates that aren't vectors.

    Notes
    -----
    Array API: any library and device, in float64; NumPy runs compiled on all threads. Memory of
    a pass is that of a few images.

    Examples
    --------
    >>> import numpy as np
    >>> cost = GridCost([np.linspace(0, 1, 3), np.linspace(0, 1, 2)])
    >>> cost.shape, cost.rows([0])
    ((6, 6), array([[0.  , 1.  , 0.25, 1.25, 1.  , 2.  ]]))
    """

    axes: tuple[Array, ...]
    to: tuple[Array, ...]
    p: float
    xp: Namespace
    _rows: Array | None
    _columns: Array | None

    def __init__(self, axes: Sequence[Any], to: Sequence[Any] | None = None, p: float = 2) -> None:
        to = axes if to is None else to
        if len(axes) == 0 or len(axes) != len(to):
            raise ValueError(f"axes and to must be as many, at least one: {len(axes)}, {len(to)}")
        if not 1 <= p < math.inf:
            raise ValueError(f"p must be at least 1, got {p!r}")
        named = {f"axes[{k}]": x for k, x in enumerate(axes)}
        entered = enter(matrix=False, **named, **{f"to[{k}]": x for k, x in enumerate(to)})
        xp = entered.xp
        for x in entered.arrays:
            if x.ndim != 1 or x.shape[0] == 0 or not xp.isdtype(x.dtype, "real floating"):
                raise ValueError(f"coordinates must be real vectors, got shape {tuple(x.shape)}")
        every = tuple(xp.astype(x, xp.float64, copy=False) for x in entered.arrays)
        values = {
            "axes": every[: len(axes)],
            "to": every[len(axes) :],
            "p": p,
            "xp": xp,
            "_rows": None,
            "_columns": None,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @cached_property
    def tables(self) -> tuple[Array, ...]:
        """The costs along each axis."""
        pairs = zip(self.axes, self.to, strict=True)
        return tuple(self.xp.abs(x[:, None] - y) ** self.p for x, y in pairs)

    @property
    def device(self) -> Any:
        """Where the arrays are."""
        return device_of(self.axes[0])

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """``(n, m)``."""
        n = math.prod(self._from) if self._rows is None else self._rows.shape[0]
        m = math.prod(self._onto) if self._columns is None else self._columns.shape[0]
        return n, m

    @property
    def span(self) -> tuple[float, float]:
        """Bounds of the costs."""
        xp = self.xp
        return sum(float(xp.min(t)) for t in self.tables), sum(
            float(xp.max(t)) for t in self.tables
        )

    def rows(self, which: Array) -> Array:
        """Return the costs of some rows."""
        xp = self.xp
        where = xp.asarray(which)
        where = where if self._rows is None else xp.take(self._rows, where)
        found = 0.0
        for k, table in enumerate(self.tables):
            n, after = self._from[k], math.prod(self._from[k + 1 :])
            lines = xp.take(table, (where // after) % n, axis=0)
            shape = [1] * len(self._onto)
            shape[k] = self._onto[k]
            found = found + xp.reshape(lines, (-1, *shape))
        found = xp.reshape(
            xp.broadcast_to(found, (where.shape[0], *self._onto)), (where.shape[0], -1)
        )
        return found if self._columns is None else xp.take(found, self._columns, axis=1)

    def take(self, rows: Array, columns: Array) -> "GridCost":
        """Return the costs of some rows and columns."""
        xp = self.xp
        rows = rows if self._rows is None else xp.take(self._rows, rows)
        columns = columns if self._columns is None else xp.take(self._columns, columns)
        return self._selected(self.axes, self.to, rows, columns)

    @cached_property
    def T(self) -> "GridCost":
        """The costs with rows and columns exchanged."""
        return self._selected(self.to, self.axes, self._columns, self._rows)

    def _selected(self, axes: Any, to: Any, rows: Any, columns: Any) -> "GridCost":
        cost = GridCost(axes, to, self.p)
        object.__setattr__(cost, "_rows", rows)
        object.__setattr__(cost, "_columns", columns)
        return cost

    def sweep(
        self, reg: float, v: Array, log_a: Array, damp: float, store: Any = None
    ) -> tuple[Array, Array]:
        """Return the ``u`` that gives the rows their sums, and the column sums of the plan."""
        assert store is None
        u = damp * (log_a - self._gathered(self._log_sums(reg, v)[-1]))
        return u, self.xp.exp(v + self.T._gathered(self.T._log_sums(reg, u)[-1]))

    def plan_sums(
        self, reg: float, u: Array, v: Array, x: Array, y: Array
    ) -> tuple[Array, Array, Array]:
        """Return row sums and column sums of ``diag(x) P diag(y)``, and what it costs."""
        xp = self.xp
        logs, average, paid = self._averages(reg, v, y)
        weights = x * xp.exp(u + logs)
        across, back, _ = self.T._averages(reg, u, x)
        return weights * average, y * xp.exp(v + across) * back, reg * xp.sum(weights * paid)

    def rounded(
        self, reg: float, u: Array, v: Array, x: Array, y: Array, left: Array, right: Array
    ) -> tuple[Array, Array]:
        r"""Return cost and negative entropy of ``diag(x) P diag(y) + left right^T``.

        The entropy of a sum of two plans of masses :math:`1 - \lambda` and :math:`\lambda` does
        not factor; by convexity
        :math:`\sum Q (\log Q - 1)` is at most that of each with :math:`-\log(1 - \lambda)` and
        :math:`-\log \lambda` added to its logarithms.
        """
        xp = self.xp
        rows, columns, cost = self.plan_sums(reg, u, v, x, y)
        mass, added = xp.sum(rows), xp.sum(left) * xp.sum(right)
        entropy = rows @ (xp.log(x) + u) + columns @ (xp.log(y) + v) - cost / reg - mass
        if not bool(added > 0):
            return cost, entropy
        part = added / (mass + added)
        entropy = entropy - mass * xp.log(1 - part) - added * (xp.log(part) + 1)
        for side, other in ((left, right), (right, left)):
            positive = xp.where(side > 0, side, xp.ones_like(side))
            entropy = entropy + xp.sum(other) * xp.sum(side * xp.log(positive))
        for k, table in enumerate(self.tables):
            cost = cost + self._marginal(left, k) @ table @ self.T._marginal(right, k)
        return cost, entropy

    def c_transform(self, f: Array) -> Array:
        """Return ``min_i C[i, j] - f[i]`` for every column ``j``."""
        across = self.T
        tensor = across._spread(-f, math.inf)
        for k, table in enumerate(across.tables):
            (tensor,) = along(least, self.xp, k, table, tensor)
        return across._gathered(tensor)

    def plan(self, reg: float, u: Array, v: Array) -> Array:
        """Return the plan, ``(n, m)``."""
        costs = self.rows(self.xp.arange(self.shape[0], device=self.device))
        return self.xp.exp(u[:, None] + v - costs / reg)

    def products(self, reg: float, u: Array, v: Array) -> Products:
        """Return the products with the plan."""

        def onto(y: Array) -> Array:
            logs, average, _ = self._averages(reg, v, y)
            return self.xp.exp(u + logs) * average

        def back(x: Array) -> Array:
            logs, average, _ = self.T._averages(reg, u, x)
            return self.xp.exp(v + logs) * average

        return Products(onto, back, self.device)

    @property
    def _from(self) -> tuple[int, ...]:
        return tuple(x.shape[0] for x in self.axes)

    @property
    def _onto(self) -> tuple[int, ...]:
        return tuple(x.shape[0] for x in self.to)

    def _log_sums(self, reg: float, v: Array) -> list[Array]:
        """Return ``T_0`` to ``T_d``."""
        tensors = [self._spread(v, -math.inf)]
        for k, table in enumerate(self.tables):
            tensors += along(log_sums, self.xp, k, table / reg, tensors[-1])
        return tensors

    def _averages(self, reg: float, v: Array, y: Array) -> tuple[Array, Array, Array]:
        """Return the log sums of the rows, and their averages of ``y`` and of costs times ``y``."""
        tensors = self._log_sums(reg, v)
        values = self._spread(y, 0.0)
        paid = 0.0 * values
        for k, table in enumerate(self.tables):
            of = tensors[k], tensors[k + 1], values, paid
            values, paid = along(averages, self.xp, k, table / reg, *of)
        return self._gathered(tensors[-1]), self._gathered(values), self._gathered(paid)

    def _marginal(self, side: Array, k: int) -> Array:
        """Return the sums of a weight of the rows over all axes but one."""
        others = tuple(axis for axis in range(len(self.axes)) if axis != k)
        return self.xp.sum(self.T._spread(side, 0.0), axis=others)

    @cached_property
    def _places(self) -> tuple[Array, Array]:
        """For every point of the second grid its place in vectors, and whether it has one."""
        places = np.full(math.prod(self._onto), -1)
        places[to_host(self._columns)] = np.arange(self._columns.shape[0])  # type: ignore[union-attr]
        device = device_of(self.axes[0])
        return self.xp.asarray(np.maximum(places, 0), device=device), self.xp.asarray(
            places >= 0, device=device
        )

    def _spread(self, values: Array, fill: float) -> Array:
        """Return values of the columns as a tensor on the second grid."""
        if self._columns is not None:
            places, there = self._places
            values = self.xp.take(values, places)
            values = self.xp.where(there, values, self.xp.full_like(values, fill))
        return self.xp.reshape(values, self._onto)

    def _gathered(self, tensor: Array) -> Array:
        """Return a tensor on the first grid as values of the rows."""
        values = self.xp.reshape(tensor, (-1,))
        return values if self._rows is None else self.xp.take(values, self._rows)
