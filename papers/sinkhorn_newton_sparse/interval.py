"""The certified interval around the exact cost, as the regularisation falls."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton_sparse.problems import assignment, points
from resolvent.solvers.transport import exact_transport, sinkhorn_newton

__all__ = ["FAMILIES", "interval"]

FAMILIES = {"random": assignment, "points": points}
ROUNDING = 1e-12  # of the exact cost, in its sum and in those of the bounds


def interval(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    size: int,
    regs: list[float],
) -> Results:
    """Bound the exact cost by entropic solutions; regularisations are relative to the largest cost.

    Scalars: ``outside``, how many intervals miss the exact cost; ``width_<family>_<reg>``, that of
    an interval over the exact cost. Arrays: ``<family>`` (lower, exact, upper; reg) and ``regs``.
    """
    scalars, outside = {}, 0
    arrays = {"regs": np.array(regs)}
    for family, draw in progress(list(FAMILIES.items())):
        cost, a, b = draw(size, rng)
        exact = exact_transport(cost, a, b).value
        found = [sinkhorn_newton(cost, a, b, reg=reg * cost.max()) for reg in regs]
        bounds = np.array([[s.lower, exact, s.upper] for s in found], dtype=float).T
        lower, _, upper = bounds
        outside += np.sum((lower > exact * (1 + ROUNDING)) | (upper < exact * (1 - ROUNDING)))
        for reg, width in zip(regs, (upper - lower) / exact, strict=True):
            scalars[f"width_{family}_{reg:.0e}"] = width
        arrays[family] = bounds
    return Results(scalars | {"outside": outside}, arrays)
