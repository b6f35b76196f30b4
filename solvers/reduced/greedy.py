"""The greedy choice of snapshots: the truth is solved where the bound on the error is largest."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, to_host
from resolvent.results import Reason
from resolvent.solvers.reduced.estimates import Estimate
from resolvent.solvers.reduced.reduced_model import ReducedModel

__all__ = ["choose_snapshots"]


def choose_snapshots(
    model: ReducedModel,
    grow: Callable[[ReducedModel, Array], ReducedModel],
    train: Array,
    *,
    tol: float,
    atol: float,
    max_terms: int,
) -> ReducedModel:
    """Extend a model until its bounds, with their resolution, meet the tolerance everywhere.

    No parameter is chosen twice, and none whose bound can't be told from its resolution.
    """
    host = to_host(train)
    chosen: list[int] = []
    history: list[float] = []
    while True:
        estimate = model.estimate(train)
        bounds, resolution = to_host(estimate.bound), to_host(estimate.resolution)
        history.append(float(bounds.max()))
        open_ = bounds > resolution
        open_[chosen] = False
        if float((bounds + resolution).max()) <= max(tol * history[0], atol):
            reason = Reason.CONVERGED
        elif len(chosen) >= max_terms:
            reason = Reason.MAXITER
        elif history[-1] <= resolution.max() or not open_.any():
            reason = Reason.STAGNATED
        else:
            pick = int(np.argmax(np.where(open_, bounds, -np.inf)))
            larger = grow(model, model.system.solve(train[pick : pick + 1, :]))
            if larger.size > model.size:
                model = larger
                chosen.append(pick)
                continue
            # the snapshot depends on the basis: the bound sees noise
            reason = Reason.STAGNATED
        numbers = np.array(chosen, dtype=np.intp)
        return replace(
            model,
            chosen=numbers,
            chosen_parameters=host[numbers],
            history=np.array(history),
            reason=reason,
            left=_left(estimate, resolution),
        )


def _left(estimate: Estimate, resolution: NDArray[Any]) -> str:
    """Name the larger part of the resolution, where it is worst."""
    k = int(resolution.argmax())
    missed, rounding = float(estimate.interpolation[k]), float(estimate.floor[k])
    return "interpolation" if missed > rounding else "rounding"
