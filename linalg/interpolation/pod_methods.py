r"""Three ways to the singular values and modes of snapshots.

- "gram": eigenvectors ``V`` of :math:`S^H W S` (the method of snapshots). Squaring loses singular
  values below ``sqrt(eps)`` of the largest.
- "qr": ``V`` from the SVD of the triangle of a QR factorisation, to ``eps``.
- "randomized": an orthonormal basis of :math:`(S S^H W)^q S \Omega` for a random ``Ω``.

The first two only choose the directions ``V``. The modes are the left singular vectors of
:math:`S V_r`, whose error is ``eps`` either way, and whose singular values tell a mode from noise.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, adjoint, conj, device_of, eps, is_numpy, to_host
from resolvent.linalg.interpolation.pod_inner import orthonormalize, require_products_in_range
from resolvent.linalg.norms import column_norms
from resolvent.linalg.spectral import eigh
from resolvent.operators import Operator
from resolvent.vectors import real

__all__ = ["Spectrum", "gram", "gram_floor", "qr", "randomized"]

_PROBES = 10


class Spectrum(NamedTuple):
    """Singular values on the host, and how to get the modes that belong to the first of them.

    Attributes
    ----------
    values : ndarray
        In descending order.
    missing : float
        Frobenius norm of what has no value here.
    floor : float
        Values below this part of the largest are rounding.
    modes : callable
        From their number to modes and their singular values.
    """

    values: NDArray[np.float64]
    missing: float
    floor: float
    modes: Callable[[int], tuple[Array, NDArray[np.float64]]]

    def tails(self) -> NDArray[np.float64]:
        """Return the Frobenius norm of what is left after 0, 1, ... modes."""
        every = np.append(self.values, self.missing)
        return np.asarray(np.sqrt(np.cumsum(every[::-1] ** 2)[::-1]))


def gram_floor(unit: float) -> float:
    """Return what a Gram matrix resolves relative to the largest singular value."""
    return math.sqrt(unit)


def gram(xp: Namespace, S: Array, W: Operator | None) -> Spectrum:
    """Go through the eigenvectors of the Gram matrix."""
    tall, W = (S, W) if _is_tall(S) else (adjoint(xp, S), None)
    G = adjoint(xp, tall) @ (tall if W is None else W @ tall)
    require_products_in_range(W, G)
    eigen = eigh(xp, 0.5 * (G + adjoint(xp, G)))
    squares, floor = to_host(eigen.values).astype(np.float64), gram_floor(eps(xp, S.dtype))
    if W is not None and not (squares[-1] > 0 and squares[0] >= -floor * squares[-1]):
        raise ValueError("W must be positive definite; a value on the data is negative, or all 0")
    values, V = np.sqrt(np.maximum(squares[::-1], 0)), xp.flip(eigen.vectors, axis=1)
    return Spectrum(values, 0.0, floor, partial(_refined, xp, S, W, V))


def qr(xp: Namespace, S: Array, W: Operator | None) -> Spectrum:
    """Go through the triangle of a QR factorisation."""
    tall, W = (S, W) if _is_tall(S) else (adjoint(xp, S), None)
    _, s, Vh = xp.linalg.svd(_triangle(xp, tall, W), full_matrices=False)
    floor = max(10, *s.shape) * eps(xp, S.dtype)
    values = to_host(s).astype(np.float64)
    return Spectrum(values, 0.0, floor, partial(_refined, xp, S, W, adjoint(xp, Vh)))


def randomized(
    xp: Namespace,
    S: Array,
    W: Operator | None,
    *,
    columns: int,
    passes: int,
    rng: np.random.Generator,
) -> Spectrum:
    """Go through the range of ``S`` times a random matrix; probes tell what it misses."""
    draws = rng.standard_normal((S.shape[1], columns + _PROBES))
    Y = S @ xp.astype(xp.asarray(draws, device=device_of(S)), S.dtype)
    Q, _ = orthonormalize(xp, Y[:, :columns], W)
    for _ in range(passes):
        Z, _ = orthonormalize(xp, _times_adjoint(xp, S, W, Q), None)
        Q, _ = orthonormalize(xp, S @ Z, W)
    probes = Y[:, columns:]
    left = probes - Q @ _times_adjoint(xp, Q, W, probes)
    image = left if W is None else W @ left
    squares = real(xp, xp.sum(conj(xp, left) * image, axis=0))
    rounding = eps(xp, S.dtype) ** 0.5 * column_norms(xp, left)
    if bool(xp.any(squares < -rounding * column_norms(xp, image))):
        raise ValueError("W must be positive definite; a value on the data is negative")
    U, s, _ = xp.linalg.svd(adjoint(xp, _times_adjoint(xp, S, W, Q)), full_matrices=False)
    values = to_host(s).astype(np.float64)

    def modes(r: int) -> tuple[Array, NDArray[np.float64]]:
        return _by_columns(Q, U[:, :r]), values[:r]

    missing = math.sqrt(max(float(xp.sum(squares)), 0.0) / _PROBES)
    return Spectrum(values, missing, max(10, columns) * eps(xp, S.dtype), modes)


def _is_tall(S: Array) -> bool:
    return bool(S.shape[0] >= S.shape[1])


def _times_adjoint(xp: Namespace, A: Array, W: Operator | None, v: Array) -> Array:
    """Return ``Aᴴ W v``."""
    return adjoint(xp, A) @ (v if W is None else W @ v)


def _triangle(xp: Namespace, S: Array, W: Operator | None) -> Array:
    """Return ``R`` with ``SᴴWS = RᴴR``, without squaring ``S``."""
    if W is not None:
        Q, R = xp.linalg.qr(S)
        return orthonormalize(xp, Q, W)[1] @ R
    return np.linalg.qr(S, mode="r") if is_numpy(xp) else xp.linalg.qr(S)[1]


def _by_columns(A: Array, B: Array) -> Array:
    """Return ``A B`` with contiguous columns: faster by OpenBLAS, and as modes are used."""
    return (B.mT @ A.mT).mT


def _refined(
    xp: Namespace, S: Array, W: Operator | None, V: Array, r: int
) -> tuple[Array, NDArray[np.float64]]:
    """Return the modes among ``S V_r``; of a wide ``S`` those in the span of ``V_r``."""
    if r == 0:
        return S[:, :0], np.zeros(0)
    V, tall = V[:, :r], S if _is_tall(S) else adjoint(xp, S)
    Q, R = orthonormalize(xp, _by_columns(tall, V), W)
    U, s, Vh = xp.linalg.svd(R)
    modes = _by_columns(Q, U) if _is_tall(S) else _by_columns(V, adjoint(xp, Vh))
    return modes, to_host(s).astype(np.float64)
