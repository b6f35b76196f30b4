r"""Square roots of general matrices by the product form of the Denman-Beavers iteration.

``X_0 = A`` (or ``I`` for the inverse root), ``M_0 = A``, and with ``μ_k =
(norm(M_k^{-1})/norm(M_k))^{1/4}``

``X_{k+1} = μ/2 X_k (I + μ^{-2} M_k^{-1})``,
``M_{k+1} = 1/2 (I + (μ² M_k + μ^{-2} M_k^{-1}) / 2)``; ``M -> I``.

The scaling makes the number of steps nearly independent of the condition; it is
dropped once ``M`` is near ``I``. Since ``X_k² = A M_k`` throughout, the last steps are replaced
by the binomial series of ``A^{1/2} = X_k M_k^{-1/2}``: products instead of inverses.

No root is found when an eigenvalue lies on the closed negative axis; the iteration then does not
settle and says so. Rounding leaves a residual that grows with the condition of ``A``.

Cost: one inverse and one product a step, 2 to 6 steps, and 4 products at the end.

Source: Denman and Beavers (1976); Cheng, Higham, Kenney, Laub, SIAM J. Matrix Anal. Appl. 22
(2001), doi 10.1137/S0895479899364015, for the product form. Differs in: norms instead of the
determinant for scaling (one factorisation less a step), the series at the end.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, eps
from resolvent.errors import NoRootError, SingularMatrixError
from resolvent.linalg.factorisations import inverse, smallest_singular_bound
from resolvent.linalg.norms import frobenius, identity_like
from resolvent.linalg.roots.method import Accuracy, require_square_root
from resolvent.linalg.roots.taylor import binomial_series, polynomial

__all__ = ["DenmanBeavers"]

_MAX_STEPS = 40
_SCALE_ABOVE = 1e-1  # norm(M - I) below which Newton's own quadratic convergence takes over
# largest norm(I - M) for which the series of degree 8 reaches eps: binom(-1/2, 9) r^9 < eps
_SERIES_DEGREE = 8
_SERIES_COEFFICIENT = abs(binomial_series(-0.5, _SERIES_DEGREE + 1)[-1])


@dataclass(frozen=True)
class DenmanBeavers:
    """Product Denman-Beavers iteration with norm scaling.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import sqrtm
    >>> A = np.array([[1.0, 2.0], [0.0, 4.0]])
    >>> X = sqrtm(A, method="denman-beavers")
    >>> bool(abs(X @ X - A).max() < 1e-14)
    True
    """

    name: ClassVar[str] = "denman-beavers"
    positive: ClassVar[bool] = False
    accuracy: ClassVar[Accuracy] = "iterative"

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)``, ``p`` = 2 or -2."""
        require_square_root(self, p)
        near = (eps(xp, A.dtype) / _SERIES_COEFFICIENT) ** (1 / (_SERIES_DEGREE + 1))
        identity = identity_like(xp, A)
        X, M, distance = (A if p > 0 else identity), A, float("inf")
        for _ in range(_MAX_STEPS):
            M_inverse = inverse(xp, M)
            if M_inverse is None:
                break
            square = xp.sqrt(frobenius(xp, M_inverse) / frobenius(xp, M))  # μ²
            if distance <= _SCALE_ABOVE:
                square = xp.ones_like(square)
            X = 0.5 * xp.sqrt(square) * (X + (X @ M_inverse) / square)
            M = 0.5 * identity + 0.25 * (square * M + M_inverse / square)
            distance = float(xp.max(frobenius(xp, M - identity)))
            if distance <= near:
                series = binomial_series(-0.5, _SERIES_DEGREE)
                return X @ polynomial(xp, series, identity - M)
            if distance != distance:
                break
        if p < 0 and smallest_singular_bound(xp, A) == 0:
            raise SingularMatrixError("the matrix is singular to working precision")
        raise NoRootError(
            "the Denman-Beavers iteration did not settle: the matrix is singular or has "
            "eigenvalues on the negative axis; use method='schur'"
        )
