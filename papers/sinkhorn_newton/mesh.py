"""Figure 3 of the paper: two densities on finer and finer meshes."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton.methods import METHODS, trace_all
from resolvent.papers.sinkhorn_newton.problems import densities

__all__ = ["mesh"]


def mesh(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    sizes: list[int],
    gamma: float,
    tol: float,
) -> Results:
    """Count the work of all methods for each number of points.

    Scalars: ``<method>_growth``, the work at the last size over that at the first, and
    ``sinkhorn_over_newton`` and ``newton_over_ours`` at the last. Arrays: ``work`` (method, size),
    traces ``<method>_<k>_...`` and ``sizes``; ``mu`` and ``nu`` of the last size.
    """
    work = np.empty((len(METHODS), len(sizes)))
    arrays: dict[str, Any] = {}
    for k, size in enumerate(progress(sizes)):
        problem = densities(size)
        for row, (name, trace) in enumerate(trace_all(problem, gamma, tol=tol).items()):
            work[row, k] = trace.work_to()
            arrays |= trace.arrays(f"{name}_{k}")
    last = dict(zip(METHODS, work[:, -1], strict=True))
    scalars = {f"{name}_growth": row[-1] / row[0] for name, row in zip(METHODS, work, strict=True)}
    scalars |= {
        "sinkhorn_over_newton": last["sinkhorn"] / last["newton"],
        "newton_over_ours": last["newton"] / last["ours"],
    }
    arrays |= {"work": work, "sizes": np.array(sizes), "mu": problem.mu, "nu": problem.nu}
    return Results(scalars, arrays)
