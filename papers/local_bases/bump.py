"""A bump that moves over an interval: what the best pieces of a translation family are is known."""

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.linalg import kmedoids, sine_dissimilarity
from resolvent.papers.local_bases.partitions import RULES, compare
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["bump"]


def bump(
    xp: Namespace,
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    points: int,
    snapshots: int,
    clusters: int,
    modes: list[int],
    width: float,
) -> Results:
    r"""Move :math:`(0.3 + 3\mu) \exp(-(x - \mu)^2 / w^2)` from 0.1 to 0.9.

    Scalars: the largest relative errors with eight modes by each rule, ``global_error``,
    ``euclidean_error``, ``parameters_error`` and ``sine_error``; the same with five modes,
    ``..._five``; ``uniform_ratio``, the error of the sine over that of equal intervals;
    ``mean_sine`` to the medoid; ``loss_ratio``, the loss of k-medoids over that of equal intervals
    with their centres for medoids. Arrays: ``errors`` (rule, modes).
    """
    x, mu = np.linspace(0, 1, points)[:, None], np.linspace(0.1, 0.9, snapshots)
    S = (0.3 + 3 * mu) * np.exp(-(((x - mu) / width) ** 2))
    found = compare(xp, S, mu[:, None], clusters, modes, progress)
    eight, five = modes.index(8), modes.index(5)

    D = sine_dissimilarity(xp.asarray(S))
    medoids = kmedoids(D, clusters)
    D = to_host(D)
    equal = np.minimum(np.arange(snapshots) * clusters // snapshots, clusters - 1)
    centres = [int(np.mean(np.flatnonzero(equal == i))) for i in range(clusters)]
    uniform = max(worst_error(S[:, equal == i], modes[eight]) for i in range(clusters))
    scalars = {f"{rule}_error": found.errors[i, eight] for i, rule in enumerate(RULES)}
    scalars |= {f"{rule}_five": found.errors[i, five] for i, rule in enumerate(RULES)}
    scalars |= {
        "uniform_ratio": scalars["sine_error"] / uniform,
        "mean_sine": medoids.loss / snapshots,
        "loss_ratio": medoids.loss / np.sum(np.min(D[centres], axis=0)),
    }
    return Results(scalars, {"errors": found.errors, "modes": modes, "params": mu})


def worst_error(S: np.ndarray, rank: int) -> float:
    """Return the largest relative error of the best basis in the mean, by an SVD."""
    V = np.linalg.svd(S, full_matrices=False)[0][:, :rank]
    return float(np.max(np.linalg.norm(S - V @ (V.T @ S), axis=0) / np.linalg.norm(S, axis=0)))
