"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable
from importlib import import_module

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton.digits import digits
from resolvent.papers.sinkhorn_newton.images import images
from resolvent.papers.sinkhorn_newton.mesh import mesh
from resolvent.papers.sinkhorn_newton.reach import reach

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "images": images,
    "mnist": digits,
    "mesh": mesh,
    "reach": reach,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case, on one thread of BLAS: the matrices are small."""
    with import_module("threadpoolctl").threadpool_limits(1):
        return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
