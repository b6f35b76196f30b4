r"""Thousands of small entropic transport problems, each solved by one thread in its cache.

While the plan of a problem is stored, a step of Sinkhorn's iteration is two products and no
exponential,

.. math:: r = a / (P s), \quad s \leftarrow b / (P^T r),

and :math:`v \leftarrow v + \log s` when the plan is next computed. Steps go on as long as their
rate promises the wanted error before a step of Newton's method would be done. That one solves
:math:`((1 + \lambda) D_c - P^T D_a^{-1} P) d = b - c` where the rows of the plan are right, so that
the matrix is a Laplacian, and backtracks by Armijo's rule on the semi-dual. The regularisation
falls by fours from a part of the span of the costs.
"""

from typing import Any

import numpy as np
from numba import njit, prange

from resolvent.linalg.compiled.lanes import compile_lanes, width
from resolvent.linalg.compiled.threads import threads
from resolvent.solvers.compiled.small_plans import (
    LEAST_SUM,
    ROWS,
    SmallPlan,
    marginal_error,
    newton_direction,
    normalise,
    plan_of_potentials,
    span_of,
    sweep,
)

__all__ = ["small_plans", "solve_small"]

_FIRST = 1 / 16  # regularisation, of the span of the costs
_FACTOR = 4.0
_COARSE = 1e-3  # error that a stage before the last is left with
_ROOM = 0.9  # of the tolerance: the potentials that are returned are rounded
_SWEEPS = 8  # steps of Sinkhorn's iteration between two looks at their rate
_NEWTON = 45.0  # what a Newton step takes, in steps of Sinkhorn's
_HELPED = 1e-3  # error above which Newton's method goes better with Sinkhorn's in between
_PATIENCE = 30  # Newton steps without a new best error
_FURTHEST = 100.0  # change of a scaled potential, four times more after each full step
_ARMIJO = 1e-4
_TRIALS = 8
_ROUNDING = 1e-13  # of the objective: a smaller promise can't be tested
_LARGEST_SHIFT = 1e-2
_LEAST_SHIFT = 1e-14
_WORTH_THREADS = 10_000  # pairs

_compile_parallel = njit(cache=True, error_model="numpy", nogil=True, parallel=True)


@compile_lanes
def _sinkhorn_steps(small, v, r, s, error, goal, most):  # type: ignore[no-untyped-def]
    """Move ``u`` and ``v`` by steps that promise to be faster than Newton's.

    The plan is left behind. Returns the error, and how many there were.
    """
    b, c = small.b, small.c
    groups, lanes = c.shape
    for g in range(groups):
        for lane in range(lanes):
            s[g, lane] = b[g, lane] / max(c[g, lane], LEAST_SUM)
    taken = 0
    while taken < most:
        before, start = error, taken
        while taken < min(start + _SWEEPS, most) and error > goal:
            error = sweep(small, r, s)
            taken += 1
        rate = np.log(before / error) / (taken - start)
        if not (error > goal and np.log(error / goal) < _NEWTON * rate):
            break
    small.u[:] += np.log(r)
    v[:] += np.log(s)
    return error, taken


@compile_lanes
def _newton_step(small, reg, v, value, shift, furthest, room):  # type: ignore[no-untyped-def]
    """Move ``v`` by at most ``furthest``; return error, objective, and the share of the step taken.

    The share is 0 where none helps.
    """
    W, leak, d, trial = room
    newton_direction(small, shift, W, leak, d)
    d *= min(1.0, furthest / np.max(np.abs(d)))
    slope, step = np.sum((small.c - small.b) * d), 1.0
    for _ in range(_TRIALS):
        trial[:] = v + step * d
        error, found = normalise(small, reg, trial)
        rounding = abs(step * slope) < _ROUNDING * (1 + abs(value))
        if found <= value + _ARMIJO * step * slope or rounding:
            v[:] = trial
            return error, found, step
        step /= 4
    error, value = normalise(small, reg, v)
    return error, value, 0.0


@compile_lanes
def _stage(small, reg, v, goal, most, r, s, room):  # type: ignore[no-untyped-def]
    """Solve at one regularisation; return the steps taken, at most ``most``."""
    error, value = normalise(small, reg, v)
    best, since, taken, step = error, 0, 0, 0.0
    mu, furthest = 1.0, _FURTHEST
    while error > goal and taken < most and since < _PATIENCE:
        if error > _HELPED or step < 1:
            error, steps = _sinkhorn_steps(small, v, r, s, error, goal, most - taken)
            taken += steps
            if not error > goal or taken >= most:
                break
            error, value = normalise(small, reg, v)
        shift = mu * min(error, _LARGEST_SHIFT) + _LEAST_SHIFT
        error, value, step = _newton_step(small, reg, v, value, shift, furthest, room)
        taken += 1
        if step == 1:
            mu, furthest = mu / 3, 4 * furthest
        else:
            mu, furthest = 3 * mu if step > 0 else 10 * max(mu, 1e-6), _FURTHEST
        since = 0 if error < best else since + 1
        best = min(error, best)
    return taken


