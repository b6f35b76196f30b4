"""Diffusion on grids: matrices like those of the training, and others that the guard must see."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import lognormal_diffusion, two_phase_diffusion
from resolvent.papers.learned_preconditioner.costs import (
    Cost,
    classical,
    cost,
    learned,
    right_hand_side,
    scipy_seconds,
    warm_up,
)
from resolvent.papers.learned_preconditioner.systems import FIRST_TEST
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["grids"]


def grids(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    shape: list[int],
    count: int,
    contrast: float,
    unlike: int,
) -> Results:
    """Solve ``count`` systems of lognormal diffusion, and ``unlike`` ones of high contrast.

    Scalars, on the former: ``failures``, solves that did not converge; ``<method>``, mean
    iterations; ``<model>_over_<other>`` of them, with IC(0), multigrid or the best of the classical
    ones but multigrid; ``fallbacks``; ``time_<method>``, median seconds of
    set-up and solve, ``time_scipy_<method>`` with SciPy's solver instead of ours. On the latter:
    ``contrast_failures``; ``contrast_<method>``; ``<model>_fallback_share``;
    ``<model>_guarded_over_ic0``, the largest ratio of iterations with the guard;
    ``<model>_unguarded_over_ic0``, the largest without.
    Arrays: ``methods``, ``iterations``, ``setup`` and ``solve`` (method, matrix).
    """
    warm_up()
    seeds = range(FIRST_TEST, FIRST_TEST + max(count, unlike))
    first = lognormal_diffusion(shape, sigma=1, rng=FIRST_TEST - 1)
    b = right_hand_side(first, 0)
    models, others = learned(), classical(first, b)
    builders = others | models
    costs: dict[str, list[Cost]] = {name: [] for name in builders}
    scipy: dict[str, list[float]] = {name: [] for name in others}
    for seed in progress(seeds[:count]):
        A = lognormal_diffusion(shape, sigma=1, rng=seed)
        b = right_hand_side(A, seed)
        for name, build in builders.items():
            costs[name].append(cost(build, A, b))
        for name, build in others.items():
            scipy[name].append(scipy_seconds(build, A, b))
    high: dict[str, list[Cost]] = {name: [] for name in ("ic0", "multigrid", *models)}
    bare: dict[str, list[Cost]] = {name: [] for name in models}
    for seed in progress(seeds[:unlike]):
        A = two_phase_diffusion(shape, contrast=contrast, rng=seed)
        b = right_hand_side(A, seed)
        for name in high:
            high[name].append(cost(builders[name], A, b))
        for name, model in models.items():
            bare[name].append(cost(model.build, A, b))

    scalars = _like(costs, list(models))
    scalars |= {f"time_scipy_{name}": np.median(each) for name, each in scipy.items()}
    scalars |= _unlike(high, bare)
    arrays: dict[str, Any] = {"methods": np.array(list(costs))}
    for field in ("iterations", "setup", "solve"):
        arrays[field] = np.array([[getattr(c, field) for c in each] for each in costs.values()])
    return Results(scalars, arrays)


def _like(costs: dict[str, list[Cost]], models: list[str]) -> dict[str, float]:
    """Return the scalars of matrices like those of the training."""
    every = [c for each in costs.values() for c in each]
    scalars = {
        "failures": float(sum(not c.converged for c in every)),
        "fallbacks": float(sum(c.fell_back for c in every)),
    }
    for name, each in costs.items():
        scalars[name] = float(np.mean([c.iterations for c in each]))
        scalars[f"time_{name}"] = float(np.median([c.setup + c.solve for c in each]))
    scalars["best_one_level"] = min(scalars[name] for name in ("jacobi", "ssor", "ic0", "ict"))
    for name in models:
        for other in ("ic0", "best_one_level", "multigrid"):
            scalars[f"{name}_over_{other}"] = scalars[name] / scalars[other]
    scalars["precorrector_over_neural_if"] = scalars["precorrector"] / scalars["neural_if"]
    return scalars


def _unlike(high: dict[str, list[Cost]], bare: dict[str, list[Cost]]) -> dict[str, float]:
    """Return the scalars of matrices of high contrast."""
    every = [c for each in high.values() for c in each]
    scalars = {"contrast_failures": float(sum(not c.converged for c in every))}
    for name, each in high.items():
        scalars[f"contrast_{name}"] = float(np.mean([c.iterations for c in each]))
    reference = np.array([c.iterations for c in high["ic0"]])
    for name in bare:
        scalars[f"{name}_fallback_share"] = float(np.mean([c.fell_back for c in high[name]]))
        for kind, each in (("guarded", high[name]), ("unguarded", bare[name])):
            ratio = np.array([c.iterations for c in each]) / reference
            scalars[f"{name}_{kind}_over_ic0"] = float(ratio.max())
    return scalars
