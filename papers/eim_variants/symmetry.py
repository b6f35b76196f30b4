"""Both variables play the same role: the symmetric form, and EIM of the transposed function."""

import numpy as np

from resolvent.arrays import Array, Namespace, to_host
from resolvent.linalg import eim
from resolvent.papers.eim_variants.inverse_distance import fields, points, random_sources, sources
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["symmetry"]


def symmetry(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,  # noqa: ARG001
    *,
    side: int,
    tests: int,
    terms: int,
) -> Results:
    r"""Compare the symmetric form with the classical one.

    Scalars: ``difference``, the largest difference of the two forms over the largest value of f, in
    units of ``eps`` times the largest sum of moduli of weights; ``same_pairs``, how many of the
    pairs (x, y) that the greedy algorithm chooses in the transposed function are the same, in the
    same order; ``determinant_gap``, the relative difference of det F and the product of the
    pivots; ``between``, the largest error of the symmetric form at random points x between those
    of the grid, over the one on the grid. Arrays: ``x``, ``y``, the pairs in order; ``pivots``.
    """
    X, Y, new = points(side), sources(side), random_sources(tests, rng)
    f, exact = fields(X, Y), fields(X, new)
    found = eim(xp.asarray(f), tol=1e-12, max_terms=terms)
    swapped = eim(xp.asarray(f.T.copy()), tol=1e-12, max_terms=terms)
    same = (found.points == swapped.params) & (found.params == swapped.points)

    x, y = X[found.points], Y[found.params]
    values = xp.asarray(fields(x, new))
    classical, weights = to_host(found(values)), to_host(found.weights(values))
    symmetric = to_host(found.symmetric(xp.asarray(fields(X, y)), values))
    cancels = np.finfo(float).eps * np.max(np.sum(np.abs(weights), axis=0)) * np.max(exact)
    between = rng.uniform(np.min(X), np.max(X), (tests, 2))
    there = to_host(found.symmetric(xp.asarray(fields(between, y)), values))
    few = slice(0, terms // 3)  # det F of more is below the smallest number
    pivots = to_host(found.pivots)
    sign, logarithm = np.linalg.slogdet(fields(x[few], y[few]))
    gap = logarithm - np.sum(np.log(np.abs(pivots[few])))
    scalars = {
        "difference": np.max(np.abs(symmetric - classical)) / cancels,
        "same_pairs": np.argmin([*same, False]),
        "determinant_gap": abs(gap) if sign == np.prod(np.sign(pivots[few])) else np.inf,
        "between": largest(there - fields(between, new)) / largest(symmetric - exact),
    }
    return Results(scalars, {"x": x, "y": y, "pivots": np.abs(pivots)})


def largest(x: Array) -> float:
    """Return the largest modulus."""
    return float(np.max(np.abs(x)))
