"""Training: a short one that is watched, and again that of the models in the library."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import lognormal_diffusion
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners import ichol
from resolvent.preconditioners.learned import RECIPES, NeuralIF, PreCorrector
from resolvent.solvers import cg

__all__ = ["training"]

LAST = 20  # losses that are averaged


def training(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    shape: list[int],
    matrices: int,
    steps: int,
    retrain: list[str],
) -> Results:
    """Train small models for a few steps; train again the models named in ``retrain``.

    Scalars: ``<model>_last_loss``, the mean of the last ones; ``<model>_over_ic0``, iterations with
    the weights kept over those of IC(0), where PreCorrector begins; ``<model>_repeats``, the
    largest difference of the weights of two runs with one seed; ``precorrector_start_over_ic0``;
    for each that is retrained ``difference_<name>``, the largest from the weights that come with
    the library, and ``time_<name>``.
    Arrays: ``<model>_losses``, ``<model>_scores`` (validation; step and count).
    """
    systems = [lognormal_diffusion(shape, sigma=1, rng=seed) for seed in range(matrices)]
    seed = int(rng.integers(2**31))
    scalars: dict[str, float] = {}
    arrays: dict[str, Any] = {}
    models: dict[str, NeuralIF | PreCorrector] = {
        "neural_if": NeuralIF(),
        "precorrector": PreCorrector(),
    }
    for name, model in progress(models.items()):
        first, again = (
            model.fit(systems, steps=steps, rate=1e-2, every=steps // 5, rng=seed, xp=xp)
            for _ in range(2)
        )
        assert first.record is not None
        losses, scores = np.array(first.record.losses), np.array(first.record.scores)
        scalars[f"{name}_last_loss"] = losses[-LAST:].mean()
        scalars[f"{name}_repeats"] = _difference(first, again)
        arrays |= {f"{name}_losses": losses, f"{name}_scores": scores}
    ic0 = arrays["precorrector_scores"][0, 1]
    scalars |= {f"{name}_over_ic0": arrays[f"{name}_scores"][:, 1].min() / ic0 for name in models}
    scalars["precorrector_start_over_ic0"] = _start_over_ic0(systems[0])
    for name in progress(retrain):
        model = RECIPES[name](None)
        shipped = type(model).pretrained(name.removeprefix(f"{model.kind}-"))
        assert model.record is not None
        scalars[f"difference_{name}"] = _difference(model, shipped)
        scalars[f"time_{name}"] = model.record.seconds
    return Results(scalars, arrays)


def _start_over_ic0(A: Any) -> float:
    """Return the iterations of PreCorrector before training over those of IC(0)."""
    model = PreCorrector()
    untrained = PreCorrector(weights=model.initial_weights(np.random.default_rng(0)))
    b = np.random.default_rng(0).standard_normal(A.shape[0])
    return cg(A, b, M=untrained.build(A)).iterations / cg(A, b, M=ichol(A)).iterations


def _difference(one: Any, other: Any) -> float:
    """Return the largest difference of two models' weights."""
    pairs = [(value, other.weights[name]) for name, value in one.weights.items()]
    return max(float(abs(value - same).max()) for value, same in pairs)
