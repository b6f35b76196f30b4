"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.riesz_collocation.approximation import approximation
from resolvent.papers.riesz_collocation.conditioning import conditioning
from resolvent.papers.riesz_collocation.iterations import iterations
from resolvent.papers.riesz_collocation.spectrum import spectrum
from resolvent.papers.riesz_collocation.symbol import symbol
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "symbol": symbol,
    "spectrum": spectrum,
    "conditioning": conditioning,
    "approximation": approximation,
    "iterations": iterations,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
