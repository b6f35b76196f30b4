"""Monomials with and without multinomial coefficients: what the greedy choice makes of them."""

from collections.abc import Sequence
from itertools import product
from math import lgamma

import numpy as np

from resolvent.arrays import Array, Namespace, to_host
from resolvent.linalg import eim
from resolvent.papers.matrix_power_limits.thermal_blocks import thermal_blocks
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["weighting"]

LOW, HIGH = 0.5, 2.0


def weighting(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    cells: int,
    layout: Sequence[int],
    candidates: int,
    tests: int,
    degree: int,
    terms: int,
) -> Results:
    """Interpolate monomials, and monomials times the number of words that they stand for.

    Scalars: ``plain`` and ``multinomial``, the largest relative error of the log-determinant with
    all terms. Arrays: ``error_plain`` and ``error_multinomial`` over the number of terms.
    """
    problem = thermal_blocks(xp, cells, layout)
    Q, middle = problem.terms.shape[0], (LOW + HIGH) / 2
    train, test = (rng.uniform(LOW, HIGH, (n, Q)) for n in (candidates, tests))
    exponents = [i for i in product(range(degree + 1), repeat=Q) if sum(i) <= degree]
    counts = [lgamma(sum(i) + 1) - sum(lgamma(q + 1) for q in i) for i in exponents]
    powers = xp.asarray(exponents, dtype=problem.terms.dtype)[:, :, None]
    words = np.exp(counts)
    exact = np.array([problem.logdet(mu) for mu in xp.asarray(test)])

    def table(mus: Array, weights: Array) -> Array:
        return weights[:, None] * xp.prod(xp.asarray(1 - mus.T / middle) ** powers, axis=1)

    errors = {}
    for name, weights in progress([("plain", 0 * words + 1), ("multinomial", words)]):
        held = xp.asarray(weights)
        found = eim(table(train, held), tol=1e-13, max_terms=terms)
        values = np.array([problem.logdet(mu) for mu in xp.asarray(train[found.params])])
        fields = xp.take(table(test, held), xp.asarray(found.points), axis=0)
        lam = [found.truncate(M).weights(fields[:M, :]) for M in range(1, terms + 1)]
        errors[f"error_{name}"] = [relative(values[: len(x)] @ to_host(x), exact) for x in lam]
    scalars = {name.removeprefix("error_"): rows[-1] for name, rows in errors.items()}
    return Results(scalars, errors)


def relative(found: Array, exact: Array) -> float:
    """Return the largest relative error."""
    return float(np.max(np.abs(found - exact) / np.abs(exact)))
