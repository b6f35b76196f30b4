"""The cluster of the nearest medoid in the space of parameters."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["NearestMedoid"]


@dataclass(frozen=True, eq=False)
class NearestMedoid:
    """A classifier that knows the parameters of the medoids.

    Attributes
    ----------
    medoids : (k, d) ndarray
        Their parameters.
    units : (d,) ndarray
        Ranges of the parameters in training: distances don't depend on physical units.
    """

    medoids: NDArray[np.float64]
    units: NDArray[np.float64]

    @classmethod
    def of(cls, params: Any, count: int, medoids: NDArray[np.intp]) -> Self:
        """Return the classifier for ``count`` training parameters (n, d), or (n,).

        Raises
        ------
        ValueError
            They are of another number, or not finite.
        """
        points = _points(params)
        if len(points) != count:
            raise ValueError(f"params must be ({count}, d), got shape {points.shape}")
        spans = np.ptp(points, axis=0)
        return cls(points[medoids], np.where(spans > 0, spans, 1))

    def __call__(self, params: Any) -> NDArray[np.intp]:
        """Return the number of the nearest medoid for parameters (q, d), or (q,)."""
        points = _points(params)
        if points.shape[1] != self.medoids.shape[1]:
            wanted = f"(q, {self.medoids.shape[1]})"
            raise ValueError(f"params must be {wanted}, got shape {points.shape}")
        apart = (points[:, None, :] - self.medoids) / self.units
        nearest: NDArray[np.intp] = np.argmin(np.sum(apart**2, axis=2), axis=1)
        return nearest


def _points(params: Any) -> NDArray[np.float64]:
    """Return parameters as (n, d) on the host."""
    points = np.asarray(params, dtype=np.float64)
    if points.ndim not in (1, 2) or not np.all(np.isfinite(points)):
        raise ValueError(f"params must be finite, (n, d) or (n,), got shape {points.shape}")
    return points[:, None] if points.ndim == 1 else points
