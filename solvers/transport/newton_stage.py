r"""Newton's method for the semi-dual at one regularisation, globalised.

A step is Newton's direction by the kept part of the plan, at most 100 in any scaled potential, or
four times as far after each step that was held back so; it is quartered until F falls by Armijo's
rule. The relative shift of the matrix follows the steps: a third after a full one, three times
after a damped one, ten times, and a Sinkhorn step instead, where there is none. While the error is
large, and after damped steps, a Sinkhorn step follows Newton's: columns with too much mass, on
which Newton's method is slow, are right at once.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from resolvent.arrays import Array
from resolvent.solvers.transport.costs import CompiledCost
from resolvent.solvers.transport.hessian import LinearSolver, PlanHessian
from resolvent.solvers.transport.operator_hessian import OperatorHessian
from resolvent.solvers.transport.problem import Problem
from resolvent.solvers.transport.semi_dual import Point, SemiDual
from resolvent.solvers.transport.stages import Count

__all__ = ["hessian_of", "newton_steps"]

_FURTHEST = 100.0  # change of a scaled potential: a factor of e^100 in the plan
_FURTHER = 4.0
_ARMIJO = 1e-4
_SHRINK = 0.25
_TRIALS = 8
_ROUNDING = 1e-13  # of F: a smaller promise can't be tested
_LARGEST_SHIFT = 1e-2
_LEAST_SHIFT = 1e-14
_COARSEST = 0.1  # relative residual of Newton's equation
_MARGIN = 0.1
_COARSE = 1e-2  # of the mass: above it Sinkhorn steps help


def newton_steps(
    semidual: SemiDual,
    v: Array,
    target: float,
    hessian: Any,
    count: Count,
) -> Iterator[Point]:
    """Yield the points of Newton's method from ``v``; ``count`` sums up what it takes."""
    xp, mass = semidual.problem.xp, float(semidual.problem.xp.sum(semidual.problem.b))
    hessian.enter(semidual)
    mu, reach = 1.0, _FURTHEST
    point, plan = hessian.at(v, 0.0)
    while True:
        yield point
        relative = point.error / mass
        shift = mu * min(relative, _LARGEST_SHIFT) + _LEAST_SHIFT
        # no more than makes the convergence quadratic, or meets the target
        rtol = min(_COARSEST, max(relative, _MARGIN * target / point.error))
        before, found = hessian.steps, None
        try:
            d = hessian.direction(point, plan, shift, rtol)
            found = _along(d, reach, point, hessian) if bool(xp.all(xp.isfinite(d))) else None
        except np.linalg.LinAlgError:
            pass
        count.newton_steps += 1
        count.linear_steps += hessian.steps - before
        if found is None:
            mu = 10 * max(mu, 1e-6)
            point, plan = hessian.at(semidual.balanced_columns(point), point.error)
            continue
        mu = mu / 3 if found.full else 3 * mu
        reach = _FURTHER * reach if found.held_back else _FURTHEST
        point, plan = found.point, found.plan
        if point.error > _COARSE * mass or not found.full:
            point, plan = hessian.at(semidual.balanced_columns(point), point.error)


def hessian_of(problem: Problem, linear_solver: LinearSolver) -> PlanHessian | OperatorHessian:
    """Return Newton's equation for the costs of a problem, to be entered at each stage."""
    if isinstance(problem.cost, CompiledCost):
        return PlanHessian(problem, linear_solver)
    return OperatorHessian()


class _Found(NamedTuple):
    """A point along a direction: all of what was tried, and if that was less than the direction."""

    point: Point
    plan: Any
    full: bool
    held_back: bool


def _along(d: Array, reach: float, point: Point, hessian: Any) -> _Found | None:
    """Return the first point along ``d`` where F falls enough."""
    xp = hessian.semidual.problem.xp
    if hessian.semidual.problem.balanced:
        d = d - xp.mean(d)  # constants change nothing
    length = float(xp.max(xp.abs(d)))
    step = longest = min(1.0, reach / length) if length > 0 else 1.0
    value, slope = float(point.value), float((point.columns - point.wanted) @ d)
    for _ in range(_TRIALS):
        found, plan = hessian.at(point.v + step * d, point.error)
        rounding = abs(step * slope) < _ROUNDING * (1 + abs(value))
        if float(found.value) <= value + _ARMIJO * step * slope or rounding:
            return _Found(found, plan, step == longest, longest < 1)
        step *= _SHRINK
    return None
