"""Lower bounds on coercivity constants, as they are given: a number, or a function."""

from typing import Any

from resolvent.arrays import Array, device_of, enter, namespace_of, to_host

__all__ = ["check_coercivity", "coercivity_at"]


def check_coercivity(coercivity: Any) -> Any:
    """Return None, a callable, or a positive finite number.

    Raises
    ------
    ValueError
        It is an array, not finite, or not positive.
    TypeError
        It is complex, or no number.
    """
    if coercivity is None or callable(coercivity):
        return coercivity
    (found,) = enter(matrix=False, coercivity=coercivity).arrays
    if found.ndim:
        raise ValueError(
            f"coercivity must be a number, or a function mus -> (k,), got shape "
            f"{tuple(found.shape)}"
        )
    _require_real(found)
    if not float(found) > 0:
        raise ValueError(f"coercivity must be positive, got {coercivity}")
    return float(found)


def coercivity_at(coercivity: Any, mus: Array, like: Array) -> Any:
    """Return the constants at parameters, a number or (k,), as ``like`` is.

    Raises
    ------
    ValueError
        A function returns another shape, or what is not positive and finite.
    TypeError
        It returns complex numbers.
    """
    if not callable(coercivity):
        return coercivity
    (alpha,) = enter(matrix=False, coercivity=coercivity(mus)).arrays
    if tuple(alpha.shape) != (mus.shape[0],):
        raise ValueError(
            f"coercivity must return shape ({mus.shape[0]},) for {mus.shape[0]} parameters, "
            f"got {tuple(alpha.shape)}"
        )
    _require_real(alpha)
    least = to_host(alpha)
    if not (least > 0).all():
        k = int(least.argmin())
        raise ValueError(f"coercivity must be positive; it is {least[k]:.3g} at {mus[k, :]}")
    xp = namespace_of(like)
    return xp.astype(xp.asarray(alpha, device=device_of(like)), like.dtype)


def _require_real(found: Array) -> None:
    if not namespace_of(found).isdtype(found.dtype, "real floating"):
        raise TypeError(f"coercivity must be real, got {found.dtype}")
