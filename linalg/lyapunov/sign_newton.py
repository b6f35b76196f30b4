"""``X Y + Y X = Q`` by Newton's iteration for a matrix sign, for X with eigenvalues in Re z > 0.

``sign([[X, Q], [0, -X]]) = [[I, 2Y], [0, -I]]``; the iteration keeps the block form,
``C <- (μ C + B^{-1} C B^{-1}/μ)/2``, ``B <- (μ B + B^{-1}/μ)/2`` from ``B = X``, ``C = Q``; ``Y =
C/2``. Every array library. Cost: one inverse and two products a step. Source: Roberts (1980), doi
10.1080/00207178008922881.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, eps
from resolvent.errors import ConvergenceError
from resolvent.linalg.factorisations import inverse
from resolvent.linalg.lyapunov.method import singular
from resolvent.linalg.norms import frobenius, identity_like

__all__ = ["SignNewton"]

_MAX_STEPS = 60


@dataclass(frozen=True)
class SignNewton:
    """By Newton's iteration for the sign of the block matrix; norm-scaled while far away."""

    name: ClassVar[str] = "newton"
    hermitian: ClassVar[bool] = False

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``."""
        identity = identity_like(xp, X)
        B, C, distance = X, Q, float("inf")
        tolerance = eps(xp, X.dtype) ** 0.5  # quadratic: one more step suffices
        for _ in range(_MAX_STEPS):
            B_inverse = inverse(xp, B)
            if B_inverse is None:
                raise singular()
            mu = xp.sqrt(frobenius(xp, B_inverse) / frobenius(xp, B))
            if distance <= 0.1:
                mu = xp.ones_like(mu)
            C = 0.5 * (mu * C + B_inverse @ C @ B_inverse / mu)
            if distance <= tolerance:
                return 0.5 * C
            B = 0.5 * (mu * B + B_inverse / mu)
            distance = float(xp.max(frobenius(xp, B - identity)))
            if distance != distance:
                break
        raise ConvergenceError(
            "the sign iteration did not settle: X needs eigenvalues with positive real part"
        )
