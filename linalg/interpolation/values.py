"""Values at points, as interpolants take them, and products with them."""

from typing import Any

from resolvent.arrays import Array, complex_dtype, device_of, enter, namespace_of

__all__ = ["as_values", "times"]


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
