r"""The Golub-Kahan bidiagonalisation of :math:`A M`, the heart of LSQR and LSMR.

.. math::

    \beta_{k+1} u_{k+1} = A M v_k - \alpha_k u_k, \qquad
    \alpha_{k+1} v_{k+1} = (A M)^H u_{k+1} - \beta_{k+1} v_k ,

with orthonormal u and v from :math:`\beta_1 u_1 = r` on. The column norms
:math:`\|A M v_k\| = (\alpha_k^2 + \beta_{k+1}^2)^{1/2}` bound :math:`\|A M\|` from below.

Cost: a step has one product each with A, its adjoint, M and its adjoint, and two inner products.

Source: Golub and Kahan, SIAM J. Numer. Anal. B 2 (1965), doi 10.1137/0702016, in the lower
bidiagonal form of Paige and Saunders (1982), doi 10.1145/355984.355989.
"""

from typing import Any

from resolvent.arrays import Array, namespace_of
from resolvent.recurrence import Counted
from resolvent.solvers.krylov.scaled import Scaled
from resolvent.vectors import Inner, norm, ratio
from resolvent.vectors import inner as euclidean

__all__ = ["GolubKahan"]


class GolubKahan:
    """A bidiagonalisation that grows, of ``factor * A M``.

    Parameters
    ----------
    A : Counted
        The operator.
    r : (m,) or (m, k) array
        First left vector.
    M : Preconditioner, optional
        Right preconditioner.
    inner : callable
        Inner product of each column.

    Attributes
    ----------
    alpha, beta : array
        The last entries on and below the diagonal.
    v : array
        The last right vector.
    largest : array
        Largest column norm so far.
    """

    def __init__(self, A: Counted, r: Array, *, M: Any = None, inner: Inner = euclidean) -> None:
        self.A, self.M, self.inner = Scaled(A, inner), M, inner
        self.beta = norm(r, inner)
        self.u = self._unit(r, self.beta)
        v = self._adjoint(self.u)
        self.alpha = norm(v, inner)
        self.v = self._unit(v, self.alpha)
        self.largest = 0 * self.alpha

    @property
    def bound(self) -> Array:
        """A lower bound of the norm of A M, by each column."""
        return self.largest / self.A.factor

    def solution(self, x: Array) -> Array:
        """Return what solves with ``A`` where ``x`` solves with ``factor * A``."""
        return self.A.solution(x)

    def advance(self) -> Array:
        """Make a step, and return the vector :math:`M v_k` that A has multiplied."""
        xp = namespace_of(self.v)
        z = self.v if self.M is None else self.M @ self.v
        u = self.A @ z - self.alpha * self.u
        self.beta = norm(u, self.inner)
        self.largest = xp.maximum(self.largest, xp.hypot(self.alpha, self.beta))
        self.u = self._unit(u, self.beta)
        v = self._adjoint(self.u) - self.beta * self.v
        self.alpha = norm(v, self.inner)
        self.v = self._unit(v, self.alpha)
        return z

    def _adjoint(self, u: Array) -> Array:
        v = self.A.adjoint(u)
        return v if self.M is None else self.M.H @ v

    def _unit(self, x: Array, length: Array) -> Array:
        xp = namespace_of(x)
        return ratio(xp, xp.ones_like(length), length) * x
