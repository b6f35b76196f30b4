"""How few entries of a plan hold its mass, for smaller and smaller regularisation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton_sparse.problems import problem
from resolvent.solvers.transport import sinkhorn_newton

__all__ = ["KINDS", "sparsity"]

KINDS = ("assignment", "strokes_squared")
MOST = 1e-3  # of the mass may be dropped where entries are counted
SAMPLES = 120


def sparsity(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    sizes: list[int],
    regs: list[float],
    shown: float,
) -> Results:
    """Measure the mass outside of the largest entries, for each kind of problem.

    The regularisations are relative to the largest cost.

    Scalars: ``entries_<kind>_<reg>``, entries for each row that hold all but 1e-3 of the mass.
    Arrays: ``entries_<kind>`` for each row, and ``outside_<kind>`` (reg, entries), the mass that
    the others hold; ``plan_<kind>``, the plan of the regularisation ``shown``, times n; ``regs``.
    """
    scalars: dict[str, float] = {}
    arrays: dict[str, Any] = {"regs": regs, "shown": shown}
    for kind, size in progress(list(zip(KINDS, sizes, strict=True))):
        cost, a, b = problem(kind, size, rng)
        n = a.size
        entries = np.unique(np.geomspace(n // 2, n * n, SAMPLES).astype(int))
        outside = np.empty((len(regs), entries.size))
        for row, reg in zip(outside, regs, strict=True):
            solution = sinkhorn_newton(cost, a, b, reg=reg * cost.max()).raise_if_failed()
            plan = solution.plan()
            mass = left_out(plan)
            row[:] = mass[entries - 1]
            scalars[f"entries_{kind}_{reg:.0e}"] = (1 + np.argmax(mass <= MOST)) / n
            if reg == shown:
                arrays[f"plan_{kind}"] = (n * plan).astype(np.float32)
        arrays |= {f"entries_{kind}": entries / n, f"outside_{kind}": outside}
    return Results(scalars, arrays)


def left_out(plan: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of the mass outside of the k largest entries, for every k from 1."""
    above = np.cumsum(np.sort(plan, axis=None))[::-1]
    return np.asarray(np.append(above[1:], 0.0) / above[0])
