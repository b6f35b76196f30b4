"""Every preconditioner on every family: the table of the paper's section on experiments."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.learned_preconditioner.costs import (
    Builder,
    Cost,
    classical,
    compare,
    learned,
    right_hand_side,
    warm_up,
)
from resolvent.papers.learned_preconditioner.systems import (
    EQUATIONS,
    FIRST_TEST,
    meshed,
    synthetic,
)
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners.learned import NeuralPCG, PreCorrector

__all__ = ["families"]

LEARNED = ("neural_if", "precorrector", "neural_pcg", "own_precorrector", "own_neural_pcg")

Family = Callable[[int], Any]


def families(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    plane: list[int],
    space: list[int],
    unknowns: int,
    count: int,
    train: dict[str, Any],
) -> Results:
    """Solve ``count`` systems of each family with each preconditioner.

    The models that come with the library have seen grids only. A second PreCorrector and a second
    NeuralPCG, ``own_<model>``, are trained here on ``train["count"]`` smaller systems of the same
    family, on meshes of ``train["plane"]`` and ``train["space"]``; ``train["fit"]`` has the number
    of steps, and the size of NeuralPCG.

    Scalars: ``failures``; ``<family>_<method>``, mean iterations; ``<family>_<method>_over_ic0``
    for what is learned, and ``meshes_guarded_over_ic0``, the largest of these on meshes;
    ``<family>_bare_own_neural_pcg_over_jacobi``; ``multigrid_wins``, equations on meshes where it
    takes the fewest steps. A model without its guard is called ``bare_<model>``.
    Arrays: ``families``, ``methods``, and of both ``iterations`` (means), ``setup``, ``solve``
    (medians), the shares of ``fallbacks`` and of solves that ``failed``.
    """
    warm_up()
    large = _families(plane, space, unknowns)
    small = _families(train["plane"], train["space"], train["unknowns"])
    table: dict[str, dict[str, list[Cost]]] = {}
    for family, make in progress(large.items()):
        first = make(FIRST_TEST - 1)
        lessons = [small[family](seed) for seed in range(train["count"])]
        builders = classical(first, right_hand_side(first, 0)) | learned()
        builders |= _trained(lessons, **train["fit"])
        table[family] = compare(builders, make, range(FIRST_TEST, FIRST_TEST + count))
    return _results(table)


def _families(plane: list[int], space: list[int], unknowns: int) -> dict[str, Family]:
    """Return how a matrix of each family is made from a seed."""
    meshes = {"2d": plane, "3d": space}
    made: dict[str, Family] = {
        f"{equation}_{name}": partial(meshed, equation, shape)
        for name, shape in meshes.items()
        for equation in EQUATIONS
    }
    # ten entries in a row of B, as with a density of 1e-3 at n = 10^4
    return made | {"synthetic": partial(synthetic, unknowns, 10 / unknowns)}


def _trained(lessons: list[Any], steps: int, **size: Any) -> dict[str, Builder]:
    """Return models trained on systems of a family."""
    models = {"own_precorrector": PreCorrector(), "own_neural_pcg": NeuralPCG(**size)}
    every = steps // 5
    fitted: dict[str, Any] = {
        name: model.fit(lessons, steps=steps, rate=1e-2, every=every)
        for name, model in models.items()
    }
    return fitted | {"bare_own_neural_pcg": fitted["own_neural_pcg"].build}


def _results(table: dict[str, dict[str, list[Cost]]]) -> Results:
    methods = list(next(iter(table.values())))
    arrays: dict[str, Any] = {"families": np.array(list(table)), "methods": np.array(methods)}
    for name, average, value in (
        ("iterations", np.mean, lambda c: c.iterations),
        ("setup", np.median, lambda c: c.setup),
        ("solve", np.median, lambda c: c.solve),
        ("fallbacks", np.mean, lambda c: c.fell_back),
        ("failed", np.mean, lambda c: not c.converged),
    ):
        arrays[name] = np.array(
            [[average([value(c) for c in row[m]]) for m in methods] for row in table.values()],
            dtype=np.float64,
        )
    guarded = [not name.startswith("bare") for name in methods]
    scalars = {"failures": float(np.count_nonzero(arrays["failed"][:, guarded]))}
    wins, worst = 0, 0.0
    for k, family in enumerate(table):
        steps = dict(zip(methods, arrays["iterations"][k], strict=True))
        scalars |= {f"{family}_{name}": float(steps[name]) for name in methods}
        for name in (*LEARNED, "bare_own_neural_pcg"):
            scalars[f"{family}_{name}_over_ic0"] = float(steps[name] / steps["ic0"])
        bare = float(steps["bare_own_neural_pcg"] / steps["jacobi"])
        scalars[f"{family}_bare_own_neural_pcg_over_jacobi"] = bare
        if family != "synthetic":
            wins += min(steps, key=lambda name: steps[name]) == "multigrid"
            worst = max(worst, *(steps[name] / steps["ic0"] for name in LEARNED))
    scalars |= {"multigrid_wins": float(wins), "meshes_guarded_over_ic0": float(worst)}
    return Results(scalars, arrays)
