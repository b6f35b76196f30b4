"""The norm by which the next parameter is chosen."""

from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, namespace_of, to_host
from resolvent.linalg import eim
from resolvent.papers.eim_variants.inverse_distance import fields, points, random_sources, sources
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["norms"]


def norms(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    side: int,
    tests: int,
    terms: int,
    tol: float,
) -> Results:
    """Run the greedy algorithm in the maximum, the Euclidean and the L1 norm.

    Scalars: ``converged``, in how many of the norms the tolerance is met; ``terms_sup``,
    ``terms_l2`` and ``terms_l1``, after how many terms; ``lebesgue_*``, the largest Lebesgue
    constant on the way; ``spread_mean``, the largest ratio between norms of the mean error over
    fields that were not seen, at the same number of terms. Arrays: ``worst_*`` and ``mean_*``,
    errors in the maximum norm over the number of terms, for unseen fields, relative to the largest
    value; ``constants_*``.
    """
    X, Y, new = points(side), sources(side), random_sources(tests, rng)
    f, exact = xp.asarray(fields(X, Y)), fields(X, new)
    choices: dict[str, Any] = {"sup": "sup", "l2": "l2", "l1": mean_modulus}
    scalars: dict[str, float] = {"converged": 0}
    arrays: dict[str, Array] = {}
    for name, norm in progress(list(choices.items())):
        found = eim(f, tol=tol, max_terms=terms, norm=norm)
        steps = [found.truncate(M) for M in range(1, found.points.size + 1)]
        missed = [
            np.max(np.abs(to_host(step(xp.asarray(exact[step.points, :]))) - exact), axis=0)
            for step in steps
        ]
        arrays[f"worst_{name}"] = np.max(missed, axis=1) / np.max(exact)
        arrays[f"mean_{name}"] = np.mean(missed, axis=1) / np.max(exact)
        arrays[f"constants_{name}"] = np.array([step.lebesgue() for step in steps])
        scalars["converged"] += found.converged
        scalars[f"terms_{name}"] = found.points.size
        scalars[f"lebesgue_{name}"] = np.max(arrays[f"constants_{name}"])
    shortest = min(arrays[f"mean_{name}"].size for name in choices)
    rows = np.stack([arrays[f"mean_{name}"][:shortest] for name in choices])
    scalars["spread_mean"] = np.max(np.max(rows, axis=0) / np.min(rows, axis=0))
    return Results(scalars, arrays)


def mean_modulus(R: Array) -> Array:
    """Return the L1 norms of columns."""
    xp = namespace_of(R)
    return xp.mean(xp.abs(R), axis=0)
