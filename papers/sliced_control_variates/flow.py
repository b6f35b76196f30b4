"""Particles that fall down the energy distance to the ink of an image."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import riesz_mmd, riesz_mmd_gradient

__all__ = ["flow"]


def flow(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    particles: int,
    image: int,
    lines: list[int],
    steps: int,
    step: float,
) -> Results:
    """Follow the negative gradient along a few random lines, other ones in every step.

    Scalars: ``left_<P>``, the discrepancy at the end over that at the start with P lines. Arrays:
    the ``picture`` in the unit square and ``snapshots`` (time, particle, 2) for the most lines.
    """
    picture = gallery.digits("mnist")[image]
    rows, columns = np.nonzero(picture)
    size = picture.shape[0]
    y = xp.asarray(np.stack([columns + 0.5, size - 0.5 - rows], axis=1) / size)
    b = xp.asarray(picture[rows, columns] / np.sum(picture))
    start = xp.asarray(0.5 + 0.02 * rng.standard_normal((particles, 2)))
    scalars: dict[str, float] = {}
    snapshots: list[Any] = []
    times = [0, steps // 16, steps // 4, steps]
    for count in lines:
        x, snapshots = start, []
        for k in progress(range(steps + 1)):
            if k in times:
                snapshots.append(to_host(x))
            gradient = riesz_mmd_gradient(x, y, None, b, projections=count, rng=rng).gradient
            x = x - step * particles * gradient
        left = riesz_mmd(xp.asarray(snapshots[-1]), y, None, b).value
        scalars[f"left_{count}"] = left / riesz_mmd(start, y, None, b).value
    arrays = {"snapshots": np.stack(snapshots), "picture": picture, "times": times}
    return Results(scalars, arrays)
