"""Heat conduction in a square, two parameters: more terms, the same floors."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.rb_error_estimator.comparison import compare, summary
from resolvent.papers.rb_error_estimator.problems import least_conductivity, thermal_block
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import ReducedBasis

__all__ = ["block"]


def block(
    xp: Namespace,  # noqa: ARG001 - sparse matrices mean NumPy
    rng: np.random.Generator,
    progress: Progress,
    *,
    cells: int,
    training: int,
    tests: int,
    shown: list[int],
) -> Results:
    """Choose a basis by the orthonormal estimator, conductivities from 0.1 to 10.

    Scalars: the table of `comparison.summary`; ``effectivity``, the largest ratio of bound to error
    where the bound is resolved, over the largest ratio of conductivities, its limit in theory.
    """
    system, X = thermal_block(cells)
    train, test = (10 ** rng.uniform(-1, 1, (count, 2)) for count in (training, tests))
    reduction = ReducedBasis(system, X=X, coercivity=least_conductivity)
    basis = reduction.greedy(train, 0, max_terms=max(shown)).basis
    arrays = compare(system, X, least_conductivity, basis, shown, train, test, progress)
    resolved = arrays["bound_orthonormal"] > 100 * (arrays["floor_orthonormal"] + arrays["truth"])
    ratio = arrays["bound_orthonormal"] / arrays["error"]
    spread = np.maximum(test.max(axis=1), 1) / least_conductivity(test)
    scalars = summary(arrays, shown) | {
        "effectivity": np.max((ratio / spread)[resolved]),
        "least_effectivity": np.min(ratio[resolved]),
    }
    return Results(scalars, arrays)
