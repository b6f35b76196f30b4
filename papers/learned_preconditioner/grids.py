"""Diffusion on grids: matrices like those of the training, and others that the guard must see."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import lognormal_diffusion, two_phase_diffusion
from resolvent.papers.learned_preconditioner.costs import (
    Builder,
    Cost,
    classical,
    compare,
    counts,
    learned,
    right_hand_side,
    scipy_cost,
    warm_up,
)
from resolvent.papers.learned_preconditioner.systems import FIRST_TEST
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["grids"]

ONE_LEVEL = ("jacobi", "ssor", "ic0", "ict")
OTHERS = ("ic0", "jacobi", "ssor", "best_one_level", "multigrid")


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

    Scalars, on the former: ``failures``, solves that did not converge, SciPy's too; ``<method>``,
    mean iterations; ``<model>_over_<other>`` of them, with the methods of ``OTHERS``;
    ``fallbacks``; ``time_<method>``, median seconds of set-up and solve, ``time_scipy_<method>``
    with SciPy's solver instead of ours. On the latter: ``contrast_failures``;
    ``contrast_<method>``; ``<model>_fallback_share``; the largest ratios of iterations
    ``<model>_guarded_over_ic0``, ``<model>_unguarded_over_ic0`` without the guard, and
    ``<model>_guarded_over_better``, with the guard over the fewer of those of the model without it
    and of IC(0): above one where the guard chose the wrong one.
    Arrays: ``methods``, ``iterations``, ``setup`` and ``solve`` (method, matrix).
    """
    warm_up()
    seeds = range(FIRST_TEST, FIRST_TEST + max(count, unlike))
    smooth = partial(_smooth, shape)
    first = smooth(FIRST_TEST - 1)
    models, others = learned(), classical(first, right_hand_side(first, 0))
    costs = compare(others | models, smooth, progress(seeds[:count]))
    scipy = compare(others, smooth, progress(seeds[:count]), scipy_cost)
    racing: dict[str, Builder] = {name: others[name] for name in ("ic0", "multigrid")} | models
    racing |= {f"bare_{name}": model.build for name, model in models.items()}
    high = compare(
        racing,
        lambda seed: two_phase_diffusion(shape, contrast=contrast, rng=seed),
        progress(seeds[:unlike]),
    )
    arrays: dict[str, Any] = {"methods": np.array(list(costs))}
    for field in ("iterations", "setup", "solve"):
        arrays[field] = np.array([[getattr(c, field) for c in each] for each in costs.values()])
    return Results(_like(costs, scipy, list(models)) | _unlike(high, list(models)), arrays)


def _smooth(shape: list[int], seed: int) -> Any:
    return lognormal_diffusion(shape, sigma=1, rng=seed)


def _like(
    costs: dict[str, list[Cost]], scipy: dict[str, list[Cost]], models: list[str]
) -> dict[str, float]:
    """Return the scalars of matrices like those of the training."""
    scalars = {
        "failures": _failures(costs) + _failures(scipy),
        "fallbacks": float(sum(c.fell_back for each in costs.values() for c in each)),
    }
    for prefix, table in (("time_", costs), ("time_scipy_", scipy)):
        for name, each in table.items():
            scalars[f"{prefix}{name}"] = float(np.median([c.setup + c.solve for c in each]))
    scalars |= {name: float(counts(each).mean()) for name, each in costs.items()}
    scalars["best_one_level"] = min(scalars[name] for name in ONE_LEVEL)
    for name in models:
        scalars |= {f"{name}_over_{other}": scalars[name] / scalars[other] for other in OTHERS}
    scalars["precorrector_over_neural_if"] = scalars["precorrector"] / scalars["neural_if"]
    return scalars


def _unlike(high: dict[str, list[Cost]], models: list[str]) -> dict[str, float]:
    """Return the scalars of matrices of high contrast."""
    guarded = {name: each for name, each in high.items() if not name.startswith("bare")}
    scalars = {"contrast_failures": _failures(guarded)}
    scalars |= {f"contrast_{name}": float(counts(each).mean()) for name, each in guarded.items()}
    ic0 = counts(high["ic0"])
    for name in models:
        steps, bare = counts(high[name]), counts(high[f"bare_{name}"])
        scalars |= {
            f"{name}_fallback_share": float(np.mean([c.fell_back for c in high[name]])),
            f"{name}_guarded_over_ic0": _largest(steps / ic0),
            f"{name}_unguarded_over_ic0": _largest(bare / ic0),
            f"{name}_guarded_over_better": _largest(steps / np.minimum(bare, ic0)),
        }
    return scalars


def _failures(table: dict[str, list[Cost]]) -> float:
    return float(sum(not c.converged for each in table.values() for c in each))


def _largest(ratios: NDArray[np.float64]) -> float:
    return float(ratios.max())
