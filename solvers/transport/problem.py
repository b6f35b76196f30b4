r"""The door of every transport solver: marginals that fit the cost, and atoms that carry mass.

In scaled variables :math:`u = f / \varepsilon`, :math:`v = g / \varepsilon` the plan is
:math:`P_{ij} = \exp(u_i + v_j - C_{ij} / \varepsilon)`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvent.arrays import Array, enter
from resolvent.solvers.transport.costs import Cost, as_cost

__all__ = ["Problem", "transport_problem"]

_SAME_MASS = 1e-8  # relative difference that is taken for rounding


@dataclass(frozen=True, eq=False)
class Problem:
    """A transport problem past the door; no marginal has a zero.

    Attributes
    ----------
    cost : Cost
        Between the atoms that carry mass.
    a, b : (n,), (m,) ndarray
        Their mass, positive; of equal sum if both are fixed.
    rho : tuple of float
        Weight of the Kullback-Leibler divergence that each marginal pays; infinity fixes it.
    whole : Cost
        The costs that the user gave.
    rows, columns : ndarray
        Which of its rows and columns these are.
    """

    cost: Cost
    a: Array
    b: Array
    rho: tuple[float, float]
    whole: Cost
    rows: Array
    columns: Array

    @property
    def balanced(self) -> bool:
        """Whether both marginals are fixed."""
        return math.isinf(self.rho[0]) and math.isinf(self.rho[1])

    def wanted(self, reg: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Return the row and column sums that scaled potentials ask for."""
        rows, columns = (np.exp(-reg / rho * x) for rho, x in zip(self.rho, (u, v), strict=True))
        return self.a * rows, self.b * columns

    @property
    def scale(self) -> float:
        """The span of the costs, or their size where they are all the same."""
        lowest, highest = self.cost.span
        return (highest - lowest) or abs(highest) or 1.0


def transport_problem(
    cost: Any, a: Any = None, b: Any = None, rho: tuple[float, float] = (math.inf, math.inf)
) -> Problem:
    """Check and adapt the arguments that all transport solvers share.

    Raises
    ------
    TypeError, ValueError
        Shapes that don't fit, negative or non-finite weights, no mass, different masses of fixed
        marginals, an atom all of whose pairs are forbidden, a ``rho`` that isn't positive.
    """
    whole = as_cost(cost)
    n, m = whole.shape
    a, b = _weights("a", a, n), _weights("b", b, m)
    if len(rho) != 2 or not all(weight > 0 for weight in rho):
        raise ValueError(f"rho must be two positive weights, got {rho!r}")
    rho = float(rho[0]), float(rho[1])
    if math.isinf(rho[0]) and math.isinf(rho[1]):
        if abs(a.sum() - b.sum()) > _SAME_MASS * a.sum():
            raise ValueError(
                f"a has the mass {a.sum():.9g} and b {b.sum():.9g}: scale one of them, or relax "
                "a marginal by rho"
            )
        b = b * (a.sum() / b.sum())
    rows, columns = np.flatnonzero(a), np.flatnonzero(b)
    everything = rows.size == n and columns.size == m
    inside = whole if everything else whole.take(rows, columns)
    _refuse_stranded(inside, rows, columns)
    return Problem(inside, a[rows], b[columns], rho, whole, rows, columns)


def _weights(name: str, weights: Any, size: int) -> Array:
    if weights is None:
        return np.full(size, 1 / size)
    (weights,) = enter(matrix=False, **{name: weights}).arrays
    if type(weights) is not np.ndarray:
        raise TypeError(f"{name} must be on the host for now, got a {type(weights).__name__}")
    if weights.shape != (size,) or weights.dtype.kind != "f":
        raise ValueError(f"{name} must be {size} real weights, got shape {weights.shape}")
    if weights.min() < 0:
        raise ValueError(f"{name} has a negative weight, {weights.min():g}")
    if not weights.max() > 0:
        raise ValueError(f"{name} has no mass")
    return weights.astype(np.float64)


def _refuse_stranded(cost: Cost, rows: Array, columns: Array) -> None:
    """Refuse mass that has nowhere to go."""
    if cost.allowed is None:
        return
    for name, mass, atoms, reached in (
        ("row", "a", rows, cost.allowed.any(axis=1)),
        ("column", "b", columns, cost.allowed.any(axis=0)),
    ):
        if not reached.all():
            atom = atoms[int(np.argmin(reached))]
            raise ValueError(f"{name} {atom} of cost forbids every pair, but {mass}[{atom}] > 0")
