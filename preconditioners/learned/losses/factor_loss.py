r"""How far a sparse factor is from a matrix, seen by one vector, and the derivative by its entries.

With :math:`r = L L^T z - A z`, :math:`u = L^T z` and :math:`v = L^T r`,

.. math:: \phi = \frac{\|r\|}{\|A z\|}, \qquad
    \frac{\partial \phi}{\partial L_{ij}} = \frac{r_i u_j + z_i v_j}{\|r\|\,\|A z\|}
    \quad \text{on the pattern.}

For random z the square of :math:`\|r\|` has the mean :math:`\|L L^T - A\|_F^2`. For
:math:`z = A^{-1} b` it has the mean :math:`\|L L^T A^{-1} - I\|_F^2`: errors count where A is
small, which is where conjugate gradients are slow.

Sources: P. Häusner, O. Öktem, J. Sjölund, arXiv 2305.16368 (random z); Y. Li, P. Y. Chen, T. Du,
W. Matusik, arXiv 2305.16432 (solutions).
"""

from resolvent.arrays import Array, namespace_of
from resolvent.preconditioners.learned.inputs.scaled_matrix import LowerTriangle

__all__ = ["factor_loss"]


def factor_loss(pattern: LowerTriangle, L: Array, z: Array, Az: Array) -> tuple[float, Array]:
    """Return the loss of the entries L (m,) for one vector, and the derivative by them."""
    xp = namespace_of(L)
    u = pattern.adjoint(L, z)
    r = pattern.product(L, u) - Az
    size, unit = (float(xp.sum(y * y)) ** 0.5 for y in (r, Az))
    if size == 0:
        return 0.0, xp.zeros_like(L)
    v = pattern.adjoint(L, r)
    rows, columns = pattern.rows, pattern.columns
    slope = rows.take(r) * columns.take(u) + rows.take(z) * columns.take(v)
    return size / unit, slope / (size * unit)
