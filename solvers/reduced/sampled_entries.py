"""Entries of the matrices and vectors that a code hands out, as samples of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, enter, namespace_of
from resolvent.solvers.reduced.snapshot_expansion import Feature

__all__ = ["entries_of_matrix", "entries_of_vector", "vector_at"]


def vector_at(rhs_at: Callable[[Any], Any], mu: Any) -> Array:
    """Return ``rhs_at(mu)``, checked.

    Raises
    ------
    ValueError
        It is no vector, or not finite.
    """
    (b,) = enter(matrix=False, **{f"rhs_at({mu})": rhs_at(mu)}).arrays
    if b.ndim != 1:
        raise ValueError(f"rhs_at({mu}) must be a vector (N,), got shape {tuple(b.shape)}")
    return b


def entries_of_vector(rhs_at: Callable[[Any], Any]) -> Feature:
    """Return the function ``(positions, mu) -> entries``."""
    return lambda where, mu: _take(vector_at(rhs_at, mu), where)


def entries_of_matrix(matrix_at: Callable[[Any], Any]) -> Feature:
    """Return the function ``(pairs (n, 2), mu) -> entries``; it asks for the whole matrix."""

    def feature(pairs: NDArray[np.intp], mu: Any) -> Array:
        A = matrix_at(mu)
        if hasattr(A, "tocsr"):
            return np.asarray(A.tocsr()[pairs[:, 0], pairs[:, 1]]).ravel()
        (A,) = enter(**{f"matrix_at({mu})": A}).arrays
        flat = namespace_of(A).reshape(A, (-1,))
        return _take(flat, pairs[:, 0] * A.shape[1] + pairs[:, 1])

    return feature


def _take(x: Array, where: NDArray[np.intp]) -> Array:
    xp = namespace_of(x)
    return xp.take(x, xp.asarray(where, device=device_of(x)), axis=0)
