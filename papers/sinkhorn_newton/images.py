"""Figure 1 of the paper: Sinkhorn's iteration and Newton's method on two small images."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton.methods import Trace, trace_of, trace_published
from resolvent.papers.sinkhorn_newton.problems import Vector, blurred_images
from resolvent.solvers.transport import sinkhorn_newton

__all__ = ["images"]

FIRST, LAST = 1e-4, 1e-11  # errors between which steps are counted


def images(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    side: int,
    gamma: float,
    tol: float,
) -> Results:
    r"""Measure violation, cost and plan on the way; the reference is the library's solution.

    Scalars: ``<method>_work``, to the accuracy of the comparison, and the ratios of these;
    ``<method>_late_steps``, Newton steps from an error of 1e-4 to 1e-11, and ``exact_order`` of
    the last errors; ``newton_cost_error`` and ``newton_plan_error`` where it ends, and
    ``ours_error``. Arrays: traces of all methods; ``mu`` and ``nu``.
    """
    problem = blurred_images(side)
    C = problem.C
    solution = sinkhorn_newton(C, problem.mu, problem.nu, reg=gamma, tol=tol)
    best = solution.plan()

    def measure(plan: Vector) -> tuple[float, float]:
        difference = plan - best
        return abs(float(np.vdot(C, difference))), float(np.sum(np.abs(difference)))

    traces = {
        name: trace_published(name, problem, gamma, tol=tol, measure=measure)
        for name in progress(("sinkhorn", "newton"))
    }
    traces["exact"] = trace_published("exact", problem, gamma, tol=tol)
    traces["ours"] = trace_of(solution)
    work = {name: trace.work_to() for name, trace in traces.items()}
    cost_error, plan_error = traces["newton"].measured[:, -1]
    scalars = {
        **{f"{name}_work": count for name, count in work.items()},
        "sinkhorn_over_newton": work["sinkhorn"] / work["newton"],
        "sinkhorn_over_exact": work["sinkhorn"] / work["exact"],
        "newton_over_ours": work["newton"] / work["ours"],
        "newton_late_steps": traces["newton"].steps_between(FIRST, LAST),
        "exact_late_steps": traces["exact"].steps_between(FIRST, LAST),
        "exact_order": order(traces["exact"]),
        "newton_cost_error": cost_error,
        "newton_plan_error": plan_error,
        "ours_error": solution.marginal_error,
    }
    arrays = {"mu": problem.mu.reshape(side, side), "nu": problem.nu.reshape(side, side)}
    for name, trace in traces.items():
        arrays |= trace.arrays(name)
    return Results(scalars, arrays)


def order(trace: Trace) -> float:
    """Return the observed order of the last three errors that rounding has not reached."""
    a, b, c = np.log(trace.error[trace.error > 1e-11][-3:])
    return float((c - b) / (b - a))
