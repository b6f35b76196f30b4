"""Forward error against time, over matrix size and batch: ``A = X Xᵀ`` with square Gaussian X."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace
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

LIBRARY = None  # in place of a method: eigh of the array library
RIVAL = NewtonSchulz(steps=5, normaliser="frobenius")

FAMILIES = (
    ("mtp", [Taylor(degree) for degree in (4, 6, 10, 14, 20)]),
    ("mpa", [Pade(order) for order in (2, 3, 5, 8, 10)]),
    ("newton_schulz", [NewtonSchulz(steps, "trace") for steps in (3, 5, 7, 9, 12)]),
    ("newton_schulz_frobenius", [RIVAL]),
    ("eigh", ["eigh"]),
    ("library_eigh", [LIBRARY]),
)
METHODS: list[Any] = [method for _, methods in FAMILIES for method in methods]


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

    Arrays: ``family`` (methods), the names; ``error`` (sizes, methods), medians
    over the largest batch; ``time`` (sizes, batches, methods) in seconds per matrix.
    """
    error = np.empty((len(sizes), len(METHODS)))
    time = np.empty((len(sizes), len(batches), len(METHODS)))
    for i, n in enumerate(progress(sizes, desc="size")):
        A = gaussian(xp, rng, max(batches), n, n)
        reference = eigh_root(A)
        for k, method in enumerate(METHODS):
            error[i, k] = np.median(relative_error(_root(A, method), reference))
        for j, batch in enumerate(batches):
            runners = [partial(_root, A[:batch, ...], method) for method in METHODS]
            seconds, _ = race(runners, rounds)
            time[i, j] = seconds / batch

    def errors(method: Any) -> NDArray[np.float64]:
        return error[:, METHODS.index(method)]

    def speedup(method: Any, over: Any) -> NDArray[np.float64]:
        return time[:, -1, METHODS.index(over)] / time[:, -1, METHODS.index(method)]

    scalars = {
        "mtp_over_mpa": np.min(errors(MTP) / errors(MPA)),
        "newton_schulz_over_mpa": np.min(errors(NEWTON_SCHULZ) / errors(MPA)),
        "same_normaliser_newton_schulz_over_mpa": np.max(errors(RIVAL) / errors(MPA)),
        "products_newton_schulz_over_mtp": products(NEWTON_SCHULZ) / products(MTP),
        "time_library_eigh_over_mtp": _geometric_mean(speedup(MTP, over=LIBRARY)),
        "time_library_eigh_over_mpa": _geometric_mean(speedup(MPA, over=LIBRARY)),
        "time_newton_schulz_over_mtp": _geometric_mean(speedup(MTP, over=NEWTON_SCHULZ)),
        "time_our_eigh_over_mpa": speedup(MPA, over="eigh")[0],
    }
    family = [name for name, methods in FAMILIES for _ in methods]
    arrays = {"sizes": sizes, "batches": batches, "family": family, "error": error, "time": time}
    return Results(scalars, arrays)


def _root(A: Array, method: Any) -> Array:
    return eigh_root(A) if method is LIBRARY else sqrtm(A, method=method)


def _geometric_mean(x: NDArray[np.float64]) -> float:
    return float(np.exp(np.mean(np.log(x))))
