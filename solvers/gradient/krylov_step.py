r"""The best polynomial of each step: the minimum of the model over a Krylov subspace.

With a curvature matrix B, :math:`\nabla^2 f \preceq L B`, the upper model of f at x is

.. math::

    f(x) + \langle g, d\rangle + \tfrac L2 d^T B d , \qquad g = \nabla f(x) .

Over all :math:`d = -\tfrac1L \sum_{i \le \tau} a_i B^i g` it is smallest where
:math:`z = -L d` is the result of :math:`\tau + 1` steps of conjugate gradients on
:math:`B z = g` from zero. So the step is :math:`x - \tfrac1L z`: a gradient step whose
preconditioner is the best polynomial of degree :math:`\tau` for this gradient, at least as good
for the model as any fixed one, symmetric, Chebyshev or other, and no spectrum need be known. With
:math:`\tau = n - 1` it is :math:`z = B^{-1} g`, Newton's step if B is the Hessian.

Cost: :math:`\tau + 1` products with B, one more than a fixed polynomial of the same degree.

Failure modes: it is a nonlinear map of g, so momentum doesn't go with it.

Source: Doikov and Rodomanov, Polynomial Preconditioning for Gradient Methods, ICML 2023, arXiv
2301.13194.

Differs from the source in: conjugate gradients, where normal equations of the powers
:math:`g, B g, \dots, B^\tau g` have a condition that grows like that of B to the power of
:math:`2 \tau`.
"""

from functools import partial
from typing import Any

from resolvent.arrays import Array
from resolvent.operators import Operator, as_operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.vectors import inner, scaled_norm

__all__ = ["krylov_step"]


def krylov_step(B: Any, degree: int) -> Preconditioner:
    r"""Return the map from g to the best :math:`p(B) g` with a polynomial of the given degree.

    Parameters
    ----------
    B : array, sparse matrix or operator
        Symmetric positive semidefinite, ``(n, n)``: the curvature of f.
    degree : int
        :math:`\tau \ge 0`; 0 is the gradient with the best step length.

    Returns
    -------
    Preconditioner
        Neither linear nor fixed; for vectors ``(n,)``.

    Raises
    ------
    ValueError
        ``B`` is not square or ``degree`` is negative.

    See Also
    --------
    resolvent.solvers.gradient.gradient_method : takes it as ``M``.

    Notes
    -----
    Where B annihilates a direction, or is seen to be indefinite, the steps end early, at worst
    with the zero vector. Array API: any library and device, in the precision of g unless
    B has a higher one.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.gradient import Quadratic, gradient_method, krylov_step
    >>> f = Quadratic(np.diag([1e6, 1e4, 1.0]), np.ones(3))
    >>> found = gradient_method(f, np.zeros(3), M=krylov_step(f.curvature, 2), L=1.0)
    >>> found.iterations
    1
    """
    B = as_operator(B, name="B")
    if B.shape[0] != B.shape[1]:
        raise ValueError(f"B must be square, got shape {B.shape}")
    if degree < 0:
        raise ValueError(f"degree must not be negative, got {degree}")
    return Preconditioner(
        B.shape,
        B.dtype,
        partial(_conjugate_gradients, B, degree + 1),
        is_linear=False,
        is_fixed=False,
    )


def _conjugate_gradients(B: Operator, steps: int, g: Array) -> Array:
    """Return the result of so many steps on B z = g from zero."""
    if g.ndim != 1:
        raise ValueError(f"a Krylov step takes one vector (n,), got shape {tuple(g.shape)}")
    unit, _ = scaled_norm(g)
    r = g / unit
    z, p, rr = 0 * r, r, float(inner(r, r))
    for step in range(steps):
        q = B @ p
        curvature = float(inner(p, q))
        if not curvature > 0:
            break
        alpha = rr / curvature
        z = z + alpha * p
        if step + 1 < steps:
            r = r - alpha * q
            rr, old = float(inner(r, r)), rr
            p = r + (rr / old) * p
    return z * unit
