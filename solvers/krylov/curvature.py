r"""Is :math:`p^H A p` that of a positive definite A? Looked at in every step, on the device."""

from resolvent.arrays import Array, Namespace, eps
from resolvent.recurrence import code
from resolvent.results import Reason
from resolvent.vectors import Inner, ratio, real

__all__ = ["examine", "mark"]


def examine(
    xp: Namespace, inner: Inner, p: Array, q: Array, trouble: Array, largest: Array
) -> tuple[Array, Array, Array]:
    """Return the curvature :math:`p^H A p`, what is wrong with it, and the largest quotient.

    It is wrong if it is not positive, or not real, beyond rounding: ``10 eps`` of the largest
    Rayleigh quotient so far. A direction without curvature lies in the null space of a
    semidefinite A, and ``b`` has a part there; if A moves it, then A is indefinite.
    """
    tiny = 10 * eps(xp, p.dtype)
    pq, pp = inner(p, q), real(xp, inner(p, p))
    curvature = real(xp, pq)
    largest = xp.maximum(largest, ratio(xp, xp.abs(curvature), pp))
    level = tiny * largest * pp
    skew = xp.abs(pq - curvature) > eps(xp, p.dtype) ** 0.5 * xp.abs(pq)
    flat = (xp.abs(curvature) <= level) & (pp > 0)
    null = _is_null(real(xp, inner(q, q)), pp, largest, eps(xp, p.dtype))
    indefinite = (curvature < -level) | skew | (flat & ~null)
    trouble = mark(xp, trouble, indefinite, Reason.INDEFINITE_OPERATOR)
    return curvature, mark(xp, trouble, flat, Reason.INCONSISTENT), largest


def _is_null(qq: Array, pp: Array, largest: Array, eps: float) -> Array:
    r"""Tell whether a direction without curvature is annihilated by A, by :math:`\|A p\|^2`.

    A semidefinite A has :math:`\|A p\|^2 \le \|A\| p^H A p`, which is ``10 eps`` of
    :math:`\|A\|^2 \|p\|^2` at most; the largest Rayleigh quotient may be far below the norm.
    """
    return qq <= eps**0.5 * largest**2 * pp


def mark(xp: Namespace, trouble: Array, where: Array, reason: Reason) -> Array:
    """Name a trouble in the columns that have none yet."""
    return xp.where((trouble == 0) & where, xp.full_like(trouble, code(reason)), trouble)
