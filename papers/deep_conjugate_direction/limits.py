"""What the network was not trained for: other right-hand sides, more solids, another operator."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import lognormal_diffusion, pressure_poisson
from resolvent.papers.deep_conjugate_direction.methods import METHODS
from resolvent.papers.deep_conjugate_direction.outflow import outflow
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners.learned.pressure_recipes import pressure_system

__all__ = ["limits"]

_SEED = 30_000


def limits(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    size: int,
    rtol: float,
) -> Results:
    """Solve with one network on a grid, to a small residual.

    Scalars: for each family of systems ``<family>_dcdm``, ``<family>_cg`` and ``<family>_ic``, the
    steps with the network, of CG and with IC(0), ``<family>_saving``, the second over the first,
    and ``<family>_over_ic``, the first over the third: ``box``, no solids; ``crowded``, 24 of them;
    ``noise``, a right-hand side without smoothness; ``strip``, an odd grid that is long and thin;
    ``lognormal`` and ``mild``, diffusion with a coefficient that is the exponential of a Gaussian
    field, of deviation 1.5 and 1.
    """
    box, free = pressure_system(size, 0, _SEED)
    crowd, narrow = pressure_system(size, 24, _SEED)
    some, fluid = pressure_system(size, 4, _SEED)
    whole = np.ones((size // 4 + 1, 4 * size - 1), dtype=bool)
    rough = lognormal_diffusion((size, size), sigma=1.5, rng=rng)
    families: dict[str, tuple[Any, Any, Any]] = {
        "box": (box, free, outflow(free, rng)),
        "crowded": (crowd, narrow, outflow(narrow, rng)),
        "noise": (some, fluid, rng.standard_normal(some.shape[0])),
        "strip": (pressure_poisson(whole), whole, outflow(whole, rng)),
        "lognormal": (rough, free, outflow(free, rng)),
    }
    mild = lognormal_diffusion((size, size), sigma=1, rng=rng)
    families["mild"] = (mild, free, outflow(free, rng))
    scalars: dict[str, float] = {}
    for family, (A, mask, b) in progress(families.items()):
        for name in ("dcdm", "cg", "ic"):
            solve, options = METHODS[name](A, mask)
            solution = solve(A, b, rtol=rtol, **options)
            scalars[f"{family}_{name}"] = solution.raise_if_failed().iterations
        scalars[f"{family}_saving"] = scalars[f"{family}_cg"] / scalars[f"{family}_dcdm"]
        scalars[f"{family}_over_ic"] = scalars[f"{family}_dcdm"] / scalars[f"{family}_ic"]
    return Results(scalars, {})
