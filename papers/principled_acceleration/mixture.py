"""One guess for two kinds of systems: what training by the error makes of it, and by the count."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.principled_acceleration.guesses import (
    Matrix,
    histories,
    modes,
    steps_to,
    trained_by_error,
)
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners.learned.learned_initial_guess import LearnedInitialGuess

__all__ = ["GUESSES", "KINDS", "mixture"]

OMEGA = 2 / 3
GUESSES = ("zero", "error", "count")
KINDS = ("common", "rare")


def mixture(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    n: int,
    mode: int,
    tol: float,
    commons: list[int],
    m: int,
    steps: int,
) -> Results:
    r"""Train one guess for Poisson systems :math:`A x = b` of which one in k is smooth.

    b is a sine mode: the given one as a rule, and the first, which Jacobi's iteration hardly
    damps, once in k systems. All have norm 1, and the guess is the same vector for all of them.

    Scalars, at the last k: ``<guess>``, mean steps to the tolerance of the library's Jacobi
    solver, where the guess is ``zero``, ``error`` (trained by the error) or ``count``;
    ``error_over_zero``, ``error_over_count``, ``count_over_zero``; ``count_over_best``, against the
    steps from the solution of the common kind; ``growth`` of ``error_over_count`` from the first
    k to the last; over all k ``error_gap``, steps of the error-trained guess against those that
    theory predicts, relatively, and ``mean_gap``, the same for its parts in both modes against
    those of the mean of all solutions.
    Arrays: ``commons`` k; ``<guess>_steps`` (k), and ``predicted_<guess>``; ``<guess>_<kind>``,
    residual norms at the last k.
    """
    A, V = gallery.poisson(n), modes(n)
    kinds = V[:, [mode - 1, 0]]
    decay = 1 - OMEGA * (1 - np.cos(np.pi * np.array([mode, 1]) / (n + 1)))
    long = int(np.log(tol) / np.log(decay[1])) + 50
    model = LearnedInitialGuess(n=n, points=0, hidden=(), omega=OMEGA, tol=tol, steps=long)
    counts: dict[str, list[float]] = {name: [] for name in GUESSES}
    mean_gap = 0.0
    for k in progress(commons):
        share = np.array([1 - 1 / k, 1 / k])
        pair = (A, kinds[:, [0] * (k - 1) + [1]])
        guesses = {
            name: each(A, kinds) for name, each in trained(model, pair, m, steps, rng).items()
        }
        mean = share / (2 * (1 - decay) / OMEGA)
        parts = kinds.T @ guesses["error"][:, 0]
        mean_gap = max(mean_gap, float(np.max(np.abs(parts / mean - 1))))
        guesses = {"zero": np.zeros_like(kinds)} | guesses
        runs = {name: histories(model, A, kinds, x0, tol) for name, x0 in guesses.items()}
        for name, history in runs.items():
            counts[name].append(float(steps_to(history, tol) @ share))
    predicted = predictions(decay, tol, np.array(commons))
    return Results(
        scalars(counts, predicted) | {"mean_gap": mean_gap},
        {"commons": commons}
        | {f"{name}_steps": counts[name] for name in GUESSES}
        | {f"predicted_{name}": predicted[name] for name in GUESSES}
        | {f"{name}_{kind}": runs[name][:, i] for name in GUESSES for i, kind in enumerate(KINDS)},
    )


def trained(
    model: LearnedInitialGuess,
    pair: tuple[Any, Matrix],
    m: int,
    steps: int,
    rng: np.random.Generator,
) -> dict[str, LearnedInitialGuess]:
    """Return the guesses of least error, and of fewest steps, first to a looser tolerance."""
    every = steps // 5
    by_error = trained_by_error(
        model, m, [pair], pair, steps=4 * steps, rate=3e-2, every=every, rng=rng
    )
    common: dict[str, Any] = {"validation": [pair], "steps": steps, "every": every, "rng": rng}
    loose = replace(model, tol=model.tol**0.5).fit([pair], rate=3e-2, **common)
    by_count = replace(loose, tol=model.tol).fit([pair], rate=1e-2, **common)
    return {"error": by_error, "count": by_count}


def predictions(
    decay: NDArray[np.float64], tol: float, k: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    r"""Return the mean steps in theory, from zero, the mean of solutions, and the common solution.

    The residual of the mean, for a kind that has the share s, is :math:`1 - s` times the
    difference of the two modes.
    """
    share = np.array([1 - 1 / k, 1 / k])
    zero = share.T @ first(decay[:, None], np.ones((2, 1)), tol)[:, 0]
    common = first(decay[1:], np.ones((1, 1)), tol)[0, 0]
    error = np.sum(share * first(decay[1:, None], 1 - share, tol), axis=0)
    return {"zero": zero, "error": error, "count": share[1] * common}


def first(
    decay: NDArray[np.float64], start: NDArray[np.float64], tol: float
) -> NDArray[np.float64]:
    """Return the steps from residual norms to the tolerance."""
    return np.maximum(np.ceil(np.log(tol / start) / np.log(decay)), 0)


def scalars(
    counts: dict[str, list[float]], predicted: dict[str, NDArray[np.float64]]
) -> dict[str, float]:
    """Return the numbers to compare."""
    last = {name: steps[-1] for name, steps in counts.items()}
    ratio = np.array(counts["error"]) / np.array(counts["count"])
    return {
        **last,
        "error_over_zero": last["error"] / last["zero"],
        "error_over_count": ratio[-1],
        "count_over_zero": last["count"] / last["zero"],
        "count_over_best": last["count"] / predicted["count"][-1],
        "growth": ratio[-1] / ratio[0],
        "error_gap": float(np.max(np.abs(counts["error"] / predicted["error"] - 1))),
    }
