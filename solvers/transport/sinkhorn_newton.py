r"""Newton's method with a sparse Hessian for entropic optimal transport.

Row potentials are eliminated exactly, so that a step costs one pass over the plan and the solution
of one positive definite system for the column potentials (`semidual`, `hessian`). The error
decides how much of the plan the system keeps, so that convergence is quadratic at the end; the
regularisation falls by stages with extrapolated starts (`ladder`), so that it is reached from
anywhere. Where Sinkhorn's iteration converges faster than a system is factored, it does the work.

Cost: one or two passes a step; a system of ``m`` unknowns by conjugate gradients on the kept
entries, or by dense Cholesky where they take longer. Memory beyond the costs: the kept entries, and
``m^2`` numbers for Cholesky. Exchange the two sides if ``m`` is much larger than ``n``.

Failure modes: regularisations below 1e-6 of the span of the costs leave plans that fall apart into
blocks, where Newton steps are short: the reason is then STAGNATED or MAXITER, the best potentials
and their bounds are returned. Forbidden pairs may leave no plan with these marginals.

Source: Tang, Shavlovsky et al., Accelerating Sinkhorn algorithm with sparse Newton iterations
(2024), arXiv 2401.12253. Differs from it: the semi-dual instead of the dual, sparsification by the
error instead of a budget, a ladder instead of a warm-up.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any, get_args

from resolvent.arrays import Array
from resolvent.solvers.transport.hessian import LinearSolver
from resolvent.solvers.transport.newton_stage import hessian_of, newton_steps
from resolvent.solvers.transport.problem import transport_problem
from resolvent.solvers.transport.semi_dual import Point, SemiDual
from resolvent.solvers.transport.sinkhorn import sinkhorn_steps
from resolvent.solvers.transport.solution import TransportSolution
from resolvent.solvers.transport.stages import Count, TransportCallback, solve_by_stages

__all__ = ["sinkhorn_newton"]

_SINKHORN_STEPS = 2  # before Newton's at each regularisation
_SYSTEM = 0.002  # passes that a Newton step takes the place of, by m^2 / n; measured
_COARSE = 1e-5  # error of stages before the last: what is misplaced there is hard to move later


def sinkhorn_newton(
    cost: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    tol: float = 1e-9,
    linear_solver: LinearSolver = "auto",
    rho: tuple[float, float] = (math.inf, math.inf),
    maxiter: int = 500,
    init: Any = None,
    callback: TransportCallback | None = None,
    time_limit: float | None = None,
) -> TransportSolution:
    r"""Solve an entropic transport problem by Newton's method with sparse Hessians.

    Parameters
    ----------
    cost, a, b, reg, tol, rho, init, callback, time_limit
        As in `sinkhorn`.
    linear_solver : {"auto", "cholesky", "cg"}
        For Newton's equation; "auto" takes conjugate gradients until they take longer than a
        factorisation, which is not tried with more than 3000 columns.
    maxiter : int
        Largest number of steps, Sinkhorn's and Newton's.

    Returns
    -------
    TransportSolution
        With bounds on the exact cost.

    Raises
    ------
    TypeError, ValueError
        As in `sinkhorn`, and for an unknown ``linear_solver``.

    Notes
    -----
    Array API: any library and device, in float64. NumPy matrices and points run in compiled passes
    on all threads; elsewhere Newton's equation has all of the plan, and ``linear_solver`` is not
    looked at.

    Examples
    --------
    >>> import numpy as np
    >>> cost = np.random.default_rng(0).random((50, 50))
    >>> solution = sinkhorn_newton(cost, reg=1e-3)
    >>> solution.converged, solution.marginal_error < 1e-9, solution.lower <= solution.upper
    (True, True, True)
    """
    if linear_solver not in get_args(LinearSolver):
        known = ", ".join(map(repr, get_args(LinearSolver)))
        raise ValueError(f"linear_solver must be one of {known}, got {linear_solver!r}")
    problem = transport_problem(cost, a, b, rho)
    return solve_by_stages(
        partial(_steps, hessian=hessian_of(problem, linear_solver)),
        problem,
        reg=reg,
        tol=tol,
        coarse=_COARSE,
        maxiter=maxiter,
        init=init,
        callback=callback,
        time_limit=time_limit,
    )


def _steps(
    semidual: SemiDual, v: Array, target: float, count: Count, hessian: Any
) -> Iterator[Point]:
    n, m = semidual.problem.cost.shape
    newton = 1 + _SYSTEM * m * m / n  # passes that one of its steps costs
    errors = []
    for point in sinkhorn_steps(semidual, v, target, count):
        yield point
        errors.append(point.error)
        if len(errors) >= _SINKHORN_STEPS and _steps_left(errors, target) > newton:
            break
    v = semidual.balanced_columns(point)
    yield from newton_steps(semidual, v, target, hessian, count)


def _steps_left(errors: list[float], target: float) -> float:
    """Return how many more Sinkhorn steps it takes at the rate of the last one."""
    before, now = errors[-2:]
    if not 0 < now < before:
        return math.inf
    return math.log(target / now) / math.log(now / before)
