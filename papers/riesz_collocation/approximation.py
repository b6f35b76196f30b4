"""The error of the collocation solution against the known one, and its order."""

from itertools import product

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["approximation", "claimed_order"]

POINTS = 4001


def claimed_order(degree: int, alpha: float) -> float:
    """Return p + 2 - alpha for even, p + 1 - alpha for odd degrees."""
    return degree + (1 if degree % 2 else 2) - alpha


def approximation(
    xp: Namespace,
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    degrees: list[int],
    alphas: list[float],
    sizes: list[int],
) -> Results:
    """Solve for a smooth solution on finer and finer meshes.

    Scalars: ``order_gap_p<p>``, the observed order between the last two sizes minus the claimed
    one, where it is largest in absolute value over alpha. Arrays: ``errors`` (alpha, p, n), in
    the maximum norm over the interval, and ``claimed`` (alpha, p).
    """
    x = np.linspace(0, 1, POINTS)
    errors = np.empty((len(alphas), len(degrees), len(sizes)))
    cases = list(product(enumerate(alphas), enumerate(degrees), enumerate(sizes)))
    for (i, alpha), (j, p), (k, n) in progress(cases):
        problem = gallery.riesz_collocation(n, degree=p, alpha=alpha)
        c = xp.linalg.solve(xp.asarray(problem.A), xp.asarray(problem.b))
        errors[i, j, k] = np.max(np.abs(problem.spline(to_host(c))(x) - problem.solution(x)))
    claimed = np.array([[claimed_order(p, alpha) for p in degrees] for alpha in alphas])
    observed = np.log(errors[:, :, -2] / errors[:, :, -1]) / np.log(sizes[-1] / sizes[-2])
    gaps = (observed - claimed).T
    worst = {p: gap[np.argmax(np.abs(gap))] for p, gap in zip(degrees, gaps, strict=True)}
    arrays = {
        "errors": errors,
        "claimed": claimed,
        "alphas": alphas,
        "degrees": degrees,
        "sizes": sizes,
    }
    return Results({f"order_gap_p{p}": gap for p, gap in worst.items()}, arrays)
