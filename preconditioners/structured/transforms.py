r"""Sine and cosine transforms along some axes of an array, of any library and precision.

NumPy arrays go through SciPy, with a thread for every 50,000 entries. Other libraries have only
the Fourier transform of the Array API (CuPy lacks the sine transform of type I), so their arrays
are extended to twice the length, oddly or evenly, and take that.

    sine              y_k = sqrt(2/(n+1)) sum_j x_j sin(pi j k / (n+1)),  j, k = 1..n  (DST-I)
    cosine            y_k = 2 sum_j x_j cos(pi k (2j+1) / (2n)),          j, k = 0..n-1 (DCT-II)
    inverse_cosine    its inverse (DCT-III, scaled)
    fourier, inverse_fourier

The sine transform is its own inverse. A length n is fast where n + 1 (sine) or n has small prime
factors only: n = 256, with the prime 257, takes longer than n = 512.
"""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.fft

from resolvent.arrays import Array, Namespace, complex_dtype, device_of, is_numpy

__all__ = ["cosine", "fourier", "inverse_cosine", "inverse_fourier", "rounding", "sine"]

Axes = tuple[int, ...]

ENTRIES_PER_THREAD = 50_000


def sine(xp: Namespace, x: Array, axes: Axes) -> Array:
    """Return the orthonormal sine transform of type I, which is its own inverse."""
    if is_numpy(xp):
        return scipy.fft.dstn(x, type=1, axes=axes, norm="ortho", workers=_workers(x))
    return _along(xp, x, axes, _sine)


def cosine(xp: Namespace, x: Array, axes: Axes) -> Array:
    """Return the cosine transform of type II."""
    if is_numpy(xp):
        return scipy.fft.dctn(x, type=2, axes=axes, workers=_workers(x))
    return _along(xp, x, axes, _cosine)


def inverse_cosine(xp: Namespace, y: Array, axes: Axes) -> Array:
    """Return x with ``cosine(x) == y``."""
    if is_numpy(xp):
        return scipy.fft.idctn(y, type=2, axes=axes, workers=_workers(y))
    return _along(xp, y, axes, _inverse_cosine)


def fourier(xp: Namespace, x: Array, axes: Axes) -> Array:
    """Return the Fourier transform, complex for real arrays too."""
    if is_numpy(xp):
        return scipy.fft.fftn(x, axes=axes, workers=_workers(x))
    return xp.fft.fftn(xp.astype(x, complex_dtype(xp, x.dtype), copy=False), axes=axes)


def inverse_fourier(xp: Namespace, y: Array, axes: Axes) -> Array:
    """Return x with ``fourier(x) == y``, complex."""
    if is_numpy(xp):
        return scipy.fft.ifftn(y, axes=axes, workers=_workers(y))
    return xp.fft.ifftn(y, axes=axes)


def rounding(x: np.ndarray[Any, Any]) -> float:
    r"""Return the rounding error of an entry of an unscaled transform of a vector.

    :math:`4 \varepsilon \log_2(2n) \|x\|_2`, the root mean square of the normwise bound.
    """
    return float(4 * np.finfo(x.dtype).eps * np.log2(2 * x.size) * np.linalg.norm(x))


def _workers(x: np.ndarray[Any, Any]) -> int:
    return min(os.cpu_count() or 1, 1 + x.size // ENTRIES_PER_THREAD)


def _along(xp: Namespace, x: Array, axes: Axes, transform: Callable[..., Array]) -> Array:
    """Transform the real and imaginary part along each axis in turn."""
    if xp.isdtype(x.dtype, "complex floating"):
        real, imaginary = (_along(xp, part, axes, transform) for part in (xp.real(x), xp.imag(x)))
        return real + 1j * imaginary
    for axis in axes:
        x = xp.moveaxis(transform(xp, xp.moveaxis(x, axis, -1)), -1, axis)
    return x


def _sine(xp: Namespace, x: Array) -> Array:
    n = x.shape[-1]
    zero = xp.zeros_like(x[..., :1])
    odd = xp.concat([zero, x, zero, -xp.flip(x, axis=-1)], axis=-1)
    return -xp.imag(xp.fft.rfft(odd, norm="ortho")[..., 1 : n + 1])


def _cosine(xp: Namespace, x: Array) -> Array:
    n = x.shape[-1]
    even = xp.concat([x, xp.flip(x, axis=-1)], axis=-1)
    return xp.real(_half_sample(xp, x, -1) * xp.fft.rfft(even)[..., :n])


def _inverse_cosine(xp: Namespace, y: Array) -> Array:
    n = y.shape[-1]
    half = _half_sample(xp, y, 1) * y
    spectrum = xp.concat([half, xp.zeros_like(half[..., :1])], axis=-1)
    return xp.fft.irfft(spectrum, n=2 * n)[..., :n]


def _half_sample(xp: Namespace, x: Array, sign: int) -> Array:
    """Return ``exp(sign i pi k / (2n))``, which moves the samples by half a mesh width."""
    n = x.shape[-1]
    shift: Any = np.exp(sign * 0.5j * np.pi * np.arange(n) / n)
    return xp.asarray(shift, dtype=complex_dtype(xp, x.dtype), device=device_of(x))
