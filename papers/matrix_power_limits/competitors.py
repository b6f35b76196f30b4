"""What else turns samples at a few parameters into a function of them."""

from itertools import product

import numpy as np
from numpy.polynomial import chebyshev
from scipy.interpolate import RBFInterpolator

from resolvent.arrays import Array

__all__ = ["chebyshev_grid", "chebyshev_interpolant", "galerkin", "log_ratios", "radial_basis"]


def radial_basis(mus: Array, values: Array, test: Array) -> Array:
    """Interpolate values (M, ...) by cubic radial functions and a linear polynomial."""
    return RBFInterpolator(mus, values, kernel="cubic")(test)


def chebyshev_grid(low: Array, high: Array, count: int) -> Array:
    """Return the tensor grid (count ** d, d) of Chebyshev points of a box."""
    nodes = chebyshev.chebpts1(count)
    corners = np.array(list(product(nodes, repeat=len(low))))
    return low + (high - low) * (corners + 1) / 2


def chebyshev_interpolant(low: Array, high: Array, count: int, values: Array, test: Array) -> Array:
    """Interpolate values (count ** d, ...) on that grid at test points (n, d)."""
    nodes = chebyshev.chebpts1(count)
    inverse = np.linalg.inv(chebyshev.chebvander(nodes, count - 1))
    weights = np.ones((len(test), 1))
    for x in (2 * (test - low) / (high - low) - 1).T:
        axis = chebyshev.chebvander(x, count - 1) @ inverse
        weights = (weights[:, :, None] * axis[:, None, :]).reshape(len(test), -1)
    return np.tensordot(weights, values, axes=1)


def log_ratios(mus: Array) -> Array:
    """Return what is left of the parameters (n, Q) without their scale, (n, Q - 1)."""
    return np.log(mus[:, :-1] / mus[:, -1:])


def galerkin(terms: Array, snapshots: Array, test: Array) -> list[Array]:
    """Return Galerkin solutions (N, n) in the spans of the first 1, 2, ... snapshots (N, M).

    Intrusive: it takes the terms (Q, N, N) of the matrix. The source is one everywhere.
    """
    V, _ = np.linalg.qr(snapshots)
    A, b = np.tensordot(test, V.T @ terms @ V, axes=1), V.sum(axis=0)[:, None]
    return [
        V[:, :M] @ np.linalg.solve(A[:, :M, :M], b[:M])[:, :, 0].T for M in range(1, V.shape[1] + 1)
    ]
