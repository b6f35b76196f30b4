"""Matrix roots, the polar decomposition and the gradient of the square root.

SPD matrices have logarithmically spaced eigenvalues and condition 1e6 in float64, 1e3 in float32.
Residuals are relative to the input in the Frobenius norm, the largest of the batch, in float64.
"""

from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.linalg

from benchmarks.harness import Peer, Row
from resolvent.arrays import to_host
from resolvent.linalg import gallery, inv_rootm, polar, sqrtm, sqrtm_vjp

Array = Any
CONDITION = {"float64": 1e6, "float32": 1e3}


def rows(xp: Any) -> list[Row]:
    """Return the rows on arrays of ``xp``, NumPy or CuPy; SciPy and the bars are for NumPy."""
    general = partial(gaussian, xp, 1024, shift=2)
    general_peers = on_host(xp, Peer("scipy.linalg.sqrtm", scipy.linalg.sqrtm, 2))
    scipy_polar = on_host(xp, Peer("scipy.linalg.polar", scipy.linalg.polar, 1.4))
    polar_peers = [Peer("SVD recipe", partial(svd_polar, xp)), *scipy_polar]
    gradient = partial(root_and_gradient, xp, 1000, 32)
    gradient_peers = [Peer("eigh recipe", partial(eigh_lyapunov, xp))]
    return [
        square_root(xp, 128, eigh=1),
        square_root(xp, 512, eigh=1),
        square_root(xp, 1024, eigh=1, scipy=7),
        square_root(xp, 1024, dtype="float32"),
        square_root(xp, 1000, 32, eigh=4, scipy=8),
        square_root(xp, 1000, 32, dtype="float32", eigh=6, scipy=10),
        square_root(xp, 4000, 8),
        square_root(xp, 4000, 8, dtype="float32"),
        square_root(xp, 10000, 3),
        Row("sqrtm general 1024x1024", general, sqrtm, of_square, general_peers),
        inverse_fourth_root(xp, 256),
        inverse_fourth_root(xp, 512, bar=15),
        Row("polar 512x512", partial(gaussian, xp, 512), polar, of_polar, polar_peers),
        Row("sqrtm_vjp SPD 1000x32x32", gradient, sqrtm_vjp, of_lyapunov, gradient_peers),
    ]


def square_root(xp: Any, *shape: int, dtype: str = "float64", **bars: float) -> Row:
    peers = [
        *recipes(xp, 1 / 2, bars.get("eigh")),
        *on_host(xp, Peer("scipy.linalg.sqrtm", scipy.linalg.sqrtm, bars.get("scipy"))),
    ]
    if xp is not np:
        peers.append(Peer("Newton-Schulz, 25 steps", partial(newton_schulz, xp)))
    name = f"sqrtm SPD {'x'.join(map(str, (*shape, shape[-1])))} {dtype}"
    return Row(name, partial(spd, xp, *shape, dtype=dtype), sqrtm, of_square, peers)


def inverse_fourth_root(xp: Any, n: int, bar: float | None = None) -> Row:
    power = partial(scipy.linalg.fractional_matrix_power, t=-1 / 4)
    peers = [*recipes(xp, -1 / 4), *on_host(xp, Peer("scipy fractional power", power, bar))]
    name = f"inv_rootm(A, 4) SPD {n}x{n}"
    return Row(name, partial(spd, xp, n), partial(inv_rootm, p=4), of_inverse_fourth_root, peers)


def recipes(xp: Any, exponent: float, bar: float | None = None) -> list[Peer]:
    peers = [Peer("eigh recipe", partial(eigh_power, xp, exponent), bar if xp is np else None)]
    if find_spec("torch"):
        peers.append(Peer("torch eigh recipe", partial(torch_power, exponent)))
    return peers


def on_host(xp: Any, *peers: Peer) -> tuple[Peer, ...]:
    return peers if xp is np else ()


def spd(xp: Any, *shape: int, dtype: str = "float64") -> tuple[Array]:
    spectra = np.broadcast_to(gallery.logspaced(shape[-1], CONDITION[dtype]), shape)
    return (xp.asarray(gallery.spd(spectra, rng=0, dtype=dtype)),)


def gaussian(xp: Any, n: int, shift: float = 0) -> tuple[Array]:
    G = np.random.default_rng(0).standard_normal((n, n))
    return (xp.asarray(G / np.sqrt(n) + shift * np.eye(n)),)


def root_and_gradient(xp: Any, *shape: int) -> tuple[Array, Array]:
    G = np.random.default_rng(1).standard_normal((*shape, shape[-1]))
    return sqrtm(*spd(xp, *shape)), xp.asarray(G)


def eigh_power(xp: Any, exponent: float, A: Array) -> Array:
    w, V = xp.linalg.eigh(A)
    return (V * w[..., None, :] ** exponent) @ V.swapaxes(-1, -2)


def torch_power(exponent: float, A: Array) -> Array:
    import torch

    return eigh_power(torch, exponent, torch.from_dlpack(A))


def newton_schulz(xp: Any, A: Array, steps: int = 25) -> Array:
    identity = xp.eye(A.shape[-1], dtype=A.dtype)
    scale = xp.sqrt(xp.sum(A * A, axis=(-2, -1), keepdims=True))
    Y, Z = A / scale, identity
    for _ in range(steps):
        T = (3 * identity - Z @ Y) / 2
        Y, Z = Y @ T, T @ Z
    return xp.sqrt(scale) * Y


def svd_polar(xp: Any, A: Array) -> tuple[Array, Array]:
    P, s, Qt = xp.linalg.svd(A)
    return P @ Qt, (Qt.swapaxes(-1, -2) * s) @ Qt


def eigh_lyapunov(xp: Any, X: Array, G: Array) -> Array:
    w, V = xp.linalg.eigh(X)
    Vt = V.swapaxes(-1, -2)
    return V @ ((Vt @ G @ V) / (w[..., :, None] + w[..., None, :])) @ Vt


def of_square(X: Array, A: Array) -> float:
    X, A = double(X), double(A)
    return relative(X @ X - A, A)


def of_inverse_fourth_root(X: Array, A: Array) -> float:
    A = double(A)
    return relative(np.linalg.matrix_power(double(X), -4) - A, A)


def of_polar(factors: tuple[Array, Array], A: Array) -> float:
    """Return the larger of ``A - U H`` and the departure of ``U`` from orthonormal."""
    U, H, A = map(double, (*factors, A))
    identity = np.eye(U.shape[-1])
    return max(relative(U @ H - A, A), relative(U.mT @ U - identity, identity))


def of_lyapunov(Y: Array, X: Array, G: Array) -> float:
    Y, X, G = map(double, (Y, X, G))
    return relative(X @ Y + Y @ X - G, G)


def double(x: Array) -> Array:
    return to_host(x).astype(np.float64)


def relative(R: Array, A: Array) -> float:
    return float(np.max(np.linalg.norm(R, axis=(-2, -1)) / np.linalg.norm(A, axis=(-2, -1))))
