"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.local_bases.bump import bump
from resolvent.papers.local_bases.diffusion import diffusion
from resolvent.papers.local_bases.fronts import fronts
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "bump": bump,
    "diffusion": diffusion,
    "fronts": fronts,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
