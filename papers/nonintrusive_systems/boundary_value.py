r"""A boundary-value problem on an interval whose coefficient is not affine in its parameter.

.. math:: -(a(x; m) u')' + c u = f(x; m), \quad u(0) = u(1) = 0, \quad
          a(x; m) = 1 + 4 e^{-(x - m)^2 / w^2}, \quad f = a

by piecewise linear elements with one point of quadrature in each. The parameters are m and c; the
term of c is affine by construction, and known to be.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import NonintrusiveSystem

__all__ = ["boundary_value"]

Vector = NDArray[np.float64]

WIDTH = 0.15
CENTRES = 0.2, 0.8
REACTIONS = 0.0, 50.0
EPS = float(np.finfo(float).eps)


def boundary_value(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    cells: int,
    training: int,
    tests: int,
    terms: list[int],
) -> Results:
    r"""Expand the matrices by M of them, and compare with what an intrusive code would do.

    Scalars: ``matrix_error`` and ``solution_error``, the largest relative ones at the last M, in
    the Frobenius and the Euclidean norm; ``ratio``, the factor of the matrix error for each term;
    ``amplification``, the largest sum of moduli of weights; ``intrusive_gap``, the distance to the
    matrix assembled from the functions of the interpolation, over eps times the amplification;
    ``estimate_low`` and ``estimate_high``, the largest estimate over the largest matrix error,
    extremes over M; ``assemblies``, the matrices asked for. Arrays: all of it over ``terms``, and
    what the figure draws: ``x``, the functions at the first magic parameters, and magic points.
    """
    x = (np.arange(cells) + 0.5) / cells
    asked: set[float] = set()

    @cache
    def stiffness(m: float) -> Any:
        asked.add(m)
        return assemble(coefficient(x, m))

    mass = cells**-1.0 * sparse.eye_array(cells - 1, format="csr")
    params = np.stack([np.linspace(*CENTRES, training), rng.uniform(*REACTIONS, training)], axis=1)
    centres, reactions = rng.uniform(*CENTRES, tests), rng.uniform(*REACTIONS, tests)
    mus = np.stack([centres, reactions], axis=1)
    truth = [assemble(coefficient(x, m)) + c * mass for m, c in mus]
    loads = [load(coefficient(x, m)) for m in centres]
    solutions = [solve(A, b) for A, b in zip(truth, loads, strict=True)]

    whole = NonintrusiveSystem(
        lambda mu: stiffness(float(mu[0])) + mu[1] * mass,
        lambda mu: load(coefficient(x, mu[0])),
        params=params,
        features=lambda x, mu: coefficient(x, mu[0]),
        points=x,
        rhs_features=lambda x, mu: coefficient(x, mu[0]),
        rhs_points=x,
        known=([mass], lambda mus: mus[:, 1:].T),
        tol=0.0,
        max_terms=terms[-1],
    )
    rows = []
    for M in progress(terms):
        system = whole.truncate(M, M)
        found = [system.matrix(mu) for mu in mus]
        solved = [solve(A, system.rhs(mu)) for A, mu in zip(found, mus, strict=True)]
        error = system.error_estimate(mus)
        rows.append(
            (
                max(relative(B, A) for B, A in zip(found, truth, strict=True)),
                max(relative(v, u) for v, u in zip(solved, solutions, strict=True)),
                np.max(error.estimate),
                np.max(error.amplification),
                max(
                    intrusive_gap(system, x, mu, B - mu[1] * mass)
                    for mu, B in zip(mus, found, strict=True)
                ),
            )
        )
    matrix, solution, estimate, amplification, gap = np.array(rows).T
    above = matrix > 1e3 * EPS
    effectivity = estimate[above] / matrix[above]
    scalars = {
        "matrix_error": matrix[-1],
        "solution_error": solution[-1],
        "ratio": np.exp(np.polyfit(np.array(terms)[above], np.log(matrix[above]), 1)[0]),
        "amplification": np.max(amplification),
        "intrusive_gap": np.max(gap / amplification) / EPS,
        "estimate_low": np.min(effectivity),
        "estimate_high": np.max(effectivity),
        "assemblies": len(asked),
    }
    magic = system.magic_params[:, 0]
    arrays = {
        "terms": terms,
        "matrix": matrix,
        "solution": solution,
        "estimate": estimate,
        "amplification": amplification,
        "x": x,
        "magic": magic,
        "coefficients": np.stack([coefficient(x, m) for m in magic]),
        "magic_x": x[system.magic_points],
    }
    return Results(scalars, arrays)


def coefficient(x: Vector, m: float) -> Vector:
    """Return a(x; m)."""
    return np.asarray(1 + 4 * np.exp(-(((x - m) / WIDTH) ** 2)))


def assemble(a: Vector) -> Any:
    """Return the stiffness matrix for values of the coefficient in the cells."""
    a = len(a) * a
    return sparse.diags_array([-a[1:-1], a[:-1] + a[1:], -a[1:-1]], offsets=[-1, 0, 1]).tocsr()


def load(f: Vector) -> Vector:
    """Return the load vector for values of the source in the cells."""
    return np.asarray((f[:-1] + f[1:]) / (2 * len(f)))


def solve(A: Any, b: Vector) -> Vector:
    """Return the solution of the large system."""
    return np.asarray(sparse.linalg.spsolve(A.tocsc(), b))


def relative(found: Any, wanted: Any) -> float:
    """Return the relative error in the Frobenius norm."""
    norm = sparse.linalg.norm if sparse.issparse(wanted) else np.linalg.norm
    return float(norm(found - wanted) / norm(wanted))


def intrusive_gap(system: NonintrusiveSystem, x: Vector, mu: Vector, found: Any) -> float:
    """Return the distance to the matrix assembled from the interpolated coefficient itself."""
    interpolant = system.interpolants[0]
    scale = float(system.matrix_expansion.scales[0])
    values = coefficient(x[interpolant.points], mu[0]) / scale
    return relative(found, assemble(scale * interpolant(values)))
