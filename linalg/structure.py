"""What can be seen of a matrix cheaply: is it square, is it Hermitian, how large is it."""

from functools import cache
from typing import Any

from resolvent.arrays import Array, Namespace, adjoint, eps, is_numpy
from resolvent.linalg.compiled.structure import asymmetry

__all__ = ["hermitian_and_scale", "is_hermitian", "require_square"]


def require_square(name: str, A: Array) -> None:
    """Raise ValueError unless the last two axes are equal."""
    if A.shape[-1] != A.shape[-2]:
        raise ValueError(f"{name} must be square (..., n, n), got shape {tuple(A.shape)}")


def is_hermitian(xp: Namespace, A: Array) -> bool:
    """Tell whether every matrix equals its adjoint up to ``n eps max|A|``; one host read."""
    return hermitian_and_scale(xp, A)[0]


def hermitian_and_scale(xp: Namespace, A: Array) -> tuple[bool, Array | None]:
    """Tell whether all matrices are Hermitian, and by what to divide those of extreme size.

    Returns
    -------
    hermitian : bool
        Every matrix equals its adjoint up to ``n eps max|A|``.
    scale : array (..., 1, 1) or None
        ``max|A|`` of each matrix, 1 for a zero one; None when no entry is so large or matrix so
        small that its fourth power would leave the range of the dtype.
    """
    if 0 in A.shape:
        return True, None
    if is_numpy(xp):
        found = asymmetry(A.reshape(-1, *A.shape[-2:]))
        difference, magnitude = (x.reshape(A.shape[:-2]) for x in found)
    else:
        difference = xp.max(xp.abs(A - adjoint(xp, A)), axis=(-2, -1))
        magnitude = xp.max(xp.abs(A), axis=(-2, -1))
    hermitian = bool(xp.all(difference <= A.shape[-1] * eps(xp, A.dtype) * magnitude))
    small, large = _safe_range(xp, A.dtype)
    extreme = (magnitude > large) | ((magnitude < small) & (magnitude > 0))
    if not bool(xp.any(extreme)):
        return hermitian, None
    scale = xp.where(magnitude > 0, magnitude, xp.ones_like(magnitude))
    return hermitian, xp.astype(scale, xp.abs(A).dtype)[..., None, None]


@cache
def _safe_range(xp: Namespace, dtype: Any) -> tuple[float, float]:
    info = xp.finfo(dtype)
    return float(info.smallest_normal) ** 0.25, float(info.max) ** 0.25
