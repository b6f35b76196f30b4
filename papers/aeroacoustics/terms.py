"""Errors of the expansion alone: how many matrices and vectors the code must hand out."""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.aeroacoustics.problem import Scattering, draw
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["terms"]


def terms(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    nodes: int,
    training: int,
    tests: int,
    matrices: list[int],
    vectors: list[int],
) -> Results:
    r"""Expand matrices and right-hand sides over wavenumber, incidence and impedance.

    Scalars: ``matrix_M`` and ``solution_M``, largest relative errors over tests, in the Frobenius
    norm in L2 and in L2, for M matrices; ``vector_M``, of the right-hand side, for M vectors;
    ``amplification``, the largest sum of moduli of the matrix weights; ``estimate_low`` and
    ``estimate_high``, estimate over error of the matrix, extremes over M. Arrays: the same.
    """
    code = Scattering(nodes)
    w = np.sqrt(code.weights)
    params, mus = draw(rng, training), draw(rng, tests)
    system = code.system(params, tol=0.0, max_terms=max(*matrices, *vectors))
    truth = np.stack([code.matrix_at(mu) for mu in progress(mus)])
    sources = np.stack([code.rhs_at(mu) for mu in mus])
    pressures = np.linalg.solve(truth, sources[..., None])[..., 0]

    matrix, solution, estimate, amplification = (np.empty(len(matrices)) for _ in range(4))
    for i, M in enumerate(progress(matrices)):
        part = system.truncate(M)
        found = np.stack([part.matrix(mu) for mu in mus])
        solved = np.linalg.solve(found, sources[..., None])[..., 0]
        scales = w * w[:, None]
        matrix[i] = largest((found - truth) / scales, truth / scales)
        solution[i] = largest(w * (solved - pressures), w * pressures)
        error = part.error_estimate(mus)
        estimate[i], amplification[i] = np.max(error.estimate), np.max(error.amplification)

    vector = []
    for M in vectors:
        part = system.truncate(1, M)
        found = np.stack([part.rhs(mu) for mu in mus])
        vector.append(largest((found - sources) / w, sources / w))

    scalars: dict[str, Any] = {
        f"matrix_{M}": error for M, error in zip(matrices, matrix, strict=True)
    }
    scalars |= {f"solution_{M}": error for M, error in zip(matrices, solution, strict=True)}
    scalars |= {f"vector_{M}": error for M, error in zip(vectors, vector, strict=True)}
    scalars |= {
        "amplification": np.max(amplification),
        "estimate_low": np.min(estimate / matrix),
        "estimate_high": np.max(estimate / matrix),
    }
    arrays = {
        "matrices": matrices,
        "vectors": vectors,
        "matrix": matrix,
        "solution": solution,
        "estimate": estimate,
        "amplification": amplification,
        "vector": vector,
    }
    return Results(scalars, arrays)


def largest(error: np.ndarray, wanted: np.ndarray) -> float:
    """Return the largest norm of an error over that of what is wanted, one for each parameter."""
    norms = (np.linalg.norm(x.reshape(len(x), -1), axis=1) for x in (error, wanted))
    return float(np.max(np.divide(*norms)))
