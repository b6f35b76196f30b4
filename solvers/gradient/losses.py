r"""Convex functions of the predictions :math:`z = A x` of a linear model.

Each is evaluated without overflow for any finite z, and bounds its own curvature: the Hessian is
at most ``curvature`` times the identity.

    Logistic      mean_i log(1 + exp(-y_i z_i))                    curvature 1 / (4 m)
    SoftMaximum   s log sum_i exp((z_i - b_i) / s)                 curvature 1 / (2 s)

The second bound: the Hessian is :math:`(\operatorname{diag} p - p p^T) / s` with probabilities
p, so that :math:`h^T H h` is the variance of h over s, and a variance is at most
:math:`(\max h - \min h)^2 / 4 \le \|h\|^2 / 2`. As s tends to zero the value tends to
:math:`\max_i (z_i - b_i)`, from which it differs by :math:`s \log m` at most.

Cost: O(m) operations, and a few vectors of length m.

Failure modes: as s tends to zero the curvature of the soft maximum tends to infinity, and a
gradient method takes ever more steps. The curvature of the logistic loss vanishes where
predictions are large, so that its minimum may be at infinity.

Source: Y. Nesterov, Smooth minimization of non-smooth functions, Math. Program. 103 (2005),
127-152, doi 10.1007/s10107-004-0552-5 (soft maximum).
"""

from dataclasses import dataclass
from typing import Any, Protocol

from resolvent.arrays import Array, enter, namespace_of

__all__ = ["Logistic", "Loss", "SoftMaximum"]


class Loss(Protocol):
    """A smooth convex function of ``m`` predictions.

    Predictions are ``(m,)`` arrays of the library, device and precision of ``A @ x``.

    Examples
    --------
    Least squares:

    >>> import numpy as np
    >>> from resolvent.solvers.gradient import LinearModel
    >>> class Squares:
    ...     size, curvature = 2, 1.0
    ...
    ...     def value(self, z):
    ...         return np.sum((z - 1) ** 2) / 2
    ...
    ...     def gradient(self, z):
    ...         return z - 1
    >>> f = LinearModel(np.diag([1.0, 2.0]), Squares())
    >>> f.gradient(np.zeros(2)), f.curvature @ np.ones(2)
    (array([-1., -2.]), array([1., 4.]))
    """

    @property
    def size(self) -> int:
        """Number of predictions, m."""

    @property
    def curvature(self) -> float:
        """A bound on the eigenvalues of the Hessian."""

    def value(self, z: Array) -> Array:
        """Return the loss of predictions ``z``."""

    def gradient(self, z: Array) -> Array:
        """Return its gradient."""


@dataclass(frozen=True, eq=False)
class Logistic:
    """The logistic loss of labels ``y``, each 1 or -1.

    Parameters
    ----------
    y : (m,) array_like
        Labels.

    Raises
    ------
    ValueError
        A label is neither, or there are none.

    Notes
    -----
    Array API: any library and device, the same for ``y`` and ``z``; mixed precisions
    are promoted. Lists become NumPy arrays, and integers float64.

    Examples
    --------
    >>> import numpy as np
    >>> loss = Logistic([1.0, -1.0])
    >>> loss.value(np.array([1e4, 1e4])), loss.gradient(np.array([1e4, 1e4]))
    (np.float64(5000.0), array([-0. ,  0.5]))
    """

    y: Any

    def __post_init__(self) -> None:
        y = _vector("y", self.y)
        xp = namespace_of(y)
        if not bool(xp.all(xp.abs(y) == 1)):
            raise ValueError("every label in y must be 1 or -1")
        object.__setattr__(self, "y", y)

    @property
    def size(self) -> int:
        """Number of predictions, m."""
        return int(self.y.shape[0])

    @property
    def curvature(self) -> float:
        """A bound on the eigenvalues of the Hessian."""
        return 0.25 / self.size

    def value(self, z: Array) -> Array:
        """Return the mean loss."""
        xp = namespace_of(z)
        margin = self.y * z
        return xp.mean(xp.logaddexp(xp.zeros_like(margin), -margin))

    def gradient(self, z: Array) -> Array:
        """Return its gradient."""
        xp = namespace_of(z)
        margin = self.y * z
        small = xp.exp(-xp.abs(margin))
        wrong = xp.where(margin >= 0, small, xp.ones_like(small)) / (1 + small)
        return -self.y * wrong / self.size


@dataclass(frozen=True, eq=False)
class SoftMaximum:
    """The soft maximum of ``z - b`` with smoothing ``s``.

    Parameters
    ----------
    b : (m,) array_like
        Shifts.
    s : float
        Smoothing, positive.

    Raises
    ------
    ValueError
        ``s`` is not positive, or there are no numbers.

    Notes
    -----
    Array API: any library and device, the same for ``b`` and ``z``; mixed precisions
    are promoted. Lists become NumPy arrays, and integers float64.

    Examples
    --------
    >>> import numpy as np
    >>> loss = SoftMaximum([0.0, 0.0], s=2.0)
    >>> loss.value(np.array([1e4, -1e4])), loss.gradient(np.array([1e4, 1e4]))
    (np.float64(10000.0), array([0.5, 0.5]))
    """

    b: Any
    s: float = 1.0

    def __post_init__(self) -> None:
        if not self.s > 0:
            raise ValueError(f"s must be positive, got {self.s}")
        object.__setattr__(self, "b", _vector("b", self.b))

    @property
    def size(self) -> int:
        """Number of predictions, m."""
        return int(self.b.shape[0])

    @property
    def curvature(self) -> float:
        """A bound on the eigenvalues of the Hessian."""
        return 0.5 / self.s

    def value(self, z: Array) -> Array:
        """Return the soft maximum."""
        xp = namespace_of(z)
        t = (z - self.b) / self.s
        top = xp.max(t)
        return self.s * (top + xp.log(xp.sum(xp.exp(t - top))))

    def gradient(self, z: Array) -> Array:
        """Return the probabilities."""
        xp = namespace_of(z)
        t = (z - self.b) / self.s
        weights = xp.exp(t - xp.max(t))
        return weights / xp.sum(weights)


def _vector(name: str, x: Any) -> Array:
    (x,) = enter(matrix=False, **{name: x}).arrays
    if x.ndim != 1 or x.shape[0] == 0:
        raise ValueError(f"{name} must be of shape (m,) with m >= 1, got {tuple(x.shape)}")
    return x
