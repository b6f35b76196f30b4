"""Steps on finer and finer grids, what each of them costs, and how the residuals fall."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.papers.deep_conjugate_direction.methods import METHODS, Prepare
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
    ``<method>_growth``, mean steps on the grid with four times as many cells a side as the first
    (or the next to it) over those on the first; ``time_<method>``, seconds to solve at the largest
    size, set-up included, and ``time_<method>_step``, those of a step, medians of the trials. For
    networks ``<network>_flops`` for each cell and step, ``<network>_replaced``, the directions that
    were not taken, and ``time_<network>_over_<method>``.
    Arrays: ``sizes``; for each method ``<method>`` (sizes, trials), the steps, and
    ``<method>_history``, residuals of the last trial at the largest size.
    """
    runs: dict[str, list[list[_Run]]] = {name: [] for name in METHODS}
    for size in progress(sizes):
        systems = [pressure_system(size, solids, _SEEDS + trial) for trial in range(trials)]
        sides = [outflow(fluid, rng) for _, fluid in systems]
        for name, prepare in METHODS.items():
            solved = [
                _run(prepare, A, fluid, b) for (A, fluid), b in zip(systems, sides, strict=True)
            ]
            runs[name].append(solved)
    fine = int(np.argmin(np.abs(np.array(sizes) - 4 * sizes[0])))
    scalars: dict[str, Any] = {"largest": sizes[-1]}
    arrays: dict[str, Any] = {"sizes": np.array(sizes)}
    for name, found in runs.items():
        steps = np.array([[run.steps for run in solved] for solved in found])
        arrays |= {name: steps, f"{name}_history": found[-1][-1].history}
        scalars[f"{name}_steps"] = float(np.mean(steps[-1]))
        scalars[f"{name}_growth"] = float(np.mean(steps[fine]) / np.mean(steps[0]))
        scalars[f"time_{name}"] = float(np.median([run.seconds for run in found[-1]]))
        scalars[f"time_{name}_step"] = float(np.median([run.step for run in found[-1]]))
    return Results(scalars | _of_networks(runs, scalars), arrays)


@dataclass(frozen=True)
class _Run:
    """One solution: steps, seconds with the set-up and of a step, residuals over the first."""

    steps: int
    seconds: float
    step: float
    history: NDArray[np.float64]
    info: Any


def _run(prepare: Prepare, A: Any, fluid: NDArray[np.bool_], b: NDArray[np.float64]) -> _Run:
    start = perf_counter()
    solve, options = prepare(A, fluid)
    setup = perf_counter() - start
    solution = solve(A, b, rtol=RTOL, **options).raise_if_failed()
    return _Run(
        solution.iterations,
        setup + solution.seconds,
        solution.seconds / solution.iterations,
        solution.history / np.linalg.norm(b),
        options["M"].info if "M" in options else None,
    )


def _of_networks(runs: Mapping[str, list[list[_Run]]], times: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flops of networks, what was not taken of them, and their times over others."""
    scalars: dict[str, Any] = {}
    for name in ("dcdm", "dcdm_two_levels"):
        infos = [run.info for solved in runs[name] for run in solved]
        scalars[f"{name}_flops"] = infos[-1].flops
        scalars[f"{name}_replaced"] = sum(info.replaced for info in infos)
        for other in ("cg", "multigrid"):
            scalars[f"time_{name}_over_{other}"] = times[f"time_{name}"] / times[f"time_{other}"]
    return scalars
