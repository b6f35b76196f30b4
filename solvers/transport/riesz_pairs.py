r"""The energy distance over all pairs of points: exact, with quadratic cost.

For the difference of two measures with the points z and weights w, of sum 0, it is
:math:`-\sum_{kl} w_k w_l |z_k - z_l|`.
"""

from resolvent.arrays import Array
from resolvent.solvers.transport.projections import Measures, row_blocks, signed_points

__all__ = ["pair_gradient", "pair_value"]


def pair_value(measures: Measures) -> float:
    """Return the squared discrepancy."""
    xp, (z, w) = measures.xp, signed_points(measures)
    total = 0.0
    for rows in row_blocks(xp, z.shape[0], z.shape[0] * z.shape[1]):
        distances = xp.sqrt(xp.sum((z[rows, None, :] - z) ** 2, axis=2))
        total -= float(w[rows] @ (distances @ w))
    return total


def pair_gradient(measures: Measures) -> Array:
    """Return its gradient with respect to x; equal points don't pull each other."""
    xp, (z, w) = measures.xp, signed_points(measures)
    blocks = []
    for rows in row_blocks(xp, measures.x.shape[0], z.shape[0] * z.shape[1]):
        difference = z[rows, None, :] - z
        distances = xp.sqrt(xp.sum(difference**2, axis=2))
        pull = w / xp.where(distances > 0, distances, xp.ones_like(distances))
        blocks.append(-2 * w[rows, None] * xp.sum(pull[:, :, None] * difference, axis=1))
    return xp.concat(blocks)
