r"""The fast gradient method of Nesterov, in the metric of a preconditioner.

With :math:`\mu M^{-1} \preceq \nabla^2 f \preceq L M^{-1}`, a step from :math:`x`, :math:`v` and
:math:`\gamma`, the curvature of an estimating function whose minimum is at :math:`v`, is

.. math::

    L \alpha^2 &= \gamma' = (1 - \alpha) \gamma + \mu \alpha , \qquad
    y = (\gamma' x + \alpha \gamma v) / (\gamma' + \alpha \gamma) , \\
    x' &= y - \tfrac1L M \nabla f(y) , \qquad
    v' = ((1 - \alpha) \gamma v + \alpha \mu y - \alpha M \nabla f(y)) / \gamma' ,

and a start takes :math:`\alpha = 1`: :math:`y = x`, :math:`\gamma' = L` and :math:`x' = v'`. Then

.. math::

    f(x_k) - f^* \le \tfrac{\lambda_k}{2} \|x_0 - x^*\|^2_{M^{-1}} , \qquad
    \lambda_1 = L - \mu , \quad \lambda_{k+1} = (1 - \alpha_k) \lambda_k ,

so that :math:`\lambda_k \le L \min\{4/(k+1)^2, (1 - \sqrt{\mu/L})^{k-1}\}`: the square root of
the condition, where the gradient method has the condition itself.

Restart: where :math:`\mu` is not known, the momentum is dropped whenever it leads uphill,
:math:`\langle \nabla f(y), x' - x\rangle > 0`. That finds the fast linear rate of strongly convex
functions in practice; where it is known that :math:`\mu = 0`, or what it is, there is no restart
and the bound above is a theorem.

Cost: a step has one evaluation of f, at y, and one product with M. A search for L evaluates f at
x' as well: two. Values are not monotone.

Failure modes: a mu above the truth may converge to a wrong speed, never to a wrong point; an L
too small is named as in `gradient_method`.

Sources: Nesterov, Introductory Lectures on Convex Optimization (2004), doi
10.1007/978-1-4419-8853-9; the restart is that of O'Donoghue and Candes, Adaptive Restart for
Accelerated Gradient Schemes (2015), doi 10.1007/s10208-013-9150-3; preconditioned by Doikov and
Rodomanov, ICML 2023, arXiv 2301.13194.

Differs from the sources in: the first step has no free parameter (it is the limit of an infinite
first curvature); with a given L the iterates that are reported are the y, where f is evaluated
anyway.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from resolvent.arrays import Array
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.solvers.gradient.descend import Callback, State, constant, descend
from resolvent.solvers.gradient.minimum import Minimum
from resolvent.solvers.gradient.objective import Evaluations, Objective, Point
from resolvent.solvers.gradient.step import (
    Direction,
    curvature_along,
    direction,
    first_guess,
    is_below_model,
    moved,
)
from resolvent.vectors import inner

__all__ = ["fast_gradient_method", "fast_gradient_steps"]


def fast_gradient_method(
    f: Objective,
    x0: Any,
    *,
    M: Any = None,
    L: float | None = None,
    mu: float | None = None,
    rtol: float = 1e-6,
    atol: float = 0.0,
    maxiter: int = 10_000,
    callback: Callback | None = None,
    time_limit: float | None = None,
) -> Minimum:
    r"""Minimise a smooth convex function by Nesterov's fast gradient method.

    Parameters
    ----------
    f : Objective
        Convex and smooth; see `gradient_method`.
    x0 : (n,) array_like
        Start, real; the computation is in its library, and in its precision unless f or ``M`` has
        a higher one.
    M : preconditioner, array, operator or callable, optional
        Symmetric positive definite, fixed and linear.
    L : float, optional
        Smoothness of f in the metric of :math:`M^{-1}`. If it is not given it is found by
        doubling, which costs a second evaluation in each step.
    mu : float, optional
        Strong convexity of f in the same metric, at most ``L``; 0 for none. If it is not given,
        the momentum restarts whenever it leads uphill.
    rtol, atol : float
        Converged means :math:`\|\nabla f(x)\| \le \max(rtol\,\|\nabla f(0)\|, atol)`.
    maxiter : int
        Largest number of steps.
    callback : callable, optional
        Called with a `Descent` after each step; returns True to stop.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Minimum
        ``restarts`` counts them; the reasons are those of `gradient_method`.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together; an ``M`` that says that it isn't linear or fixed.

    Notes
    -----
    Array API: any library and device that f works on. Each step reads a few numbers to the host.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.gradient import Quadratic, fast_gradient_method
    >>> f = Quadratic(np.diag([100.0, 1.0]), [100.0, 1.0])
    >>> known = fast_gradient_method(f, np.zeros(2), L=100.0, mu=1.0)
    >>> restarted = fast_gradient_method(f, np.zeros(2), L=100.0)
    >>> known.converged, restarted.converged, known.iterations < 200, restarted.restarts > 0
    (True, True, True, True)
    """
    L = constant("L", L)
    mu = constant("mu", mu, zero=True)
    if L is not None and mu is not None and mu > L:
        raise ValueError(f"mu must be at most L = {L}, got {mu}")
    if isinstance(M, Preconditioner) and not (M.is_linear and M.is_fixed):
        raise ValueError("M must be linear and fixed; use gradient_method")
    return descend(
        partial(fast_gradient_steps, L=L, mu=mu),
        f,
        x0,
        M=M,
        L_given=L is not None,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Momentum:
    """The memory of the method; an infinite gamma is a fresh start at ``x``."""

    x: Array
    v: Array
    gamma: float = math.inf

    def weight(self, L: float, mu: float) -> float:
        """Return alpha."""
        if self.gamma == math.inf:
            return 1.0
        b = self.gamma - mu
        return 2 * self.gamma / (b + math.hypot(b, 2 * math.sqrt(L) * math.sqrt(self.gamma)))

    def look_ahead(self, alpha: float, L: float) -> Array:
        """Return y."""
        if self.gamma == math.inf:
            return self.x
        ahead, behind = alpha * self.gamma, L * alpha**2
        return (behind / (ahead + behind)) * self.x + (ahead / (ahead + behind)) * self.v

    def after(
        self, x: Array, y: Array, d: Direction, alpha: float, L: float, mu: float
    ) -> "_Momentum":
        """Return the memory after the step from y to ``x``."""
        gamma = L * alpha**2
        kept = alpha * mu / gamma if self.gamma < math.inf else 1.0  # the share of y
        v = kept * y + (1 - kept) * self.v if kept < 1 else y
        return _Momentum(x, v - (alpha / gamma * d.unit) * d.z, gamma)


def fast_gradient_steps(
    f: Evaluations,
    start: Point,
    M: Preconditioner | None,
    *,
    L: float | None = None,
    mu: float | None = None,
) -> Iterator[State]:
    """Yield the states of the fast gradient method from the point ``start``."""
    search, restart, mu = L is None, mu is None, mu or 0.0
    d = direction(M, start)
    if d.trouble is not None:
        yield State(start, L or 0.0, trouble=d.trouble)
        return
    L = L or max(first_guess(f, start, d), mu)
    memory, restarts = _Momentum(start.x, start.x), 0
    point, last = start, None
    while True:
        while True:
            alpha = memory.weight(L, mu)
            y = memory.look_ahead(alpha, L)
            at = start if y is start.x else f.at(y)
            d = direction(M, at)
            if d.trouble is not None:
                yield State(point, L, restarts=restarts, trouble=d.trouble)
                return
            x = moved(y, d, L)
            if not search:
                break
            point = f.at(x)
            if is_below_model(at, point, d, L):
                break
            L *= 2
        if search:
            yield State(point, L, curvature_along(d, point, L), restarts)
        elif last is not None:
            yield State(at, L, _curvature(*last, at, d), restarts)
        last = at, d
        if restart and float(inner(at.gradient / d.unit, x - memory.x)) > 0:
            memory, restarts = _Momentum(x, x), restarts + 1
        else:
            memory = memory.after(x, y, d, alpha, L, mu)


def _curvature(before: Point, b: Direction, at: Point, d: Direction) -> float:
    """Return the curvature between two points by their gradients, a lower bound of the true L."""
    change = at.gradient / d.unit - before.gradient / d.unit
    along = float(inner(change, at.x - before.x))
    squared = float(inner(change, d.z - (b.unit / d.unit) * b.z))
    return d.unit * squared / along if along else 0.0
