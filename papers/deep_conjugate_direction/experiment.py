"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.deep_conjugate_direction.iterations import iterations
from resolvent.papers.deep_conjugate_direction.limits import limits
from resolvent.papers.deep_conjugate_direction.training import objectives, training
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "iterations": iterations,
    "limits": limits,
    "objectives": objectives,
    "training": training,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
