r"""Norms over all monomials of a degree, where there are too many of them to list.

The sum over multi-indices :math:`\sum_{|i| = k} c^i d^i = h_k(c_1 d_1, \dots, c_Q d_Q)` is a
complete homogeneous symmetric polynomial, for which there is a recursion of Q products a degree.
Sums of squares of differences follow from such inner products. They cancel: what is below
``sqrt(eps)`` of the terms is rounding, and is added to the result.
"""

from collections.abc import Iterator

from resolvent.arrays import Array, eps, namespace_of

__all__ = ["norms_of_all"]


def norms_of_all(c: Array, known: Array, weights: Array, degree: int) -> Array:
    r"""Return bounds (K + 1, n) on :math:`(\sum_{|i| = k} (c^i - \sum_j \lambda_j d_j^i)^2)^{1/2}`.

    For ``c`` (Q, n), ``known`` (Q, m) with columns :math:`d_j`, and weights (m, n).
    """
    xp, Q = namespace_of(c), c.shape[0]
    sizes, found = xp.abs(weights), []
    own = _homogeneous(c * c, degree)
    there = _homogeneous(known * known, degree)
    mixed = _homogeneous(known[:, :, None] * c[:, None, :], degree)
    among = _homogeneous(known[:, :, None] * known[:, None, :], degree)
    for k, (h, d, hd, dd) in enumerate(zip(own, there, mixed, among, strict=True)):
        square = h + xp.sum(weights * (dd @ weights - 2 * hd), axis=0)
        # by the inequality of Cauchy and Schwarz
        terms = xp.sqrt(h) + xp.sqrt(d) @ sizes
        rounding = (k + 2 * Q) * eps(xp, c.dtype) * terms**2
        found.append(xp.sqrt(xp.abs(square) + rounding))
    return xp.stack(found)


def _homogeneous(x: Array, degree: int) -> Iterator[Array]:
    """Yield ``h_k(x_1, ..., x_Q)`` for k from 0 to the degree; x has the variables first."""
    xp = namespace_of(x)
    h = [xp.ones_like(x[0, ...]) for _ in range(x.shape[0])]
    yield h[-1]
    for _ in range(degree):
        total = xp.zeros_like(h[0])
        for q in range(x.shape[0]):
            total = total + x[q, ...] * h[q]
            h[q] = total
        yield h[-1]
