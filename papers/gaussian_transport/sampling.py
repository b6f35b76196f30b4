"""The same problem between samples: what is left is the error of sampling."""

from itertools import product

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.gaussian_transport.closed_forms import entropic_cost
from resolvent.papers.gaussian_transport.entropic import PLANE
from resolvent.papers.gaussian_transport.grids import without_entropies
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import PointCost, sinkhorn_newton

__all__ = ["sampling"]


def sampling(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    regs: list[float],
    sizes: list[int],
    trials: int,
) -> Results:
    """Draw as many points from both Gaussians of the plane, and solve between them.

    Scalars: ``exponent``, the power of N in the root mean square error of the value, farthest from
    -1/2 over reg; ``last_error``, the largest relative error at the last N. Arrays: ``errors``
    (reg, N), relative root mean squares.
    """
    roots = [np.linalg.cholesky(S) for S in PLANE]
    wanted = np.array([entropic_cost(*PLANE, reg) for reg in regs])
    found = np.empty((len(regs), len(sizes), trials))
    for (j, n), k in progress(list(product(enumerate(sizes), range(trials)))):
        x, y = (rng.standard_normal((n, 2)) @ L.T for L in roots)
        for i, reg in enumerate(regs):
            found[i, j, k] = without_entropies(sinkhorn_newton(PointCost(x, y), reg=reg, tol=1e-7))
    errors = np.sqrt(np.mean((found / wanted[:, None, None] - 1) ** 2, axis=2))
    slopes = np.polyfit(np.log(sizes), np.log(errors.T), 1)[0]
    scalars = {
        "exponent": slopes[np.argmax(np.abs(slopes + 0.5))],
        "last_error": np.max(errors[:, -1]),
    }
    return Results(scalars, {"errors": errors, "sizes": sizes, "regs": regs})
