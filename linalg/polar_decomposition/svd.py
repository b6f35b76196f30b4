"""Polar factor from the singular value decomposition: ``A = P Σ Qᴴ``, ``U = P Qᴴ``.

Exact to a few ``eps`` for every matrix, singular ones included (there ``U`` is one of many).
Cost: about ``22 n³`` flops.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace

__all__ = ["SVD"]


@dataclass(frozen=True)
class SVD:
    """Polar factor by singular values."""

    name: ClassVar[str] = "svd"

    def unitary(self, xp: Namespace, A: Array) -> Array:
        """Return the polar factor of a tall or square ``A``."""
        P, _, Qh = xp.linalg.svd(A, full_matrices=False)
        return P @ Qh
