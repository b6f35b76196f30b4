"""Errors of every method over the number of parameters at which the black box was called."""

from collections.abc import Callable, Sequence

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

Measure = Callable[[Array], float]
Curve = tuple[Array, Array]  # numbers of calls, and errors


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
    ``terms`` and each size of a grid: ``published_M``, weights of EIM without normalisation;
    ``homogeneous_M``, with it; ``magic_M``, radial basis functions at the parameters that EIM
    chose, and ``radial_M``, at random ones; ``grid_M``, a tensor grid of ``M`` Chebyshev points;
    ``magic_helped_M``, ``radial_helped_M`` and ``grid_helped_M``, the same where the scale is
    known; for solutions ``galerkin_M``, the reduced basis of the snapshots of the homogeneous
    weights. ``magic_gain``, ``magic_helped_gain`` and so on: their errors over those of EIM with
    the same knowledge and the same ``M``, the geometric mean over all ``M`` that the method has.
    ``bound_ratio`` is the largest error over its bound and the rounding of the black box,
    ``bound_excess`` the largest bound over the largest error, its geometric mean. Arrays:
    ``count_*`` and ``error_*`` of every method, ``certified`` errors and their ``bound`` at the
    numbers ``certified_at``, and the ``chosen_*`` parameters.
    """
    problem, most = thermal_blocks(xp, cells, layout), max(terms)
    what = QUANTITIES[quantity](xp, problem)
    train, test = (rng.uniform(*BOX, (n, problem.terms.shape[0])) for n in (candidates, tests))
    exact = what.values(test)

    def measure(found: Array) -> float:
        missed = np.linalg.norm(found - exact, axis=1)
        return float(np.max(missed / np.linalg.norm(exact, axis=1)))

    samples = [rng.uniform(*BOX, (most, test.shape[1])) for _ in range(DRAWS)]
    drawn = [(mus, what.values(mus)) for mus in samples]
    curves: dict[str, Curve] = {}
    arrays: dict[str, Array] = {}
    certified = []
    for name, helped in progress([("published", False), ("homogeneous", True)]):
        suffix = "_helped" if helped else ""
        made = what.interpolant(xp.asarray(train), helped, most)
        counts, measured = np.arange(1, made.params.shape[0] + 1), []
        for count in counts:
            fewer = made.truncate(int(count))
            found = to_host(fewer(xp.asarray(test)))
            found = found[:, None] if found.ndim == 1 else found.T
            measured.append(measure(found))
            if helped and count in terms:
                bound = to_host(fewer.error_estimate(xp.asarray(test)).total)
                noise = ROUNDING * problem.order * to_host(fewer.amplification(xp.asarray(test)))
                certified.append((what.certified(made, found, exact), bound + noise))
        curves[name] = counts, np.array(measured)
        arrays[f"chosen_{name}"] = chosen = to_host(made.params)
        values = what.values(chosen)
        curves["magic" + suffix] = _radial(what, chosen, values, test, measure, helped)
        random = [_radial(what, *sample, test, measure, helped) for sample in drawn]
        curves["radial" + suffix] = random[0][0], np.median([row for _, row in random], axis=0)
        curves["grid" + suffix] = _grids(what, test, measure, most, helped)
    if quantity == "temperature":
        reduced = galerkin(to_host(problem.terms), values.T, test)
        counts = curves["homogeneous"][0]
        curves["galerkin"] = counts, np.array([measure(found.T) for found in reduced])

    error, bound = np.array(certified).transpose(1, 0, 2)
    arrays["certified_at"] = np.array([M for M in terms if M in curves["homogeneous"][0]])
    arrays |= {"certified": np.max(error, axis=1), "bound": np.max(bound, axis=1)}
    for name, (counts, measured) in curves.items():
        arrays |= {f"count_{name}": counts, f"error_{name}": measured}
    excess = arrays["bound"] / arrays["certified"]
    bounds = {
        "bound_ratio": np.max(error / bound),
        "bound_excess": np.exp(np.mean(np.log(excess))),
    }
    return Results(_errors(curves, terms) | _gains(curves) | bounds, arrays)


def _radial(
    what: Quantity, mus: Array, values: Array, test: Array, measure: Measure, helped: bool
) -> Curve:
    """Return errors of radial basis functions at the first parameters of a sample."""
    least = test.shape[1] + (not helped)  # for a linear polynomial
    counts = np.unique([least, *range(5, len(mus) + 1, 5)])
    found = []
    for M in counts:
        if helped:
            reduced = what.part(values[:M], _scale(what, mus[:M]))
            unit = radial_basis(log_ratios(mus[:M]), reduced, log_ratios(test))
            found.append(measure(what.join(unit, _scale(what, test))))
        else:
            found.append(measure(radial_basis(mus[:M], values[:M], test)))
    return counts, np.array(found)


def _grids(what: Quantity, test: Array, measure: Measure, most: int, helped: bool) -> Curve:
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


def _errors(curves: dict[str, Curve], terms: list[int]) -> dict[str, float]:
    """Return the errors at ``terms`` and at the sizes of grids."""
    shown = {*terms, *curves["grid"][0], *curves["grid_helped"][0]}
    return {
        f"{name}_{M}": float(error)
        for name, curve in curves.items()
        for M, error in zip(*curve, strict=True)
        if M in shown
    }


def _gains(curves: dict[str, Curve]) -> dict[str, float]:
    """Return errors over those of the weights with as many calls, in the geometric mean."""
    gains = {}
    for suffix, ours in (("", "published"), ("_helped", "homogeneous")):
        weights = dict(zip(*curves[ours], strict=True))
        for name in ("magic", "radial", "grid"):
            pairs = zip(*curves[name + suffix], strict=True)
            ratios = [error / weights[M] for M, error in pairs if M > 1 and M in weights]
            gains[f"{name}{suffix}_gain"] = float(np.exp(np.mean(np.log(ratios))))
    return gains
