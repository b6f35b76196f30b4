"""The cases of ``paper.toml``, each an experiment of its own file."""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers import Case, Results
from resolvent.papers.polynomial_preconditioning.conditions import conditions
from resolvent.papers.polynomial_preconditioning.logistic import logistic
from resolvent.papers.polynomial_preconditioning.quadratic import quadratic
from resolvent.papers.polynomial_preconditioning.soft_maximum import soft_maximum
from resolvent.papers.running import Progress

__all__ = ["run"]

EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "conditions": conditions,
    "quadratic": quadratic,
    "soft_maximum": soft_maximum,
    "cancer": logistic,
    "digits": logistic,
}


def run(case: Case, xp: Namespace, rng: np.random.Generator, progress: Progress) -> Results:
    """Run one case."""
    return EXPERIMENTS[case.name](xp, rng, progress, **case.parameters)
