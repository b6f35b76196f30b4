"""The solvers that are compared, each by its name."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh

from resolvent.preconditioners import Preconditioner, ichol, multigrid
from resolvent.preconditioners.learned.deep_conjugate_direction import DeepConjugateDirection
from resolvent.results import Solution
from resolvent.solvers import cg, fcg

__all__ = ["METHODS", "deep", "deflated"]

DEFLATED = 16

Mask = NDArray[np.bool_]
Solve = Callable[..., Solution]


def deflated(A: Any) -> Preconditioner:
    r"""Return :math:`I + Q (\Lambda^{-1} - I) Q^T` for the lowest 16 eigenvectors.

    They are exact, from an inverse iteration, so that this is the best that 16 Ritz vectors do.
    """
    values, Q = eigsh(A, DEFLATED, sigma=0, v0=np.ones(A.shape[0]))
    weights = 1 / values - 1
    return Preconditioner(A.shape, A.dtype, lambda r: r + Q @ (weights * (Q.T @ r)), is_spd=True)


def deep(name: str) -> Callable[[Any, Mask], tuple[Solve, dict[str, Any]]]:
    """Return how a network that comes with the library is set up."""

    def prepare(A: Any, fluid: Mask) -> tuple[Solve, dict[str, Any]]:
        model = DeepConjugateDirection.pretrained(name)
        return fcg, {"M": model(A, mask=fluid), "truncate": 2}

    return prepare


# from a matrix and its mask to a solver and its options
METHODS: dict[str, Callable[[Any, Mask], tuple[Solve, dict[str, Any]]]] = {
    "cg": lambda _, __: (cg, {}),
    "deflated": lambda A, _: (cg, {"M": deflated(A)}),
    "ic": lambda A, _: (cg, {"M": ichol(A)}),
    "multigrid": lambda A, _: (cg, {"M": multigrid(A)}),
    "dcdm": deep("pressure-2d"),
    "dcdm_two_levels": deep("pressure-2d-two-levels"),
}
