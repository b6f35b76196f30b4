"""A few steps of conjugate gradients with each of several preconditioners, and who is ahead.

The loops of `resolvent.solvers` stand above the preconditioners; this one only counts.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["least_residuals", "steps_to"]

Host = NDArray[Any]


def _residuals(A: Any, M: Any, b: Host) -> Iterator[Host]:
    """Yield the residuals of conjugate gradients from zero, up to a breakdown."""
    r, p, rho = b, np.zeros_like(b), 1.0
    while True:
        z = M @ r
        rho, old = float(r @ z), rho
        p = z + (rho / old) * p
        q = A @ p
        curvature = float(p @ q)
        if not (rho > 0 and 0 < curvature < np.inf):
            return
        r = r - (rho / curvature) * q
        yield r


def least_residuals(A: Any, M: Any, b: Host, steps: int) -> NDArray[np.float64]:
    r"""Return the least residual within 0, 1, ..., ``steps`` steps, relative to that of zero.

    It is that of the matrix scaled to unit diagonal, :math:`\|D^{-1/2} r\|` with the right-hand
    side :math:`D^{1/2} b`, so that no scaling of A decides the race.
    """
    root = np.sqrt(A.diagonal())
    norms = np.full(steps + 1, float(np.linalg.norm(b)))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, r in zip(range(1, steps + 1), _residuals(A, M, root * b), strict=False):
            norms[k:] = np.fmin(float(np.linalg.norm(r / root)), norms[k - 1])
    return norms / (norms[0] or 1.0)


def steps_to(A: Any, M: Any, b: Host, rtol: float, most: int) -> int:
    """Return how many steps make the residual smaller than ``rtol`` times that of zero."""
    goal = rtol * float(np.linalg.norm(b))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, r in zip(range(1, most + 1), _residuals(A, M, b), strict=False):
            if np.linalg.norm(r) <= goal:
                return k
    return most
