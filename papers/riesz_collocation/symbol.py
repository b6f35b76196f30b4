"""The symbol: its coefficients, its zero at 0, and its decay at pi as the degree grows."""

from itertools import product

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["central_gap", "symbol"]


def symbol(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    degrees: list[int],
    alphas: list[float],
    points: int,
) -> Results:
    r"""Sample the symbol f of every degree p and order alpha.

    Scalars: ``central_gap``, the largest `central_gap`; ``zero_order_error``, the largest
    difference between alpha and the slope of log f at 0; ``decay_at_pi``, f(pi) of the last
    degree over that of the one before, for the alpha where it is largest;
    ``relative_decay_low_over_high``, f(pi) / f(pi/2) of the smallest alpha over that of the
    largest, at the degree where it is largest. Arrays: ``theta``, ``symbols`` (alpha, p, theta)
    divided by their maximum, and ``at_pi`` (alpha, p).
    """
    theta = np.linspace(0, np.pi, points)
    samples = np.empty((len(alphas), len(degrees), points))
    half_and_full = np.empty((len(alphas), len(degrees), 2))
    slopes, gaps = [], []
    for (i, alpha), (j, p) in progress(list(product(enumerate(alphas), enumerate(degrees)))):
        problem = gallery.riesz_collocation(4 * p, degree=p, alpha=alpha)
        samples[i, j] = problem.symbol(theta)
        half_and_full[i, j] = problem.symbol([np.pi / 2, np.pi])
        near, nearer = problem.symbol([2e-4, 1e-4])
        slopes.append(abs(np.log2(near / nearer) - alpha))
        gaps.append(central_gap(problem))
    at_pi = half_and_full[:, :, 1]
    decay = at_pi / half_and_full[:, :, 0]
    scalars = {
        "central_gap": max(gaps),
        "zero_order_error": max(slopes),
        "decay_at_pi": np.max(at_pi[:, -1] / at_pi[:, -2]),
        "relative_decay_low_over_high": np.max(decay[0] / decay[-1]),
    }
    arrays = {
        "theta": theta,
        "symbols": samples / np.max(samples, axis=2, keepdims=True),
        "at_pi": at_pi,
        "degrees": degrees,
        "alphas": alphas,
    }
    return Results(scalars, arrays)


def central_gap(problem: gallery.RieszCollocation, samples: int = 2**16) -> float:
    """Return how far the middle row of A is from the Fourier coefficients of the symbol.

    The trapezoidal rule gives them up to the coefficient of ``samples``, about
    ``samples^(-1 - alpha)``. Columns of B-splines that touch an end are left out.
    """
    t = np.fft.rfft(problem.symbol(2 * np.pi * np.arange(samples) / samples)).real / samples
    N, p = len(problem.b), problem.degree
    columns = np.arange(p - 1, N - p + 1)
    return float(np.max(np.abs(problem.A[N // 2, columns] - t[np.abs(N // 2 - columns)])))
