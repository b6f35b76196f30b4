"""Plans of `sinkhorn_newton` between Gaussians on grids, against the closed form."""

from itertools import product

import numpy as np

from resolvent.arrays import Array, Namespace
from resolvent.papers.gaussian_transport.closed_forms import (
    cross_covariance,
    entropic_cost,
    root_form,
)
from resolvent.papers.gaussian_transport.grids import gaussian_on_grid, without_entropies
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import PointCost, TransportSolution, sinkhorn_newton

__all__ = ["PLANE", "entropic"]

LINE = np.array([[1.0]]), np.array([[0.25]])
PLANE = np.array([[1.0, 0.3], [0.3, 0.5]]), np.array([[0.5, -0.2], [-0.2, 1.2]])
LINE_WIDTH, PLANE_WIDTH = 8.0, 7.0
TOLERANCE = 1e-11
NOISE = 1e-9  # errors below are those of the solver, not of the grid


def entropic(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    regs: list[float],
    points: list[int],
    plane_regs: list[float],
    plane_points: int,
) -> Results:
    r"""Solve on a line for grids and regularisations, and in the plane on one grid.

    A plan with the correlation r on grids of ``s`` points a standard deviation is seen by the grids
    as long as its thin direction is: the first alias of its density is ``exp(-2 pi^2 q)`` with ``q
    = 2 (1 - r) s^2``.

    Scalars, relative errors on the finest grid, the worst over reg: ``cross_error``,
    ``value_error``, and ``plan_error``, the L1 distance of the plan to the Gaussian density;
    ``plane_cross_error`` and ``plane_value_error``; ``alias_exponent``, the slope of the logarithm
    of the error of C over reg q, in q; ``bias``, by how much C falls short of its value without
    regularisation, over reg / 4, at the smallest reg; ``root_gap``, between two forms of the
    cross-covariance. Arrays: ``crosses`` and ``closed`` by reg, ``grid_errors`` and ``q`` (reg,
    points), and ``plan_<i>`` of the finest grid.
    """
    A, B = LINE
    closed = np.array([cross_covariance(A, B, reg)[0, 0] for reg in regs])
    correlations = closed / np.sqrt(A[0, 0] * B[0, 0])
    densities = (np.array(points) - 1) / (2 * LINE_WIDTH)
    q = 2 * (1 - correlations[:, None]) * densities**2
    crosses = np.empty(q.shape)
    values, plans, arrays = [], [], {}
    for (i, reg), (j, n) in progress(list(product(enumerate(regs), enumerate(points)))):
        x, y, solution = solve_on_grids(A, B, reg, n, LINE_WIDTH)
        P = solution.plan()
        crosses[i, j] = (x.T @ P @ y)[0, 0]
        if n == points[-1]:
            values.append(abs(without_entropies(solution) / entropic_cost(A, B, reg) - 1))
            plans.append(np.sum(np.abs(P - density(x, y, A, B, closed[i]))))
            arrays[f"plan_{i}"] = P
    errors = np.abs(crosses - closed[:, None]) / np.array(regs)[:, None]
    by_grid = (errors > NOISE) & (q > 0.15)

    plane_errors, gaps = [], []
    for reg in progress(plane_regs):
        x, y, solution = solve_on_grids(*PLANE, reg, plane_points, PLANE_WIDTH)
        C, value = cross_covariance(*PLANE, reg), entropic_cost(*PLANE, reg)
        cross = np.linalg.norm(x.T @ solution.plan() @ y - C) / np.linalg.norm(C)
        plane_errors.append((cross, abs(without_entropies(solution) / value - 1)))
        gaps.append(np.linalg.norm(root_form(*PLANE, reg) - C) / np.linalg.norm(C))

    unregularised = np.sqrt(A[0, 0] * B[0, 0])
    scalars = {
        "cross_error": np.max(np.abs(crosses[:, -1] / closed - 1)),
        "value_error": max(values),
        "plan_error": max(plans),
        "alias_exponent": np.polyfit(q[by_grid], np.log(errors / q)[by_grid], 1)[0],
        "bias": (unregularised - crosses[-1, -1]) / (regs[-1] / 4),
        "plane_cross_error": np.max(np.array(plane_errors)[:, 0]),
        "plane_value_error": np.max(np.array(plane_errors)[:, 1]),
        "root_gap": max(gaps),
    }
    arrays |= {"regs": regs, "points": points, "crosses": crosses[:, -1], "closed": closed}
    return Results(scalars, arrays | {"grid_errors": errors, "q": q, "width": LINE_WIDTH})


def solve_on_grids(
    A: Array, B: Array, reg: float, points: int, width: float
) -> tuple[Array, Array, TransportSolution]:
    """Return both grids and the solution."""
    (x, a), (y, b) = (gaussian_on_grid(S, points, width) for S in (A, B))
    solution = sinkhorn_newton(PointCost(x, y), a, b, reg=reg, tol=TOLERANCE)
    return x, y, solution.raise_if_failed()


def density(x: Array, y: Array, A: Array, B: Array, C: float) -> Array:
    """Return the Gaussian with these covariances at all pairs of points on a line, of mass 1."""
    precision = np.linalg.inv(np.array([[A[0, 0], C], [C, B[0, 0]]]))
    (p, r), (_, s) = precision
    weights = np.exp(-0.5 * (p * x**2 + 2 * r * x * y.T + s * y.T**2))
    return weights / np.sum(weights)
