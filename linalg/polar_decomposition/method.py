"""What a method for the polar factor is."""

from typing import ClassVar, Protocol

from resolvent.arrays import Array, Namespace

__all__ = ["PolarMethod"]


class PolarMethod(Protocol):
    """A way to compute the polar factor of matrices with at least as many rows as columns."""

    name: ClassVar[str]

    def unitary(self, xp: Namespace, A: Array) -> Array:
        """Return ``U`` of ``A = U H``."""
        ...
