"""What a method for ``X Y + Y X = Q`` is, and the error that all of them share."""

from typing import ClassVar, Protocol

from resolvent.arrays import Array, Namespace
from resolvent.errors import SingularMatrixError

__all__ = ["LyapunovMethod", "singular"]


class LyapunovMethod(Protocol):
    """A way to solve ``X Y + Y X = Q``."""

    name: ClassVar[str]
    hermitian: ClassVar[bool]

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y`` for validated matrices."""
        ...


def singular() -> SingularMatrixError:
    """Return the error for an equation without a unique solution."""
    return SingularMatrixError(
        "X Y + Y X = Q is singular, or X not positive definite for a method that needs it: two "
        "eigenvalues of X add up to zero (the root of a singular matrix has no derivative; add a "
        "ridge to the matrix before taking its root)"
    )
