"""The one loop of the transport solvers: stages of falling regularisation, limits, the outcome."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from resolvent.arrays import Array, enter
from resolvent.results import Reason
from resolvent.solvers.transport.bounds import marginal_error
from resolvent.solvers.transport.ladder import Ladder
from resolvent.solvers.transport.problem import Problem
from resolvent.solvers.transport.semi_dual import Point, SemiDual
from resolvent.solvers.transport.solution import Stage, TransportSolution

__all__ = ["Count", "Steps", "TransportCallback", "halted", "require_positive", "solve_by_stages"]

_LARGEST, _LEAST = 1e300, 1e-14  # of costs, and of a regularisation relative to them
_ROOM = 0.9  # of the tolerance, for the rounding of the potentials
_PATIENCE = 150  # steps without a new best error


class Count:
    """What a method takes beside passes."""

    def __init__(self) -> None:
        self.newton_steps = self.linear_steps = 0


Steps: TypeAlias = Callable[[SemiDual, Array, float, Count], Iterator[Point]]
TransportCallback: TypeAlias = Callable[[Stage], bool | None]


def solve_by_stages(
    steps: Steps,
    problem: Problem,
    *,
    reg: float,
    tol: float,
    maxiter: int,
    init: Any,
    callback: TransportCallback | None,
    time_limit: float | None,
    coarse: float = 1e-3,
) -> TransportSolution:
    """Run a method down the ladder of regularisations, and certify where it ended.

    A stage before the last is left with an error ``coarse`` times the mass. A method whose
    generator ends can do no more: STAGNATED.

    Raises
    ------
    ValueError
        ``reg``, ``tol`` or ``maxiter`` is not positive, or ``init`` doesn't fit.
    """
    began = time.perf_counter()
    require_positive(reg, tol, maxiter)
    lowest, highest = problem.cost.span
    if not max(abs(lowest), abs(highest)) < min(_LARGEST, reg / _LEAST):
        raise ValueError(
            f"reg={reg:g} is lost in the rounding of costs up to {max(-lowest, highest):g}, "
            "or these overflow: scale them, or raise reg"
        )
    start = _start(init, problem)
    ladder = Ladder(float(reg), problem.scale, start, warm=init is not None)
    mass, count, history = float(problem.xp.sum(problem.b)), Count(), list[Stage]()
    passes = 0
    reason: Reason | None = None
    for level, g in ladder:
        semidual = SemiDual(problem, level)
        last, before = level == ladder.reg, len(history)
        wanted = mass * (_ROOM * tol if last else max(tol, coarse))
        points = steps(semidual, g / level, wanted, count)
        best = point = next(points)
        since = 0
        while True:
            history.append(
                Stage(
                    level,
                    point.error,
                    passes + semidual.passes,
                    count.newton_steps,
                    time.perf_counter() - began,
                )
            )
            since += 1
            if point.error < best.error:
                best, since = point, 0
            if point.error <= wanted:
                break
            reason = halted(history, maxiter, callback, time_limit, began)
            if reason is not None:
                break
            following = next(points, None) if since < _PATIENCE else None
            if following is None:
                reason = Reason.STAGNATED if last else None
                break
            point = following
        passes += semidual.passes
        if reason is not None:
            break
        ladder.arrived(best.v * level, len(history) - before)
    return _certified(problem, best, semidual, ladder, tol, reason, count, history, began)


def require_positive(reg: float, tol: float, maxiter: int) -> None:
    """Refuse numbers that no solver can work with."""
    if not 0 < reg < math.inf or not tol > 0 or maxiter < 1:
        raise ValueError(
            "reg, tol and maxiter must be positive and finite, got "
            f"{reg!r}, {tol!r} and {maxiter!r}"
        )


def halted(
    history: list[Stage],
    maxiter: int,
    callback: TransportCallback | None,
    time_limit: float | None,
    began: float,
) -> Reason | None:
    """Return the reason to stop before the tolerance is met, if there is one."""
    if not math.isfinite(history[-1].error):
        return Reason.NONFINITE
    if callback is not None and callback(history[-1]):
        return Reason.STOPPED_BY_CALLBACK
    if len(history) >= maxiter:
        return Reason.MAXITER
    if time_limit is not None and time.perf_counter() - began >= time_limit:
        return Reason.TIME_LIMIT
    return None


def _start(init: Any, problem: Problem) -> Array:
    xp = problem.xp
    if init is None:
        return 0.0 * problem.b
    g = getattr(init, "g", init)
    (g,) = enter(matrix=False, finite=False, init=g).arrays
    m = problem.whole.shape[1]
    if g.shape != (m,):
        raise ValueError(
            f"init must be a solution or a potential g of shape ({m},), got {tuple(g.shape)}"
        )
    g = xp.take(xp.astype(xp.asarray(g, device=problem.cost.device), xp.float64), problem.columns)
    if not bool(xp.all(xp.isfinite(g))):
        raise ValueError("init is not finite at a column with mass")
    return g


def _certified(
    problem: Problem,
    best: Point,
    semidual: SemiDual,
    ladder: Ladder,
    tol: float,
    reason: Reason | None,
    count: Count,
    history: list[Stage],
    began: float,
) -> TransportSolution:
    reg, u, v = ladder.reg, best.u, best.v
    if semidual.reg != reg:  # stopped on the way
        v = v * (semidual.reg / reg)
        semidual = SemiDual(problem, reg)
        u = semidual.at(v).u
    f, g = reg * u, reg * v
    if problem.balanced:
        masses = problem.xp.sum(problem.a) + problem.xp.sum(problem.b)
        shift = (problem.b @ g - problem.a @ f) / masses
        f, g = f + shift, g - shift
    error = marginal_error(problem, f / reg, g / reg, reg)
    if error <= tol * float(problem.xp.sum(problem.b)):
        reason = Reason.CONVERGED
    f, g = _everywhere(problem, f, g)
    return TransportSolution(
        f=f,
        g=g,
        reg=reg,
        reason=reason or Reason.STAGNATED,
        marginal_error=error,
        iterations=len(history),
        passes=history[-1].passes,
        newton_steps=count.newton_steps,
        linear_steps=count.linear_steps,
        history=tuple(history),
        seconds=time.perf_counter() - began,
        problem=problem,
    )


def _everywhere(problem: Problem, f: Array, g: Array) -> tuple[Array, Array]:
    """Give atoms without mass the potentials of the c-transform."""
    xp, whole = problem.xp, problem.whole
    a, b = problem.masses
    if whole is problem.cost:
        return f, g
    f, g = problem.spread(f, 0, -math.inf), problem.spread(g, 1, -math.inf)
    from_columns, from_rows = whole.T.c_transform(g), whole.c_transform(f)
    return xp.where(a > 0, f, from_columns), xp.where(b > 0, g, from_rows)