@compile_lanes
def _solve(cost, a, b, reg, tol, maxiter, f, g):  # type: ignore[no-untyped-def]
    """Write the potentials; return their error, and the steps taken."""
    n, groups, lanes = cost.shape
    m = groups * lanes
    v, r, s = np.empty((groups, lanes)), np.empty(n), np.empty((groups, lanes))
    room = np.empty((m, groups, lanes)), np.empty_like(v), np.empty_like(v), np.empty_like(v)
    small = SmallPlan(cost, a, b, np.empty(cost.shape), np.empty(n), np.empty_like(v))
    for k in range(groups):
        for lane in range(lanes):
            v[k, lane] = 0.0 if b[k, lane] > 0 else -np.inf
    level, taken, span = reg, 0, span_of(cost)
    while _FACTOR * level <= _FIRST * span:
        level *= _FACTOR
    while True:
        goal = _ROOM * tol if level == reg else max(tol, _COARSE)
        taken += _stage(small, level, v, goal, maxiter - taken, r, s, room)
        if level == reg:
            break
        lower = reg if taken >= maxiter else level / _FACTOR
        v *= level / lower
        level = lower
    f[:], g[:] = reg * small.u, reg * v
    return marginal_error(small, reg, f, g), taken


@_compile_parallel
def _solve_all(cost, a, b, reg, tol, maxiter, f, g, errors, taken, parts):  # type: ignore[no-untyped-def]
    for t in prange(parts):
        for k in range(t, errors.size, parts):
            errors[k], taken[k] = _solve(cost[k], a[k], b[k], reg[k], tol, maxiter, f[k], g[k])


def solve_small(
    costs: Any, a: Any, b: Any, reg: Any, tol: float, maxiter: int
) -> tuple[Any, Any, Any, Any]:
    """Solve a batch of problems; return ``f (p, n)``, ``g (p, m)``, errors and steps ``(p,)``.

    Parameters
    ----------
    costs : (p, n, m) ndarray
        Costs, float64.
    a, b : (p, n), (p, m) ndarray
        Weights of sum 1.
    reg : (p,) ndarray
        Regularisation of each.
    tol : float
        L1 error of both marginals.
    maxiter : int
        Largest number of steps of either method.
    """
    problems, n, m = costs.shape
    lanes = width(costs.dtype)
    rows, groups = -(-n // ROWS) * ROWS, -(-m // lanes)
    right, below = groups * lanes - m, rows - n
    if right or below:
        costs = np.pad(costs, ((0, 0), (0, below), (0, right)), constant_values=np.inf)
        a, b = np.pad(a, ((0, 0), (0, below))), np.pad(b, ((0, 0), (0, right)))
    costs, a, b, reg = (np.require(x, requirements=["C", "W"]) for x in (costs, a, b, reg))
    costs = costs.reshape(problems, rows, groups, lanes)
    b = b.reshape(problems, groups, lanes)
    f, g = np.empty((problems, rows)), np.empty((problems, groups * lanes))
    errors, taken = np.empty(problems), np.empty(problems, dtype=np.int64)
    parts = min(problems, threads(problems * n * m, _WORTH_THREADS))
    _solve_all(costs, a, b, reg, tol, maxiter, f, g.reshape(b.shape), errors, taken, parts)
    return f[:, :n], g[:, :m], errors, taken


@_compile_parallel
def _all_plans(costs, f, g, reg, plans, parts):  # type: ignore[no-untyped-def]
    for t in prange(parts):
        for k in range(t, reg.size, parts):
            plan_of_potentials(costs[k], f[k], g[k], reg[k], plans[k])


def small_plans(costs: Any, f: Any, g: Any, reg: Any) -> Any:
    """Return the plans ``(p, n, m)`` of potentials ``(p, n)`` and ``(p, m)``."""
    plans = np.empty(costs.shape)
    costs, f, g, reg = (np.require(x, requirements=["C", "W"]) for x in (costs, f, g, reg))
    parts = min(len(plans), threads(costs.size, _WORTH_THREADS))
    _all_plans(costs, f, g, reg, plans, parts)
    return plans
