"""Training from the seed: of the networks that come with the library, and on both objectives."""

from dataclasses import replace

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners.learned.deep_conjugate_direction import DeepConjugateDirection
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
    median of the last tenth of the losses over that of the first; ``<network>_steps``, of the
    solver, averaged over the validation systems, before, ``<network>_first_steps``, and of those
    of the shipped one, ``<network>_shipped_steps``; ``<network>_difference``, the largest one of a
    weight, over the largest weight; ``time_<network>``, seconds. Arrays: ``<network>_losses``.
    """
    scalars: dict[str, float] = {}
    arrays = {}
    for name in progress(names):
        key = name.replace("-", "_")
        model, steps = NETWORKS[name]
        model = train_on_pressure(
            replace(model, cells=cells), round(share * steps), sizes=sizes, validation=validation
        )
        shipped = DeepConjugateDirection.pretrained(name)
        record = model.record
        assert record is not None
        tenth = max(1, len(record.losses) // 10)
        first, last = (np.median(part) for part in (record.losses[:tenth], record.losses[-tenth:]))
        held_out = [model.example(pair, np) for pair in validation_systems(validation)]
        reached = [shipped.score(shipped.weights, example) for example in held_out]
        apart = [np.max(np.abs(W - shipped.weights[each])) for each, W in model.weights.items()]
        largest = max(float(np.max(np.abs(W))) for W in shipped.weights.values())
        scalars |= {
            f"{key}_loss": last / first,
            f"{key}_first_steps": record.scores[0][1],
            f"{key}_steps": min(score for _, score in record.scores),
            f"{key}_shipped_steps": float(np.mean(reached)),
            f"{key}_difference": max(apart) / largest,
            f"time_{key}": record.seconds,
        }
        arrays[f"{key}_losses"] = np.array(record.losses)
    return Results(scalars, arrays)


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
    ``<objective>_steps``; and before, ``first_steps``. Arrays: ``<objective>_losses``.
    """
    scalars: dict[str, float] = {}
    arrays = {}
    for objective in progress(["energy", "residual"]):
        model = DeepConjugateDirection(objective=objective, cells=cells)
        record = train_on_pressure(model, steps, sizes=[size], validation=[size]).record
        assert record is not None
        scalars["first_steps"] = record.scores[0][1]
        scalars[f"{objective}_steps"] = record.scores[-1][1]
        arrays[f"{objective}_losses"] = np.array(record.losses)
    return Results(scalars, arrays)
