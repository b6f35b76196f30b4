"""Time of a sum over more and more points in the plane, beside direct summation."""

from time import perf_counter

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.summation import EIFMM

__all__ = ["cost"]

_REPEATS = 3


def cost(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    sizes: list[int],
    tol: float,
    directly: int,
) -> Results:
    """Sum the logarithm over random points of the unit square.

    Direct summation by array operations is timed on ``directly`` targets, and scaled to all.

    Scalars: ``error_over_tol``; ``time_exponent``, the power of N in the time of a product;
    ``time_direct_over_fast`` at the largest N. Arrays: ``sizes``, and seconds: ``direct``,
    ``fast``, and ``setup``.
    """
    rows, errors = [], []
    # log r is not homogeneous: only in one box do all sets of points share their skeletons
    builder = EIFMM("laplace", 2, tol, box=((0.0, 0.0), 1.0))
    builder.fit(xp.asarray(rng.random((500, 2)))) @ xp.ones(500)  # compile
    for size in progress(sizes):
        points, charges = rng.random((size, 2)), rng.standard_normal(size)
        start = perf_counter()
        A = builder.fit(xp.asarray(points))
        setup = perf_counter() - start
        q = xp.asarray(charges)
        fast = min(timed(lambda A=A, q=q: to_host(A @ q)) for _ in range(_REPEATS))
        few = points[:directly]
        direct = timed(lambda few=few, y=points, q=charges: summed(few, y, q)) * size / len(few)
        errors.append(A.estimate(q, rng=rng))
        rows.append((direct, fast, setup))
    direct_times, fast_times, setups = np.array(rows).T
    scalars = {
        "error_over_tol": max(errors) / tol,
        "time_exponent": np.polyfit(np.log(sizes), np.log(fast_times), 1)[0],
        "time_direct_over_fast": direct_times[-1] / fast_times[-1],
    }
    arrays = {
        "sizes": np.array(sizes),
        "direct": direct_times,
        "fast": fast_times,
        "setup": setups,
    }
    return Results(scalars, arrays)


def timed(call: object) -> float:
    """Return the seconds of a call."""
    start = perf_counter()
    call()  # type: ignore[operator]
    return perf_counter() - start


def summed(
    x: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    y: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    charges: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    """Sum directly, a few targets at a time."""
    for start in range(0, len(x), 50):
        squares = np.sum((x[start : start + 50, None] - y) ** 2, axis=2)
        0.5 * np.log(np.where(squares > 0, squares, 1)) @ charges
