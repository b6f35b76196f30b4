r"""What iterative methods do to vectors, for ``(n,)`` and, column by column, for ``(n, k)``.

An inner product of two ``(n, k)`` arrays has shape ``(k,)``, so that the same recurrence runs one
system or ``k`` independent ones, and no scalar leaves the device.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from resolvent.arrays import Array, Namespace, namespace_of

__all__ = ["Inner", "inner", "norm", "ratio", "real", "take"]

Inner: TypeAlias = Callable[[Array, Array], Array]


def inner(x: Array, y: Array) -> Array:
    """Return :math:`x^H y` of each column."""
    if type(x) is np.ndarray and x.ndim == 1:
        return np.vdot(x, y)
    return namespace_of(x).vecdot(x, y, axis=0)


def norm(x: Array, inner: Inner = inner) -> Array:
    """Return the Euclidean norm of each column, by the inner product of the system."""
    xp = namespace_of(x)
    return xp.sqrt(real(xp, inner(x, x)))


def real(xp: Namespace, x: Array) -> Array:
    """Return the real part of a real or complex array."""
    return xp.real(x) if xp.isdtype(x.dtype, "complex floating") else x


def ratio(xp: Namespace, a: Array, b: Array) -> Array:
    """Return ``a / b``, and zero where ``b`` is zero: a column that is solved stands still."""
    zero = b == 0
    return xp.where(zero, xp.zeros_like(b), a / xp.where(zero, xp.ones_like(b), b))


def take(x: Array, columns: Array) -> Array:
    """Return some columns of ``(n, k)``; all of a vector."""
    return x if x.ndim == 1 else namespace_of(x).take(x, columns, axis=1)
