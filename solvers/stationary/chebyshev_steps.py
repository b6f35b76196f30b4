"""The recurrence of `resolvent.solvers.chebyshev_iteration`, in its letters."""

import math
from collections.abc import Iterator
from typing import Any

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.recurrence import Counted, State, Target, at
from resolvent.solvers.stationary.divergence import diverging
from resolvent.vectors import norm

__all__ = ["chebyshev_steps", "promised"]


def promised(interval: tuple[float, float]) -> float:
    r"""Return the contraction of an interval, :math:`(\sqrt\kappa - 1)/(\sqrt\kappa + 1)`."""
    root = math.sqrt(interval[1] / interval[0])
    return (root - 1) / (root + 1)


def chebyshev_steps(
    A: Counted, r: Array, _: Target, *, interval: tuple[float, float], M: Any = None
) -> Iterator[State]:
    """Yield the states of Chebyshev iteration for ``A d = r``."""
    xp = namespace_of(r)
    theta, delta = sum(interval) / 2, (interval[1] - interval[0]) / 2
    d = p = zero = xp.zeros_like(r)
    first = norm(r)
    trouble = xp.zeros(first.shape, dtype=xp.int64, device=device_of(r))
    rho, momentum, gain = delta / theta, 0.0, 1 / theta
    while True:
        z = r if M is None else M @ r
        p = xp.where(trouble == 0, momentum * p + gain * z, zero)
        d = d + p
        r = r - A @ p
        norms = norm(r)
        trouble = diverging(xp, trouble, norms, first, r.dtype)
        yield State(at(d), norms, trouble)
        gain = 2 / (2 * theta - delta * rho)
        momentum, rho = rho * delta * gain / 2, delta * gain / 2
