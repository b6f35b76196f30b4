r"""Errors of matrices and of solutions where the integral equation has resonances.

Without the single layer, :math:`I + K` is singular at the interior resonances of the kite, at which
the scattered field is as smooth as elsewhere. The error of the matrix does not notice; that of the
density does.
"""

from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg.gallery import HelmholtzNystrom, helmholtz_nystrom
from resolvent.linalg.gallery import kite as curve
from resolvent.papers.nonintrusive_systems.kite import WAVENUMBERS, relative
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import NonintrusiveSystem

__all__ = ["resonance"]

COUPLINGS = {"combined": 1.0, "double": 0.0}


def resonance(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    nodes: int,
    entries: int,
    training: int,
    tests: int,
    terms: int,
) -> Results:
    r"""Expand :math:`I + K - i \eta S`, with :math:`\eta = k` and without, by as many matrices.

    Scalars: ``combined`` and ``double``, the largest solution error over the largest matrix error;
    ``condition_combined`` and ``condition_double``, largest conditions of the tests. Arrays: the
    wavenumbers of the tests, and for both the relative errors there.
    """
    problem = helmholtz_nystrom(curve, nodes // 2)
    pairs = rng.integers(0, nodes, (entries, 2))
    train = np.linspace(*WAVENUMBERS, training)
    test = np.linspace(*WAVENUMBERS, tests + 2)[1:-1]
    scalars: dict[str, float] = {}
    arrays = {"wavenumbers": test}
    for name, factor in progress(COUPLINGS.items()):
        matrix, solution, condition = expand(problem, factor, pairs, train, test, terms)
        scalars |= {
            name: np.max(solution) / np.max(matrix),
            f"condition_{name}": np.max(condition),
        }
        arrays |= {f"matrix_{name}": matrix, f"solution_{name}": solution}
    return Results(scalars, arrays)


def expand(
    problem: HelmholtzNystrom, factor: float, pairs: Any, train: Any, test: Any, terms: int
) -> Any:
    """Return relative errors of matrices and solutions, and conditions, at the tests."""

    def matrix_at(k: float, **which: Any) -> Any:
        return problem.sound_soft(k, coupling=factor * k, **which)

    def rhs_at(k: float) -> Any:
        return -2 * problem.plane_wave(k, 0.0)

    system = NonintrusiveSystem(
        matrix_at,
        rhs_at,
        params=train,
        features=lambda ij, k: matrix_at(k, entries=(ij[:, 0], ij[:, 1])),
        points=pairs,
        tol=0.0,
        max_terms=terms,
    )
    found = np.empty((3, len(test)))
    for i, k in enumerate(test):
        A, B, b = matrix_at(k), system.matrix(k), rhs_at(k)
        u, v = (np.linalg.solve(M, b) for M in (A, B))
        found[:, i] = relative(B, A), relative(v, u), np.linalg.cond(A)
    return found
