"""Models trained on grids of up to 64 by 64 points, on other sizes, contrasts and meshes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import lognormal_diffusion, two_phase_diffusion
from resolvent.papers.learned_preconditioner.costs import (
    Builder,
    Cost,
    classical,
    compare,
    counts,
    learned,
    right_hand_side,
)
from resolvent.papers.learned_preconditioner.systems import FIRST_TEST, meshed
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["generalisation"]

OTHERS = ("ic0", "ssor", "multigrid")
Make = Callable[[Any, int], Any]
Table = dict[str, list[Cost]]


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
    ``<name>_<model>_over_better``, over the fewer of those of IC(0) and of the model without its
    guard, at most; ``<name>_<model>_fallbacks``, their share at the last value;
    ``growth_<method>``, iterations at the largest size over those at the smallest.
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
        tables = [_compare(builders, partial(make, value), count) for value in values]
        steps = _means(tables, counts)
        fell = _means(tables, lambda costs: [c.fell_back for c in costs])
        arrays |= {name: values, f"{name}_iterations": np.array(list(steps.values()))}
        arrays[f"{name}_fallbacks"] = np.array(list(fell.values()))
        scalars |= {
            f"{name}_{each}": ratio for each, ratio in _ratios(tables, list(models)).items()
        }
        scalars |= {f"{name}_{model}_fallbacks": fell[model][-1] for model in models}
        if name == "sizes":
            scalars |= {f"growth_{each}": row[-1] / row[0] for each, row in steps.items()}
    return Results(scalars, arrays)


def _compare(builders: dict[str, Builder], make: Callable[[int], Any], count: int) -> Table:
    return compare(builders, make, range(FIRST_TEST, FIRST_TEST + count))


def _means(
    tables: list[Table], field: Callable[[list[Cost]], Any]
) -> dict[str, NDArray[np.float64]]:
    """Return for each method the means of a field at each value."""
    return {name: np.array([np.mean(field(table[name])) for table in tables]) for name in tables[0]}


def _ratios(tables: list[Table], models: list[str]) -> dict[str, float]:
    """Return the largest ratios of iterations, of all matrices."""
    steps = {name: np.concatenate([counts(table[name]) for table in tables]) for name in tables[0]}
    scalars: dict[str, float] = {}
    for name in models:
        bare = steps[f"bare_{name}"]
        better = np.minimum(bare, steps["ic0"])
        scalars |= {
            f"{name}_largest": float((steps[name] / steps["ic0"]).max()),
            f"bare_{name}_largest": float((bare / steps["ic0"]).max()),
            f"{name}_over_better": float((steps[name] / better).max()),
        }
    return scalars
