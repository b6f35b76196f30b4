"""What the gradient methods minimise: a smooth convex function with a value and a gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from resolvent.arrays import Array
from resolvent.vectors import scaled_norm

__all__ = ["Evaluations", "Objective", "Point"]


class Objective(Protocol):
    """A smooth convex function of ``(n,)`` arrays.

    An objective that also has ``value_and_gradient(x)`` is asked for both at once, so that they
    can share their products. ``x`` is of the library and on the device of the start.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.gradient import gradient_method
    >>> class Distance:
    ...     def value(self, x):
    ...         return np.sum((x - 1) ** 2) / 2
    ...
    ...     def gradient(self, x):
    ...         return x - 1
    >>> gradient_method(Distance(), np.zeros(2), L=1.0).x
    array([1., 1.])
    """

    def value(self, x: Array) -> Any:
        """Return the number ``f(x)``."""

    def gradient(self, x: Array) -> Array:
        """Return the gradient at ``x``, of its shape."""


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """An argument and what is known of f there.

    Attributes
    ----------
    x : (n,) array
        The argument.
    value : float
        f(x).
    gradient : (n,) array
        Gradient of f at x.
    unit : float
        A power of two near its largest entry: divided by it nothing under- or overflows.
    gradient_norm : float
        Its Euclidean norm.
    """

    x: Array
    value: float
    gradient: Array
    unit: float
    gradient_norm: float


class Evaluations:
    """An objective that counts the points at which it is asked."""

    def __init__(self, f: Objective) -> None:
        both: Callable[[Array], tuple[Any, Array]] | None = getattr(f, "value_and_gradient", None)
        self._both = both or (lambda x: (f.value(x), f.gradient(x)))
        self.count = 0

    def at(self, x: Array) -> Point:
        """Evaluate value and gradient at ``x``.

        Raises
        ------
        ValueError
            The gradient hasn't the shape of ``x``.
        """
        self.count += 1
        value, gradient = self._both(x)
        if tuple(gradient.shape) != tuple(x.shape):
            raise ValueError(
                f"f.gradient must be of the shape of x, {tuple(x.shape)}, got "
                f"{tuple(gradient.shape)}"
            )
        return Point(x, float(value), gradient, *scaled_norm(gradient))
