r"""How far two sparse factors are from a matrix, seen by one vector, and the derivative by entries.

With :math:`u = U z`, :math:`r = L u - A z` and :math:`v = L^T r`,

.. math:: \phi = \frac{\|r\|}{\|A z\|}, \qquad
    \frac{\partial \phi}{\partial L_{ij}} = \frac{r_i u_j}{\|r\|\,\|A z\|}, \qquad
    \frac{\partial \phi}{\partial U_{ij}} = \frac{v_i z_j}{\|r\|\,\|A z\|}
    \quad \text{on the pattern.}

Source: P. Häusner, A. Nieto Juscafresa, J. Sjölund, arXiv 2409.08262.
"""

from typing import Any

from resolvent.arrays import Array, namespace_of
from resolvent.preconditioners.learned.networks.graph_net import Edges

__all__ = ["lu_loss"]


def lu_loss(edges: Edges, side: Any, values: Array, z: Array, Az: Array) -> tuple[float, Array]:
    """Return the loss of the entries (m,) for one vector, and the derivative by them.

    Those with a ``side`` of 1 are above the unit diagonal of U, the others in L.
    """
    xp, rows, columns = namespace_of(values), edges.to, edges.of
    upper, zero = xp.asarray(side > 0), xp.zeros_like(values)
    L, U = xp.where(upper, zero, values), xp.where(upper, values, zero)
    u = z + rows.sum(U * columns.take(z))
    r = rows.sum(L * columns.take(u)) - Az
    size, unit = (float(xp.sum(y * y)) ** 0.5 for y in (r, Az))
    if size == 0:
        return 0.0, zero
    v = columns.sum(L * rows.take(r))
    slope = xp.where(upper, rows.take(v) * columns.take(z), rows.take(r) * columns.take(u))
    return size / unit, slope / (size * unit)
