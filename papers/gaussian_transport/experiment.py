"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.gaussian_transport.accuracy import accuracy
from resolvent.papers.gaussian_transport.barycenter import barycenter
from resolvent.papers.gaussian_transport.entropic import entropic
from resolvent.papers.gaussian_transport.sampling import sampling
from resolvent.papers.gaussian_transport.unbalanced import unbalanced
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "accuracy": accuracy,
    "barycenter": barycenter,
    "entropic": entropic,
    "sampling": sampling,
    "unbalanced": unbalanced,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
