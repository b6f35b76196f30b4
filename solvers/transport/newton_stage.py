r"""Newton's method for the semi-dual at one regularisation, globalised.

A step is Newton's direction by the kept part of the plan, at most 100 in any scaled potential,
halved or quartered until F falls by Armijo's rule. The relative shift of the matrix follows the
steps: a third after a full one, three times after a damped one, ten times, and a Sinkhorn step
instead, where there is none. While the error is large a Sinkhorn step follows each of Newton's.
"""

from typing import Any

import numpy as np

from resolvent.arrays import Array
from resolvent.solvers.transport.hessian import LinearSolver, PlanHessian
from resolvent.solvers.transport.semi_dual import Point, SemiDual

__all__ = ["newton_steps"]

_FURTHEST = 100  # change of a scaled potential: a factor of e^100 in the plan
_ARMIJO = 1e-4
_SHRINK = 0.25
_TRIALS = 8
_ROUNDING = 1e-13  # of F: a smaller promise can't be tested
_LARGEST_SHIFT = 1e-2
_LEAST_SHIFT = 1e-14
_COARSEST = 0.1  # relative residual of Newton's equation
_MARGIN = 0.1
_COARSE = 1e-3  # of the mass: above it Sinkhorn steps help


def newton_steps(
    semidual: SemiDual, v: Array, target: float, linear_solver: LinearSolver, count: Any
) -> Any:
    """Yield the points of Newton's method from ``v``; ``count`` sums up what it takes."""
    mass = float(np.sum(semidual.problem.b))
    hessian, mu = PlanHessian(semidual, linear_solver), 1.0
    point, plan = hessian.at(v, 0.0)
    while True:
        yield point
        relative = point.error / mass
        shift = mu * min(relative, _LARGEST_SHIFT) + _LEAST_SHIFT
        # no more than makes the convergence quadratic, or meets the target
        rtol = min(_COARSEST, max(relative, _MARGIN * target / point.error))
        before = hessian.steps
        try:
            d = hessian.direction(point, plan, shift, rtol)
        except np.linalg.LinAlgError:
            d = np.full_like(point.v, np.nan)
        count.newton_steps += 1
        count.linear_steps += hessian.steps - before
        found = _along(d, point, hessian) if np.isfinite(d).all() else None
        if found is None:
            mu = 10 * max(mu, 1e-6)
            point, plan = hessian.at(semidual.balanced_columns(point), point.error)
            continue
        point, plan, full = found
        mu = mu / 3 if full else 3 * mu
        if point.error > _COARSE * mass:
            point, plan = hessian.at(semidual.balanced_columns(point), point.error)


def _along(d: Array, point: Point, hessian: PlanHessian) -> tuple[Point, Any, bool] | None:
    """Return the first point along ``d`` where F falls enough, its plan, and if it is all of it."""
    if not hessian.semidual.column_stiffness and not hessian.semidual.row_stiffness:
        d = d - np.mean(d)  # constants change nothing
    length = float(np.max(np.abs(d)))
    step = min(1.0, _FURTHEST / length) if length > 0 else 1.0
    slope = float((point.columns - point.wanted) @ d)
    full = step == 1.0
    for _ in range(_TRIALS):
        found, plan = hessian.at(point.v + step * d, point.error)
        rounding = abs(step * slope) < _ROUNDING * (1 + abs(point.value))
        if found.value <= point.value + _ARMIJO * step * slope or rounding:
            return found, plan, full
        step, full = _SHRINK * step, False
    return None
