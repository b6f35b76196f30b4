"""Samples of two Gaussians: the error of an estimate against its number of lines."""

from itertools import product
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import sliced_wasserstein
from resolvent.solvers.transport.sliced import Control

__all__ = ["CONTROLS", "PAIRS", "gaussians"]

CONTROLS: tuple[Control, ...] = ("none", "lower", "upper", "both")
PAIRS = ("means", "covariances", "both")


def gaussians(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    points: int,
    dimension: int,
    lines: list[int],
    repetitions: int,
    reference: int,
) -> Results:
    """Repeat every estimate with other lines, and compare with one of ``reference`` lines.

    One Gaussian is standard; the other has another mean, another covariance, or both. The controls
    see the same lines.

    Scalars, for the pairs ``means``, ``covariances`` and ``both`` and every control:
    ``<pair>_<control>``, the mean square error over that of the plain estimate, at the largest
    number of lines; ``slope_plain`` and ``slope_fitted``, the largest difference between -1/2 and
    the exponent of an error, without and with control; ``honesty_low`` and ``honesty_high``, the
    extremes of the error over the reported standard error, both in root mean square, for all but
    the least number of lines; ``honesty_few``, the largest there;
    ``bias_plain``, the largest mean error without control in units of its standard deviation;
    ``bias_fitted``, the same with control at the largest number of lines. Arrays: ``errors`` and
    ``reported`` (pair, control, lines), relative to the distance.
    """
    wrong, stated = np.empty((2, len(PAIRS), len(CONTROLS), len(lines), repetitions))
    for i, pair in enumerate(progress(PAIRS)):
        x, y = samples(xp, rng, pair, points, dimension)
        exact = sliced_wasserstein(x, y, projections=reference, rng=rng).value
        for (k, count), m in product(enumerate(lines), range(repetitions)):
            seed = int(rng.integers(2**32))
            for j, control in enumerate(CONTROLS):
                found = sliced_wasserstein(x, y, projections=count, control=control, rng=seed)
                wrong[i, j, k, m] = found.value / exact - 1
                stated[i, j, k, m] = found.standard_error / exact

    errors, reported = (np.sqrt(np.mean(numbers**2, axis=-1)) for numbers in (wrong, stated))
    bias = np.mean(wrong, axis=-1) / np.std(wrong, axis=-1) * np.sqrt(repetitions)
    slopes = np.log(errors[..., -1] / errors[..., 0]) / np.log(lines[-1] / lines[0])
    gains = (errors[..., -1] / errors[:, :1, -1]) ** 2
    honesty = errors / reported
    scalars = {
        f"{pair}_{control}": gains[i, j]
        for (i, pair), (j, control) in product(enumerate(PAIRS), enumerate(CONTROLS))
        if control != "none"
    }
    scalars |= {
        "slope_plain": np.max(np.abs(slopes[:, 0] + 0.5)),
        "slope_fitted": np.max(np.abs(slopes[:, 1:] + 0.5)),
        "honesty_low": np.min(honesty[..., 1:]),
        "honesty_high": np.max(honesty[..., 1:]),
        "honesty_few": np.max(honesty[..., 0]),
        "bias_plain": np.max(np.abs(bias[:, 0])),
        "bias_fitted": np.max(np.abs(bias[:, 1:, -1])),
    }
    return Results(scalars, {"errors": errors, "reported": reported, "lines": lines})


def samples(
    xp: Namespace, rng: np.random.Generator, pair: str, points: int, dimension: int
) -> tuple[Array, Array]:
    """Draw from a standard Gaussian and one that differs as ``pair`` says."""
    mean: Any = np.linspace(0, 1, dimension) if pair in ("means", "both") else 0.0
    deviation: Any = np.geomspace(1 / 3, 3, dimension) if pair in ("covariances", "both") else 1.0
    x, y = rng.standard_normal((2, points, dimension))
    return xp.asarray(x), xp.asarray(mean + deviation * y)
