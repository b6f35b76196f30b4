"""A few steps of conjugate gradients with each of several preconditioners, and who is ahead.

The loops of `resolvent.solvers` stand above the preconditioners; this one only counts.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["cg_progress", "steps_to"]

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


def _progress(norms: Iterator[float], level: float, most: int) -> tuple[int, float]:
    """Return the steps until a norm is at most ``level``, or ``most``, and the least norm."""
    least = 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        for k, norm in zip(range(1, most + 1), norms, strict=False):
            least = float(np.fmin(norm, least))
            if least <= level:
                return k, least
    return most, least


def cg_progress(A: Any, M: Any, b: Host, level: float, most: int) -> tuple[int, float]:
    r"""Return the steps until the relative residual is at most ``level``, and what it then is.

    After ``most`` steps, or a breakdown, it is the least one so far. It is that of the matrix
    scaled to unit diagonal, :math:`\|D^{-1/2} r\|` with the right-hand side :math:`D^{1/2} b`, so
    that no scaling of A decides the race.
    """
    root, size = np.sqrt(A.diagonal()), float(np.linalg.norm(b)) or 1.0
    norms = (float(np.linalg.norm(r / root)) / size for r in _residuals(A, M, root * b))
    return _progress(norms, level, most)


def steps_to(A: Any, M: Any, b: Host, rtol: float, most: int) -> int:
    """Return how many steps make the residual at most ``rtol`` times that of zero."""
    size = float(np.linalg.norm(b)) or 1.0
    norms = (float(np.linalg.norm(r)) / size for r in _residuals(A, M, b))
    return _progress(norms, rtol, most)[0]
