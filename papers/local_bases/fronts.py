"""Fronts of many heights: the height is no matter of the space, and only the sine knows it."""

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.papers.local_bases.partitions import RULES, compare
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["fronts"]


def fronts(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    points: int,
    snapshots: int,
    clusters: int,
    modes: list[int],
    width: float,
) -> Results:
    r"""Draw positions p in [0.1, 0.9] and heights h in [0.1, 10] of :math:`h (1 - \tanh((x-p)/w))`.

    Scalars: largest relative errors with the last number of modes by each rule; ``gain``, the
    smaller of the errors of Euclidean and parameter clusters over that of sines;
    ``height_spread``, the least range of the heights in a cluster of sines, in decades;
    ``new_error``, the error of fronts that were not seen, in the cluster with the best basis.
    Arrays: ``errors`` (rule, modes), ``params``, ``labels``.
    """
    x = np.linspace(0, 1, points)[:, None]

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        p, h = rng.uniform(0.1, 0.9, count), rng.uniform(-1, 1, count)
        return np.stack([p, h], axis=1), 10**h * (1 - np.tanh((x - p) / width)) / 2

    params, S = draw(snapshots)
    found = compare(xp, S, params, clusters, modes, progress)
    _, unseen = draw(snapshots // 2)
    sine = found.labels[RULES.index("sine")]
    last = dict(zip(RULES, found.errors[:, -1], strict=True))
    spreads = [np.ptp(params[sine == i, 1]) for i in range(clusters)]
    scalars = {f"{rule}_error": error for rule, error in last.items()}
    scalars |= {
        "gain": min(last["euclidean"], last["parameters"]) / last["sine"],
        "height_spread": min(spreads),
        "new_error": np.max(to_host(found.bases["sine"].errors(xp.asarray(unseen)).relative)),
    }
    arrays = {"errors": found.errors, "modes": modes, "params": params, "labels": found.labels}
    return Results(scalars, arrays)
