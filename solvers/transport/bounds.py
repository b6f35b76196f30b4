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

from typing import NamedTuple

import numpy as np

from resolvent.arrays import Array, Namespace
from resolvent.solvers.transport.problem import Problem, capped

__all__ = ["Bounds", "bounds", "marginal_error"]

_TINY = float(np.finfo(float).tiny)


class Bounds(NamedTuple):
    """What `TransportSolution` documents."""

    value: float
    dual_value: float
    linear_value: float
    lower: float | None
    upper: float | None


def marginal_error(problem: Problem, u: Array, v: Array, reg: float) -> float:
    """Return the L1 distance of both marginals to what they should be, by a pass of its own."""
    xp = problem.xp
    sums = problem.cost.plan_sums(reg, u, v, xp.ones_like(u), xp.ones_like(v))[:2]
    wanted = problem.wanted(reg, u, v)
    return sum(float(xp.sum(xp.abs(x - y))) for x, y in zip(sums, wanted, strict=True))


def bounds(problem: Problem, u: Array, v: Array, reg: float) -> Bounds:
    """Return the bounds for scaled potentials."""
    xp, cost, a, b = problem.xp, problem.cost, problem.a, problem.b
    x, y = xp.ones_like(u), xp.ones_like(v)
    rows, columns, paid = cost.plan_sums(reg, u, v, x, y)
    dual = -reg * float(xp.sum(rows)) + sum(
        float(_dual_part(xp, mass, reg * potential, rho))
        for mass, potential, rho in zip((a, b), (u, v), problem.rho, strict=True)
    )
    left, right = 0.0 * a, 0.0 * b
    fixed_rows, fixed_columns = map(np.isinf, problem.rho)
    if fixed_rows:
        x = _factors(xp, a, rows, at_most_one=fixed_columns)
        rows, columns, _ = cost.plan_sums(reg, u, v, x, y)
    if fixed_columns:
        y = _factors(xp, b, columns, at_most_one=fixed_rows)
        rows, columns, _ = cost.plan_sums(reg, u, v, x, y)
    if fixed_rows and fixed_columns:
        left, right = (xp.where(w > s, w - s, 0.0 * w) for w, s in ((a, rows), (b, columns)))
        missing = xp.sum(left)
        left = left / xp.where(missing > 0, missing, xp.ones_like(missing))
    spent, entropy = (float(part) for part in cost.rounded(reg, u, v, x, y, left, right))
    value = spent + reg * entropy
    for mass, sums, rho in ((a, rows, problem.rho[0]), (b, columns, problem.rho[1])):
        if np.isfinite(rho):
            value += rho * float(xp.sum(_divergences(xp, sums, mass)))
    if not problem.balanced:
        return Bounds(value, dual, float(paid), None, None)
    across = cost.T
    fc = cost.c_transform(reg * u)
    fcc = across.c_transform(fc)
    gc = across.c_transform(reg * v)
    gcc = cost.c_transform(gc)
    lower = max(float(a @ fcc + b @ fc), float(a @ gc + b @ gcc))
    return Bounds(value, dual, float(paid), lower, spent)


def _divergences(xp: Namespace, sums: Array, mass: Array) -> Array:
    """Return ``s log(s / m) - s + m``; close to ``m`` the terms would cancel."""
    far = xp.abs(sums - mass) > 0.5 * mass
    apart = xp.where(far, 0.0 * mass, sums - mass) / mass
    close = mass * ((1 + apart) * xp.log1p(apart) - apart)
    logs = xp.log(xp.where(sums > 0, sums, mass)) - xp.log(mass)
    return xp.where(far, sums * logs - sums + mass, close)


def _factors(xp: Namespace, wanted: Array, sums: Array, at_most_one: bool) -> Array:
    factors = wanted / xp.where(sums > _TINY, sums, xp.full_like(sums, _TINY))
    return xp.where(factors > 1, xp.ones_like(factors), factors) if at_most_one else factors


def _dual_part(xp: Namespace, mass: Array, potential: Array, rho: float) -> Array:
    if np.isinf(rho):
        return mass @ potential
    return -rho * xp.sum(mass * xp.expm1(capped(xp, -potential / rho)))
