"""What can be seen of a matrix cheaply: is it square, is it Hermitian, how large is it."""

from functools import cache
from typing import Any

from resolvent.arrays import Array, Namespace, adjoint, eps, is_numpy
from resolvent.linalg.compiled.structure import asymmetry
from resolvent.linalg.norms import nonzero

__all__ = ["examine", "is_hermitian", "require_square"]


def require_square(name: str, A: Array) -> None:
    """Raise ValueError unless the last two axes are equal."""
    if A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{name} must be square (..., n, n), got shape {tuple(A.shape)}")


def is_hermitian(xp: Namespace, A: Array) -> bool:
    """Tell whether every matrix equals its adjoint up to ``n eps max|A|``; one host read."""
    return 0 in A.shape or _is_hermitian(xp, A, *_measure(xp, A))


def examine(xp: Namespace, name: str, A: Array) -> tuple[bool, Array | None]:
    """Look at every entry once: finite? Hermitian? of extreme size?

    Returns
    -------
    hermitian : bool
        Every matrix equals its adjoint up to ``n eps max|A|``.
    scale : array (..., 1, 1) or None
        ``max|A|`` of each matrix, 1 for a zero one; None when no entry is so large or matrix so
        small that its fourth power would leave the range of the dtype.

    Raises
    ------
    ValueError
        An entry is NaN or infinite.
    """
    if 0 in A.shape:
        return True, None
    difference, magnitude = _measure(xp, A)
    if not bool(xp.all(xp.isfinite(magnitude))):
        raise ValueError(f"{name} has NaN or infinite entries")
    small, large = _safe_range(xp, A.dtype)
    extreme = (magnitude > large) | ((magnitude < small) & (magnitude > 0))
    hermitian = _is_hermitian(xp, A, difference, magnitude)
    if not bool(xp.any(extreme)):
        return hermitian, None
    return hermitian, xp.astype(nonzero(xp, magnitude), xp.abs(A).dtype)[..., None, None]


def _measure(xp: Namespace, A: Array) -> tuple[Array, Array]:
    """Return ``max |A - Aᴴ|`` and ``max |A|`` of each matrix; not finite where A is not."""
    if is_numpy(xp):
        difference, magnitude = asymmetry(A.reshape(-1, *A.shape[-2:]))
        return difference.reshape(A.shape[:-2]), magnitude.reshape(A.shape[:-2])
    difference = xp.max(xp.abs(A - adjoint(xp, A)), axis=(-2, -1))
    return difference, xp.max(xp.abs(A), axis=(-2, -1))


def _is_hermitian(xp: Namespace, A: Array, difference: Array, magnitude: Array) -> bool:
    return bool(xp.all(difference <= A.shape[-1] * eps(xp, A.dtype) * magnitude))


@cache
def _safe_range(xp: Namespace, dtype: Any) -> tuple[float, float]:
    info = xp.finfo(dtype)
    return float(info.smallest_normal) ** 0.25, float(info.max) ** 0.25
