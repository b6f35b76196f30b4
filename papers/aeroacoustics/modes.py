"""The reduced basis on top of the expansion: errors over its modes, bounds, outputs and times."""

from collections.abc import Callable
from itertools import product
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.signal import resample

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import helmholtz_nystrom, kite
from resolvent.papers.aeroacoustics.problem import RANGES, Scattering, draw
from resolvent.papers.aeroacoustics.terms import largest
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import ReducedBasis

__all__ = ["modes"]

Vector = NDArray[np.float64]

SHOWN = np.array([[3.0, 0.6, 0.0], [3.0, 0.6, 1.0]])  # a hard wall, and an absorbing one
HALF_WIDTH = 4.0
FINE_NODES = 400
SAFETY = 0.9


def modes(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    nodes: int,
    training: int,
    tests: int,
    sizes: list[int],
    tol: float,
    grid: list[int],
    directions: int,
    pixels: int,
    rounds: int,
) -> Results:
    r"""Reduce the expanded problem and compare with the code itself, on parameters of its own.

    Scalars: ``matrices``, ``vectors`` and ``far_matrices``, terms of the expansions at ``tol``;
    ``error_N``, the largest relative error in L2 with N modes, and ``far_N`` that of the far field;
    ``effectivity_low`` and ``effectivity_high``, certified over true error of the last model, where
    the error is that against the code, and what is certified has a part for the expansion;
    ``reduced_low``, the smallest effectivity against the expanded system, without that part;
    ``time_online`` and ``time_bound``, the shortest times to
    solve for one parameter, without and with its bound; ``time_ratio``, of one solve by the code
    over ``time_online``. Arrays: errors, the bounds of the greedy choice, far fields and total
    fields.
    """
    code = Scattering(nodes)
    w = np.sqrt(code.weights)[:, None]
    params, mus = draw(rng, training), draw(rng, tests)
    angles = 2 * np.pi * np.arange(directions) / directions
    system = code.system(params, tol=tol).raise_if_failed()
    far = code.far_field_expansion(params, tol=tol).raise_if_failed()

    stability = SAFETY * smallest_singular_value(code, grid)
    X = sparse.diags_array(code.weights, format="csr")
    reduction = ReducedBasis(system, X=X, coercivity=stability)
    model = reduction.greedy(params, tol=0.0, max_terms=sizes[-1])
    sizes = [size for size in sizes if size <= model.size]  # it ends where the expansion does
    receivers = np.stack([code.far_field_at(mu, angles) @ model.basis for mu in far.magic_params])

    def far_field(mus: Any, c: Any) -> Any:
        return np.einsum("mk,man,nk->ak", far.weights(mus), receivers[:, :, : len(c)], c)

    truth = np.stack([solve(code, mu) for mu in progress(mus)], axis=1)
    heard = columns(lambda mu, u: code.far_field_at(mu, angles) @ u, mus, truth)
    errors, far_errors = [], []
    for size in progress(sizes):
        part = model.truncate(size)
        c = part.solve(mus)
        errors.append(largest((w * (part.lift(c) - truth)).T, (w * truth).T))
        far_errors.append(largest((far_field(mus, c) - heard).T, heard.T))

    estimate = model.estimate(mus)
    found = np.linalg.norm(w * (model.lift(model.solve(mus)) - truth), axis=0)
    online, bounding = (shortest(f, mus[:, None, :], rounds) for f in (model.solve, model.estimate))
    reduced = model.solve(SHOWN)
    patterns = np.stack(
        [
            far_field(SHOWN, reduced),
            columns(lambda mu, _: code.far_field_at(mu, angles) @ solve(code, mu), SHOWN, reduced),
        ]
    )
    scalars = {
        "matrices": system.magic_params.shape[0],
        "vectors": system.rhs_expansion.magic_params.shape[0],
        "far_matrices": far.magic_params.shape[0],
        **{f"error_{N}": error for N, error in zip(sizes, errors, strict=True)},
        **{f"far_{N}": error for N, error in zip(sizes, far_errors, strict=True)},
        "effectivity_low": np.min(estimate.certified / found),
        "effectivity_high": np.max(estimate.certified / found),
        "reduced_low": np.min(model.effectivity(mus).ratio),
        "time_online": online,
        "time_bound": bounding,
        "time_ratio": shortest(lambda mu: solve(code, mu), mus, 1) / online,
    }
    arrays = {
        "sizes": sizes,
        "errors": errors,
        "far_errors": far_errors,
        "bounds": model.history,
        "missed": np.max(estimate.interpolation),
        "scale": np.max(np.linalg.norm(w * truth, axis=0)),
        "chosen": model.chosen_parameters,
        "angles": angles,
        "patterns": patterns,
        "curve": code.problem.points,
        "half_width": HALF_WIDTH,
        **{
            f"field_{i}": total_field(mu, model.lift(c), pixels)
            for i, (mu, c) in enumerate(zip(SHOWN, reduced.T, strict=True))
        },
    }
    return Results(scalars, arrays)


def solve(code: Scattering, mu: Vector) -> Any:
    """Return the pressure on the surface, by the code."""
    return np.linalg.solve(code.matrix_at(mu), code.rhs_at(mu))


def columns(f: Callable[[Vector, Any], Any], mus: Vector, vectors: Any) -> Any:
    """Return ``f(mu, vector)`` as columns."""
    return np.stack([f(mu, v) for mu, v in zip(mus, vectors.T, strict=True)], axis=1)


def smallest_singular_value(code: Scattering, grid: list[int]) -> float:
    """Return the smallest singular value in L2 over a grid of wavenumbers and impedances."""
    w = np.sqrt(code.weights)
    (first, last), _, (low, high) = RANGES
    pairs = product(np.linspace(first, last, grid[0]), np.linspace(low, high, grid[1]))
    matrices = (code.matrix_at(np.array([k, 0.0, a])) / w / w[:, None] for k, a in pairs)
    return float(min(np.linalg.norm(A, -2) for A in matrices))


def shortest(f: Callable[[Vector], Any], mus: Vector, rounds: int) -> float:
    """Return the shortest time of a call, over rounds through the parameters."""
    times = []
    for _ in range(rounds):
        for mu in mus:
            start = perf_counter()
            f(mu)
            times.append(perf_counter() - start)
    return min(times)


def total_field(mu: Vector, pressure: Any, pixels: int) -> Any:
    """Return the real part of the total field on a square; within the kite it is zero."""
    k, angle, admittance = mu
    fine = helmholtz_nystrom(kite, FINE_NODES // 2)
    axis = np.linspace(-HALF_WIDTH, HALF_WIDTH, pixels)
    x, y = np.meshgrid(axis, axis)
    wave = np.exp(1j * k * (np.cos(angle) * x + np.sin(angle) * y))
    density = resample(pressure, FINE_NODES)
    scattered = fine.potential(k, density, (x, y), coupling=-k * admittance)
    return (wave + scattered).real
