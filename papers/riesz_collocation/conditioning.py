"""The condition of the collocation matrices as the mesh is refined."""

from itertools import product

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["conditioning"]


def conditioning(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    degrees: list[int],
    alphas: list[float],
    sizes: list[int],
) -> Results:
    """Measure the spectral condition number.

    Scalars: ``growth_error``, the largest difference between alpha and the exponent of n between
    the last two sizes; ``high_over_low_degree``, the condition of the highest degree over that
    of the lowest, smallest over alpha, at the last size. Arrays: ``conditions`` (alpha, p, n).
    """
    shape = (len(alphas), len(degrees), len(sizes))
    conditions = np.empty(shape)
    cases = list(product(enumerate(alphas), enumerate(degrees), enumerate(sizes)))
    for (i, alpha), (j, p), (k, n) in progress(cases):
        conditions[i, j, k] = np.linalg.cond(gallery.riesz_collocation(n, degree=p, alpha=alpha).A)
    slopes = np.log(conditions[:, :, -1] / conditions[:, :, -2]) / np.log(sizes[-1] / sizes[-2])
    scalars = {
        "growth_error": np.max(np.abs(slopes - np.asarray(alphas)[:, None])),
        "high_over_low_degree": np.min(conditions[:, -1, -1] / conditions[:, 0, -1]),
    }
    arrays = {
        "conditions": conditions,
        "alphas": alphas,
        "degrees": degrees,
        "sizes": sizes,
    }
    return Results(scalars, arrays)
