"""What the budget and the warm-up do to the published method."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton_sparse.problems import assignment
from resolvent.solvers.transport import TransportSolution, sinkhorn_newton_sparse

__all__ = ["budget"]

TOL = 1e-11
STEPS = 60  # of Newton, at most
LINEAR = 10  # last steps over which the rate is taken


def budget(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    size: int,
    eta: float,
    warmup: int,
    budgets: list[int],
    warmups: list[int],
    enough: int,
) -> Results:
    """Count Newton steps to an L1 error of 1e-11 on a random assignment.

    Scalars: ``newton_<k>``, steps with k entries for each row after ``warmup`` sweeps;
    ``rate_<k>``, the factor of the error in each of the last ten; ``newton_whole``, steps with the
    whole plan; ``warmup_<t>``, steps with ``enough`` entries after t sweeps. A run that needs more
    than 60 steps counts as 60. Arrays: ``errors`` (budget, step), NaN after the end, ``budgets``,
    ``warmups``, ``steps_of_warmups``, ``enough``.
    """
    cost, a, b = assignment(size, rng)
    solve = partial(sinkhorn_newton_sparse, cost, a, b, reg=1 / eta, steps=STEPS, tol=TOL)
    runs = {k: solve(warmup=warmup, budget=k / size) for k in progress(budgets)}
    after = {t: solve(warmup=t, budget=enough / size) for t in progress(warmups)}
    scalars = {f"newton_{k}": run.newton_steps for k, run in runs.items()}
    scalars |= {f"warmup_{t}": run.newton_steps for t, run in after.items()}
    scalars["newton_whole"] = solve(warmup=warmup, budget=1.0).newton_steps
    errors = np.full((len(budgets), STEPS + 1), np.nan)
    for row, run in zip(errors, runs.values(), strict=True):
        found = newton_errors(run, warmup)
        row[: found.size] = found
    rates = {
        f"rate_{k}": (found[-1] / found[-LINEAR - 1]) ** (1 / LINEAR)
        for k, run in runs.items()
        if (found := newton_errors(run, warmup)).size > LINEAR
    }
    arrays = {
        "errors": errors,
        "budgets": budgets,
        "warmups": warmups,
        "enough": enough,
        "steps_of_warmups": [run.newton_steps for run in after.values()],
    }
    return Results(scalars | rates, arrays)


def newton_errors(run: TransportSolution, warmup: int) -> NDArray[np.float64]:
    """Return the errors after each Newton step, the first before any."""
    return np.array([stage.error for stage in run.history[warmup - 1 :]])
