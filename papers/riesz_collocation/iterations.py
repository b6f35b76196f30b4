"""Steps of Krylov methods, plain and preconditioned by circulant and tau matrices."""

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from resolvent import Solution
from resolvent.arrays import Namespace
from resolvent.linalg import gallery, toeplitz_operator
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners import circulant, tau
from resolvent.solvers import cg, gmres

__all__ = ["MATRICES", "METHODS", "iterations"]

METHODS = ("gmres", "cg")
MATRICES = ("none", "chan", "strang", "tau")
RTOL = 1e-8


def iterations(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    degree: int,
    alphas: list[float],
    sizes: list[int],
    degrees: list[int],
    size: int,
) -> Results:
    r"""Count steps to a relative residual of 1e-8, with a random right-hand side.

    GMRES, never restarted, solves with the collocation matrix A; CG with its symmetric positive
    definite Toeplitz part T alone. The circulants are those of T; tau samples the symbol.

    Scalars, for ``gmres`` and ``cg``: ``<method>_<M>_growth``, the steps at the last size over
    those at the first, worst over alpha; ``cg_none_exponent_error``, the largest difference between
    alpha / 2 and the exponent of n in the steps of plain CG between the last two sizes;
    ``gmres_tau_degrees``, the steps of the highest degree over those of the lowest. Arrays:
    ``gmres`` and ``cg`` (alpha, M, n), and ``gmres_degrees`` and ``cg_degrees`` (M, p) for the
    last alpha.
    """
    counts = {name: np.empty((len(alphas), len(MATRICES), len(sizes))) for name in METHODS}
    by_degree = {name: np.empty((len(MATRICES), len(degrees))) for name in METHODS}
    refinements = [(i, k, n) for (i, n), k in product(enumerate(sizes), range(len(alphas)))]
    for i, k, n in progress(refinements):
        problem = gallery.riesz_collocation(n, degree=degree, alpha=alphas[k])
        for name, steps in steps_of_all(xp, problem, rng).items():
            counts[name][k, :, i] = steps
    for i, p in enumerate(progress(degrees)):
        problem = gallery.riesz_collocation(size, degree=p, alpha=alphas[-1])
        for name, steps in steps_of_all(xp, problem, rng).items():
            by_degree[name][:, i] = steps

    growth = {name: np.max(c[:, :, -1] / c[:, :, 0], axis=0) for name, c in counts.items()}
    plain = counts["cg"][:, 0]
    exponents = np.log(plain[:, -1] / plain[:, -2]) / np.log(sizes[-1] / sizes[-2])
    tau_row = MATRICES.index("tau")
    scalars = {
        f"{name}_{M}_growth": growth[name][row]
        for name, (row, M) in product(METHODS, enumerate(MATRICES))
    }
    scalars |= {
        "cg_none_exponent_error": np.max(np.abs(exponents - np.asarray(alphas) / 2)),
        "gmres_tau_degrees": by_degree["gmres"][tau_row, -1] / by_degree["gmres"][tau_row, 0],
        "cg_tau_degrees": by_degree["cg"][tau_row, -1] / by_degree["cg"][tau_row, 0],
    }
    arrays: dict[str, Any] = {
        **counts,
        **{f"{name}_degrees": steps for name, steps in by_degree.items()},
        "alphas": alphas,
        "sizes": sizes,
        "degrees": degrees,
        "degree": degree,
        "size": size,
    }
    return Results(scalars, arrays)


def steps_of_all(
    xp: Namespace, problem: gallery.RieszCollocation, rng: np.random.Generator
) -> dict[str, list[int]]:
    """Return the steps of GMRES on A and CG on T with every preconditioner, in their order."""
    n = len(problem.b)
    A, T = xp.asarray(problem.A), toeplitz_operator(xp.asarray(problem.coefficients))
    b = xp.asarray(rng.standard_normal(n))
    builders: dict[str, Callable[[], Any]] = {
        "none": lambda: None,
        "chan": lambda: circulant(T, kind="chan"),
        "strang": lambda: circulant(T, kind="strang"),
        "tau": lambda: tau(problem.symbol, n=n),
    }
    solvers: dict[str, Callable[..., Solution]] = {
        "gmres": partial(gmres, A, b, restart=n, maxiter=n),
        "cg": partial(cg, T, b),
    }
    return {
        name: [solve(M=builders[M](), rtol=RTOL).raise_if_failed().iterations for M in MATRICES]
        for name, solve in solvers.items()
    }
