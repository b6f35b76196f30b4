"""``X Y + Y X = Q`` for Hermitian X by eigendecomposition.

``Y = V [(VᴴQV)_ij / (s_i + s_j)] Vᴴ``: finite at repeated eigenvalues. Cost: ``9 n³`` flops and
four products.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, eps
from resolvent.linalg.lyapunov.method import singular
from resolvent.linalg.spectral import eigh

__all__ = ["Eigh"]


@dataclass(frozen=True)
class Eigh:
    """By eigendecomposition of a Hermitian ``X``."""

    name: ClassVar[str] = "eigh"
    hermitian: ClassVar[bool] = True

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``."""
        eigen = eigh(xp, X)
        s = eigen.values
        sums = s[..., :, None] + s[..., None, :]
        noise = X.shape[-1] * eps(xp, X.dtype) * xp.max(xp.abs(s), axis=-1)[..., None, None]
        if bool(xp.any(xp.abs(sums) <= noise)):
            raise singular()
        return eigen.out_of_basis(eigen.into_basis(Q) / sums)
