"""Values at points, as interpolants take them, and products with them."""

import math
from typing import Any

from resolvent.arrays import Array, Namespace, complex_dtype, device_of, enter, namespace_of

__all__ = ["as_values", "safe_scale", "times", "unless_safe"]


def as_values(values: Any, basis: Array, wanted: int, name: str = "values") -> Array:
    """Return values at ``wanted`` points, (wanted,) or (wanted, k), in the precision of a basis.

    Raises
    ------
    TypeError
        They are of another array library than the basis.
    ValueError
        Another number of values, another device, or values that are not finite.
    """
    entered = enter(matrix=False, **{name: values})
    (values,) = entered.arrays
    xp = namespace_of(basis)
    if entered.xp is not xp:
        raise TypeError(
            f"{name} must be of {xp.__name__} as the basis is, got {entered.xp.__name__}"
        )
    if values.ndim not in (1, 2) or values.shape[0] != wanted:
        raise ValueError(
            f"{name} must be those at the {wanted} points, of shape ({wanted},) or ({wanted}, k); "
            f"got {tuple(values.shape)}"
        )
    if device_of(values) != device_of(basis):
        raise ValueError(f"{name} are on {device_of(values)}, the basis is on {device_of(basis)}")
    is_complex = xp.isdtype(values.dtype, "complex floating")
    dtype = complex_dtype(xp, basis.dtype) if is_complex else basis.dtype
    return values if values.dtype == dtype else xp.astype(values, dtype)


def times(A: Array, x: Array) -> Array:
    """Return ``A x`` for a real or complex matrix and complex or real columns."""
    xp = namespace_of(x)
    dtype = xp.result_type(A, x)
    A, x = (v if v.dtype == dtype else xp.astype(v, dtype) for v in (A, x))
    return A @ x


def safe_scale(xp: Namespace, A: Array) -> float:
    """Return 1, or a power of two near the largest modulus where squares would leave the range."""
    largest = (
        float(xp.max(xp.abs(A)))
        if xp.isdtype(A.dtype, "complex floating")
        else max(float(xp.max(A)), -float(xp.min(A)))
    )
    if largest == 0:
        return 1.0
    return unless_safe(xp, A.dtype, math.ldexp(1.0, math.frexp(largest)[1] - 1))


def unless_safe(xp: Namespace, dtype: Any, power: float) -> float:
    """Return 1 where squares of numbers near a power of two are in range, else the power."""
    info = xp.finfo(dtype)
    low, high = float(info.smallest_normal) ** 0.25, float(info.max) ** 0.25
    return 1.0 if low < power < high else power
