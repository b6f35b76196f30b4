"""Skeletons of small and large cells: a kernel that decays needs fewer points in large ones."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.summation import EIFMM, Radial, Yukawa

__all__ = ["levels"]


def levels(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    points: int,
    screening: float,
    tol: float,
) -> Results:
    r"""Choose the skeletons of all levels in the unit square, screened and not.

    Scalars: ``largest_over_smallest``, points of the skeleton in the largest cells over those in
    the smallest, of :math:`e^{-\kappa r}/r`; ``plain_largest_over_smallest``, the same for ``1/r``;
    ``error_over_tol``. Arrays: ``levels``, ``sizes``, ``ranks``; ``plain_levels`` and ``plain``,
    the number of points that ``1/r`` takes.
    """
    places = xp.asarray(rng.random((points, 2)))
    # 1/r as a function of which nothing is known, so that every level chooses for itself
    pair = (Yukawa(screening), Radial(lambda r: 1 / r))
    A, B = (EIFMM(kernel, 2, tol).fit(places) for kernel in progress(pair))
    sizes, ranks = np.array(list(A.ranks.values())).T
    unscreened = np.array([size for size, _ in B.ranks.values()])
    scalars = {
        "largest_over_smallest": sizes[0] / sizes[-1],
        "plain_largest_over_smallest": unscreened[0] / unscreened[-1],
        "error_over_tol": max(A.error_estimate, B.error_estimate) / tol,
    }
    arrays = {
        "levels": np.array(list(A.ranks)),
        "sizes": sizes,
        "ranks": ranks,
        "plain_levels": np.array(list(B.ranks)),
        "plain": unscreened,
    }
    return Results(scalars, arrays)
