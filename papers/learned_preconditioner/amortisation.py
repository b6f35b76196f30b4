r"""After how many systems training has paid off, if ever.

With T seconds of training, and for each matrix s seconds of set-up and t for each of its r
right-hand sides, a learned method is ahead of another after

.. math:: N = T / (s' + r t' - s - r t)

matrices, where primes mark the other, or never, if that is not positive.
"""

from collections.abc import Mapping
from time import perf_counter

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import lognormal_diffusion
from resolvent.papers.learned_preconditioner.costs import (
    Cost,
    classical,
    compare,
    learned,
    right_hand_side,
    warm_up,
)
from resolvent.papers.learned_preconditioner.systems import FIRST_TEST
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners.learned import RECIPES, TrainingState

__all__ = ["amortisation"]

NAMES = {
    "neural_if": "neural-if-diffusion-2d",
    "precorrector": "precorrector-diffusion-2d",
    "neural_pcg": "neural-pcg-diffusion-2d",
}
FIELDS = ("iterations", "setup", "solve")


def amortisation(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    shape: list[int],
    count: int,
    timed: int,
    sides: list[int],
) -> Results:
    """Time each method on ``count`` matrices, and training by its first ``timed`` steps.

    The seconds of a whole training are extrapolated from those of these steps.

    Scalars: ``<method>``, median iterations, and ``<model>_over_ic0``; ``time_training_<model>``;
    ``time_<model>_<method>_<r>``, matrices until the model is ahead of a method with r right-hand
    sides each, infinite for never.
    Arrays: ``methods``, ``setup`` and ``solve`` (median seconds of each), ``sides``, ``models``,
    ``training`` (seconds of each).
    """
    warm_up()
    first = lognormal_diffusion(shape, sigma=1, rng=FIRST_TEST - 1)
    costs = compare(
        classical(first, right_hand_side(first, 0)) | learned(),
        lambda seed: lognormal_diffusion(shape, sigma=1, rng=seed),
        progress(range(FIRST_TEST, FIRST_TEST + count)),
    )
    iterations, setup, solve = (_medians(costs, field) for field in FIELDS)
    training = {model: training_seconds(recipe, timed) for model, recipe in NAMES.items()}
    scalars = iterations | {
        f"{model}_over_ic0": iterations[model] / iterations["ic0"] for model in NAMES
    }
    scalars |= {f"time_training_{model}": seconds for model, seconds in training.items()}
    for r in sides:
        total = {name: setup[name] + r * solve[name] for name in costs}
        for model, seconds in training.items():
            scalars |= _break_even(model, seconds, total, r)
    arrays = {
        "methods": np.array(list(costs)),
        "setup": np.array(list(setup.values())),
        "solve": np.array(list(solve.values())),
        "sides": sides,
        "models": np.array(list(training)),
        "training": np.array(list(training.values())),
    }
    return Results(scalars, arrays)


def _medians(costs: Mapping[str, list[Cost]], field: str) -> dict[str, float]:
    """Return the median of a field of `Cost` for each method."""
    return {
        name: float(np.median([getattr(c, field) for c in each])) for name, each in costs.items()
    }


def training_seconds(recipe: str, timed: int) -> float:
    """Return the seconds that a recipe takes, from those of its preparation and first steps."""
    start, clock, steps = perf_counter(), [], [0]

    def watch(state: TrainingState) -> bool:
        clock.append(perf_counter() - start)
        steps[0] = state.steps
        return state.step > timed

    RECIPES[recipe](watch)
    return clock[0] + (steps[0] - 1) * (clock[-1] - clock[0]) / (len(clock) - 1)


def _break_even(model: str, seconds: float, total: Mapping[str, float], r: int) -> dict[str, float]:
    """Return after how many matrices a model is ahead of each other method."""
    saved = {name: each - total[model] for name, each in total.items() if name not in NAMES}
    return {
        f"time_{model}_{name}_{r}": seconds / each if each > 0 else np.inf
        for name, each in saved.items()
    }
