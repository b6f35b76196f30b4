r"""Costs as solvers see them: passes over the plan that belongs to potentials.

In scaled variables the plan is :math:`P_{ij} = \exp(u_i + v_j - C_{ij} / \varepsilon)`. Nothing
that a pass returns is of its size.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

from resolvent.arrays import Array, Namespace

__all__ = ["Cost", "Products"]


class Products(NamedTuple):
    """Products with a plan: ``onto(y) = P y`` and ``back(x) = P^T x``; ``stored`` is P or None."""

    onto: Callable[[Array], Array]
    back: Callable[[Array], Array]
    device: Any
    stored: Array | None = None


class Cost(ABC):
    """Costs of ``n`` by ``m`` pairs.

    Attributes
    ----------
    xp : namespace
        The array library of everything that passes take and return.
    device : object
        Where they are.
    shape : tuple of int
        ``(n, m)``.
    """

    xp: Namespace
    device: Any
    shape: tuple[int, int]

    @property
    @abstractmethod
    def span(self) -> tuple[float, float]:
        """Bounds of the finite costs."""

    @property
    def allowed(self) -> Array | None:
        """Which pairs are not forbidden, None if all are allowed."""
        return None

    @abstractmethod
    def rows(self, which: Array) -> Array:
        """Return the costs of some rows."""

    @abstractmethod
    def take(self, rows: Array, columns: Array) -> "Cost":
        """Return the costs of some rows and columns."""

    @property
    @abstractmethod
    def T(self) -> "Cost":
        """The costs with rows and columns exchanged."""

    @abstractmethod
    def sweep(
        self, reg: float, v: Array, log_a: Array, damp: float, store: Any = None
    ) -> tuple[Array, Array]:
        """Return the ``u`` that gives the rows their sums, and the column sums of the plan.

        ``damp`` is 1, or ``rho / (rho + reg)`` where rows are relaxed. A ``store`` as in
        `resolvent.solvers.compiled.transport` is for compiled costs.
        """

    @abstractmethod
    def plan_sums(
        self, reg: float, u: Array, v: Array, x: Array, y: Array
    ) -> tuple[Array, Array, Array]:
        """Return row sums and column sums of ``diag(x) P diag(y)``, and what it costs."""

    @abstractmethod
    def rounded(
        self, reg: float, u: Array, v: Array, x: Array, y: Array, left: Array, right: Array
    ) -> tuple[Array, Array]:
        """Return cost and negative entropy of ``diag(x) P diag(y) + left right^T``.

        The latter is the sum of ``p (log(p) - 1)``, or a bound from above.
        """

    @abstractmethod
    def c_transform(self, f: Array) -> Array:
        """Return ``min_i C[i, j] - f[i]`` for every column ``j``."""

    @abstractmethod
    def plan(self, reg: float, u: Array, v: Array) -> Array:
        """Return the plan, ``(n, m)``."""

    @abstractmethod
    def products(self, reg: float, u: Array, v: Array) -> Products:
        """Return the products with the plan."""
