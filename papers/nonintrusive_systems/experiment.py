"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.nonintrusive_systems.boundary_value import boundary_value
from resolvent.papers.nonintrusive_systems.kite import kite
from resolvent.papers.nonintrusive_systems.resonance import resonance
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "boundary_value": boundary_value,
    "kite": kite,
    "resonance": resonance,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
