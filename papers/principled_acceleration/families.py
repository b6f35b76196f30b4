"""A network that sees the right-hand side, for smooth and rough Poisson systems."""

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
    splitting: str,
    omega: float,
    n: int,
    points: int,
    hidden: list[int],
    tol: float,
    unrolled: int,
    later: list[int],
    systems: int,
    steps: int,
) -> Results:
    r"""Train a network by the error after m steps, for several m, and by the count.

    Right-hand sides of norm 1 have random parts in the smoothest three sine modes, one in five
    systems, or in the eighth to the thirteenth. The network sees their means over ``points``
    blocks. The error, whose gradients are cheaper, is given four times the gradient steps.
    ``tuned`` is the best of those trained by the error, trained further by the count.

    Scalars, mean steps of the library's solver on fresh systems to the tolerance: ``zero``,
    ``error_<m>``, ``count``, ``tuned``; ``<guess>_<kind>`` for each kind; ``best_error``, the least
    of those trained by the error; the quotients ``count_over_zero``, ``count_over_error``,
    ``tuned_over_error``, with that least one, and ``error_over_zero`` and
    ``error_over_zero_rough`` with the first m; at a tolerance of 0.1 ``loose_count_over_error``.
    Arrays: ``tolerances`` and ``counts`` (guess, tolerance), ``guesses``; ``<guess>_<kind>_norms``,
    median residual norms.
    """
    A = gallery.poisson(n)
    learn, held_out = (drawn(rng, n, size)[0] for size in (systems, 200))
    fresh, smooth = drawn(rng, n, 500)
    batches: list[tuple[Any, Matrix]] = [
        (A, learn[:, start : start + BATCH]) for start in range(0, systems, BATCH)
    ]
    model = LearnedInitialGuess(
        n=n,
        points=points,
        hidden=tuple(hidden),
        splitting="jacobi" if splitting == "jacobi" else "sor",
        omega=omega,
        tol=tol,
        steps=unrolled,
    )
    models = trained(model, batches, (A, held_out), later, steps, rng, progress)
    guesses = {"zero": np.zeros_like(fresh)}
    guesses |= {name: each(A, fresh) for name, each in models.items()}

    tolerances = np.logspace(-1, np.log10(tol) - 2, 4 * round(1 - np.log10(tol)) + 1)
    runs = {name: histories(model, A, fresh, x0, tolerances[-1]) for name, x0 in guesses.items()}
    counts = {name: mean_steps(run, tolerances) for name, run in runs.items()}
    sides = {"smooth": smooth, "rough": ~smooth}
    loose = counts["count"][0] / min(counts[f"error_{m}"][0] for m in later)
    return Results(
        scalars({name: steps_to(run, tol) for name, run in runs.items()}, sides)
        | {"loose_count_over_error": loose},
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
    """Return the model trained by the errors after some steps, by the count, and by both."""
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
    return by_error | by_count


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


def scalars(
    counts: dict[str, NDArray[np.int64]], sides: dict[str, NDArray[np.bool_]]
) -> dict[str, float]:
    """Return the numbers to compare."""
    mean = {name: float(np.mean(steps)) for name, steps in counts.items()}
    for name, steps in counts.items():
        mean |= {f"{name}_{kind}": float(np.mean(steps[side])) for kind, side in sides.items()}
    errors = [name for name in counts if name.startswith("error")]
    best = min(mean[name] for name in errors)
    return {
        **mean,
        "best_error": best,
        "count_over_zero": mean["count"] / mean["zero"],
        "count_over_error": mean["count"] / best,
        "tuned_over_error": mean["tuned"] / best,
        "error_over_zero": mean[errors[0]] / mean["zero"],
        "error_over_zero_rough": mean[f"{errors[0]}_rough"] / mean["zero_rough"],
    }
