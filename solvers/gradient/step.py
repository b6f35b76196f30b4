r"""One step of descent in the metric of M, and how long it may be.

With :math:`g = \nabla f(x)` and :math:`z = M g`, the step :math:`x^+ = x - z/L` minimises the
model :math:`f(x) + \langle g, y - x\rangle + \tfrac L2 \|y - x\|^2_{M^{-1}}`. If f is smooth with
constant L in that metric, the model lies above f, and

.. math::

    f(x^+) \le f(x) - \tfrac{1}{2L} \langle g, z\rangle .    \tag{1}

A convex f has (1) also where

.. math::

    \langle \nabla f(x^+), z\rangle \ge \tfrac12 \langle g, z\rangle ,    \tag{2}

because then :math:`f(x) \ge f(x^+) + \langle\nabla f(x^+), x - x^+\rangle`. A search doubles L
until (1) or (2) holds. Near the minimum, where the difference of two values is rounding error,
only (2) is asked. Whenever L is twice the true constant, (2) holds.

All inner products are of gradients divided by a power of two, `Point.unit`.
"""

import math
from dataclasses import dataclass

from resolvent.arrays import Array, eps, namespace_of
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.results import Reason
from resolvent.solvers.gradient.objective import Evaluations, Point
from resolvent.vectors import inner, norm

__all__ = ["Direction", "curvature_along", "direction", "first_guess", "is_below_model", "moved"]

_VALUE_NOISE = 1000  # a decrease below so many eps of the value can't be told from rounding
_SHARE = 0.99  # of the decrease: for a quadratic and the exact L, (1) is an equality
_PROBES, _SHRINK = 6, 2.0**-10


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """The preconditioned gradient ``z = M @ (g / unit)``, and ``rho = <g / unit, z>``."""

    z: Array
    rho: float
    unit: float
    is_zero: bool

    @property
    def trouble(self) -> Reason | None:
        """What is wrong with M, if this is no direction of descent."""
        if not math.isfinite(self.rho):
            return Reason.NONFINITE
        return None if self.rho > 0 or self.is_zero else Reason.INDEFINITE_PRECONDITIONER


def direction(M: Preconditioner | None, at: Point) -> Direction:
    """Apply the preconditioner to the gradient."""
    g = at.gradient / at.unit
    z = g if M is None else M @ g
    return Direction(z, float(inner(g, z)), at.unit, at.gradient_norm == 0)


def moved(x: Array, d: Direction, L: float) -> Array:
    """Return the end of the step of length ``1 / L``."""
    return x - (d.unit / L) * d.z


def is_below_model(at: Point, after: Point, d: Direction, L: float) -> bool:
    """Tell whether the step ended below the minimum of the model, by (1) or (2)."""
    xp = namespace_of(at.x)
    decrease = d.unit * (d.unit / L) * d.rho / 2
    noise = _VALUE_NOISE * eps(xp, at.x.dtype) * abs(at.value)
    if decrease > noise and after.value <= at.value - _SHARE * decrease:
        return True
    return float(inner(after.gradient / d.unit, d.z)) >= d.rho / 2


def curvature_along(d: Direction, after: Point, L: float) -> float:
    """Return the mean curvature of f over a step, a lower bound of the true L."""
    return 0.0 if d.is_zero else L * (1 - float(inner(after.gradient / d.unit, d.z)) / d.rho)


def first_guess(f: Evaluations, at: Point, d: Direction) -> float:
    """Return the curvature over a trial step as long as ``x``, or of length 1 from the origin.

    The step is shortened while no curvature is seen, or f isn't finite.
    """
    length, size = float(norm(at.x)), float(norm(d.z))
    longest = d.unit * size / (length or 1.0)
    for L in (longest / _SHRINK**k for k in range(_PROBES)):
        seen = curvature_along(d, f.at(moved(at.x, d, L)), L)
        if 0 < seen < math.inf:
            return seen
    return longest
