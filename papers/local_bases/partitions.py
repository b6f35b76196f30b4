"""Snapshots cut into pieces by four rules, and what bases of the same size leave of them."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from resolvent.arrays import Array, Namespace
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import LocalBases

__all__ = ["RULES", "Comparison", "compare"]

RULES = ("global", "euclidean", "parameters", "sine")


class Comparison(NamedTuple):
    """Largest relative errors (rule, modes), labels (rule, n), and the bases of each rule."""

    errors: Array
    labels: Array
    bases: dict[str, LocalBases]


def compare(
    xp: Namespace, S: Array, params: Array, clusters: int, modes: list[int], progress: Progress
) -> Comparison:
    """Cut snapshots by every rule, and project each on the basis of its own cluster."""
    snapshots = xp.asarray(S)
    scaled = params / np.ptp(params, axis=0)
    between = xp.asarray(cdist(scaled, scaled))
    kinds = {"euclidean": "euclidean", "parameters": between, "sine": "sine"}
    errors, labels, bases = np.empty((len(RULES), len(modes))), [], {}
    for i, rule in enumerate(progress(RULES)):
        k, kind = (1, "sine") if rule == "global" else (clusters, kinds[rule])
        local = LocalBases.fit(snapshots, k, rank=max(modes), dissimilarity=kind, params=params)
        for j, rank in enumerate(modes):
            found = local.truncate(rank).errors(snapshots, local.clusters.labels)
            errors[i, j] = found.largest
        labels.append(local.clusters.labels)
        bases[rule] = local
    return Comparison(errors, np.array(labels), bases)
