"""Eigenvalues of the collocation matrices beside samples of their symbol."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["spectrum"]

OUTLIER = 0.05


def spectrum(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    degrees: list[int],
    alpha: float,
    sizes: list[int],
) -> Results:
    r"""Compare sorted eigenvalues with sorted samples f(j pi / (N + 1)), for growing N.

    Scalars, the worst over the degrees: ``rank_gap``, how far the rank of A - T is from 4p - 6,
    T being the Toeplitz matrix of the symbol; ``distance_slope``, the exponent of n in the mean
    distance of eigenvalues and samples; ``outliers_gap``, the change, from the first to the last
    size, in the number of eigenvalues above the maximum of the symbol; ``smallest_gap``, at the
    last size, the relative distance of the smallest eigenvalue from that of the operator itself,
    ``((1 - (2 - alpha) / 4) pi / n)^alpha``; ``smallest_over_sample``, the smallest eigenvalue
    over the first sample. Arrays: ``eigenvalues_p<p>`` of the first size, over the maximum of f,
    and ``distances`` and ``outliers`` (p, n).
    """
    distances = np.empty((len(degrees), len(sizes)))
    outliers = np.empty((len(degrees), len(sizes)), dtype=int)
    ranks, first, sampled = [], [], []
    arrays: dict[str, Any] = {"degrees": degrees, "sizes": sizes, "alpha": alpha}
    for i, p in enumerate(progress(degrees)):
        for j, n in enumerate(sizes):
            problem = gallery.riesz_collocation(n, degree=p, alpha=alpha)
            N = len(problem.b)
            f = np.sort(problem.symbol(np.pi * np.arange(1, N + 1) / (N + 1)))
            eigenvalues = np.sort(np.linalg.eigvals(problem.A).real)
            distances[i, j] = np.mean(np.abs(eigenvalues - f)) / f[-1]
            outliers[i, j] = np.sum(eigenvalues > (1 + OUTLIER) * f[-1])
            T = gallery.toeplitz(problem.coefficients)
            ranks.append(abs(np.linalg.matrix_rank(problem.A - T, tol=1e-12) - (4 * p - 6)))
            if j == 0:
                arrays[f"eigenvalues_p{p}"] = eigenvalues / f[-1]
        operator = (np.pi * (1 - (2 - alpha) / 4) / n) ** alpha
        first.append(abs(eigenvalues[0] / operator - 1))
        sampled.append(eigenvalues[0] / f[0])
    slopes = np.log2(distances[:, -1] / distances[:, -2]) / np.log2(sizes[-1] / sizes[-2])
    scalars = {
        "rank_gap": max(ranks),
        "distance_slope": np.max(slopes),
        "outliers_gap": np.max(np.abs(outliers[:, -1] - outliers[:, 0])),
        "smallest_gap": max(first),
        "smallest_over_sample": max(sampled),
    }
    return Results(scalars, arrays | {"distances": distances, "outliers": outliers})
