"""Entries of the matrices and vectors that a code hands out, as samples of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, enter, namespace_of, take, to_host
from resolvent.solvers.reduced.snapshot_expansion import Feature

__all__ = ["entries_and_probe", "entries_of_vector", "vector_at"]


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
    return lambda where, mu: take(vector_at(rhs_at, mu), where)


def entries_and_probe(
    matrix_at: Callable[[Any], Any], entries: tuple[Any, Any], mu: Any
) -> tuple[Feature, NDArray[np.intp]]:
    r"""Return a function that samples whole matrices, and where: pairs of indices (n, 2).

    Some entries may be alike in all matrices where others are not. Therefore the samples hold, as
    an additional column, a product :math:`A(\mu) s` with a vector of random signs: no change of any
    entry escapes it. It is scaled so that at ``mu`` it is as large as the entries.

    Raises
    ------
    TypeError
        Indices that are no integers.
    ValueError
        No entries, or entries outside the matrix.
    """
    rows, columns = np.broadcast_arrays(*(_indices(which) for which in entries))
    pairs = np.stack([rows.ravel(), columns.ravel()], axis=-1).astype(np.intp)
    if not pairs.size:
        raise ValueError("entries must hold at least one row and column")
    A = _whole(matrix_at, mu)
    order = int(A.shape[0])
    outside = np.any((pairs < 0) | (pairs >= np.asarray(A.shape)), axis=1)
    if outside.any():
        raise ValueError(
            f"entries must lie in the matrix of shape {tuple(A.shape)}, got "
            f"{tuple(map(int, pairs[np.argmax(outside)]))}"
        )
    signs = np.where(np.random.default_rng(0).random(order) < 0.5, -1.0, 1.0)
    sampled, probed = (
        float(np.max(np.abs(to_host(x)))) for x in (_entries(A, pairs), _product(A, signs))
    )
    signs *= sampled / probed if sampled and probed else 1.0

    def feature(where: NDArray[np.intp], mu: Any) -> Array:
        B = _whole(matrix_at, mu)
        if tuple(B.shape) != (order, order):
            raise ValueError(
                f"matrix_at({mu}) is of shape {tuple(B.shape)}, wanted {(order, order)}"
            )
        probe = where[:, 1] == order
        found = _entries(B, np.where(probe[:, None], 0, where))
        xp = namespace_of(found)
        if not probe.any():
            return found
        chosen = xp.asarray(probe, device=device_of(found))
        return xp.where(chosen, take(_product(B, signs), where[:, 0]), found)

    probe = np.stack([np.arange(order), np.full(order, order)], axis=1)
    return feature, np.concatenate([pairs, probe])


def _indices(which: Any) -> NDArray[Any]:
    which = to_host(which) if hasattr(which, "shape") else np.asarray(which)
    if which.size and which.dtype.kind not in "iu":
        raise TypeError(f"entries must be integer rows and columns, got {which.dtype}")
    return np.asarray(which)


def _whole(matrix_at: Callable[[Any], Any], mu: Any) -> Any:
    """Return a sparse matrix as CSR, or a dense one, checked to be square."""
    A = matrix_at(mu)
    A = A.tocsr() if hasattr(A, "tocsr") else enter(**{f"matrix_at({mu})": A}).arrays[0]
    if len(A.shape) != 2 or A.shape[0] != A.shape[1]:
        raise ValueError(f"matrix_at({mu}) must be of shape (N, N), got {tuple(A.shape)}")
    return A


def _entries(A: Any, pairs: NDArray[np.intp]) -> Array:
    if hasattr(A, "tocsr"):
        return np.asarray(A[pairs[:, 0], pairs[:, 1]]).ravel()
    return take(namespace_of(A).reshape(A, (-1,)), pairs[:, 0] * A.shape[1] + pairs[:, 1])


def _product(A: Any, signs: NDArray[np.float64]) -> Array:
    if hasattr(A, "tocsr"):
        return np.asarray(A @ signs).astype(A.dtype)
    xp = namespace_of(A)
    return A @ xp.astype(xp.asarray(signs, device=device_of(A)), A.dtype)
