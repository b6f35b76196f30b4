r"""The gradient method in the metric of a preconditioner.

.. math::

    x_{k+1} = x_k - \tfrac1L M \nabla f(x_k)

If :math:`\mu M^{-1} \preceq \nabla^2 f \preceq L M^{-1}`, then in each step

.. math::

    f(x_{k+1}) - f^* \le (1 - \mu/L)\,(f(x_k) - f^*) ,

and without strong convexity :math:`f(x_k) - f^* \le L \|x_0 - x^*\|^2_{M^{-1}} / (2k)`. So what
counts is the condition :math:`L/\mu`: with a curvature matrix B, above all Hessians up to a
constant, it is that of :math:`B M` times what f itself varies.

Cost: a step has one evaluation of f and one product with M; a search for L has about one more.

Failure modes: an L below the curvature of f diverges, and is named once it is seen; f must be
convex, and is named where its curvature is negative.

Source: Doikov and Rodomanov, Polynomial Preconditioning for Gradient Methods, ICML 2023, arXiv
2301.13194; the search for L follows Nesterov, Gradient methods for minimizing composite functions
(2013), doi 10.1007/s10107-012-0629-5.

Differs from the sources in: no composite term; steps are accepted also by gradients, where
values are only rounding errors.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.solvers.gradient.descend import Callback, State, constant, descend
from resolvent.solvers.gradient.minimum import Minimum
from resolvent.solvers.gradient.objective import Evaluations, Objective, Point
from resolvent.solvers.gradient.step import (
    curvature_along,
    direction,
    first_guess,
    is_below_model,
    moved,
)

__all__ = ["gradient_method", "gradient_steps"]


def gradient_method(
    f: Objective,
    x0: Any,
    *,
    M: Any = None,
    L: float | None = None,
    rtol: float = 1e-6,
    atol: float = 0.0,
    maxiter: int = 10_000,
    callback: Callback | None = None,
    time_limit: float | None = None,
) -> Minimum:
    r"""Minimise a smooth convex function by steps :math:`x - \frac1L M \nabla f(x)`.

    Parameters
    ----------
    f : Objective
        Anything with ``value(x)`` and ``gradient(x)``, such as a `Quadratic` or a `LinearModel`;
        convex and smooth. ``value_and_gradient(x)`` is used where there is one.
    x0 : (n,) array_like
        Start, real; the computation is in its library, and in its precision unless f or ``M`` has
        a higher one.
    M : preconditioner, array, operator or callable, optional
        Symmetric positive definite, an approximate inverse of the curvature of f. May be
        nonlinear, such as `krylov_step`, as long as :math:`g^T M g > 0`.
    L : float, optional
        Smoothness of f in the metric of :math:`M^{-1}`: an upper bound of the eigenvalues of
        :math:`\nabla^2 f\, M`. If it is not given, it is searched for in each step, from half of
        the last one upwards.
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
        With reason BREAKDOWN if ``L`` was seen to be too small, INDEFINITE_OPERATOR if f was seen
        not to be convex.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together.

    See Also
    --------
    fast_gradient_method : the square root of the condition.

    Notes
    -----
    Array API: any library and device that f works on. Each step reads a few numbers to the host.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.gradient import Quadratic, gradient_method
    >>> f = Quadratic(np.diag([100.0, 1.0]), [100.0, 1.0])
    >>> plain = gradient_method(f, np.zeros(2), L=100.0)
    >>> scaled = gradient_method(f, np.zeros(2), M=np.diag([0.01, 1.0]), L=1.0)
    >>> plain.iterations, scaled.iterations
    (917, 1)
    """
    L = constant("L", L)
    return descend(
        partial(gradient_steps, L=L),
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


def gradient_steps(
    f: Evaluations, at: Point, M: Preconditioner | None, *, L: float | None = None
) -> Iterator[State]:
    """Yield the states of the gradient method from the point ``at``."""
    search, L = L is None, L or 0.0
    while True:
        d = direction(M, at)
        if d.trouble is not None:
            yield State(at, L, trouble=d.trouble)
            return
        if search:
            L = L / 2 or first_guess(f, at, d)
        after = f.at(moved(at.x, d, L))
        while search and not is_below_model(at, after, d, L):
            L *= 2
            after = f.at(moved(at.x, d, L))
        yield State(after, L, curvature_along(d, after, L))
        at = after
