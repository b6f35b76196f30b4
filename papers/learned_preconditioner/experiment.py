"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.learned_preconditioner.amortisation import amortisation
from resolvent.papers.learned_preconditioner.families import families
from resolvent.papers.learned_preconditioner.generalisation import generalisation
from resolvent.papers.learned_preconditioner.grids import grids
from resolvent.papers.learned_preconditioner.training import training
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "grids": grids,
    "families": families,
    "generalisation": generalisation,
    "amortisation": amortisation,
    "training": training,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
