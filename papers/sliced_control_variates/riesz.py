"""The gradient of the energy distance along random lines: error against lines and dimension."""

from itertools import product

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import riesz_mmd, riesz_mmd_gradient

__all__ = ["riesz"]

SHIFT = 0.5  # of every coordinate


def riesz(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    points: int,
    dimensions: list[int],
    lines: list[int],
    repetitions: int,
) -> Results:
    """Compare sliced gradients with the exact one, for clouds whose coordinates all look the same.

    Scalars: ``lines_slope`` and ``dimension_slope``, the exponents of the error, the latter between
    the last two dimensions; ``honesty_gap``, the largest difference between 1 and the error over
    the reported one, in root mean square; ``bias``, the largest mean error of a value in units of
    its standard deviation. Arrays: ``errors`` (dimension, lines).
    """
    errors, reported, deviations = np.empty((3, len(dimensions), len(lines), repetitions))
    for i, d in enumerate(progress(dimensions)):
        x, y = rng.standard_normal((2, points, d))
        x, y = xp.asarray(x), xp.asarray(y + SHIFT)
        value, exact = riesz_mmd(x, y).value, to_host(riesz_mmd_gradient(x, y).gradient)
        for (j, count), k in product(enumerate(lines), range(repetitions)):
            found = riesz_mmd_gradient(x, y, projections=count, rng=rng)
            errors[i, j, k] = np.linalg.norm(to_host(found.gradient) - exact)
            reported[i, j, k] = found.standard_error
            estimate = riesz_mmd(x, y, projections=count, rng=rng)
            deviations[i, j, k] = estimate.value - value

    sizes, stated = (np.sqrt(np.mean(norms**2, axis=2)) for norms in (errors, reported))
    by_lines = np.log(sizes[:, -1] / sizes[:, 0]) / np.log(lines[-1] / lines[0])
    by_dimension = np.log(sizes[-1] / sizes[-2]) / np.log(dimensions[-1] / dimensions[-2])
    bias = np.mean(deviations, axis=2) / np.std(deviations, axis=2) * np.sqrt(repetitions)
    scalars = {
        "lines_slope": np.mean(by_lines),
        "dimension_slope": np.mean(by_dimension),
        "honesty_gap": np.max(np.abs(sizes / stated - 1)),
        "bias": np.max(np.abs(bias)),
    }
    return Results(scalars, {"errors": sizes, "dimensions": dimensions, "lines": lines})
