"""What a root method is: a frozen record of its parameters with one function ``root``."""

from typing import ClassVar, Protocol

from resolvent.arrays import Array, Namespace

__all__ = ["RootMethod", "require_square_root"]


class RootMethod(Protocol):
    """A way to compute ``A**(1/p)``; a negative ``p`` asks for the inverse root.

    Attributes
    ----------
    name : str
        The name that ``method=`` takes.
    positive : bool
        Whether the method needs a Hermitian positive semi-definite matrix.
    truncated : bool
        Whether the method is an approximation of fixed degree, not asked to reach working
        accuracy.
    """

    name: ClassVar[str]
    positive: ClassVar[bool]
    truncated: ClassVar[bool]

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return the root of validated matrices ``(..., n, n)``, ``n >= 1``."""
        ...


def require_square_root(method: RootMethod, p: int) -> None:
    """Refuse an order other than 2 or -2."""
    if abs(p) != 2:
        raise ValueError(
            f"method {method.name!r} computes square roots only, not p = {abs(p)}; "
            "use 'eigh', 'schur' or 'coupled-newton'"
        )
