"""Figure 2 of the paper: two digits, and regularisations down from the median of the costs."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton.methods import trace_all
from resolvent.papers.sinkhorn_newton.problems import mnist_pair

__all__ = ["METHODS", "digits"]

METHODS = ("sinkhorn", "newton", "ours")


def digits(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    pair: list[int],
    factors: list[float],
    tol: float,
) -> Results:
    """Count the work for each regularisation, a factor times the median cost.

    Scalars: ``<method>_growth``, the work at the last factor over that at the first;
    ``first_sinkhorn_over_newton`` and ``last_sinkhorn_over_newton`` there, and
    ``last_newton_over_ours``. Arrays: ``work`` (method, factor), traces ``<method>_<k>_...``,
    ``factors``, ``mu`` and ``nu``.
    """
    problem = mnist_pair(*pair)
    median = float(np.median(problem.C))
    work = np.empty((len(METHODS), len(factors)))
    arrays = {"mu": problem.mu.reshape(28, 28), "nu": problem.nu.reshape(28, 28)}
    for k, factor in enumerate(progress(factors)):
        traces = trace_all(problem, factor * median, tol=tol, methods=METHODS)
        for row, (name, trace) in enumerate(traces.items()):
            work[row, k] = trace.work_to()
            arrays |= trace.arrays(f"{name}_{k}")
    sinkhorn, newton, ours = work
    scalars = {f"{name}_growth": row[-1] / row[0] for name, row in zip(METHODS, work, strict=True)}
    scalars |= {
        "first_sinkhorn_over_newton": sinkhorn[0] / newton[0],
        "last_sinkhorn_over_newton": sinkhorn[-1] / newton[-1],
        "last_newton_over_ours": newton[-1] / ours[-1],
    }
    return Results(scalars, {**arrays, "work": work, "factors": np.array(factors)})
