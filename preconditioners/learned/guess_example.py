"""What a learned initial guess learns from: systems of one matrix, checked and prepared."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array

__all__ = ["GuessExample", "checked_system"]

Host = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GuessExample:
    """Systems of one matrix to learn from; right-hand sides have norm 1 and are rows.

    Attributes
    ----------
    rhs, solutions : (k, n) array
        Right-hand sides and their solutions.
    squares : (k,) array
        Squared norms that the right-hand sides had, over the sum of squares of all solutions.
    features : (k, p) array
        What the network sees.
    matrix : (n, n) array
        The transpose of A.
    powers : list of (n, n) array
        Powers 1, 2, 4, ... of what a step multiplies rows of residuals by.
    errors : (n, n) array
        What all steps multiply rows of errors by.
    """

    rhs: Array
    solutions: Array
    squares: Array
    features: Array
    matrix: Array
    powers: list[Array]
    errors: Array


def checked_system(system: Any, n: int) -> tuple[Host, Host]:
    """Return a dense matrix of n rows, and right-hand sides as columns.

    Raises
    ------
    TypeError, ValueError
        The system is not a pair of a matrix and right-hand sides; their shapes are others; NaN or
        infinite entries.
    """
    if not (isinstance(system, tuple) and len(system) == 2):
        raise TypeError(f"a system must be a pair (A, b), got {type(system).__name__}")
    A, B = system
    A = np.asarray(A.toarray() if sparse.issparse(A) else A, dtype=np.float64)
    B = np.asarray(B, dtype=np.float64)
    if A.shape != (n, n) or B.ndim not in (1, 2) or B.shape[0] != n:
        raise ValueError(
            f"a system must be A of shape {(n, n)} and b of {n} rows, got {A.shape} and {B.shape}"
        )
    if not (np.all(np.isfinite(A)) and np.all(np.isfinite(B))):
        raise ValueError("a system has NaN or infinite entries")
    return A, B.reshape(n, -1)
