r"""Sinkhorn's iteration on a batch of problems that step together, in the log domain.

.. math:: u_i = \log a_i - \log \sum_j e^{v_j - C_{ij} / \varepsilon}, \quad
          v_j \leftarrow v_j + \log b_j - \log \sum_i e^{u_i + v_j - C_{ij} / \varepsilon}

Every array carries the batch in front. The errors are read once in ten steps, so that a GPU is
waited for as rarely; what has converged goes on beside the others, which only makes it better.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, to_host

__all__ = ["Lockstep", "plan_of", "sinkhorn_in_lockstep"]

_FIRST = 1 / 16  # regularisation, of the span of the costs
_FACTOR = 4
_COARSE = 1e-2  # error that a stage before the last is left with
_ROOM = 0.9  # of the tolerance: the potentials that are returned are rounded
_READ = 10  # steps between two reads of the errors
_PATIENCE = 10  # reads without a new best error
_LEAST_SUM = 1e-300


class Lockstep(NamedTuple):
    """Potentials ``(p, n)`` and ``(p, m)``, and on the host errors and steps ``(p,)``."""

    f: Array
    g: Array
    errors: NDArray[np.float64]
    iterations: NDArray[np.int64]


def plan_of(xp: Namespace, costs: Array, f: Array, g: Array, reg: Array) -> Array:
    """Return the plans ``(..., n, m)`` of potentials in units of the cost."""
    return xp.exp((f[..., :, None] + g[..., None, :] - costs) / reg[..., None, None])


def sinkhorn_in_lockstep(
    xp: Namespace, costs: Array, a: Array, b: Array, reg: Array, tol: float, maxiter: int
) -> Lockstep:
    """Solve a batch of problems ``(p, n, m)``; arguments and results as in `solve_small`."""
    lowest = xp.min(costs, axis=(1, 2))
    finite = xp.where(costs < math.inf, costs, lowest[:, None, None])
    first = _FIRST * (xp.max(finite, axis=(1, 2)) - lowest)
    level = xp.where(first > reg, first, reg)
    g, steps = xp.where(b > 0, xp.zeros_like(b), xp.full_like(b, -math.inf)), 0
    while True:
        last = bool(xp.all(level == reg))
        goal = _ROOM * tol if last else max(tol, _COARSE)
        u, v, reached = _stage(xp, costs, a, b, level, g / level[:, None], goal, steps, maxiter)
        f, g = u * level[:, None], v * level[:, None]
        if last:
            break
        steps = int(reached.max())
        lower = level / _FACTOR
        level = xp.where(lower > reg, lower, reg) if steps < maxiter else reg
    P = plan_of(xp, costs, f, g, reg)
    errors = xp.sum(xp.abs(xp.sum(P, axis=2) - a), axis=1)
    errors = errors + xp.sum(xp.abs(xp.sum(P, axis=1) - b), axis=1)
    return Lockstep(f, g, to_host(errors), reached)


def _stage(
    xp: Namespace,
    costs: Array,
    a: Array,
    b: Array,
    reg: Array,
    v: Array,
    goal: float,
    steps: int,
    maxiter: int,
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Solve at one regularisation of each; return potentials, and the steps that each took."""
    scaled = costs / reg[:, None, None]
    log_a, log_b, start = _log(xp, a), _log(xp, b), steps
    best, since = np.full(costs.shape[0], np.inf), np.zeros(costs.shape[0], dtype=int)
    reached = np.full(costs.shape[0], -1)
    while True:
        u, columns = _normalise(xp, scaled, log_a, v)
        if (steps - start) % _READ == 0 or steps >= maxiter:
            errors = to_host(xp.sum(xp.abs(columns - b), axis=1))
            reached[(errors <= goal) & (reached < 0)] = steps
            since = np.where(errors < best, 0, since + 1)
            best = np.minimum(errors, best)
            if steps >= maxiter or np.all((errors <= goal) | (since >= _PATIENCE)):
                return u, v, np.where(reached < 0, steps, reached)
        least = xp.full_like(columns, _LEAST_SUM)
        v = v + log_b - xp.log(xp.where(columns > least, columns, least))
        steps += 1


def _normalise(xp: Namespace, scaled: Array, log_a: Array, v: Array) -> tuple[Array, Array]:
    """Return ``u``, for which the rows are right, and the column sums."""
    exponents = v[:, None, :] - scaled
    top = xp.max(exponents, axis=2)
    top = xp.where(top > -math.inf, top, xp.zeros_like(top))
    entries = xp.exp(exponents - top[:, :, None])
    u = log_a - top - _log(xp, xp.sum(entries, axis=2))
    u = xp.where(log_a > -math.inf, u, log_a)
    return u, xp.sum(xp.exp(u + top)[:, :, None] * entries, axis=1)


def _log(xp: Namespace, x: Array) -> Array:
    """Return the logarithm, minus infinity at zero without a warning."""
    positive = x > 0
    logarithm = xp.log(xp.where(positive, x, xp.ones_like(x)))
    return xp.where(positive, logarithm, xp.full_like(x, -math.inf))
