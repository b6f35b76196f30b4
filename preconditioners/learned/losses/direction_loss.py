r"""How good a direction is, after the best step along it.

For :math:`A x = d` from zero, with the step :math:`c = p^T d / p^T A p` that makes the energy norm
of the error smallest,

.. math::

    \phi_{\text{residual}} = \frac{\|d - c A p\|^2}{\|d\|^2}, \qquad
    \phi_{\text{energy}} = \frac{\|x - c p\|_A^2}{\|x\|_A^2}
        = 1 - \frac{(p^T d)^2}{p^T A p \; x^T d} .

Neither depends on the length of p, and both are zero where :math:`A p` is parallel to d. The step
makes the energy smaller whatever p is; the residual may grow without bounds. The derivatives by p,
through c, for symmetric A and :math:`r = d - c A p`:

.. math::

    \nabla \phi_{\text{residual}} = \frac{-2}{\|d\|^2} \Bigl(
        \frac{r^T A p}{p^T A p} (d - 2 c A p) + c A r \Bigr), \qquad
    \nabla \phi_{\text{energy}} = \frac{-2 c}{x^T d} r .

Source: A. Kaneda, O. Akar, J. Chen, V. Kala, D. Hyde and J. Teran, A deep conjugate direction
method for iteratively solving linear systems, ICML (2023), arXiv 2205.10763 (the residual's).
"""

from typing import Any

from resolvent.arrays import Array, namespace_of

__all__ = ["energy_loss", "residual_loss", "step_length"]


def step_length(Ap: Array, p: Array, d: Array) -> Array:
    """Return the step c (k,) along each column of p (n, k)."""
    return _dot(p, d) / _dot(p, Ap)


def residual_loss(A: Any, p: Array, x: Array, d: Array) -> tuple[float, Array]:  # noqa: ARG001
    """Return the mean over the columns of what is left of the residual, and the derivative by p.

    ``A`` is an operator of order n; ``p``, ``x`` and ``d = A x`` are (n, k).
    """
    Ap = A @ p
    c, size = step_length(Ap, p, d), _dot(d, d) * p.shape[1]
    r = d - c * Ap
    share = _dot(r, Ap) / _dot(p, Ap)
    slope = (-2 / size) * (share * (d - 2 * c * Ap) + c * (A @ r))
    return _total(_dot(r, r) / size), slope


def energy_loss(A: Any, p: Array, x: Array, d: Array) -> tuple[float, Array]:
    """Return the mean over the columns of what is left of the energy, and the derivative by p.

    Arguments as for `residual_loss`.
    """
    Ap = A @ p
    c, size = step_length(Ap, p, d), _dot(x, d) * p.shape[1]
    left = 1 / p.shape[1] - c * _dot(p, d) / size
    return _total(left), (-2 * c / size) * (d - c * Ap)


def _dot(x: Array, y: Array) -> Array:
    return namespace_of(x).sum(x * y, axis=0)


def _total(x: Array) -> float:
    return float(namespace_of(x).sum(x))
