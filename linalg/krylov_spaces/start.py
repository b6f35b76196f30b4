"""Where a Krylov space starts: a vector of the user, or a random one where the matrix lives."""

from operator import index
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, device_of, enter, namespace_of
from resolvent.linalg.gallery.spectra import Rng
from resolvent.operators import Operator, as_operator, keeping_dtype
from resolvent.vectors import scaled_norm

__all__ = ["gaussian", "home_of", "square_operator", "start"]


def square_operator(A: Any) -> Operator:
    """Return ``A`` as an operator.

    Raises
    ------
    TypeError, ValueError
        As `resolvent.operators.as_operator`, and for an ``A`` that is not square.
    """
    operator = as_operator(A)
    if operator.shape[0] != operator.shape[1]:
        raise ValueError(f"A must be square, got shape {operator.shape}")
    return operator


def home_of(A: Operator) -> tuple[Namespace, Any]:
    """Return the library and the device of the entries of ``A``; NumPy where they are unknown."""
    entries = A.matrix
    if type(entries).__module__.startswith("cupyx"):
        entries = entries.data
    elif entries is None or hasattr(entries, "tocsr"):
        entries = np.zeros(0)
    return namespace_of(entries), device_of(entries)


def gaussian(A: Operator, columns: int, rng: Rng | None) -> Array:
    """Return an ``(n, columns)`` standard normal array in the library and dtype of ``A``."""
    xp, device = home_of(A)
    shape = (A.shape[1], columns)
    generator = np.random.default_rng(rng)
    G: Any = generator.standard_normal(shape)
    if A.is_complex:
        G = G + 1j * generator.standard_normal(shape)
    single = str(A.dtype).endswith(("float32", "complex64"))
    real, pair = (xp.float32, xp.complex64) if single else (xp.float64, xp.complex128)
    return xp.asarray(G, dtype=pair if A.is_complex else real, device=device)


def start(A: Any, v: Any, steps: int, rng: Rng | None) -> tuple[Operator, Array, int]:
    """Return the operator, a unit vector and the largest number of steps it makes sense to take.

    Raises
    ------
    TypeError, ValueError
        As `square_operator`; ``steps`` is not positive, or ``v`` is zero, not finite or of
        another length.
    """
    if index(steps) < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    A = square_operator(A)
    n = A.shape[0]
    if n == 0:
        raise ValueError("A must have at least one row, got shape (0, 0)")
    if v is None:
        v = gaussian(A, 1, rng)[:, 0]
    else:
        (v,) = enter(matrix=False, v=v).arrays
        if tuple(v.shape) != (n,):
            raise ValueError(f"v must be of shape ({n},), got {tuple(v.shape)}")
        A = as_operator(A, like=v)
        xp = namespace_of(v)
        if A.is_complex and not xp.isdtype(v.dtype, "complex floating"):
            v = xp.astype(v, xp.complex64 if v.dtype == xp.float32 else xp.complex128)
    scale, length = scaled_norm(v)
    if length == 0:
        raise ValueError("v must not be zero")
    return keeping_dtype(A, "A"), v / scale / (length / scale), min(steps, n)
