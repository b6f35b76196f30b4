r"""How far potentials can be from the truth, whatever they are.

A feasible plan is made of :math:`P` by scaling down rows and columns that are too heavy and adding
what is missing as a product of two vectors. Its objective bounds the regularised optimum from
above, the dual objective from below. Its cost :math:`\langle C, \hat P \rangle` bounds the exact
transport cost from above; from below does :math:`\langle a, f^{cc} \rangle + \langle b, f^c
\rangle` with the transforms :math:`f^c_j = \min_i C_{ij} - f_i` and
:math:`f^{cc}_i = \min_j C_{ij} - f^c_j`, which are feasible for the linear programme.

Source: the rounding after Altschuler, Weed and Rigollet, Near-linear time approximation algorithms
for optimal transport via Sinkhorn iteration (2017), arXiv 1705.09634.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import xlogy

from resolvent.arrays import Array
from resolvent.solvers.transport.problem import Problem

__all__ = ["Bounds", "bounds", "c_transform", "marginal_error", "threads_of"]

_WORTH_THREADS = 50_000  # entries of a plan
_TINY = np.finfo(float).tiny


class Bounds(NamedTuple):
    """What `TransportSolution` documents."""

    value: float
    dual_value: float
    linear_value: float
    lower: float | None
    upper: float | None


def threads_of(problem: Problem) -> int:
    """Return how many threads share a pass over the costs."""
    from resolvent.linalg.compiled.threads import threads

    return threads(problem.a.size * problem.b.size, _WORTH_THREADS)


def marginal_error(problem: Problem, u: Array, v: Array, reg: float) -> float:
    """Return the L1 distance of both marginals to what they should be, by a pass of its own."""
    from resolvent.solvers.compiled.transport_bounds import plan_sums

    ones = np.ones(problem.a.size), np.ones(problem.b.size)
    sums = plan_sums(problem.cost.form, 1 / reg, u, v, *ones, threads_of(problem))[:2]
    wanted = problem.wanted(reg, u, v)
    return sum(float(np.sum(np.abs(x - y))) for x, y in zip(sums, wanted, strict=True))


def bounds(problem: Problem, u: Array, v: Array, reg: float) -> Bounds:
    """Return the bounds for scaled potentials."""
    from resolvent.solvers.compiled.transport_bounds import plan_sums, rounded_costs

    form, a, b, scale = problem.cost.form, problem.a, problem.b, 1 / reg
    parts = threads_of(problem)
    ones = np.ones(a.size), np.ones(b.size)
    rows, columns, paid = plan_sums(form, scale, u, v, *ones, parts)
    dual = -reg * float(np.sum(rows)) + sum(
        _dual_part(mass, reg * potential, rho)
        for mass, potential, rho in zip((a, b), (u, v), problem.rho, strict=True)
    )
    x, y = ones
    left, right = np.zeros(a.size), np.zeros(b.size)
    fixed_rows, fixed_columns = map(np.isinf, problem.rho)
    if fixed_rows:
        x = a / np.maximum(rows, _TINY)
        x = np.minimum(x, 1) if fixed_columns else x
        rows, columns, _ = plan_sums(form, scale, u, v, x, y, parts)
    if fixed_columns:
        y = b / np.maximum(columns, _TINY)
        y = np.minimum(y, 1) if fixed_rows else y
        rows, columns, _ = plan_sums(form, scale, u, v, x, y, parts)
    if fixed_rows and fixed_columns:
        left, right = np.maximum(a - rows, 0), np.maximum(b - columns, 0)
        left = left / np.sum(left) if np.any(left) else left
    cost, entropy = rounded_costs(form, scale, u, v, x, y, left, right, parts)
    value = cost + reg * entropy
    for mass, sums, rho in ((a, rows, problem.rho[0]), (b, columns, problem.rho[1])):
        if np.isfinite(rho):
            value += rho * float(np.sum(xlogy(sums, sums / mass) - sums + mass))
    if not problem.balanced:
        return Bounds(float(value), dual, float(paid), None, None)
    across = problem.cost.T.form
    fc = c_transform(form, reg * u, b.size, parts)
    fcc = c_transform(across, fc, a.size, parts)
    gc = c_transform(across, reg * v, a.size, parts)
    gcc = c_transform(form, gc, b.size, parts)
    lower = max(a @ fcc + b @ fc, a @ gc + b @ gcc)
    return Bounds(float(value), dual, float(paid), float(lower), float(cost))


def c_transform(form: Any, f: Array, m: int, parts: int) -> Array:
    """Return ``min_i C[i, j] - f[i]`` for every column ``j``."""
    from resolvent.solvers.compiled.transport_bounds import c_transform as compiled

    return np.asarray(compiled(form, f, m, parts))


def _dual_part(mass: Array, potential: Array, rho: float) -> float:
    if np.isinf(rho):
        return float(mass @ potential)
    return rho * float(np.sum(mass * -np.expm1(-potential / rho)))
