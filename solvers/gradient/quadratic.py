r"""The quadratic :math:`f(x) = \tfrac12 x^T A x - b^T x`, minimised by the solution of A x = b."""

from dataclasses import dataclass
from typing import Any

from resolvent.arrays import Array, enter
from resolvent.operators import Operator, as_operator
from resolvent.vectors import inner

__all__ = ["Quadratic"]


@dataclass(frozen=True, eq=False)
class Quadratic:
    r"""The convex quadratic :math:`f(x) = \tfrac12 x^T A x - b^T x`.

    Parameters
    ----------
    A : (n, n) array, sparse matrix, operator or callable
        Symmetric positive semidefinite.
    b : (n,) array_like
        In the range of ``A``, or f has no minimum.

    Attributes
    ----------
    curvature : Operator
        A itself, the Hessian.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together, or have NaN or infinite entries.

    Notes
    -----
    Value and gradient cost one product with A together. Array API: any library and device, the
    same for A, b and x; the library promotes mixed precisions.

    Examples
    --------
    >>> import numpy as np
    >>> f = Quadratic([[2.0, 0.0], [0.0, 1.0]], [2.0, 1.0])
    >>> float(f.value(np.ones(2))), f.gradient(np.zeros(2))
    (-1.5, array([-2., -1.]))
    """

    A: Any
    b: Any

    def __post_init__(self) -> None:
        (b,) = enter(matrix=False, b=self.b).arrays
        if b.ndim != 1:
            raise ValueError(f"b must be of shape (n,), got {tuple(b.shape)}")
        A = as_operator(self.A, like=b)
        if A.shape[0] != A.shape[1]:
            raise ValueError(f"A must be square, got shape {A.shape}")
        object.__setattr__(self, "A", A)
        object.__setattr__(self, "b", b)

    @property
    def curvature(self) -> Operator:
        """The Hessian."""
        return self.A  # type: ignore[no-any-return]

    def value(self, x: Array) -> Array:
        """Return f(x)."""
        return self.value_and_gradient(x)[0]

    def gradient(self, x: Array) -> Array:
        """Return A x - b."""
        return self.A @ x - self.b

    def value_and_gradient(self, x: Array) -> tuple[Array, Array]:
        """Return both with one product."""
        gradient = self.gradient(x)
        return inner(x, gradient - self.b) / 2, gradient
