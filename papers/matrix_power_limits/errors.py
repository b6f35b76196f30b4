"""Errors of every method over the number of parameters at which the black box was called."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, to_host
from resolvent.papers.matrix_power_limits.competitors import (
    chebyshev_grid,
    chebyshev_interpolant,
    galerkin,
    log_ratios,
    radial_basis,
)
from resolvent.papers.matrix_power_limits.quantities import Quantity, determinant, temperature
from resolvent.papers.matrix_power_limits.thermal_blocks import thermal_blocks
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["errors"]

BOX = (0.5, 2.0)
QUANTITIES = {"determinant": determinant, "temperature": temperature}
DRAWS = 3  # of random samples, of which the median is shown
ROUNDING = 10 * 2.2e-16  # error of the black box, over the order of the matrix

Curves = dict[str, tuple[Array, Array]]


def errors(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    quantity: str,
    cells: int,
    layout: Sequence[int],
    candidates: int,
    tests: int,
    terms: list[int],
) -> Results:
    r"""Interpolate a quantity of a thermal block problem by every method.

    Errors are relative, the largest over random test parameters. Scalars, for each number ``M`` of
    ``terms``: ``published_M``, weights of EIM without normalisation; ``homogeneous_M``, with it;
    ``radial_M``, radial basis functions at random parameters; ``grid_M``, the largest Chebyshev
    grid of at most ``M`` points; ``radial_helped_M``, ``grid_helped_M``, the same where the scale
    is known; for solutions ``galerkin_M``, the reduced basis of the snapshots of the homogeneous
    weights. ``radial_gain``, ``grid_gain``, ``radial_helped_gain`` and ``grid_helped_gain``: their
    errors over those of EIM with the same knowledge, the geometric mean over ``terms``.
    ``bound_ratio`` is the largest error over its bound and the rounding of the black box,
    ``bound_excess`` the largest bound over the largest error, its geometric mean. Arrays:
    ``count_*`` and ``error_*`` of every method, ``certified`` errors and their ``bound``, and the
    ``chosen_*`` parameters.
    """
    problem = thermal_blocks(xp, cells, layout)
    what = QUANTITIES[quantity](xp, problem)
    train, test = (rng.uniform(*BOX, (n, problem.terms.shape[0])) for n in (candidates, tests))
    exact = what.values(test)

    def measure(found: Array) -> float:
        missed = np.linalg.norm(found - exact, axis=1)
        return float(np.max(missed / np.linalg.norm(exact, axis=1)))

    curves: Curves = {}
    arrays: dict[str, Array] = {}
    certified = []
    for name in progress(["published", "homogeneous"]):
        made = what.interpolant(xp.asarray(train), name == "homogeneous", max(terms))
        counts = np.arange(1, made.params.shape[0] + 1)
        measured = []
        for count in counts:
            fewer = made.truncate(int(count))
            found = to_host(fewer(xp.asarray(test)))
            found = found[:, None] if found.ndim == 1 else found.T
            measured.append(measure(found))
            if name == "homogeneous":
                bound = to_host(fewer.error_estimate(xp.asarray(test)).total)
                noise = ROUNDING * problem.order * to_host(fewer.amplification(xp.asarray(test)))
                certified.append((what.certified(made, found, exact), bound + noise))
        curves[name] = (counts, np.array(measured))
        arrays[f"chosen_{name}"] = made.params
    if quantity == "temperature":
        chosen = to_host(arrays["chosen_homogeneous"])
        snapshots, counts = what.values(chosen).T, curves["homogeneous"][0]

        def matrix(mu: Array) -> Array:
            return to_host(problem.matrix(xp.asarray(mu)))

        reduced = [measure(galerkin(matrix, snapshots[:, :M], test).T) for M in counts]
        curves["galerkin"] = (counts, np.array(reduced))
    for helped in (False, True):
        suffix, most = "_helped" if helped else "", max(terms)
        curves["radial" + suffix] = _radial(what, test, measure, most, helped, rng)
        curves["grid" + suffix] = _grids(what, test, measure, most, helped)

    error, bound = np.array(certified).transpose(1, 0, 2)
    arrays |= {"certified": np.max(error, axis=1), "bound": np.max(bound, axis=1)}
    for name, (counts, measured) in curves.items():
        arrays |= {f"count_{name}": counts, f"error_{name}": measured}
    return Results(_scalars(curves, terms, error, bound), arrays)


def _radial(
    what: Quantity, test: Array, measure: Any, most: int, helped: bool, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return numbers of random samples and the median errors of radial basis functions."""
    Q = test.shape[1]
    counts = np.unique([Q + 1, *range(5, most + 1, 5)])
    found = np.empty((DRAWS, counts.size))
    for draw in range(DRAWS):
        mus = rng.uniform(*BOX, (most, Q))
        values = what.values(mus)
        for j, M in enumerate(counts):
            if helped:
                reduced = what.part(values[:M], _scale(what, mus[:M]))
                unit = radial_basis(log_ratios(mus[:M]), reduced, log_ratios(test))
                found[draw, j] = measure(what.join(unit, _scale(what, test)))
            else:
                found[draw, j] = measure(radial_basis(mus[:M], values[:M], test))
    return counts, np.median(found, axis=0)


def _grids(
    what: Quantity, test: Array, measure: Any, most: int, helped: bool
) -> tuple[Array, Array]:
    """Return sizes of Chebyshev grids of at most ``most`` points, and their errors."""
    d = test.shape[1] - helped
    span = np.log(BOX[1] / BOX[0])
    low, high = np.full((2, d), [[-span], [span]] if helped else [[BOX[0]], [BOX[1]]])
    sizes = [n for n in (*range(1, 11), 15, 20, 30) if n**d <= most]
    found = []
    for n in sizes:
        nodes = chebyshev_grid(low, high, n)
        if helped:
            mus = np.exp(np.column_stack([nodes, np.zeros(len(nodes))]))
            reduced = what.part(what.values(mus), _scale(what, mus))
            unit = chebyshev_interpolant(low, high, n, reduced, log_ratios(test))
            found.append(measure(what.join(unit, _scale(what, test))))
        else:
            values = what.values(nodes)
            found.append(measure(chebyshev_interpolant(low, high, n, values, test)))
    return np.array(sizes) ** d, np.array(found)


def _scale(what: Quantity, mus: Array) -> Array:
    return what.scale(np.mean(mus, axis=1, keepdims=True))


def _scalars(curves: Curves, terms: list[int], error: Array, bound: Array) -> dict[str, Any]:
    table = {
        name: {M: _at(curve, M) for M in terms if curve[0][-1] >= M or "grid" in name}
        for name, curve in curves.items()
    }
    scalars = {f"{name}_{M}": row[M] for name, row in table.items() for M in row}
    for name in ("radial", "grid"):
        for suffix, ours in (("", "published"), ("_helped", "homogeneous")):
            theirs = table[name + suffix]
            ratios = [theirs[M] / table[ours][M] for M in theirs if M in table[ours]]
            scalars[f"{name}{suffix}_gain"] = np.exp(np.mean(np.log(ratios)))
    scalars["bound_ratio"] = np.max(error / bound)
    excess = np.max(bound, axis=1) / np.max(error, axis=1)
    return scalars | {"bound_excess": np.exp(np.mean(np.log(excess)))}


def _at(curve: tuple[Array, Array], M: int) -> float:
    """Return the error of the largest number of samples up to ``M``."""
    return float(curve[1][np.searchsorted(curve[0], M, side="right") - 1])
