"""Vectors that a network learns from: solutions for random right-hand sides, or random ones."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from resolvent.errors import SingularMatrixError

__all__ = ["Objective", "check_objective", "vectors_to_learn"]

Objective = Literal["solution", "sketch"]
Host = NDArray[Any]

_COUNT = 16  # vectors of each system, of which random combinations are learned from


def check_objective(objective: str) -> None:
    """Raise ValueError for what is no objective."""
    if objective not in ("solution", "sketch"):
        raise ValueError(f"objective must be 'solution' or 'sketch', got {objective!r}")


def vectors_to_learn(
    A: sparse.csr_array, objective: Objective, b: Host | None = None
) -> tuple[Host, Host]:
    """Return vectors Z (n, 16) and the products ``A Z``, of which ``b`` takes the first column.

    Raises
    ------
    ValueError
        There are no rows.
    SingularMatrixError
        There are no solutions.
    """
    n = A.shape[0]
    if n == 0:
        raise ValueError("a matrix to learn from has no rows")
    vectors = np.random.default_rng(n).standard_normal((n, _COUNT))
    if b is not None:
        vectors[:, 0] = b
    return (vectors, A @ vectors) if objective == "sketch" else (_solutions(A, vectors), vectors)


def _solutions(A: sparse.csr_array, B: Host) -> Host:
    try:
        X: Host = splu(A.tocsc()).solve(B)
    except RuntimeError as error:
        raise SingularMatrixError(f"a matrix to learn from is singular: {error}") from error
    if not np.all(np.isfinite(X)):
        raise SingularMatrixError("a matrix to learn from is singular to working precision")
    return X
