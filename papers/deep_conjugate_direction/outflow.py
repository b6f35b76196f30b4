"""Right-hand sides of pressure systems."""

import numpy as np
from numpy.typing import NDArray

from resolvent.linalg.gallery import gaussian_field

__all__ = ["outflow"]


def outflow(fluid: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how much a smooth random velocity flows out of each fluid cell, none through solids.

    This is the right-hand side of a projection to a velocity without divergence.
    """
    total = np.zeros(fluid.shape)
    for axis in (0, 1):
        velocity = np.moveaxis(gaussian_field(fluid.shape, rng=rng), axis, 0)
        free = np.moveaxis(fluid, axis, 0)
        through = velocity[1:] * (free[1:] & free[:-1])
        ends = velocity[:1] * free[:1], velocity[-1:] * free[-1:]
        faces = np.concatenate([ends[0], through, ends[1]])
        total += np.moveaxis(np.diff(faces, axis=0), 0, axis)
    return np.asarray(total[fluid])
