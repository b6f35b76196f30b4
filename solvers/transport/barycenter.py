r"""Entropic barycentres of histograms by Bregman projections, in the log domain.

.. math:: \min_a \sum_k \lambda_k OT_\varepsilon(a, b_k)

Every plan keeps its columns ``b_k`` exactly, while the geometric mean of what the rows ask for is
the next ``a``: with the row sums :math:`r_k` of the plans,

.. math:: \log a = \sum_k \lambda_k (\log r_k - u_k), \quad u_k \leftarrow u_k + \log a - \log r_k .

One pass over each plan a step. The regularisation falls by stages, as everywhere here.

The potentials have :math:`\sum_k \lambda_k f_k = 0`, so that the sum of the dual objectives bounds
the optimum from below, whatever the barycentre; feasible plans bound it from above.

Failure modes: the contraction factor tends to one as the regularisation falls: MAXITER. The
barycentre is blurred by about the square root of the regularisation.

Source: Benamou, Carlier, Cuturi, Nenna and Peyré, Iterative Bregman projections for regularized
transportation problems (2015), arXiv 1412.5063.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resolvent.arrays import Array
from resolvent.results import Outcome, Reason
from resolvent.solvers.transport.bounds import bounds
from resolvent.solvers.transport.costs import Cost
from resolvent.solvers.transport.ladder import Ladder
from resolvent.solvers.transport.problem import Problem, transport_problem
from resolvent.solvers.transport.solution import Stage
from resolvent.solvers.transport.stages import TransportCallback, halted, require_positive

__all__ = ["TransportBarycenter", "barycenter"]

_COARSE = 1e-3  # error that a stage before the last is left with, of the mass


@dataclass(frozen=True, eq=False, repr=False)
class TransportBarycenter(Outcome):
    r"""A barycentre and its certificate.

    Attributes
    ----------
    weights : (n,) array
        The barycentre.
    reason : Reason
        Why the iteration ended.
    error : float
        :math:`\sum_k \lambda_k \|r_k - a\|_1`: how far the plans are from a common marginal.
    value : float
        The objective of the barycentre, by feasible plans.
    dual_value : float
        No histogram has a smaller objective.
    f, g : tuple of array
        Potentials of every plan.
    iterations, passes : int
        Steps, and passes over plans.
    history : tuple of Stage
        Where the method stood after each step.
    seconds : float
        Wall-clock time.
    """

    weights: Array
    reason: Reason
    error: float
    value: float
    dual_value: float
    f: tuple[Array, ...]
    g: tuple[Array, ...]
    iterations: int
    passes: int
    history: tuple[Stage, ...]
    seconds: float

    @property
    def gap(self) -> float:
        """``value - dual_value``: how far from optimal the objective can be."""
        return self.value - self.dual_value

    def __repr__(self) -> str:
        return (
            f"TransportBarycenter({self.reason.name} after {self.iterations} iterations, error "
            f"{self.error:.1e}, {self.passes} passes, {self.seconds:.2g} s)"
        )


def barycenter(
    cost: Any,
    histograms: Sequence[Any],
    weights: Sequence[float] | None = None,
    *,
    reg: float,
    tol: float = 1e-7,
    maxiter: int = 10_000,
    callback: TransportCallback | None = None,
    time_limit: float | None = None,
) -> TransportBarycenter:
    r"""Return the entropic barycentre of histograms.

    Parameters
    ----------
    cost : (n, m) array_like, PointCost or GridCost
        From the points of the barycentre to those of the histograms.
    histograms : sequence of (m,) array_like
        Of equal mass.
    weights : sequence of float, optional
        Positive, scaled to sum one; equal if not given.
    reg, callback, time_limit
        As in `sinkhorn`.
    tol : float
        Converged means :math:`\sum_k \lambda_k \|r_k - a\|_1 \le tol \|b_1\|_1`.
    maxiter : int
        Largest number of steps.

    Returns
    -------
    TransportBarycenter
        With bounds on the smallest objective.

    Raises
    ------
    TypeError, ValueError
        As in `sinkhorn`; no histograms, different masses, weights that don't fit.

    Notes
    -----
    Array API as the costs are, in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.transport import GridCost, barycenter
    >>> x = np.linspace(0, 1, 41)
    >>> bump = lambda centre: np.exp(-400 * (x - centre) ** 2)
    >>> pair = [bump(0.2) / bump(0.2).sum(), bump(0.8) / bump(0.8).sum()]
    >>> middle = barycenter(GridCost([x]), pair, reg=1e-3)
    >>> middle.converged, round(float(x @ middle.weights), 6)
    (True, 0.5)
    """
    began = time.perf_counter()
    require_positive(reg, tol, maxiter)
    problems = [_problem(cost, k, b) for k, b in enumerate(histograms)]
    lam = _shares(weights, len(problems))
    masses = [float(p.xp.sum(p.b)) for p in problems]
    if max(masses) - min(masses) > 1e-8 * max(masses):
        raise ValueError(f"histograms must have equal mass, got {masses}")
    xp, sides = problems[0].xp, [p.cost.T for p in problems]
    logs = [xp.log(p.b) for p in problems]
    start = xp.zeros((len(problems), problems[0].a.shape[0]), dtype=xp.float64)
    start = xp.asarray(start, device=problems[0].cost.device)
    ladder = Ladder(float(reg), problems[0].scale, start, warm=False)
    history, reason = list[Stage](), None
    for level, f in ladder:
        last, before = level == ladder.reg, len(history)
        target = masses[0] * (tol if last else max(tol, _COARSE))
        u = [f[k, :] / level for k in range(len(problems))]
        while True:
            swept = _swept(sides, level, u, logs)
            rows = [xp.log(xp.where(r > 0, r, xp.full_like(r, 1e-300))) for _, r in swept]
            log_a = sum(w * (r - x) for w, r, x in zip(lam, rows, u, strict=True))
            a = xp.exp(log_a)
            apart = [w * xp.sum(xp.abs(r - a)) for w, (_, r) in zip(lam, swept, strict=True)]
            error = float(sum(apart))
            v, held = [x for x, _ in swept], u
            passes = (len(history) + 1) * len(problems)
            history.append(Stage(level, error, passes, 0, time.perf_counter() - began))
            if error <= target:
                break
            reason = halted(history, maxiter, callback, time_limit, began)
            if reason is not None:
                break
            u = [x + log_a - r for x, r in zip(u, rows, strict=True)]
        if reason is not None:
            break
        ladder.arrived(xp.stack([level * x for x in held]), len(history) - before)
    if level != ladder.reg:  # stopped on the way
        held = [x * (level / ladder.reg) for x in held]
        level = ladder.reg
        v = [x for x, _ in _swept(sides, level, held, logs)]
    return _certified(problems, lam, level, a, held, v, reason, history, began)


def _swept(
    sides: list[Cost], reg: float, u: list[Array], logs: list[Array]
) -> list[tuple[Array, Array]]:
    """Return for each plan the ``v`` that gives it its columns, and its row sums."""
    pairs = zip(sides, u, logs, strict=True)
    return [side.sweep(reg, x, log_b, 1.0) for side, x, log_b in pairs]


def _problem(cost: Any, k: int, b: Any) -> Problem:
    try:
        return transport_problem(cost, None, b, (1.0, math.inf))  # a is not known yet
    except (TypeError, ValueError) as error:
        raise type(error)(f"histograms[{k}]: {error}") from error


def _shares(weights: Sequence[float] | None, count: int) -> list[float]:
    weights = [1.0] * count if weights is None else [float(w) for w in weights]
    if count == 0 or len(weights) != count or not all(0 < w < math.inf for w in weights):
        raise ValueError(f"{count} histograms need as many positive weights, got {weights}")
    return [w / sum(weights) for w in weights]


def _certified(
    problems: list[Problem],
    lam: list[float],
    reg: float,
    a: Array,
    u: list[Array],
    v: list[Array],
    reason: Reason | None,
    history: list[Stage],
    began: float,
) -> TransportBarycenter:
    xp = problems[0].xp
    masses = [float(xp.sum(p.b)) for p in problems]
    a = a * (masses[0] / xp.sum(a))
    value = dual = 0.0
    for w, p, x, y, mass in zip(lam, problems, u, v, masses, strict=True):
        fixed = transport_problem(p.whole, a, p.masses[1])
        value += w * bounds(fixed, xp.take(x, fixed.rows), y, reg).value
        dual += w * reg * (float(p.b @ y) - mass)
    return TransportBarycenter(
        weights=a,
        reason=reason or Reason.CONVERGED,
        error=history[-1].error,
        value=value,
        dual_value=dual,
        f=tuple(reg * x for x in u),
        g=tuple(p.spread(reg * y, 1, -math.inf) for p, y in zip(problems, v, strict=True)),
        iterations=len(history),
        passes=history[-1].passes,
        history=tuple(history),
        seconds=time.perf_counter() - began,
    )
