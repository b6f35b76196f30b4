"""The cases of ``paper.toml``: errors of one quantity and layout each, and the weighting."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.matrix_power_limits.errors import errors
from resolvent.papers.matrix_power_limits.weighting import weighting
from resolvent.papers.running import Progress

__all__ = ["run"]


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    experiment = weighting if case.name == "weighting" else errors
    return experiment(xp, rng, progress, **case.parameters)
