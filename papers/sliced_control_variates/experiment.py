"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.running import Progress
from resolvent.papers.sliced_control_variates.digits import classes, images
from resolvent.papers.sliced_control_variates.flow import flow
from resolvent.papers.sliced_control_variates.gaussians import gaussians
from resolvent.papers.sliced_control_variates.riesz import riesz

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "gaussians": gaussians,
    "digits": classes,
    "mnist": classes,
    "images": images,
    "riesz": riesz,
    "flow": flow,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
