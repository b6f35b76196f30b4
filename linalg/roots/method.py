"""What a root method is: a frozen record of its parameters with one function ``root``."""

from typing import ClassVar, Literal, Protocol, TypeAlias

from resolvent.arrays import Array, Namespace

__all__ = ["Accuracy", "RootMethod", "require_square_root"]

Accuracy: TypeAlias = Literal["stable", "iterative", "truncated"]


class RootMethod(Protocol):
    """A way to compute ``A**(1/p)``; a negative ``p`` asks for the inverse root.

    Attributes
    ----------
    name : str
        The name that ``method=`` takes.
    positive : bool
        Whether the method needs a Hermitian positive semi-definite matrix.
    accuracy : {"stable", "iterative", "truncated"}
        "stable" methods need no check of their result; "iterative" ones aim at working accuracy
        and are checked; "truncated" ones are approximations of prescribed degree.
    """

    name: ClassVar[str]
    positive: ClassVar[bool]

    @property
    def accuracy(self) -> Accuracy:
        """How the result is to be checked."""
        ...

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
