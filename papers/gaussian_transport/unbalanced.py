"""Gaussians of different masses: plans with relaxed marginals against the closed form."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.gaussian_transport.closed_forms import unbalanced_plan
from resolvent.papers.gaussian_transport.grids import gaussian_on_grid
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import sinkhorn_newton

__all__ = ["unbalanced"]

VARIANCES = 1.0, 0.25
MASSES = 1.0, 1.5
WIDTH = 8.0


def unbalanced(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    reg: float,
    rhos: list[float],
    shifts: list[float],
    points: int,
) -> Results:
    r"""Solve on a line for penalties rho of the marginals and distances of the means.

    The regulariser of the library is ``sum P (log P - 1)``, that of the paper KL(P | a b). Where
    the marginals are free these are different problems; the costs ``c - reg (log a + log b)``
    make one of the other.

    Scalars, relative errors, the worst over rho and shift: ``mass_error``, ``mean_error`` in
    standard deviations, ``covariance_error``, ``value_error``. Arrays: ``masses`` and ``closed``
    (shift, rho).
    """
    shape = (len(shifts), len(rhos))
    masses, closed = np.empty(shape), np.empty(shape)
    errors: list[Any] = []
    for i, j in progress(list(np.ndindex(shape))):
        (x, a), (y, b) = (gaussian_on_grid(np.array([[S]]), points, WIDTH) for S in VARIANCES)
        x, y, a, b = x[:, 0], y[:, 0] + shifts[i], MASSES[0] * a, MASSES[1] * b
        cost = (x[:, None] - y) ** 2 - reg * (np.log(a)[:, None] + np.log(b))
        solution = sinkhorn_newton(cost, a, b, reg=reg, rho=(rhos[j], rhos[j]), tol=1e-10)
        P = solution.raise_if_failed().plan()
        mass = np.sum(P)
        rows, columns = np.sum(P, axis=1) / mass, np.sum(P, axis=0) / mass
        mean = np.array([rows @ x, columns @ y])
        dx, dy = x - mean[0], y - mean[1]
        cross = dx @ P @ dy / mass
        H = np.array([[rows @ dx**2, cross], [cross, columns @ dy**2]])
        wanted = unbalanced_plan(*VARIANCES, shifts[i], MASSES, reg, rhos[j])
        value = solution.value + reg * MASSES[0] * MASSES[1]
        errors.append(
            (
                abs(mass / wanted.mass - 1),
                np.max(np.abs(mean - wanted.mean) / np.sqrt(VARIANCES)),
                np.linalg.norm(H - wanted.covariance) / np.linalg.norm(wanted.covariance),
                abs(value / wanted.value - 1),
            )
        )
        masses[i, j], closed[i, j] = mass, wanted.mass
    names = ("mass_error", "mean_error", "covariance_error", "value_error")
    scalars = dict(zip(names, np.max(errors, axis=0), strict=True))
    return Results(
        scalars, {"masses": masses, "closed": closed, "rhos": rhos, "shifts": shifts, "reg": reg}
    )
