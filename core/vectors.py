r"""What iterative methods do to vectors, for ``(n,)`` and, column by column, for ``(n, k)``.

An inner product of two ``(n, k)`` arrays has shape ``(k,)``, so that the same recurrence runs one
system or ``k`` independent ones, and no scalar leaves the device.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from resolvent.arrays import Array, Namespace, namespace_of

_SAFE = (1e-28, 1e32)  # squares in which nothing is lost in float32 either

__all__ = ["Inner", "inner", "norm", "ratio", "real", "scaled_norm"]

Inner: TypeAlias = Callable[[Array, Array], Array]


def inner(x: Array, y: Array) -> Array:
    """Return :math:`x^H y` of each column."""
    if type(x) is np.ndarray and x.ndim == 1:
        return np.vdot(x, y)
    return namespace_of(x).vecdot(x, y, axis=-x.ndim)


def norm(x: Array, inner: Inner = inner) -> Array:
    """Return the Euclidean norm of each column, by the inner product of the system."""
    xp = namespace_of(x)
    return xp.sqrt(real(xp, inner(x, x)))


def real(xp: Namespace, x: Array) -> Array:
    """Return the real part of a real or complex array."""
    if isinstance(x, np.floating):
        return x
    return xp.real(x) if xp.isdtype(x.dtype, "complex floating") else x


def ratio(xp: Namespace, a: Array, b: Array) -> Array:
    """Return ``a / b``, and zero where ``b`` is zero: a column that is solved stands still."""
    if isinstance(b, np.number):
        return a / b if b != 0 else b
    zero = b == 0
    return xp.where(zero, xp.zeros_like(b), a / xp.where(zero, xp.ones_like(b), b))


def scaled_norm(x: Array, by: Inner = inner) -> tuple[float, float]:
    """Return a power of two near the norm of one vector, and the norm itself, on the host.

    Neither over- nor underflows. Of a zero vector, and of one that isn't finite, the power is one.
    """
    square = float(real(namespace_of(x), by(x, x)))
    if _SAFE[0] < square < _SAFE[1]:
        length = math.sqrt(square)
        return math.ldexp(1.0, math.frexp(length)[1]), length
    xp = namespace_of(x)
    largest = float(xp.max(xp.abs(x))) if x.shape[0] else 0.0
    if by is not inner:  # the parts of a distributed vector must agree
        largest = math.sqrt(float(real(xp, by(xp.full_like(x, largest), xp.ones_like(x)))))
    if not 0 < largest < math.inf:
        return 1.0, largest
    top = 1023 if xp.finfo(x.dtype).bits == 64 else 127  # the largest power of two there is
    scale = math.ldexp(1.0, min(math.frexp(largest)[1], top))
    scaled = x / scale
    return scale, scale * math.sqrt(float(real(xp, by(scaled, scaled))))
