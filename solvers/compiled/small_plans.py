r"""The plan of a small transport problem, stored, and what one thread computes from it.

In scaled variables :math:`P_{ij} = \exp(u_i + v_j - C_{ij} / \varepsilon)`. Vectors of columns are
groups of SIMD lanes, filled up by columns of infinite cost and no mass; rows are filled up to a
multiple of four. Entries below e^-345 of the largest in their row are zero, so that products of two
of them stay above the subnormal numbers, which take a hundred times as long.
"""

from typing import Any, NamedTuple

import numpy as np

from resolvent.linalg.compiled.lanes import (
    compile_lanes,
    count,
    exp,
    load,
    load_run,
    splat,
    store,
    store_run,
    total,
    where_positive,
)
from resolvent.solvers.compiled.laplacian import solve_laplacian

__all__ = [
    "LEAST_SUM",
    "ROWS",
    "SmallPlan",
    "marginal_error",
    "newton_direction",
    "normalise",
    "plan_of_potentials",
    "span_of",
    "sweep",
]

_NEGLIGIBLE = -345.0
LEAST_SUM = 1e-100
ROWS = 4  # that share the loads of a vector


class SmallPlan(NamedTuple):
    """A problem and its plan.

    ``cost`` and ``plan`` are ``(n, groups, width)``, ``b`` and the column sums ``c`` are
    ``(groups, width)``, ``a`` and the potential ``u`` of the rows ``(n,)``.
    """

    cost: Any
    a: Any
    b: Any
    plan: Any
    u: Any
    c: Any


@compile_lanes
def span_of(cost):  # type: ignore[no-untyped-def]
    """Return the largest difference of two finite costs."""
    n, groups, lanes = cost.shape
    ends = np.empty((2, lanes))
    infinite, high = splat(ends, np.inf), splat(ends, -np.inf)
    low = infinite
    for i in range(n):
        for g in range(groups):
            x = load(cost, (i, g))
            low = where_positive(low - x, x, low)
            high = where_positive(where_positive(infinite - x, x, high) - high, x, high)
    store(ends, (0,), low)
    store(ends, (1,), high)
    return np.max(ends[1]) - np.min(ends[0])


@compile_lanes
def normalise(small, reg, v):  # type: ignore[no-untyped-def]
    """Compute ``u`` and the plan, whose rows are right, from ``v``; return error and objective."""
    _, a, b, plan, u, c = small
    n, groups, lanes = plan.shape
    zero, value = splat(c, 0.0), 0.0
    tops = _exponents(small, reg, v)
    c[:] = 0
    for i in range(n):
        if a[i] == 0:
            u[i] = -np.inf
            plan[i] = 0
            continue
        top = tops[i, 0]
        for lane in range(1, lanes):
            top = max(top, tops[i, lane])
        shift, part = splat(c, top), zero
        for g in range(groups):
            x = load(plan, (i, g)) - shift
            x = where_positive(x - splat(c, _NEGLIGIBLE), exp(x), zero)
            store(plan, (i, g), x)
            part = part + x
        weight = a[i] / total(part)
        u[i] = np.log(weight) - top
        value -= a[i] * u[i]
        for g in range(groups):
            x = splat(c, weight) * load(plan, (i, g))
            store(plan, (i, g), x)
            store(c, (g,), load(c, (g,)) + x)
    for g in range(groups):
        for lane in range(lanes):
            if b[g, lane] > 0:
                value -= b[g, lane] * v[g, lane]
    return np.sum(np.abs(c - b)), value


@compile_lanes
def _exponents(small, reg, v):  # type: ignore[no-untyped-def]
    """Write ``v - C / reg`` to the plan; return the largest of each row and lane.

    A loop of its own, so that rows overlap in the processor.
    """
    cost, plan, c = small.cost, small.plan, small.c
    n, groups, lanes = plan.shape
    tops, scale = np.empty((n, lanes)), splat(c, 1 / reg)
    for i in range(n):
        top = splat(c, -np.inf)
        for g in range(groups):
            x = load(v, (g,)) - scale * load(cost, (i, g))
            store(plan, (i, g), x)
            top = where_positive(x - top, x, top)
        store(tops, (i,), top)
    return tops


