"""The fixed point for barycentres: what it converges to, and how fast."""

from itertools import product
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, to_host
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import bures_barycenter, bures_geodesic, bures_map

__all__ = ["barycenter"]

TOLERANCE = 1e-12
FOLLOWED = 12  # steps over which the objective is read


def barycenter(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    order: int,
    numbers: list[int],
    conditions: list[float],
    times: int,
) -> Results:
    r"""Compute barycentres of random covariances with logarithmically spaced eigenvalues.

    Scalars: ``commuting_error`` and ``commuting_steps``, against the closed form; ``two_error``,
    the barycentre of two against the middle of their geodesic; ``fixed_point_error``, the largest
    ``norm(sum w_j T_j - I)`` over the smallest condition; ``objective_rise``, the largest relative
    change of the objective in a step; ``steps_mild`` and ``steps_worst``, steps to a residual of
    1e-12 at the smallest condition and overall; ``singular_steps``, the same where every covariance
    has the rank ``order - 1``. Arrays: ``steps`` (k, condition), ``histories`` (condition, step),
    NaN beyond the end, and what is drawn in the plane: ``corners``, their ``center``, and
    ``geodesic`` and ``line`` (t, 2, 2).
    """
    Q, _ = np.linalg.qr(rng.standard_normal((order, order)))
    spectra = rng.uniform(0.1, 1, (5, order))
    closed = (Q * np.mean(np.sqrt(spectra), axis=0) ** 2) @ Q.T
    commuting = bures_barycenter(xp.asarray((Q * spectra[:, None]) @ Q.T))

    steps = np.empty((len(numbers), len(conditions)))
    histories, fixed = [], []
    cases = list(product(enumerate(numbers), enumerate(conditions)))
    for (i, k), (j, condition) in progress(cases):
        A = xp.asarray(np.stack([covariance(rng, order, condition) for _ in range(k)]))
        found = bures_barycenter(A, tol=TOLERANCE, maxiter=5000).raise_if_failed()
        steps[i, j] = found.iterations
        if j == 0:
            T = np.mean(to_host(bures_map(found.covariance, A)), axis=0)
            fixed.append(np.linalg.norm(T - np.eye(order)))
        if i == len(numbers) - 1:
            histories.append(found.history)

    values = [bures_barycenter(A, tol=0.0, maxiter=step).variance for step in range(FOLLOWED)]
    two = A[:2]
    middle = to_host(bures_geodesic(two[0], two[1], 0.5))
    of_two = to_host(bures_barycenter(two, tol=TOLERANCE, maxiter=5000).covariance)
    singular = np.stack([covariance(rng, order, 10.0, order - 1) for _ in range(numbers[-1])])
    scalars: dict[str, Any] = {
        "commuting_error": np.linalg.norm(to_host(commuting.covariance) - closed),
        "commuting_steps": commuting.iterations,
        "two_error": np.linalg.norm(of_two - middle),
        "fixed_point_error": max(fixed),
        "objective_rise": np.max(np.diff(values)) / values[-1],
        "steps_mild": np.max(steps[:, 0]),
        "steps_worst": np.max(steps),
        "singular_steps": bures_barycenter(xp.asarray(singular), maxiter=5000).iterations,
    }
    arrays: dict[str, Any] = {
        "steps": steps,
        "histories": padded(histories),
        "numbers": numbers,
        "conditions": conditions,
        **plane(times),
    }
    return Results(scalars, arrays)


def covariance(
    rng: np.random.Generator, order: int, condition: float, rank: int | None = None
) -> Array:
    """Return a random matrix of norm 1; beyond the rank the eigenvalues are zeros."""
    Q, _ = np.linalg.qr(rng.standard_normal((order, order)))
    values = np.geomspace(1, 1 / condition, order)
    values[order if rank is None else rank :] = 0
    A = (Q * values) @ Q.T
    return (A + A.T) / 2


def padded(rows: list[Array]) -> Array:
    """Return rows of different lengths as one array, NaN beyond their ends."""
    table = np.full((len(rows), max(map(len, rows))), np.nan)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table


def plane(times: int) -> dict[str, Array]:
    """Return three flat ellipses and their barycentre, and two ways between the first two."""
    corners = np.stack([ellipse(angle) for angle in (0.1, 1.5, -0.7)])
    t = np.linspace(0, 1, times)
    geodesic = np.stack([bures_geodesic(corners[0], corners[1], float(s)) for s in t])
    s = t[:, None, None]
    return {
        "corners": corners,
        "center": bures_barycenter(corners).covariance,
        "geodesic": geodesic,
        "line": (1 - s) * corners[0] + s * corners[1],
    }


def ellipse(angle: float) -> Array:
    """Return a covariance with half axes 1 and 0.2."""
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.array([[c, -s], [s, c]])
    return (rotation * np.array([1.0, 0.04])) @ rotation.T
