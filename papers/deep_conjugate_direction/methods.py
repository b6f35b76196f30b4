"""The solvers that are compared, each by its name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh

from resolvent.preconditioners import Preconditioner, ichol, multigrid
from resolvent.preconditioners.learned import DeepConjugateDirection
from resolvent.results import Solution
from resolvent.solvers import cg, fcg

__all__ = ["METHODS", "Prepare"]

DEFLATED = 16

Mask = NDArray[np.bool_]
Solve = Callable[..., Solution]
Prepare = Callable[[Any, Mask], tuple[Solve, dict[str, Any]]]


def deflated(A: Any) -> Preconditioner:
    r"""Return :math:`I + Q (\Lambda^{-1} - I) Q^T` for the lowest 16 eigenvectors.

    They are exact, from an inverse iteration, so that this is the best that 16 Ritz vectors do.
    """
    values, Q = eigsh(A, DEFLATED, sigma=0, v0=np.ones(A.shape[0]))
    weights = 1 / values - 1
    return Preconditioner(A.shape, A.dtype, lambda r: r + Q @ (weights * (Q.T @ r)), is_spd=True)


def untrained() -> DeepConjugateDirection:
    """Return the network with all levels before its training: additive multigrid."""
    model = DeepConjugateDirection()
    return replace(model, weights=model.initial_weights(np.random.default_rng(0)))


def deep(model: DeepConjugateDirection) -> Prepare:
    """Return how a network is set up."""
    return lambda A, fluid: (fcg, {"M": model(A, mask=fluid), "truncate": 2})


# from a matrix and its mask to a solver and its options
METHODS: dict[str, Prepare] = {
    "cg": lambda _, __: (cg, {}),
    "deflated": lambda A, _: (cg, {"M": deflated(A)}),
    "ic": lambda A, _: (cg, {"M": ichol(A)}),
    "multigrid": lambda A, _: (cg, {"M": multigrid(A)}),
    "dcdm": deep(DeepConjugateDirection.pretrained("pressure-2d")),
    "dcdm_two_levels": deep(DeepConjugateDirection.pretrained("pressure-2d-two-levels")),
    "dcdm_untrained": deep(untrained()),
}
