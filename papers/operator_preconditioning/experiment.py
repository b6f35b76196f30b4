"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.operator_preconditioning.conditions import conditions
from resolvent.papers.operator_preconditioning.descents import descents
from resolvent.papers.operator_preconditioning.spectra import spectra
from resolvent.papers.operator_preconditioning.training import training
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "fourier": conditions,
    "advection": conditions,
    "descent": descents,
    "network": spectra,
    "training": training,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
