r"""Polar factor by the scaled Newton iteration.

``X_{k+1} = (μ X_k + X_k^{-H}/μ) / 2`` with
``μ = (norm1(X^{-1}) norm∞(X^{-1}) / (norm1(X) norm∞(X)))^{1/4}``, dropped near convergence. At most
9 steps in float64 for condition up to 1e16; backward stable. A rectangular matrix is reduced to
its triangular factor first. Needs full column rank.

Cost: one inverse (``2 n³``) a step, 6 to 9 steps.

Source: Higham, SIAM J. Sci. Stat. Comput. 7 (1986), doi 10.1137/0907079; Byers and Xu (2008),
doi 10.1137/070699895, for the number of steps.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, adjoint, eps
from resolvent.errors import ConvergenceError, SingularMatrixError
from resolvent.linalg.factorisations import inverse
from resolvent.linalg.norms import frobenius, infinity

__all__ = ["Newton"]

_MAX_STEPS = 30
_UNSCALED_BELOW = 1e-2


@dataclass(frozen=True)
class Newton:
    """Scaled Newton iteration."""

    name: ClassVar[str] = "newton"

    def unitary(self, xp: Namespace, A: Array) -> Array:
        """Return the polar factor of a tall or square ``A`` of full rank."""
        if A.shape[-2] > A.shape[-1]:
            Q, R = xp.linalg.qr(A)
            return Q @ self.unitary(xp, R)
        X, change = A, float("inf")
        # quadratic convergence: the error of every singular value is below eps after this change
        tolerance = (eps(xp, A.dtype) / A.shape[-1]) ** 0.5
        for _ in range(_MAX_STEPS):
            X_inverse = inverse(xp, X)
            if X_inverse is None:
                raise _rank_deficient()
            Y = adjoint(xp, X_inverse)
            if change > _UNSCALED_BELOW:
                # norm1(X) = norm∞(Xᴴ)
                ratio = (infinity(xp, Y) * infinity(xp, X_inverse)) / (
                    infinity(xp, X) * infinity(xp, adjoint(xp, X))
                )
                mu = ratio**0.25
                new = 0.5 * (mu * X + Y / mu)
            else:
                new = 0.5 * (X + Y)
            change = float(xp.max(frobenius(xp, new - X) / frobenius(xp, new)))
            X = new
            if change <= tolerance:
                return X
            if change != change:
                raise _rank_deficient()
        raise ConvergenceError(
            "scaled Newton did not settle: the matrix is close to rank-deficient"
        )


def _rank_deficient() -> SingularMatrixError:
    return SingularMatrixError("the matrix has not full rank: use method='svd'")
