"""A network that sees the right-hand side, for smooth and rough Poisson systems."""

from collections.abc import Iterable
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

__all__ = ["KINDS", "families"]

SMOOTH, ROUGH = slice(0, 3), slice(7, 13)  # modes
SHARE = 0.2  # of smooth systems
BATCH = 20
RATE = 2e-2
KINDS = ("smooth", "rough")


def families(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    n: int,
    unrolled: int,
    later: list[int],
    systems: int,
    steps: int,
    **options: Any,
) -> Results:
    r"""Train a network by the error after m steps, for several m, and by the count.

    Right-hand sides of norm 1 have random parts in the smoothest three sine modes, one in five
    systems, or in the eighth to the thirteenth. The network sees their means over ``points``
    blocks; that and the iteration are further options of the model. The error, whose gradients
    are cheaper, is given four times the gradient steps. ``tuned`` is the best of those trained by
    the error, trained further by the count; ``longer`` the same by the error again, at the same
    small rate.

    Returns what `compared` finds on fresh systems.
    """
    A = gallery.poisson(n)
    learn, held_out = (drawn(rng, n, size)[0] for size in (systems, 200))
    fresh, smooth = drawn(rng, n, 500)
    batches: list[tuple[Any, Matrix]] = [
        (A, learn[:, start : start + BATCH]) for start in range(0, systems, BATCH)
    ]
    model = LearnedInitialGuess(n=n, steps=unrolled, **options)
    models = trained(model, batches, (A, held_out), later, steps, rng, progress)
    guesses = {"zero": np.zeros_like(fresh)}
    guesses |= {name: each(A, fresh) for name, each in models.items()}
    return compared(model, A, fresh, smooth, guesses)


def compared(
    model: LearnedInitialGuess,
    A: Any,
    B: Matrix,
    smooth: NDArray[np.bool_],
    guesses: dict[str, Matrix],
) -> Results:
    """Count the steps of the library's solver from each guess.

    Scalars: those of `scalars`, and ``loose_count_over_error``, that quotient at a tolerance of
    0.1. Arrays: ``tolerances`` and ``counts`` (guess, tolerance), ``guesses``;
    ``<guess>_<kind>_norms``, median residual norms.
    """
    decades = 2 - np.log10(model.tol)  # two beyond the tolerance
    tolerances = np.logspace(-1, -decades, 4 * round(decades - 1) + 1)
    runs = {name: histories(model, A, B, x0, tolerances[-1]) for name, x0 in guesses.items()}
    counts = {name: mean_steps(run, tolerances) for name, run in runs.items()}
    sides = {"smooth": smooth, "rough": ~smooth}
    one = 1 / B.shape[1]  # a single step in all: guesses may be good enough at once
    least = min(counts[name][0] for name in trained_by_errors(counts))
    return Results(
        scalars({name: steps_to(run, model.tol) for name, run in runs.items()}, sides)
        | {"loose_count_over_error": counts["count"][0] / max(least, one)},
        {
            "tolerances": tolerances,
            "guesses": np.array(list(counts)),
            "counts": list(counts.values()),
        }
        | {
            f"{name}_{kind}_norms": np.median(run[:, side], axis=1)
            for name, run in runs.items()
            for kind, side in sides.items()
        },
    )


def trained(
    model: LearnedInitialGuess,
    batches: list[tuple[Any, Matrix]],
    held_out: tuple[Any, Matrix],
    later: list[int],
    steps: int,
    rng: np.random.Generator,
    progress: Progress,
) -> dict[str, LearnedInitialGuess]:
    """Return the model trained by the errors after some steps, by the count, and further."""
    by_error = {
        f"error_{m}": trained_by_error(
            model, m, batches, held_out, steps=4 * steps, rate=RATE, every=steps // 5, rng=rng
        )
        for m in progress(later)
    }
    validation = model.example(held_out, np)
    best = min(by_error.values(), key=lambda each: each.score(each.weights, validation))
    common: dict[str, Any] = {"steps": steps, "every": steps // 20, "rng": rng}
    by_count = {
        "count": model.fit(batches, validation=[held_out], rate=RATE, **common),
        "tuned": replace(model, weights=best.weights).fit(
            batches, validation=[held_out], rate=RATE / 20, **common
        ),
    }
    longer = trained_by_error(
        best, best.steps, batches, held_out,
        steps=4 * steps, rate=RATE / 20, every=steps // 5, rng=rng,
    )  # fmt: skip
    return by_error | by_count | {"longer": longer}


def mean_steps(history: Matrix, tolerances: NDArray[np.float64]) -> list[float]:
    """Return the mean steps to each of the tolerances."""
    return [float(np.mean(steps_to(history, tol))) for tol in tolerances]


def drawn(rng: np.random.Generator, n: int, size: int) -> tuple[Matrix, NDArray[np.bool_]]:
    """Return right-hand sides of norm 1, and which of them are smooth."""
    smooth = rng.random(size) < SHARE
    parts = np.zeros((n, size))
    for modes_of, side in ((SMOOTH, smooth), (ROUGH, ~smooth)):
        random = rng.standard_normal((modes_of.stop - modes_of.start, size))
        parts[modes_of] = np.where(side, random, 0)
    B = modes(n) @ parts
    return B / np.linalg.norm(B, axis=0), smooth


def trained_by_errors(names: Iterable[str]) -> list[str]:
    """Return the guesses that were trained by the error from random weights."""
    return [name for name in names if name.startswith("error")]


def scalars(
    counts: dict[str, NDArray[np.int64]], sides: dict[str, NDArray[np.bool_]]
) -> dict[str, float]:
    """Return the numbers to compare.

    They are mean steps to the tolerance: of each guess, ``<guess>_<kind>`` for each kind, and
    ``best_error``, the least of those trained by the error; and quotients: ``count_over_zero``;
    ``count_over_error``, ``tuned_over_error`` and ``longer_over_error`` by that least one;
    ``tuned_over_longer``; ``error_over_zero`` and ``error_over_zero_rough`` with the first m.
    """
    mean = {name: float(np.mean(steps)) for name, steps in counts.items()}
    for name, steps in counts.items():
        mean |= {f"{name}_{kind}": float(np.mean(steps[side])) for kind, side in sides.items()}
    errors = trained_by_errors(counts)
    best = min(mean[name] for name in errors)
    return {
        **mean,
        "best_error": best,
        "count_over_zero": mean["count"] / mean["zero"],
        "count_over_error": mean["count"] / best,
        "tuned_over_error": mean["tuned"] / best,
        "longer_over_error": mean["longer"] / best,
        "tuned_over_longer": mean["tuned"] / mean["longer"],
        "error_over_zero": mean[errors[0]] / mean["zero"],
        "error_over_zero_rough": mean[f"{errors[0]}_rough"] / mean["zero_rough"],
    }
