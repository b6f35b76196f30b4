r"""An operator times a power of two that brings its first product to size one.

A recurrence that squares the length of :math:`A v` loses a matrix of scale 1e-200 to underflow and
one of 1e200 to overflow. The power of two costs no rounding error and no extra product.
"""

from resolvent.arrays import Array, namespace_of
from resolvent.recurrence import Counted
from resolvent.vectors import Inner, norm
from resolvent.vectors import inner as euclidean

__all__ = ["Scaled", "power"]


class Scaled:
    """The operator ``factor * A``.

    Parameters
    ----------
    A : Counted
        The operator.
    inner : callable
        Inner product of each column.

    Attributes
    ----------
    factor : array
        A power of two for each column, known after the first product.
    """

    def __init__(self, A: Counted, inner: Inner = euclidean) -> None:
        self.A, self.inner = A, inner
        self.factor: Array = None

    def __matmul__(self, x: Array) -> Array:
        return self._scaled(self.A @ x)

    def adjoint(self, y: Array) -> Array:
        """Return the product of the adjoint with ``y``."""
        return self._scaled(self.A.H @ y)

    def solution(self, x: Array) -> Array:
        """Return what solves with ``A`` where ``x`` solves with ``factor * A``."""
        return self.factor * x

    def _scaled(self, y: Array) -> Array:
        if self.factor is None:
            self.factor = power(y, self.inner)
        return self.factor * y


def power(x: Array, inner: Inner = euclidean) -> Array:
    """Return for each column the power of two that brings it to size one; 1 for zero and NaN."""
    xp = namespace_of(x)
    # the parts of a distributed vector must agree
    local = inner is euclidean and x.shape[0] > 0
    size = xp.max(xp.abs(x), axis=0) if local else norm(x, inner)
    known = xp.isfinite(size) & (size > 0)
    exponent = -xp.floor(xp.log2(xp.where(known, size, xp.ones_like(size))))
    room = 1000.0 if xp.finfo(size.dtype).bits == 64 else 120.0
    exponent = xp.where(exponent > room, room + 0 * exponent, exponent)
    return xp.pow(2 + 0 * exponent, exponent)
