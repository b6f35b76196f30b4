r"""Scattering by a kite: the matrices of a boundary integral method over the wavenumber.

The combined layer of Brakhage and Werner, :math:`I + K - i k S`, by the method of Nystrom. Its
entries depend on the wavenumber through Hankel functions and logarithms of which the expansion
knows nothing: it sees some entries, drawn at random.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import HelmholtzNystrom, helmholtz_nystrom
from resolvent.linalg.gallery import kite as curve
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import NonintrusiveSystem

__all__ = ["kite"]

WAVENUMBERS = 2.0, 6.0
# Forward and backward at k = 1: D. Colton and R. Kress, Inverse Acoustic and Electromagnetic
# Scattering Theory, section 3.5, to seven decimals.
FAR_FIELD = np.array([-1.6274575 + 0.6022259j, 1.3969449 + 0.0949964j])


def kite(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    nodes: int,
    entries: int,
    training: int,
    tests: int,
    terms: list[int],
    draws: int,
) -> Results:
    r"""Expand the matrix by M of its own, several times, with other entries each time.

    Scalars: for each M ``matrix_M`` and ``solution_M``, the largest relative errors over tests, in
    the Frobenius and the Euclidean norm, and ``condition_M`` of the matrix of samples: medians over
    the draws; ``amplification``, the largest sum of moduli of weights in any; ``estimate_low`` and
    ``estimate_high``, the largest estimate over the largest matrix error; ``far_field_error``, of
    the solver itself. Arrays: the same over draws and M.
    """
    problem = helmholtz_nystrom(curve, nodes // 2)
    train, test = np.linspace(*WAVENUMBERS, training), rng.uniform(*WAVENUMBERS, tests)
    matrices = {k: problem.sound_soft(k) for k in progress([*train, *test])}
    waves = [-2 * problem.plane_wave(k, 0.0) for k in test]
    truth = np.stack([matrices[k] for k in test])
    solutions = [np.linalg.solve(A, b) for A, b in zip(truth, waves, strict=True)]

    shape = (draws, len(terms))
    matrix, solution, condition, amplification, estimate = (np.empty(shape) for _ in range(5))
    for i in progress(range(draws)):
        system = NonintrusiveSystem(
            lambda k: matrices[k],
            lambda k: -2 * problem.plane_wave(k, 0.0),
            params=train,
            features=lambda ij, k: problem.sound_soft(k, entries=(ij[:, 0], ij[:, 1])),
            points=rng.integers(0, nodes, (entries, 2)),
            tol=0.0,
            max_terms=terms[-1],
        )
        for j, M in enumerate(terms):
            part = system.truncate(M)
            found = [part.matrix(k) for k in test]
            solved = [np.linalg.solve(B, b) for B, b in zip(found, waves, strict=True)]
            interpolant = part.interpolants[0]
            F = interpolant.triangle @ interpolant.upper
            matrix[i, j] = worst(found, truth)
            solution[i, j] = worst(solved, solutions)
            condition[i, j] = np.linalg.cond(F)
            error = part.error_estimate(test)
            amplification[i, j] = np.max(error.amplification)
            estimate[i, j] = np.max(error.estimate)

    scalars: dict[str, Any] = {}
    for name, values in {"matrix": matrix, "solution": solution, "condition": condition}.items():
        scalars |= {f"{name}_{M}": np.median(values[:, j]) for j, M in enumerate(terms)}
    effectivity = np.median(estimate / matrix, axis=0)[:-1]  # the last is rounding
    scalars |= {
        "amplification": np.max(amplification),
        "estimate_low": np.min(effectivity),
        "estimate_high": np.max(effectivity),
        "far_field_error": far_field_error(problem),
    }
    arrays = {
        "terms": terms,
        "matrix": matrix,
        "solution": solution,
        "estimate": estimate,
        "condition": condition,
        "amplification": amplification,
    }
    return Results(scalars, arrays)


def worst(found: Any, wanted: Any) -> float:
    """Return the largest relative error."""
    return max(relative(B, A) for B, A in zip(found, wanted, strict=True))


def relative(found: Any, wanted: Any) -> float:
    """Return the relative error in the Frobenius or Euclidean norm."""
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def far_field_error(problem: HelmholtzNystrom) -> float:
    """Return the largest distance to the printed far field of the kite."""
    density = np.linalg.solve(problem.sound_soft(1.0), -2 * problem.plane_wave(1.0, 0.0))
    found: NDArray[np.complex128] = problem.far_field(1.0, density, [0.0, np.pi], coupling=1.0)
    return float(np.max(np.abs(found - FAR_FIELD)))