@compile_lanes
def sweep(small, r, s):  # type: ignore[no-untyped-def]
    """Scale the rows by ``r``, then the columns by ``s``; return the error between the two."""
    _, a, b, plan, _, c = small
    n, groups, _ = plan.shape
    zero, least = splat(c, 0.0), splat(c, LEAST_SUM)
    c[:] = 0
    for i in range(0, n, ROWS):
        p, q, t, z = zero, zero, zero, zero
        for g in range(groups):
            x = load(s, (g,))
            p = p + load(plan, (i, g)) * x
            q = q + load(plan, (i + 1, g)) * x
            t = t + load(plan, (i + 2, g)) * x
            z = z + load(plan, (i + 3, g)) * x
        r[i] = a[i] / max(total(p), LEAST_SUM)
        r[i + 1] = a[i + 1] / max(total(q), LEAST_SUM)
        r[i + 2] = a[i + 2] / max(total(t), LEAST_SUM)
        r[i + 3] = a[i + 3] / max(total(z), LEAST_SUM)
        p, q, t, z = splat(c, r[i]), splat(c, r[i + 1]), splat(c, r[i + 2]), splat(c, r[i + 3])
        for g in range(groups):
            x = p * load(plan, (i, g)) + q * load(plan, (i + 1, g))
            y = t * load(plan, (i + 2, g)) + z * load(plan, (i + 3, g))
            store(c, (g,), load(c, (g,)) + (x + y))
    error = zero
    for g in range(groups):
        wanted, column = load(b, (g,)), load(c, (g,))
        over = load(s, (g,)) * column - wanted
        error = error + where_positive(over, over, -over)
        store(s, (g,), wanted / where_positive(column - least, column, least))
    return total(error)


@compile_lanes
def newton_direction(small, shift, W, leak, d):  # type: ignore[no-untyped-def]
    """Write the direction to ``d``; ``W (m, groups, width)`` and ``leak`` are room for it."""
    _, a, b, plan, _, c = small
    n, groups, lanes = plan.shape
    m = groups * lanes
    entries, inverse = plan.reshape((n, m)), np.zeros(n)
    for i in range(n):
        if a[i] > 0:
            inverse[i] = 1 / a[i]
    W[:] = 0
    for i in range(0, n, ROWS):
        for j in range(m):
            p = splat(c, entries[i, j] * inverse[i])
            q = splat(c, entries[i + 1, j] * inverse[i + 1])
            r = splat(c, entries[i + 2, j] * inverse[i + 2])
            t = splat(c, entries[i + 3, j] * inverse[i + 3])
            for g in range(j // lanes, groups):
                x = p * load(plan, (i, g)) + q * load(plan, (i + 1, g))
                y = r * load(plan, (i + 2, g)) + t * load(plan, (i + 3, g))
                store(W, (j, g), load(W, (j, g)) + (x + y))
    leak[:] = shift * c
    d[:] = b - c
    solve_laplacian(W, leak, d)


@compile_lanes
def marginal_error(small, reg, f, g):  # type: ignore[no-untyped-def]
    """Return the L1 error of both marginals at potentials in units of the cost."""
    cost, a, b, _, _, c = small
    n, groups, _ = cost.shape
    scale, rows = splat(c, 1 / reg), 0.0
    c[:] = 0
    for i in range(n):
        part = splat(c, 0.0)
        for k in range(groups):
            x = exp(scale * (splat(c, f[i]) + load(g, (k,)) - load(cost, (i, k))))
            part = part + x
            store(c, (k,), load(c, (k,)) + x)
        rows += abs(total(part) - a[i])
    return rows + np.sum(np.abs(c - b))


@compile_lanes
def plan_of_potentials(cost, f, g, reg, plan):  # type: ignore[no-untyped-def]
    """Write the plan ``(n, m)`` of potentials in units of the cost."""
    n, m = cost.shape
    scale, whole = splat(f, 1 / reg), m - m % count(f)
    for i in range(n):
        row, out, here = cost[i], plan[i], splat(f, f[i])
        for j in range(0, whole, count(f)):
            store_run(out, j, exp(scale * (here + load_run(g, j) - load_run(row, j))))
        for j in range(whole, m):
            out[j] = np.exp((f[i] + g[j] - row[j]) / reg)
