r"""The one loop of all gradient methods.

A method is a generator ``steps(f, start, M)`` that yields a `State` after each step. `descend` owns
everything else: the stopping rule, the history, the callback, the time limit, the choice of the
best iterate, and the doubt when a gradient grows.

Converged means :math:`\|\nabla f(x)\| \le \max(rtol\,\|\nabla f(0)\|, atol)`: relative to the
gradient at the origin, which for a quadratic is the right-hand side, so that a good start is
rewarded. If the gradient is zero there, the origin is the answer.

Doubt: for a convex f that is smooth with constant L, the curvature over any step lies between 0
and L. Where the gradient grew and the curvature seen is none of these, either the promise is
broken, or gradients are nothing but rounding errors any more. One evaluation beside the iterate,
in its last digit, tells which.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from resolvent.arrays import Array, enter, eps, namespace_of
from resolvent.preconditioners.preconditioner import Preconditioner, as_preconditioner
from resolvent.results import Reason
from resolvent.solvers.gradient.minimum import Minimum
from resolvent.solvers.gradient.objective import Evaluations, Objective, Point
from resolvent.stopping import Stop
from resolvent.vectors import norm

__all__ = ["Callback", "Descent", "State", "Steps", "constant", "descend"]

_TOO_SMALL = (
    "the curvature of f was {:.3g} over a step, more than L = {:.3g} in the metric of M; "
    "raise L, or leave it out to have it found"
)
_NOT_CONVEX = "the curvature of f was negative over a step: f is not convex"
_FLOOR = "the gradient is as small as rounding allows; loosen rtol or use a higher precision"


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a method yields.

    Attributes
    ----------
    point : Point
        Where f was evaluated.
    L : float
        The constant that the step used.
    curvature : float
        Of f over the step, in the metric of M.
    restarts : int
        So far.
    trouble : Reason or None
        Why no step could be taken; the point is then the last one.
    """

    point: Point
    L: float
    curvature: float = 0.0
    restarts: int = 0
    trouble: Reason | None = None


@dataclass(frozen=True)
class Descent:
    """What a callback sees.

    Attributes
    ----------
    iteration : int
        Steps taken.
    evaluations : int
        Points at which f was evaluated.
    value, gradient_norm : float
        Of f at the iterate.
    x : (n,) array
        The iterate, on the device of ``x0``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.gradient import Quadratic, gradient_method
    >>> f = Quadratic(np.diag([100.0, 1.0]), [100.0, 1.0])
    >>> gradient_method(f, np.zeros(2), callback=lambda seen: seen.iteration == 3).iterations
    3
    """

    iteration: int
    evaluations: int
    value: float
    gradient_norm: float
    x: Array


Steps: TypeAlias = Callable[[Evaluations, Point, Preconditioner | None], Iterator[State]]
Callback: TypeAlias = Callable[[Descent], bool | None]


def constant(name: str, value: Any, *, zero: bool = False) -> float | None:
    """Return a constant of f as a Python number, positive, or zero where that is allowed.

    Raises
    ------
    ValueError
        Naming it.
    """
    if value is None:
        return None
    if not (0 < value < np.inf or (zero and value == 0)):
        wanted = "not negative" if zero else "positive"
        raise ValueError(f"{name} must be {wanted} and finite, got {value}")
    return float(value)


