"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.eim_variants.norms import norms
from resolvent.papers.eim_variants.sensors import sensors
from resolvent.papers.eim_variants.symmetry import symmetry
from resolvent.papers.eim_variants.triangularity import triangularity
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "norms": norms,
    "sensors": sensors,
    "symmetry": symmetry,
    "triangularity": triangularity,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
