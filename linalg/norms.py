"""Norms and bounds of a batch of matrices, each of shape ``(..., 1, 1)`` so that it scales them.

Those of columns are of one matrix, of shape ``(n,)``.
"""

import numpy as np

from resolvent.arrays import Array, Namespace, adjoint, device_of

__all__ = [
    "column_norms",
    "column_scales",
    "frobenius",
    "identity_like",
    "infinity",
    "nonzero",
    "norm_estimate",
    "power",
    "singular_bound",
    "spectral_bound",
    "trace",
    "unit_vectors",
]

_POWER_STEPS = 8
_SAFETY = 1.1  # power iteration approaches the norm from below


def identity_like(xp: Namespace, A: Array) -> Array:
    """Return one identity matrix of the order, dtype and device of ``A``."""
    return xp.eye(A.shape[-1], dtype=A.dtype, device=A.device)


def frobenius(xp: Namespace, A: Array) -> Array:
    """Return the Frobenius norm, safe from overflow of the squares."""
    magnitude = xp.abs(A)
    largest = _largest(xp, magnitude)
    relative = magnitude / nonzero(xp, largest)
    return largest * xp.sqrt(xp.sum(relative**2, axis=(-2, -1), keepdims=True))


def column_norms(xp: Namespace, A: Array) -> Array:
    """Return the Euclidean norms (n,) of the columns of one matrix, real or complex.

    Safe at both ends of the range; infinite only where the norm itself is beyond it.
    """
    scales = column_scales(xp, A)
    with np.errstate(over="ignore"):
        return scales * xp.linalg.vector_norm(_parts(xp, A) / scales, axis=0)


def column_scales(xp: Namespace, A: Array) -> Array:
    """Return powers of two (n,) near the largest entry of each column, one for zero columns.

    None is subnormal, so that a column can be divided by it, even if all its entries are.
    """
    parts = _parts(xp, A)
    if parts.shape[0] == 0:
        return xp.ones((parts.shape[1],), dtype=parts.dtype, device=device_of(A))
    largest = nonzero(xp, xp.max(xp.abs(parts), axis=0))
    top = 1023.0 if xp.finfo(parts.dtype).bits == 64 else 127.0  # of the largest power of two
    # and of the smallest that has an inverse, by which complex numbers are divided
    return 2.0 ** xp.clip(xp.floor(xp.log2(largest)), min=1 - top, max=top)


def unit_vectors(xp: Namespace, A: Array, *, axis: int) -> tuple[Array, Array, Array]:
    """Return real vectors along an axis with norm 1 or 0, their largest entries, and the rest.

    The norms are the products of the last two, which alone are safe from over- and underflow.
    """
    largest = xp.max(xp.abs(A), axis=axis, keepdims=True)
    A = A / nonzero(xp, largest)
    norms = xp.sqrt(xp.sum(A * A, axis=axis, keepdims=True))
    return A / nonzero(xp, norms), largest, norms


def infinity(xp: Namespace, A: Array) -> Array:
    """Return the largest absolute row sum."""
    return _largest(xp, xp.sum(xp.abs(A), axis=-1, keepdims=True))


def spectral_bound(xp: Namespace, A: Array) -> Array:
    """Return an upper bound of the spectral radius: the smaller of two norms."""
    return xp.minimum(frobenius(xp, A), infinity(xp, A))


def singular_bound(xp: Namespace, A: Array) -> Array:
    """Return an upper bound of the largest singular value: ``min(normF, sqrt(norm1 norm∞))``."""
    rows, columns = infinity(xp, A), infinity(xp, adjoint(xp, A))
    return xp.minimum(frobenius(xp, A), xp.sqrt(rows) * xp.sqrt(columns))


def norm_estimate(xp: Namespace, A: Array) -> Array:
    """Estimate the largest singular value, slightly from above: power iteration on ``AᴴA``.

    Never above `singular_bound`, and rarely below the true value.
    """
    bound = singular_bound(xp, A)
    start = np.random.default_rng(0).standard_normal((A.shape[-1], 1))
    v = xp.astype(xp.asarray(start, device=A.device), A.dtype)
    scaled = A / nonzero(xp, bound)
    for _ in range(_POWER_STEPS):
        v = adjoint(xp, scaled) @ (scaled @ v)
        v = v / nonzero(xp, frobenius(xp, v))
    return xp.minimum(_SAFETY * frobenius(xp, A @ v), bound)


def nonzero(xp: Namespace, c: Array) -> Array:
    """Replace zeros by ones, so that something divided by ``c`` stays finite."""
    return xp.where(c > 0, c, xp.ones_like(c))


def trace(xp: Namespace, A: Array) -> Array:
    """Return the real part of the trace."""
    total = xp.linalg.trace(A)[..., None, None]
    return xp.real(total) if xp.isdtype(A.dtype, "complex floating") else total


def power(A: Array, exponent: int) -> Array:
    """Return ``A**exponent`` for ``exponent >= 1`` by repeated squaring."""
    result = None
    while True:
        if exponent % 2:
            result = A if result is None else result @ A
        exponent //= 2
        if not exponent:
            return result
        A = A @ A


def _parts(xp: Namespace, A: Array) -> Array:
    """Return real parts above imaginary ones: the absolute value of an entry may be infinite."""
    is_complex = xp.isdtype(A.dtype, "complex floating")
    return xp.concat([xp.real(A), xp.imag(A)]) if is_complex else A


def _largest(xp: Namespace, x: Array) -> Array:
    if x.shape[-1] == 0 or x.shape[-2] == 0:
        return xp.zeros((*x.shape[:-2], 1, 1), dtype=x.dtype, device=x.device)
    return xp.max(x, axis=(-2, -1), keepdims=True)
