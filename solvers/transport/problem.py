r"""The door of every transport solver: marginals that fit the cost, and atoms that carry mass.

In scaled variables :math:`u = f / \varepsilon`, :math:`v = g / \varepsilon` the plan is
:math:`P_{ij} = \exp(u_i + v_j - C_{ij} / \varepsilon)`.
"""

import math
from dataclasses import dataclass
from typing import Any

from array_api_compat import is_array_api_obj

from resolvent.arrays import Array, Namespace, device_of, enter
from resolvent.solvers.transport.costs import Cost, as_cost

__all__ = ["Problem", "capped", "transport_problem"]

_SAME_MASS = 1e-8  # relative difference that is taken for rounding, of few atoms in double

_HIGHEST = 700.0  # exponent


def capped(xp: Namespace, power: Array) -> Array:
    """Return exponents that don't overflow."""
    return xp.where(power > _HIGHEST, xp.full_like(power, _HIGHEST), power)


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
    rows, columns : array of int
        Which of its rows and columns these are.
    masses : tuple of array
        Both marginals, with their zeros; ``b`` scaled to the mass of ``a`` in rounding.
    """

    cost: Cost
    a: Array
    b: Array
    rho: tuple[float, float]
    whole: Cost
    rows: Array
    columns: Array
    masses: tuple[Array, Array]

    @property
    def xp(self) -> Namespace:
        """The array library."""
        return self.cost.xp

    @property
    def balanced(self) -> bool:
        """Whether both marginals are fixed."""
        return math.isinf(self.rho[0]) and math.isinf(self.rho[1])

    def wanted(self, reg: float, u: Array, v: Array) -> tuple[Array, Array]:
        """Return the row and column sums that scaled potentials ask for."""
        pairs = zip((self.a, self.b), (u, v), self.rho, strict=True)
        rows, columns = (w * self.xp.exp(capped(self.xp, -reg / rho * x)) for w, x, rho in pairs)
        return rows, columns

    def spread(self, values: Array, side: int, fill: float = 0.0) -> Array:
        """Return values of the rows (``side`` 0) or columns with mass among all of them."""
        xp, there = self.xp, self.masses[side] > 0
        if values.shape[0] == there.shape[0]:
            return values
        places = xp.cumulative_sum(xp.astype(there, xp.int64)) - 1
        found = xp.take(values, xp.where(there, places, xp.zeros_like(places)), axis=0)
        there = xp.reshape(there, (-1, *[1] * (values.ndim - 1)))
        return xp.where(there, found, xp.full_like(found, fill))

    def spread_pairs(self, values: Array) -> Array:
        """Return values of the pairs with mass among all pairs, zeros elsewhere."""
        return self.spread(self.spread(values, 0).T, 1).T

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
    xp, (n, m) = whole.xp, whole.shape
    (a, one), (b, other) = _weights("a", a, n, whole), _weights("b", b, m, whole)
    unit = max(one, other)
    if not isinstance(rho, tuple | list) or len(rho) != 2 or not all(x > 0 for x in rho):
        raise ValueError(f"rho must be two positive weights, got {rho!r}")
    rho = float(rho[0]), float(rho[1])
    if math.isinf(rho[0]) and math.isinf(rho[1]):
        mass, other = float(xp.sum(a)), float(xp.sum(b))
        if abs(mass - other) > max(_SAME_MASS, unit * max(n, m)) * mass:
            raise ValueError(
                f"a has the mass {mass:.9g} and b {other:.9g}: scale one of them, or relax "
                "a marginal by rho"
            )
        b = b * (mass / other)
    (rows,), (columns,) = xp.nonzero(a), xp.nonzero(b)
    if rows.shape[0] == n and columns.shape[0] == m:
        inside, inner = whole, (a, b)
    else:
        inside, inner = whole.take(rows, columns), (xp.take(a, rows), xp.take(b, columns))
    _refuse_stranded(inside, rows, columns)
    return Problem(inside, *inner, rho, whole, rows, columns, (a, b))


def _weights(name: str, weights: Any, size: int, cost: Cost) -> tuple[Array, float]:
    """Return weights in double precision, and the rounding of what was given."""
    xp, device = cost.xp, cost.device
    if weights is None:
        return xp.full((size,), 1 / size, dtype=xp.float64, device=device), 0.0
    given = is_array_api_obj(weights)
    entered = enter(matrix=False, **{name: weights})
    (weights,) = entered.arrays
    if not given:
        weights = xp.asarray(weights, device=device)
    elif entered.xp is not xp or str(device_of(weights)) != str(device):
        raise TypeError(
            f"{name} must be an array of {xp.__name__} on {device}, as the costs are, got one of "
            f"{entered.xp.__name__} on {device_of(weights)}"
        )
    if weights.shape != (size,) or not xp.isdtype(weights.dtype, "real floating"):
        hint = "; ravel() it" if math.prod(weights.shape) == size else ""
        raise ValueError(
            f"{name} must be {size} real weights, got shape {tuple(weights.shape)}{hint}"
        )
    lowest = float(xp.min(weights))
    if lowest < 0:
        raise ValueError(f"{name} has a negative weight, {lowest:g}")
    if not float(xp.max(weights)) > 0:
        raise ValueError(f"{name} has no mass")
    return xp.astype(weights, xp.float64), entered.unit


def _refuse_stranded(cost: Cost, rows: Array, columns: Array) -> None:
    """Refuse mass that has nowhere to go."""
    if cost.allowed is None:
        return
    xp = cost.xp
    for name, mass, atoms, axis in (("row", "a", rows, 1), ("column", "b", columns, 0)):
        reached = xp.any(cost.allowed, axis=axis)
        if not bool(xp.all(reached)):
            atom = int(atoms[int(xp.argmin(xp.astype(reached, xp.float64)))])
            raise ValueError(f"{name} {atom} of cost forbids every pair, but {mass}[{atom}] > 0")