def descend(
    steps: Steps,
    f: Objective,
    x0: Any,
    *,
    M: Any,
    L_given: bool,
    rtol: float,
    atol: float,
    maxiter: int,
    callback: Callback | None,
    time_limit: float | None,
) -> Minimum:
    """Run a method until the gradient meets the tolerance or there is a reason why it can't.

    Parameters
    ----------
    steps : callable
        ``(f, start, M) -> iterator of State``.
    f : Objective
        What to minimise.
    x0 : (n,) array_like
        Start, real.
    M : preconditioner, array, operator or callable, optional
        Handed to the method as a `Preconditioner`.
    L_given : bool
        The constant is a promise of the user's, to be doubted.
    rtol, atol, maxiter
        The stopping rule; see the module.
    callback : callable, optional
        Called with a `Descent` after each step; returns True to stop.
    time_limit : float, optional
        Seconds.

    Raises
    ------
    TypeError, ValueError
        An ``x0`` that is no real finite vector; a negative tolerance or limit; an f that isn't
        finite at the origin, to which ``rtol`` refers.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        return _Run(f, x0, M, L_given, rtol, atol, maxiter).solve(steps, callback, time_limit)


class _Run:
    def __init__(
        self, f: Objective, x0: Any, M: Any, L_given: bool, rtol: float, atol: float, maxiter: int
    ) -> None:
        self.began = time.perf_counter()
        self.f, self.L_given = Evaluations(f), L_given
        self.best = start = self.start(x0)
        xp = namespace_of(start.x)
        self.M = None if M is None else as_preconditioner(M, like=start.x)
        self.eps = eps(xp, start.x.dtype)
        reference = start
        if rtol > 0 and bool(xp.any(start.x)):
            reference = self.f.at(xp.zeros_like(start.x))
            if reference.gradient_norm == 0:  # a convex f has its minimum here
                self.best = reference
            if not np.isfinite(reference.gradient_norm):
                raise ValueError("f is not finite at 0, to which rtol refers: pass rtol=0 and atol")
        finite = np.isfinite(reference.gradient_norm)
        scale = reference.gradient if finite else xp.zeros_like(start.x)
        self.stop = Stop.for_rhs(scale, rtol=rtol, atol=atol, maxiter=maxiter)
        self.norms, self.values = [self.best.gradient_norm], [self.best.value]

    def start(self, x0: Any) -> Point:
        """Evaluate f at x0 in the common dtype of the two."""
        entered = enter(matrix=False, x0=x0)
        (x,), xp = entered.arrays, entered.xp
        if x.ndim != 1:
            raise ValueError(f"x0 must be of shape (n,), got {tuple(x.shape)}")
        if not xp.isdtype(x.dtype, "real floating"):
            raise TypeError(f"x0 must be real, got dtype {x.dtype}")
        point = self.f.at(x)
        return replace(point, x=xp.astype(x, xp.result_type(x, point.gradient)))

    def solve(self, steps: Steps, callback: Callback | None, time_limit: float | None) -> Minimum:
        last, state = self.best, State(self.best, float("nan"))
        reason, advice = self.verdict(last), ""
        source = steps(self.f, last, self.M)
        while reason is None:
            taken = len(self.norms) - 1
            if taken >= self.stop.maxiter:
                reason = Reason.MAXITER
            elif time_limit is not None and time.perf_counter() - self.began >= time_limit:
                reason = Reason.TIME_LIMIT
            else:
                state = next(source)
                if state.trouble is not None:
                    reason = state.trouble
                    break
                self.record(state.point)
                reason = self.verdict(state.point)
                if reason is None:
                    reason, advice = self.doubt(state, last)
                last = state.point
                if callback is not None and callback(self.seen(last)) and reason is None:
                    reason = Reason.STOPPED_BY_CALLBACK
        return Minimum(
            x=self.best.x,
            reason=reason,
            advice=advice or reason.advice,
            iterations=len(self.norms) - 1,
            evaluations=self.f.count,
            value=self.best.value,
            gradient_norm=self.best.gradient_norm,
            history=np.array(self.norms),
            values=np.array(self.values),
            L=state.L,
            restarts=state.restarts,
            seconds=time.perf_counter() - self.began,
        )

    def record(self, point: Point) -> None:
        self.norms.append(point.gradient_norm)
        self.values.append(point.value)
        if point.gradient_norm < self.best.gradient_norm:
            self.best = point

    def seen(self, point: Point) -> Descent:
        return Descent(len(self.norms) - 1, self.f.count, point.value, point.gradient_norm, point.x)

    def verdict(self, point: Point) -> Reason | None:
        if self.stop.met(point.gradient_norm):
            return Reason.CONVERGED
        finite = np.isfinite(point.gradient_norm) and np.isfinite(point.value)
        return None if finite else Reason.NONFINITE

    def doubt(self, state: State, last: Point) -> tuple[Reason | None, str]:
        """Name what must be wrong with f, L or the precision, if something must."""
        point, xp = state.point, namespace_of(last.x)
        if point.gradient_norm == last.gradient_norm and bool(xp.all(point.x == last.x)):
            return Reason.STAGNATED, _FLOOR
        if point.gradient_norm <= last.gradient_norm:
            return None, ""
        negative = state.curvature < -0.1 * state.L
        excess = self.L_given and state.curvature > 1.1 * state.L
        if not (negative or excess):
            return None, ""
        beside = self.f.at(point.x * (1 + 2 * self.eps))
        noise = float(norm((beside.gradient - point.gradient) / point.unit)) * point.unit
        noise = max(noise, self.eps * max(self.norms))
        if point.gradient_norm <= 10 * noise:
            return Reason.STAGNATED, _FLOOR
        if point.gradient_norm <= 1000 * noise:
            return None, ""
        if negative:
            return Reason.INDEFINITE_OPERATOR, _NOT_CONVEX
        return Reason.BREAKDOWN, _TOO_SMALL.format(state.curvature, state.L)
