"""Models trained on grids of up to 64 by 64 points, on other sizes, contrasts and meshes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import lognormal_diffusion, two_phase_diffusion
from resolvent.papers.learned_preconditioner.costs import (
    Builder,
    classical,
    cost,
    learned,
    right_hand_side,
)
from resolvent.papers.learned_preconditioner.systems import FIRST_TEST, meshed
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["generalisation"]

OTHERS = ("ic0", "ssor", "multigrid")
Make = Callable[[Any, int], Any]


def generalisation(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    sizes: list[int],
    contrasts: list[float],
    size: int,
    meshes: list[int],
    count: int,
) -> Results:
    """Vary one thing at a time, ``count`` systems each.

    Arrays, for each of ``sizes``, ``contrasts`` and ``meshes``: ``<name>_iterations`` and
    ``<name>_fallbacks`` (method, value), means; ``methods``, where ``bare_<model>`` is a model
    without its guard.
    Scalars: ``<name>_<model>_largest``, its iterations over those of IC(0), at most;
    ``<name>_<model>_fallbacks``, their share at the last value; ``growth_<method>``, iterations at
    the largest size over those at the smallest.
    """
    first = lognormal_diffusion((size, size), sigma=1, rng=FIRST_TEST - 1)
    others, models = classical(first, right_hand_side(first, 0)), learned()
    builders = {name: others[name] for name in OTHERS} | models
    builders |= {f"bare_{name}": model.build for name, model in models.items()}
    studies: dict[str, tuple[Sequence[Any], Make]] = {
        "sizes": (sizes, lambda n, seed: lognormal_diffusion((n, n), sigma=1, rng=seed)),
        "contrasts": (
            contrasts,
            lambda c, seed: two_phase_diffusion((size, size), contrast=c, rng=seed),
        ),
        "meshes": (meshes, lambda n, seed: meshed("poisson", [n, n], seed)),
    }
    arrays: dict[str, Any] = {"methods": np.array(list(builders))}
    scalars: dict[str, float] = {}
    for name, (values, make) in progress(studies.items()):
        steps, fallbacks = _sweep(builders, values, make, count)
        arrays |= {name: values, f"{name}_iterations": steps, f"{name}_fallbacks": fallbacks}
        row = dict(zip(builders, steps, strict=True))
        fell = dict(zip(builders, fallbacks, strict=True))
        for model in (*models, *(f"bare_{name}" for name in models)):
            scalars[f"{name}_{model}_largest"] = (row[model] / row["ic0"]).max()
        scalars |= {f"{name}_{model}_fallbacks": fell[model][-1] for model in models}
        if name == "sizes":
            scalars |= {f"growth_{each}": row[each][-1] / row[each][0] for each in builders}
    return Results(scalars, arrays)


def _sweep(
    builders: dict[str, Builder], values: Sequence[Any], make: Make, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean iterations and the share of fallbacks (method, value)."""
    steps, fallbacks = np.zeros((2, len(builders), len(values)))
    for k, value in enumerate(values):
        for seed in range(FIRST_TEST, FIRST_TEST + count):
            A = make(value, seed)
            b = right_hand_side(A, seed)
            for row, build in enumerate(builders.values()):
                one = cost(build, A, b)
                steps[row, k] += one.iterations / count
                fallbacks[row, k] += one.fell_back / count
    return steps, fallbacks
