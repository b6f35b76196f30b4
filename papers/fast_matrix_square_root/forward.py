"""Forward error against time, over matrix size and batch: ``A = X Xᵀ`` with square Gaussian X."""

from functools import partial
from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg import sqrtm
from resolvent.linalg.roots import NewtonSchulz, Pade, Taylor
from resolvent.papers.fast_matrix_square_root.methods import (
    MPA,
    MTP,
    NEWTON_SCHULZ,
    eigh_root,
    gaussian,
    products,
    race,
    relative_error,
)
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["forward"]

DEGREES = (4, 6, 10, 14, 20)
ORDERS = (2, 3, 5, 8, 10)
STEPS = (3, 5, 7, 9, 12)


def forward(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    sizes: list[int],
    batches: list[int],
    rounds: int,
) -> Results:
    """Time every method on batches of each size, and compare its roots with those of ``eigh``.

    Errors are medians over the largest batch. Arrays: ``error_<family>`` (sizes, settings),
    ``time_<family>`` (sizes, batches, settings) in seconds per matrix, where a family is ``mtp``,
    ``mpa``, ``newton_schulz`` or, with a single setting, ``eigh`` (ours) and ``library_eigh``.
    """
    families: dict[str, list[Any]] = {
        "mtp": [Taylor(degree) for degree in DEGREES],
        "mpa": [Pade(order) for order in ORDERS],
        "newton_schulz": [NewtonSchulz(steps, "trace") for steps in STEPS],
        "eigh": ["eigh"],
    }
    shape = (len(sizes), len(batches))
    errors = {name: np.empty((len(sizes), len(row))) for name, row in families.items()}
    times = {name: np.empty((*shape, len(row))) for name, row in families.items()}
    times["library_eigh"] = np.empty((*shape, 1))
    same_normaliser = np.empty(len(sizes))
    for i, n in enumerate(progress(sizes, desc="size")):
        matrices = gaussian(xp, rng, max(batches), n, n)
        reference = eigh_root(xp, matrices)
        rival = sqrtm(matrices, method=NewtonSchulz(NEWTON_SCHULZ.steps))
        same_normaliser[i] = np.median(relative_error(rival, reference))
        for name, methods in families.items():
            roots = (sqrtm(matrices, method=method) for method in methods)
            errors[name][i] = [np.median(relative_error(X, reference)) for X in roots]
        for j, batch in enumerate(batches):
            A = matrices[:batch, ...]
            labels = [(name, k) for name, row in families.items() for k in range(len(row))]
            runners = [partial(sqrtm, A, method=families[name][k]) for name, k in labels]
            seconds, _ = race([*runners, partial(eigh_root, xp, A)], rounds)
            for (name, k), time in zip([*labels, ("library_eigh", 0)], seconds, strict=True):
                times[name][i, j, k] = time / batch

    mpa = errors["mpa"][:, ORDERS.index(MPA.order)]
    mtp_time = times["mtp"][:, -1, DEGREES.index(MTP.degree)]
    mpa_time = times["mpa"][:, -1, ORDERS.index(MPA.order)]
    newton_schulz_time = times["newton_schulz"][:, -1, STEPS.index(5)]
    scalars = {
        "mtp_over_mpa": np.min(errors["mtp"][:, DEGREES.index(MTP.degree)] / mpa),
        "newton_schulz_over_mpa": np.min(errors["newton_schulz"][:, STEPS.index(5)] / mpa),
        "same_normaliser_newton_schulz_over_mpa": np.max(same_normaliser / mpa),
        "products_newton_schulz_over_mtp": products(NEWTON_SCHULZ) / products(MTP),
        "products_newton_schulz_over_mpa": products(NEWTON_SCHULZ) / products(MPA),
        "time_library_eigh_over_mtp": geometric_mean(times["library_eigh"][:, -1, 0] / mtp_time),
        "time_library_eigh_over_mpa": geometric_mean(times["library_eigh"][:, -1, 0] / mpa_time),
        "time_newton_schulz_over_mtp": geometric_mean(newton_schulz_time / mtp_time),
        "time_our_eigh_over_mpa": (times["eigh"][:, -1, 0] / mpa_time)[0],
    }
    arrays = {"sizes": np.array(sizes), "batches": np.array(batches)}
    arrays |= {f"error_{name}": error for name, error in errors.items()}
    arrays |= {f"time_{name}": time for name, time in times.items()}
    return Results(scalars, arrays)


def geometric_mean(x: np.ndarray[Any, Any]) -> float:
    """Return the mean that treats a ratio and its inverse alike."""
    return float(np.exp(np.mean(np.log(x))))
