"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.fast_summation.cost import cost
from resolvent.papers.fast_summation.kernels import kernels
from resolvent.papers.fast_summation.levels import levels
from resolvent.papers.fast_summation.nodes import nodes
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "kernels": kernels,
    "levels": levels,
    "nodes": nodes,
    "cost": cost,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
