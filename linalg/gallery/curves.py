"""Smooth closed curves in the plane, by their points and two derivatives."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["kite"]

Vector = NDArray[np.float64]


def kite(t: Vector) -> tuple[Vector, Vector, Vector]:
    r"""Return the points (2, m) of the kite at parameters t, and their two derivatives.

    :math:`x(t) = (\cos t + 0.65 \cos 2t - 0.65, 1.5 \sin t)`, a usual obstacle: smooth, not convex.

    Examples
    --------
    >>> kite(np.array([0.0, np.pi / 2]))[0].round(12).tolist()
    [[1.0, -1.3], [0.0, 1.5]]
    """
    c, s, c2, s2 = np.cos(t), np.sin(t), np.cos(2 * t), np.sin(2 * t)
    return (
        np.stack([c + 0.65 * c2 - 0.65, 1.5 * s]),
        np.stack([-s - 1.3 * s2, 1.5 * c]),
        np.stack([-c - 2.6 * c2, -1.5 * s]),
    )
