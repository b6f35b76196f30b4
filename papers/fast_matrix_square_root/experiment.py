"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.fast_matrix_square_root.backward import backward
from resolvent.papers.fast_matrix_square_root.forward import forward
from resolvent.papers.fast_matrix_square_root.normalisers import normalisers
from resolvent.papers.fast_matrix_square_root.whitening import whitening
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "forward": forward,
    "backward": backward,
    "normalisers": normalisers,
    "mnist": whitening,
    "digits": whitening,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
