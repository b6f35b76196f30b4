"""Not in the paper: how far down the regularisation may go before a method fails."""

from typing import Any

import numpy as np

from resolvent import Reason
from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton.methods import METHODS, trace_all
from resolvent.papers.sinkhorn_newton.problems import blurred_images

__all__ = ["reach"]


def reach(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    side: int,
    gammas: list[float],
    shown: float,
    tol: float,
) -> Results:
    """Run all methods on the images of figure 1 from strong to weak regularisation.

    Scalars: ``<method>_smallest``, the regularisation down to which it always converges;
    ``<method>_exponent``, by which the work grows with 1 / gamma, from 1e-2 to 1e-3; ``even``, the
    largest regularisation where Newton's method takes less work than Sinkhorn's; ``overflows``,
    the part of all failures where the plan overflows. Arrays: ``work`` to the accuracy of the
    comparison and ``ended``, the work to the end, good or bad (method, gamma); ``gammas``; traces
    at the regularisation that is ``shown``.
    """
    problem = blurred_images(side)
    shape = (len(METHODS), len(gammas))
    work, ended = np.empty(shape), np.empty(shape)
    converged, overflowed = np.empty(shape, bool), np.empty(shape, bool)
    arrays: dict[str, Any] = {}
    for k, gamma in enumerate(progress(gammas)):
        traces = trace_all(problem, gamma, tol=tol)
        if gamma == shown:
            for name, trace in traces.items():
                arrays |= trace.arrays(name)
        for row, trace in enumerate(traces.values()):
            work[row, k], ended[row, k] = trace.work_to(), trace.work[-1]
            converged[row, k] = trace.reason is Reason.CONVERGED
            overflowed[row, k] = trace.reason is Reason.NONFINITE
    places = [gammas.index(gamma) for gamma in (1e-2, 1e-3)]
    exponents = np.log10(work[:, places[1]] / work[:, places[0]])
    counts = np.sum(np.logical_and.accumulate(converged, axis=1), axis=1)
    smallest = np.array([np.inf, *gammas])[counts]
    scalars = {f"{name}_smallest": gamma for name, gamma in zip(METHODS, smallest, strict=True)}
    scalars |= {f"{name}_exponent": x for name, x in zip(METHODS, exponents, strict=True)}
    sinkhorn, newton, *_ = work
    scalars |= {
        "even": gammas[int(np.argmax(newton < sinkhorn))],
        "overflows": float(np.mean(overflowed[~converged])),
    }
    arrays |= {"work": work, "ended": ended, "gammas": np.array(gammas), "shown": np.array(shown)}
    return Results(scalars, arrays)
