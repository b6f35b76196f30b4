"""Training from the seed: of the networks that come with the library, and on both objectives."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners.learned import DeepConjugateDirection
from resolvent.preconditioners.learned.pressure_recipes import (
    NETWORKS,
    train_on_pressure,
    validation_systems,
)

__all__ = ["objectives", "training"]


def training(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    names: list[str],
    sizes: list[int],
    validation: list[int],
    share: float,
    cells: int,
) -> Results:
    """Train networks from their seed, for a share of the steps of those that are shipped.

    ``cells`` are those of a gradient step, 16384 of the shipped ones.

    Scalars: for each network, its name in small letters with underscores, ``<network>_loss``, the
    median of the last tenth of the losses over that of the first; ``<network>_first_steps``, of the
    solver, averaged over the validation systems, before, ``<network>_steps``, after, and
    ``<network>_shipped_steps``, of the one that is shipped, infinite if one system was not solved
    in less than 60; ``<network>_difference``, the largest one of a weight, over the largest weight;
    ``time_<network>``, seconds. Arrays: ``<network>_losses``.
    """
    scalars: dict[str, float] = {}
    arrays = {}
    for name in progress(names):
        key = name.replace("-", "_")
        first, steps = NETWORKS[name]
        first = replace(first, cells=cells)
        model = train_on_pressure(first, round(share * steps), sizes=sizes, validation=validation)
        first = replace(first, weights=first.initial_weights(np.random.default_rng(0)))
        shipped = DeepConjugateDirection.pretrained(name)
        record = model.record
        assert record is not None
        scalars |= {
            f"{key}_loss": _last_over_first(record.losses),
            f"{key}_first_steps": _steps(first, validation),
            f"{key}_steps": _steps(model, validation),
            f"{key}_shipped_steps": _steps(shipped, validation),
            f"{key}_difference": _difference(model, shipped),
            f"time_{key}": record.seconds,
        }
        arrays[f"{key}_losses"] = np.array(record.losses)
    return Results(scalars, arrays)


def _last_over_first(losses: Sequence[float]) -> float:
    tenth = max(1, len(losses) // 10)
    return float(np.median(losses[-tenth:]) / np.median(losses[:tenth]))


def _steps(model: DeepConjugateDirection, sizes: list[int]) -> float:
    """Return the mean steps on validation systems, infinite if one was stopped before its end."""
    systems = [model.example(pair, np) for pair in validation_systems(sizes)]
    return float(np.mean([_until_the_end(model.score(model.weights, each)) for each in systems]))


def _until_the_end(steps: float) -> float:
    return steps if steps < DeepConjugateDirection.most else np.inf


def _difference(one: DeepConjugateDirection, other: DeepConjugateDirection) -> float:
    apart = [np.max(np.abs(W - other.weights[name])) for name, W in one.weights.items()]
    return float(max(apart) / max(np.max(np.abs(W)) for W in other.weights.values()))


def objectives(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    steps: int,
    size: int,
    cells: int,
) -> Results:
    """Train the network with all levels on both objectives, equally long from the same weights.

    Scalars: for ``energy`` and ``residual`` the solver's steps on a validation system at the end,
    ``<objective>_steps``, and before, ``first_steps``, infinite where it was not solved in less
    than 60. Arrays: ``<objective>_losses``.
    """
    scalars: dict[str, float] = {}
    arrays = {}
    for objective in progress(["energy", "residual"]):
        model = DeepConjugateDirection(objective=objective, cells=cells)
        record = train_on_pressure(model, steps, sizes=[size], validation=[size]).record
        assert record is not None
        scalars["first_steps"] = _until_the_end(record.scores[0][1])
        scalars[f"{objective}_steps"] = _until_the_end(record.scores[-1][1])
        arrays[f"{objective}_losses"] = np.array(record.losses)
    return Results(scalars, arrays)
