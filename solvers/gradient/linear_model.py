r"""Convex functions of a linear model: :math:`f(x) = F(A x) + \tfrac{\rho}{2} \|x\|^2`.

Where the Hessian of F is at most :math:`c I`, that of f lies between 0 and the matrix

.. math::

    B = c A^T A + \rho I ,

the same everywhere and known by products with A: what preconditioners of the gradient are built
from. So f is smooth with L = 1 in the metric of B, and with
:math:`L = \lambda_{\max}(B M)` in that of :math:`M^{-1}`.

Cost: a value has one product with A; a gradient, with or without the value, and a product with B
have one with A and one with its adjoint, besides O(m + n) operations.

Failure modes: without a ridge f may have no minimum: in logistic regression where the samples are
separable, in a soft maximum where zero is not in the convex hull of the rows of A. B bounds the
Hessian everywhere: where predictions are large it is far above it, and L = 1 takes more steps than
a search. In a soft maximum c = 1/(2 s): the smaller s, the more steps.

Source: Doikov and Rodomanov, Polynomial Preconditioning for Gradient Methods, ICML 2023, arXiv
2301.13194.
"""

from dataclasses import dataclass
from typing import Any

from resolvent.arrays import Array
from resolvent.operators import Operator, as_operator
from resolvent.solvers.gradient.losses import Logistic, Loss, SoftMaximum
from resolvent.vectors import inner

__all__ = ["LinearModel", "logistic_regression", "soft_maximum"]


@dataclass(frozen=True, eq=False)
class LinearModel:
    r"""The function :math:`f(x) = F(A x) + \tfrac{\rho}{2} \|x\|^2`.

    Parameters
    ----------
    A : (m, n) array, sparse matrix or operator
        Data, one row for each prediction; an operator needs its adjoint.
    loss : Loss
        F.
    ridge : float
        :math:`\rho`; positive makes f strongly convex.

    Raises
    ------
    TypeError, ValueError
        ``A`` doesn't fit the loss, or ``ridge`` is negative.

    Notes
    -----
    Array API: any library and device, the same for A, the loss and x; the library promotes mixed
    precisions. A gradient, with or without the value, costs one product with A and one with its
    adjoint, as does a product with ``curvature``.

    Examples
    --------
    >>> import numpy as np
    >>> f = LinearModel(np.eye(2), SoftMaximum([0.0, 0.0]))
    >>> f.gradient(np.zeros(2)), f.curvature @ np.ones(2)
    (array([0.5, 0.5]), array([0.5, 0.5]))
    """

    A: Any
    loss: Loss
    ridge: float = 0.0

    def __post_init__(self) -> None:
        if not self.ridge >= 0:
            raise ValueError(f"ridge must not be negative, got {self.ridge}")
        A = as_operator(self.A)
        if A.shape[0] != self.loss.size:
            raise ValueError(f"A of shape {A.shape} doesn't fit a loss of {self.loss.size} numbers")
        object.__setattr__(self, "A", A)

    @property
    def curvature(self) -> Operator:
        r"""The matrix :math:`B = c A^T A + \rho I`, above every Hessian of f."""
        n = self.A.shape[1]
        return Operator((n, n), self.A.dtype, self._curve, self._curve)

    def _curve(self, v: Array) -> Array:
        return self.loss.curvature * (self.A.H @ (self.A @ v)) + self.ridge * v

    def value(self, x: Array) -> Array:
        """Return f(x)."""
        return self.loss.value(self.A @ x) + self.ridge / 2 * inner(x, x)

    def gradient(self, x: Array) -> Array:
        """Return the gradient at x."""
        return self.A.H @ self.loss.gradient(self.A @ x) + self.ridge * x

    def value_and_gradient(self, x: Array) -> tuple[Array, Array]:
        """Return both with one product with A and one with its adjoint."""
        z = self.A @ x
        value = self.loss.value(z) + self.ridge / 2 * inner(x, x)
        return value, self.A.H @ self.loss.gradient(z) + self.ridge * x


def logistic_regression(A: Any, y: Any, *, ridge: float = 0.0) -> LinearModel:
    r"""Return :math:`f(x) = \frac1m \sum_i \log(1 + e^{-y_i a_i^T x}) + \frac{\rho}{2} \|x\|^2`.

    Parameters
    ----------
    A : (m, n) array, sparse matrix or operator
        The samples :math:`a_i` are its rows.
    y : (m,) array_like
        Labels, 1 or -1.
    ridge : float
        :math:`\rho`. Where the samples are separable it must be positive, or f has no minimum.

    Returns
    -------
    LinearModel
        With `value`, `gradient` and `curvature`.

    Raises
    ------
    TypeError, ValueError
        ``A`` doesn't fit ``y``, a label is neither 1 nor -1, or ``ridge`` is negative.

    Notes
    -----
    Array API, as in `LinearModel`; lists become NumPy arrays, and integers float64.

    Examples
    --------
    >>> import numpy as np
    >>> f = logistic_regression(np.array([[1.0], [3.0]]), [1, -1])
    >>> f.value(np.zeros(1)), f.gradient(np.zeros(1))
    (np.float64(0.6931471805599453), array([0.5]))
    """
    return LinearModel(A, Logistic(y), ridge)


def soft_maximum(A: Any, b: Any, *, s: float = 1.0, ridge: float = 0.0) -> LinearModel:
    r"""Return :math:`f(x) = s \log \sum_i e^{(a_i^T x - b_i)/s} + \frac{\rho}{2} \|x\|^2`.

    Parameters
    ----------
    A : (m, n) array, sparse matrix or operator
        The rows are :math:`a_i`. Without ``ridge``, zero must lie within their convex hull, or f
        has no minimum.
    b : (m,) array_like
        Shifts.
    s : float
        Smoothing: f is within :math:`s \log m` of :math:`\max_i (a_i^T x - b_i)`.
    ridge : float
        :math:`\rho`.

    Returns
    -------
    LinearModel
        With `value`, `gradient` and `curvature`.

    Raises
    ------
    TypeError, ValueError
        ``A`` doesn't fit ``b``, ``s`` is not positive, or ``ridge`` is negative.

    Notes
    -----
    Array API, as in `LinearModel`; lists become NumPy arrays, and integers float64.

    Examples
    --------
    >>> import numpy as np
    >>> f = soft_maximum(np.array([[1.0], [-1.0]]), [0, 0], s=1e-3)
    >>> f.value(np.array([5.0]))
    np.float64(5.0)
    """
    return LinearModel(A, SoftMaximum(b, s), ridge)
