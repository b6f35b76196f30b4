"""What a learned initial guess learns from: systems of one matrix, checked and prepared."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array, Namespace, namespace_of
from resolvent.linalg.norms import unit_vectors
from resolvent.preconditioners.learned.unrolled import doubled

__all__ = [
    "GuessExample",
    "block_means",
    "check_real",
    "checked_system",
    "guess_example",
]

Host = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GuessExample:
    """Systems of one matrix to learn from; right-hand sides are rows of norm 1 or 0.

    Attributes
    ----------
    rhs, solutions : (k, n) array
        Right-hand sides and their solutions.
    squares : (k,) array
        Squared norms that the right-hand sides had, over the sum of squares of their solutions.
    present : (k, 1) array
        1, or 0 for a right-hand side that is zero, whose guess is zero.
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
    present: Array
    features: Array
    matrix: Array
    powers: list[Array]
    errors: Array


def guess_example(
    A: Host, B: Host, M: Host, *, steps: int, points: int | None, xp: Namespace
) -> GuessExample:
    """Return systems with the columns of B, for so many steps of the iteration with M, prepared."""
    identity = np.eye(len(A))
    rows, scale, norms = unit_vectors(np, B.T, axis=1)
    X = np.linalg.solve(A, rows.T).T
    sizes = (norms * (scale / (np.max(scale, initial=0) or 1)))[:, 0]
    total = float(sizes**2 @ np.sum(X**2, axis=1))
    errors = np.linalg.matrix_power((identity - M @ A).T, steps)
    return GuessExample(
        rhs=xp.asarray(rows),
        solutions=xp.asarray(X),
        squares=xp.asarray(sizes**2 / (total or 1.0)),
        present=xp.asarray((norms > 0).astype(np.float64)),
        features=xp.asarray(block_means(rows, points)),
        matrix=xp.asarray(A.T),
        powers=[xp.asarray(P) for P in doubled((identity - A @ M).T, max(steps, 1))],
        errors=xp.asarray(errors),
    )


def checked_system(system: Any, n: int) -> tuple[Host, Host]:
    """Return a dense matrix of n rows, and right-hand sides as columns.

    Raises
    ------
    TypeError, ValueError
        The system is not a pair of a matrix and right-hand sides, or is complex; their shapes are
        others; NaN or infinite entries.
    """
    if not (isinstance(system, tuple | list) and len(system) == 2):
        raise TypeError(f"a system must be a pair (A, b), got {type(system).__name__}")
    A, B = system
    check_real(A=A, b=B)
    A = np.asarray(A.toarray() if sparse.issparse(A) else A, dtype=np.float64)
    B = np.asarray(B, dtype=np.float64)
    if A.shape != (n, n) or B.ndim not in (1, 2) or B.shape[0] != n:
        raise ValueError(
            f"a system must be A of shape {(n, n)} and b of {n} rows, got {A.shape} and {B.shape}"
        )
    if not (np.all(np.isfinite(A)) and np.all(np.isfinite(B))):
        raise ValueError("a system has NaN or infinite entries")
    return A, B.reshape(n, -1)


def check_real(**arrays: Any) -> None:
    """Raise TypeError if an array, matrix or operator is complex."""
    for name, array in arrays.items():
        dtype = array.dtype if hasattr(array, "dtype") else np.asarray(array).dtype
        if "complex" in str(dtype):
            raise TypeError(f"{name} must be real, got dtype {dtype}")


def block_means(rows: Array, points: int | None) -> Array:
    """Return means of rows over blocks of neighbours, or all entries; a constant for no points."""
    xp = namespace_of(rows)
    if points is None:
        return rows
    if points == 0:
        return xp.ones_like(rows[:, :1])
    n = rows.shape[1]
    bounds = [k * n // points for k in range(points + 1)]
    pairs = zip(bounds[:-1], bounds[1:], strict=True)
    return xp.stack([xp.mean(rows[:, i:j], axis=1) for i, j in pairs], axis=1)
