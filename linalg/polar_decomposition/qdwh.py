r"""Polar factor by the QR-based dynamically weighted Halley iteration (QDWH).

``X_{k+1} = X_k (a I + b X_kᴴX_k)(I + c X_kᴴX_k)^{-1}`` with the weights that are optimal for the
interval ``[l, 1]`` holding the singular values:
``d = (4(1 - l²)/l⁴)^{1/3}``, ``a = sqrt(1 + d) + sqrt(8 - 4d + 8(2 - l²)/(l² sqrt(1 + d)))/2``,
``b = (a - 1)²/4``, ``c = a + b - 1``, ``l <- l (a + b l²)/(1 + c l²)``.
While ``c > 100`` the step goes through a QR factorisation of ``[sqrt(c) X; I]``, afterwards
through a solve with ``I + c XᴴX``. At most 6 steps for condition up to 1e16; backward stable.
Needs full column rank.

A last Newton-Schulz step ``X (3I - XᴴX)/2`` polishes and, reading ``norm(I - XᴴX)``, proves that
the estimates of the singular values at the start were good enough.

Cost: at most 2 steps of about ``9 n³`` flops, then 2 to 4 of about ``5 n³``.

Source: Nakatsukasa, Bai, Gygi, SIAM J. Matrix Anal. Appl. 31 (2010), doi 10.1137/090774999.
Differs in: the estimates of the extreme singular values, the ending.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, adjoint, eps
from resolvent.errors import SingularMatrixError
from resolvent.linalg.factorisations import smallest_singular_bound
from resolvent.linalg.norms import identity_like, nonzero, norm_estimate
from resolvent.linalg.polar_decomposition.newton_schulz import finish

__all__ = ["QDWH"]

_MAX_STEPS = 10
_NORMAL_EQUATIONS_BELOW = 100.0  # beyond, W would cost log10(c) digits


@dataclass(frozen=True)
class QDWH:
    """QR-based dynamically weighted Halley iteration."""

    name: ClassVar[str] = "qdwh"

    def unitary(self, xp: Namespace, A: Array) -> Array:
        """Return the polar factor of a tall or square ``A`` of full rank."""
        if A.shape[-2] > A.shape[-1]:
            Q, R = xp.linalg.qr(A)
            return Q @ self.unitary(xp, R)
        X = A / nonzero(xp, norm_estimate(xp, A))
        lower = min(smallest_singular_bound(xp, X), 1.0)
        if lower == 0:
            raise SingularMatrixError("the matrix has not full rank: use method='svd'")
        for _ in range(_MAX_STEPS):
            if 1 - lower <= eps(xp, A.dtype) ** 0.5:
                break
            a, b, c = _weights(lower)
            Y = _resolvent_product(xp, X, c)
            X = (b / c) * X + (a - b / c) * Y
            lower = min(lower * (a + b * lower**2) / (1 + c * lower**2), 1.0)
        return finish(xp, X)


def _weights(lower: float) -> tuple[float, float, float]:
    d = (4 * (1 - lower**2) / lower**4) ** (1 / 3)
    root = (1 + d) ** 0.5
    a = root + 0.5 * (8 - 4 * d + 8 * (2 - lower**2) / (lower**2 * root)) ** 0.5
    b = (a - 1) ** 2 / 4
    return a, b, a + b - 1


def _resolvent_product(xp: Namespace, X: Array, c: float) -> Array:
    """Return ``X (I + c XᴴX)^{-1}``."""
    identity, n = identity_like(xp, X), X.shape[-1]
    if c <= _NORMAL_EQUATIONS_BELOW:
        W = identity + c * (adjoint(xp, X) @ X)
        return adjoint(xp, xp.linalg.solve(W, adjoint(xp, X)))
    stacked = xp.concat([c**0.5 * X, xp.broadcast_to(identity, X.shape)], axis=-2)
    Q, _ = xp.linalg.qr(stacked)
    return (Q[..., :n, :] / c**0.5) @ adjoint(xp, Q[..., n:, :])
