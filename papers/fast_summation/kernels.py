"""How many points a kernel takes, and the error of the sums, in space."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.summation import EIFMM, Helmholtz, InversePower, Yukawa

__all__ = ["KERNELS", "kernels"]

KERNELS = {
    "laplace": "laplace",
    "yukawa": Yukawa(1.0),
    "helmholtz": Helmholtz(1.0),
    "fourth_power": InversePower(4),
}
_TARGETS = 200


def kernels(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    points: int,
    tols: list[float],
) -> Results:
    """Sum charges of mixed signs at random points of the unit cube, for each kernel and tolerance.

    Scalars: for each kernel ``<kernel>_growth``, the points of its largest skeleton at the last
    tolerance over those at the first; ``error_over_tol``, the largest ratio of the error to the
    tolerance; ``estimate_over_error`` and ``largest_estimate_over_error``, the smallest and the
    largest ratio of the estimated to the true error;
    ``recompression``, the mean ratio of translated coefficients to points of the skeleton. Arrays:
    ``tols``, and for each kernel ``sizes``, ``ranks`` and ``errors``.
    """
    places = xp.asarray(rng.random((points, 3)))
    charges = xp.asarray(rng.standard_normal(points))
    scalars, arrays = {}, {"tols": np.array(tols)}
    over, estimates, shares = [], [], []
    for name, kernel in progress(KERNELS.items()):
        found = []
        for tol in tols:
            A = EIFMM(kernel, 3, tol).fit(places)
            error = A.estimate(charges, rng=rng, samples=_TARGETS)
            size, rank = max(A.ranks.values())
            found.append((size, rank, error))
            over.append(error / tol)
            estimates.append(A.error_estimate / error)
            shares.append(rank / size)
        sizes, ranks, errors = np.array(found).T
        scalars[f"{name}_growth"] = sizes[-1] / sizes[0]
        arrays |= {f"{name}_sizes": sizes, f"{name}_ranks": ranks, f"{name}_errors": errors}
    scalars["error_over_tol"] = max(over)
    scalars["estimate_over_error"] = min(estimates)
    scalars["largest_estimate_over_error"] = max(estimates)
    scalars["recompression"] = float(np.mean(shares))
    return Results(scalars, arrays)
