"""Diffusion on a line, one parameter: where each estimator stagnates."""

import math

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.rb_error_estimator.comparison import compare, summary
from resolvent.papers.rb_error_estimator.problems import diffusion, exact_solution
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import ReducedBasis

__all__ = ["line"]

LOW, HIGH = 1.0, 100.0  # of the parameter


def line(
    xp: Namespace,  # noqa: ARG001 - sparse matrices mean NumPy
    rng: np.random.Generator,
    progress: Progress,
    *,
    elements: int,
    training: int,
    tests: int,
    shown: list[int],
) -> Results:
    """Choose a basis by the direct estimator, and go on after it has stagnated.

    Scalars: the table of `comparison.summary`; ``stagnation_NAME``, the number of vectors at which
    a greedy choice by that estimator ends with no tolerance; ``closed_form``, the largest relative
    error of the large system against the exact solution, and ``closed_form_order``, the power of
    the mesh size in it; ``gain``, how far below the classical bound the interpolated one gets;
    ``share_of_products`` and ``share_of_solves``, what it takes beside the classical one: numbers
    stored, and solutions with the inner product.
    """
    system, X = diffusion(elements)
    train = np.geomspace(LOW, HIGH, training)
    test = np.sort(np.exp(rng.uniform(math.log(LOW), math.log(HIGH), tests)))
    names = ("direct", "gram", "eim", "orthonormal")
    models = {
        name: ReducedBasis(system, X=X, coercivity=1, estimator=name).greedy(train, 0)
        for name in names
    }
    # in the middle of the widest gaps between those chosen, to see who reports noise
    chosen = list(models["direct"].chosen)
    while len(chosen) < max(shown):
        places = np.sort(chosen)
        widest = int(np.argmax(np.diff(places)))
        chosen.append((places[widest] + places[widest + 1]) // 2)
    reduction = ReducedBasis(system, X=X, coercivity=1)
    basis = reduction.from_snapshots(system.solve(train[chosen])).basis
    sizes = list(range(1, min(basis.shape[1], max(shown)) + 1))
    arrays = compare(system, X, 1, basis, sizes, train, test, progress)

    errors = [closed_form_error(cells, test) for cells in (elements // 2, elements)]
    last = {name: arrays[f"bound_{name}"][-1].max() for name in names}
    scalars = summary(arrays, shown) | {
        **{f"stagnation_{name}": model.size for name, model in models.items()},
        "closed_form": errors[1],
        "closed_form_order": np.log2(errors[0] / errors[1]),
        "gain": last["gram"] / last["eim"],
        "share_of_products": arrays["terms_eim"][-3] / arrays["sigma"][-3],
        "share_of_solves": arrays["terms_eim"][-3] / arrays["pieces"][-3],
    }
    return Results(scalars, arrays | {"mus": test})


def closed_form_error(elements: int, mus: np.ndarray) -> float:
    """Return the largest relative error at the nodes."""
    U = diffusion(elements)[0].solve(mus)
    exact = np.stack([exact_solution(elements, mu) for mu in mus], axis=1)
    return float(np.max(np.abs(U - exact).max(axis=0) / exact.max(axis=0)))
