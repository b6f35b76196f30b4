"""How many points the reduced model needs, over the accuracy asked of its integrals."""

import numpy as np
from scipy.optimize import nnls

from resolvent.arrays import Namespace
from resolvent.linalg import nnomp
from resolvent.papers.adaptive_rom.plate import Plate
from resolvent.papers.adaptive_rom.reduced import works
from resolvent.papers.adaptive_rom.training import DURATION, SPOTS, modes_of, resting, simulate
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["cubature"]


def cubature(
    xp: Namespace,
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    cells: int,
    steps: int,
    pod_tols: list[float],
    tols: list[float],
) -> Results:
    r"""Find rules for the work of the modes of stress on those of displacement.

    Scalars: ``points``, of the finest rule for the richest modes, and ``points_nnls``, that of
    scipy.optimize.nnls, both over all quadrature points; ``rows``, the number of integrals over
    the points of the finest rule; ``least_weight``, over the full quadrature's; ``volume_error``;
    ``tol_ratio``, the largest residual over its tolerance. Arrays: ``points_of`` (pod_tol, tol).
    """
    plate = Plate(cells, DURATION / steps)
    states = [s for spot in progress(SPOTS) for s in simulate(plate, resting(spot))]
    count, ratios = np.empty((len(pod_tols), len(tols)), dtype=int), []
    for i, pod_tol in enumerate(progress(pod_tols)):
        J, b = works(plate, modes_of(states, pod_tol)[:2])
        for j, tol in enumerate(tols):
            rule = nnomp(xp.asarray(J), xp.asarray(b), tol=tol).raise_if_failed()
            count[i, j] = rule.indices.size
            ratios.append(rule.residual_norm / (tol * np.linalg.norm(b)))
    scalars = {
        "points": count[-1, -1] / len(plate.weights),
        "points_nnls": np.count_nonzero(nnls(J, b)[0]) / len(plate.weights),
        "rows": len(b) / count[-1, -1],
        "least_weight": float(rule.weights.min()) / plate.weights[0],
        "volume_error": abs(float(rule.weights.sum()) - 1),
        "tol_ratio": max(ratios),
    }
    arrays = {"points_of": count, "pod_tols": pod_tols, "tols": tols, "all": len(plate.weights)}
    return Results(scalars, arrays)
