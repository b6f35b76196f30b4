"""Steps on finer and finer grids, what each of them costs, and how the residuals fall."""

from time import perf_counter
from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.deep_conjugate_direction.methods import METHODS
from resolvent.papers.deep_conjugate_direction.outflow import outflow
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners.learned.pressure_recipes import pressure_system

__all__ = ["RTOL", "iterations"]

RTOL = 1e-4
_SEEDS = 20_000


def iterations(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    sizes: list[int],
    solids: int,
    trials: int,
) -> Results:
    """Solve pressure systems that no network has seen, to a relative residual of 1e-4.

    Scalars, for each method: ``<method>_steps``, the mean at the largest size;
    ``<method>_growth``, mean steps at 256 cells a side over those at the first size;
    ``time_<method>``, seconds to solve at the largest size, set-up included, and
    ``time_<method>_step``, those of a step. For networks ``<network>_flops`` for each cell and
    step, ``<network>_replaced``, the directions that were not taken, and
    ``time_<network>_over_<method>``.
    Arrays: ``sizes``; for each method ``<method>`` (sizes, trials), the steps, and
    ``<method>_history``, residuals at the largest size.
    """
    scalars: dict[str, Any] = {"largest": sizes[-1]}
    arrays: dict[str, Any] = {"sizes": np.array(sizes)}
    counts = {name: np.zeros((len(sizes), trials)) for name in METHODS}
    replaced = dict.fromkeys(METHODS, 0)
    for k, trial in progress([(k, trial) for k in range(len(sizes)) for trial in range(trials)]):
        A, fluid = pressure_system(sizes[k], solids, _SEEDS + trial)
        b = outflow(fluid, rng)
        for name, prepare in METHODS.items():
            start = perf_counter()
            solve, options = prepare(A, fluid)
            setup = perf_counter() - start
            solution = solve(A, b, rtol=RTOL, **options).raise_if_failed()
            counts[name][k, trial] = solution.iterations
            arrays[f"{name}_history"] = solution.history / np.linalg.norm(b)
            scalars[f"time_{name}"] = setup + solution.seconds
            scalars[f"time_{name}_step"] = solution.seconds / solution.iterations
            if name.startswith("dcdm"):
                info = options["M"].info
                replaced[name] += info.replaced
                scalars[f"{name}_flops"] = info.flops
                scalars[f"{name}_replaced"] = replaced[name]
    reference = sizes.index(256)
    for name, steps in counts.items():
        arrays[name] = steps
        scalars[f"{name}_steps"] = float(np.mean(steps[-1]))
        scalars[f"{name}_growth"] = float(np.mean(steps[reference]) / np.mean(steps[0]))
    for name in ("dcdm", "dcdm_two_levels"):
        for other in ("cg", "multigrid"):
            slower = scalars[f"time_{name}"] / scalars[f"time_{other}"]
            scalars[f"time_{name}_over_{other}"] = slower
    return Results(scalars, arrays)
