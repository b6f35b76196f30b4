"""Training by stochastic gradients; the weights that solve fastest are kept, not the last ones.

A loss stands for the number of steps that a solver takes, and not always well. So now and then the
solver itself is run on systems set aside, and the weights of the best score are kept.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, isfinite, pi
from time import perf_counter

import numpy as np

from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.learned.training.adam import Adam, clipped, norm

__all__ = ["NoProgressWarning", "TrainingRecord", "TrainingState", "train", "warn_unless_solved"]

Loss = Callable[[Weights, np.random.Generator], tuple[float, Weights]]
Score = Callable[[Weights], float]


class NoProgressWarning(UserWarning):
    """The solver did not end with any weights of a training, so none could be preferred."""


@dataclass(frozen=True)
class TrainingState:
    """What a callback sees after each step."""

    step: int
    steps: int
    loss: float
    score: float


@dataclass(frozen=True)
class TrainingRecord:
    """How a training run went.

    Attributes
    ----------
    losses : tuple of float
        The loss of each step.
    scores : tuple of (int, float)
        Steps taken and score, at each validation: the mean number of steps of the solver.
    best : int
        Steps after which the weights were kept.
    skipped : int
        Steps left out for a loss or a gradient that was not finite.
    seconds : float
        Wall-clock time.
    """

    losses: tuple[float, ...]
    scores: tuple[tuple[int, float], ...]
    best: int
    skipped: int
    seconds: float


def train(
    weights: Weights,
    loss: Loss,
    score: Score,
    *,
    steps: int,
    rate: float,
    every: int,
    patience: int | None = None,
    clip: float = 1.0,
    rng: np.random.Generator,
    callback: Callable[[TrainingState], bool | None] | None = None,
) -> tuple[Weights, TrainingRecord]:
    r"""Return the weights of the best score, and the record.

    The rate falls as :math:`\frac12(1 + \cos(\pi t / T))` to zero. Training ends early after
    ``patience`` validations without a better score, or when the callback returns True.
    """
    start, adam = perf_counter(), Adam()
    best, best_score = weights, score(weights)
    losses, scores, kept, skipped = [], [(0, best_score)], 0, 0
    for step in range(1, steps + 1):
        value, gradient = loss(weights, rng)
        losses.append(value)
        size = norm(gradient)
        if isfinite(value) and isfinite(size):
            slope = 0.5 * rate * (1 + cos(pi * (step - 1) / steps))
            weights = adam.step(weights, clipped(gradient, size, clip), slope)
        else:
            skipped += 1
        stop = callback is not None and callback(TrainingState(step, steps, value, scores[-1][1]))
        if step % every == 0 or step == steps or stop:
            scores.append((step, score(weights)))
            if scores[-1][1] < best_score:
                best, best_score, kept = weights, scores[-1][1], step
            waited = sum(at > kept for at, _ in scores)
            stop = stop or (patience is not None and waited >= patience)
        if stop:
            break
    seconds = perf_counter() - start
    return best, TrainingRecord(tuple(losses), tuple(scores), kept, skipped, seconds)


def warn_unless_solved(record: TrainingRecord, most: float) -> None:
    """Warn with `NoProgressWarning` where no score is below that of a run that was stopped."""
    if min(score for _, score in record.scores) >= most:
        warnings.warn(
            f"in training no validation system was solved in {most} steps: the weights kept are "
            "not better than the first ones; train longer or on easier systems",
            NoProgressWarning,
            stacklevel=3,
        )
