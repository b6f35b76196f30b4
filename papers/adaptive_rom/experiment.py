"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.adaptive_rom.cubature import cubature
from resolvent.papers.adaptive_rom.online import online
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "cubature": cubature,
    "online": online,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
