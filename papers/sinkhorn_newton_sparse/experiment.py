"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable
from importlib import import_module

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton_sparse.budget import budget
from resolvent.papers.sinkhorn_newton_sparse.contest import contest
from resolvent.papers.sinkhorn_newton_sparse.crossover import crossover
from resolvent.papers.sinkhorn_newton_sparse.interval import interval
from resolvent.papers.sinkhorn_newton_sparse.sparsity import sparsity

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "assignment": contest,
    "strokes": contest,
    "squared": contest,
    "moduli": contest,
    "budget": budget,
    "sparsity": sparsity,
    "interval": interval,
    "crossover": crossover,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case, on one thread of BLAS: the matrices are small."""
    with import_module("threadpoolctl").threadpool_limits(1):
        return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
