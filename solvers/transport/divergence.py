r"""The Sinkhorn divergence: entropic transport without its bias.

.. math:: S_\varepsilon(a, b) = OT_\varepsilon(a, b) - \tfrac12 OT_\varepsilon(a, a)
          - \tfrac12 OT_\varepsilon(b, b)

It is zero for equal measures, and for :math:`-|x - y|` and :math:`|x - y|^2` positive for all
others and convex in each of them; it goes from the transport cost at :math:`\varepsilon \to 0` to
a maximum mean discrepancy at :math:`\varepsilon \to \infty`.

Cost: three transport problems.

Failure modes: those of `sinkhorn_newton`; the bounds tell the digits that the difference lost.

Source: Feydy, Séjourné, Vialard, Amari, Trouvé and Peyré, Interpolating between optimal transport
and MMD using Sinkhorn divergences (2019), arXiv 1810.08278.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resolvent.results import Outcome, Reason
from resolvent.solvers.transport.costs import GridCost, PointCost, as_cost
from resolvent.solvers.transport.derivatives import TransportGradients, transport_vjp
from resolvent.solvers.transport.sinkhorn_newton import sinkhorn_newton
from resolvent.solvers.transport.solution import TransportSolution

__all__ = ["SinkhornDivergence", "sinkhorn_divergence"]


@dataclass(frozen=True, eq=False, repr=False)
class SinkhornDivergence(Outcome):
    """A divergence, between bounds.

    Attributes
    ----------
    value : float
        By the dual objectives, which are the more accurate ones.
    lower, upper : float
        The divergence is between them.
    reason : Reason
        CONVERGED, or that of the first problem that did not.
    between, within : TransportSolution, tuple of TransportSolution
        The three problems.
    """

    value: float
    lower: float
    upper: float
    reason: Reason
    between: TransportSolution
    within: tuple[TransportSolution, TransportSolution]

    def gradients(self) -> TransportGradients:
        """Return the gradients with respect to marginals, points and regularisation.

        Those of costs that are arrays are with respect to the costs between the measures. Those of
        marginals are right for atoms without mass too, and defined up to a constant.

        Raises
        ------
        ConvergenceError
            A problem did not converge.
        """
        cross = transport_vjp(self.between, value=1.0)
        first, second = (transport_vjp(solution, value=0.5) for solution in self.within)
        x, y = (
            None if one is None or two is None or three is None else one - two - three
            for one, two, three in (
                (cross.x, first.x, first.y),
                (cross.y, second.x, second.y),
            )
        )
        (f, g), (fa, ga), (fb, gb) = (s.soft for s in (self.between, *self.within))
        return TransportGradients(
            cost=cross.cost,
            a=f - (fa + ga) / 2,
            b=g - (fb + gb) / 2,
            reg=cross.reg - first.reg - second.reg,
            x=x,
            y=y,
        )

    def __repr__(self) -> str:
        return (
            f"SinkhornDivergence({self.reason.name}, {self.value:.6g} in "
            f"[{self.lower:.6g}, {self.upper:.6g}])"
        )


def sinkhorn_divergence(
    cost: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    within: Sequence[Any] | None = None,
    tol: float = 1e-9,
    time_limit: float | None = None,
) -> SinkhornDivergence:
    """Return the Sinkhorn divergence of two measures of equal mass.

    Parameters
    ----------
    cost, a, b, reg, tol
        As in `sinkhorn_newton`.
    within : pair of (n, n) and (m, m) array_like, optional
        The costs inside either measure; `PointCost` and `GridCost` know them.
    time_limit : float, optional
        Seconds, for each of the three problems.

    Returns
    -------
    SinkhornDivergence
        With bounds, and its gradients when they are asked for.

    Raises
    ------
    TypeError, ValueError
        As in `sinkhorn_newton`, and where ``within`` is missing.

    Notes
    -----
    Array API as the costs are, in float64.

    Examples
    --------
    >>> from resolvent.solvers.transport import PointCost, sinkhorn_divergence
    >>> moved = sinkhorn_divergence(PointCost([0.0, 1.0], [2.0, 3.0]), reg=0.1)
    >>> round(moved.value, 6), moved.lower <= moved.value <= moved.upper
    (4.0, True)
    """
    first, second = map(as_cost, _within(cost, within))
    cost = as_cost(cost)
    n, m = cost.shape
    if first.shape != (n, n) or second.shape != (m, m):
        raise ValueError(
            f"within must have the shapes {(n, n)} and {(m, m)}, got {first.shape} and "
            f"{second.shape}"
        )
    options: dict[str, Any] = {"reg": reg, "tol": tol, "time_limit": time_limit}
    solutions = (
        sinkhorn_newton(cost, a, b, **options),
        sinkhorn_newton(first, a, a, **options),
        sinkhorn_newton(second, b, b, **options),
    )
    weights = (1.0, -0.5, -0.5)
    pairs = list(zip(weights, solutions, strict=True))
    bounds = [(w * s.dual_value, w * s.value) for w, s in pairs]
    failed = [s.reason for s in solutions if not s.converged]
    return SinkhornDivergence(
        value=math.fsum(w * s.dual_value for w, s in pairs),
        lower=math.fsum(map(min, bounds)),
        upper=math.fsum(map(max, bounds)),
        reason=failed[0] if failed else Reason.CONVERGED,
        between=solutions[0],
        within=solutions[1:],
    )


def _within(cost: Any, within: Sequence[Any] | None) -> tuple[Any, Any]:
    if within is not None:
        if len(within) != 2:
            raise ValueError(f"within must be two matrices of costs, got {len(within)}")
        return within[0], within[1]
    if isinstance(cost, PointCost):
        return PointCost(cost.x, cost.x, cost.p), PointCost(cost.y, cost.y, cost.p)
    if isinstance(cost, GridCost):
        return GridCost(cost.axes, p=cost.p), GridCost(cost.to, p=cost.p)
    raise TypeError("within must be the costs inside both measures, unless cost is made of points")
