r"""The Gram matrix that governs gradient descent on a physics-informed loss.

With a model u of parameters theta, a linear operator D and :math:`\phi_i = \partial u /
\partial\theta_i`, gradient descent on

.. math::

    \tfrac12 \|D u - f\|^2_\Omega + \tfrac\lambda2 \|u - g\|^2_{\partial\Omega}

is, linearised, :math:`\theta_{k+1} = \theta_k - \eta (A \theta_k - c)` with

.. math::

    A_{ij} = \langle D\phi_i, D\phi_j \rangle_\Omega
             + \lambda \langle \phi_i, \phi_j \rangle_{\partial\Omega} .

A quadrature rule makes it :math:`A = F^T F`: the rows of F are the tangent vectors
:math:`D\phi(x)` at the points and :math:`\phi(x)` on the boundary, each times the root of its
weight. The singular values of F are known down to eps times the largest one, so eigenvalues of A
down to its square; forming A would lose those below eps.
"""

from math import sqrt

from resolvent.arrays import Array, namespace_of
from resolvent.operators import Operator

__all__ = ["gram_operator", "weighted_rows"]


def weighted_rows(interior: Array, weights: Array, boundary: Array, lam: float) -> Array:
    r"""Return F of :math:`A = F^T F`, or a residual with the same weights.

    Parameters
    ----------
    interior : (N, p) or (N,) array
        Row n is :math:`D\phi` at the n-th point.
    weights : (N,) array
        Of the quadrature rule, positive.
    boundary : (B, p) or (B,) array
        Row n is :math:`\phi` at the n-th point of the boundary, all of weight one.
    lam : float
        Weight of the boundary in the loss.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_rows(np.array([1.0, 2.0]), np.array([4.0, 9.0]), np.array([3.0]), 0.25)
    array([2. , 6. , 1.5])
    """
    xp = namespace_of(interior)
    roots = xp.sqrt(weights)
    scaled = (interior.T * roots).T if interior.ndim == 2 else interior * roots
    return xp.concat([scaled, sqrt(lam) * boundary])


def gram_operator(F: Array) -> Operator:
    r"""Return :math:`x \mapsto F^T (F x)`, of which nothing is formed.

    Examples
    --------
    >>> import numpy as np
    >>> gram_operator(np.array([[3.0, 0.0], [4.0, 1.0]])) @ np.array([1.0, 0.0])
    array([25.,  4.])
    """
    p = F.shape[1]
    return Operator((p, p), F.dtype, lambda x: F.T @ (F @ x), lambda y: F.T @ (F @ y))
