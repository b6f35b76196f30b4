r"""What one step of descent with a sparse approximate inverse leaves of the error.

For :math:`p = M b`, with :math:`M = G^T G`, the best multiple :math:`c\,p` of the direction is
taken, the one of least energy :math:`\|x - c\,p\|_A^2`, at :math:`c = b^T p / p^T A p`:

.. math:: \phi = \min_c \frac{\|x - c\, M b\|_A^2}{\|x\|_A^2}
    = 1 - \frac{(b^T p)^2}{p^T A p \; b^T x}, \qquad A x = b.

It is the fall of the error in the first step of conjugate gradients, and no scale of A or M changes
it. It is between 0 and 1, and zero for all b only if M is a multiple of the inverse. With
:math:`g = \partial\phi/\partial p = \frac{2 b^T p}{p^T A p \, b^T x} (c\, A p - b)`,

.. math:: \frac{\partial \phi}{\partial G_{ij}} = (G g)_i b_j + (G b)_i g_j
    \quad \text{on the pattern.}

For :math:`x = A^{-1} b` with random b it weighs the eigenvectors :math:`v_k` of A by
:math:`1/\lambda_k`, for random x by :math:`\lambda_k`.

Source: derived here; the scale-free loss of Z. Yang et al., arXiv 2510.27517, is another.
"""

from math import nan

from resolvent.arrays import Array, namespace_of
from resolvent.preconditioners.learned.inputs.scaled_matrix import ScaledMatrix

__all__ = ["energy_loss"]


def energy_loss(scaled: ScaledMatrix, G: Array, x: Array, b: Array) -> tuple[float, Array]:
    """Return the loss of the entries G (m,) for one solution, and the derivative by them.

    Nothing is lost of a solution that is zero. NaN is what cannot be weighed: numbers that are not
    finite, or a matrix that is not positive definite.
    """
    xp, pattern = namespace_of(G), scaled.pattern
    u = pattern.product(G, b)
    p = pattern.adjoint(G, u)
    Ap = scaled.product(p)
    along, curvature, energy = (float(xp.sum(y * z)) for y, z in ((b, p), (p, Ap), (b, x)))
    if not (curvature > 0 and energy > 0):
        return 0.0 if curvature == energy == 0 else nan, xp.zeros_like(G)
    c = along / curvature
    g = (2 * c / energy) * (c * Ap - b)
    v = pattern.product(G, g)
    rows, columns = pattern.rows, pattern.columns
    slope = rows.take(v) * columns.take(b) + rows.take(u) * columns.take(g)
    return 1 - c * along / energy, slope
