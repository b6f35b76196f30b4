"""Roots of non-Hermitian matrices by the cheapest method that passes its check.

NumPy: from n = 128 on the product Denman-Beavers iteration, otherwise or where its root fails a
strict check the Schur form. Other libraries: Denman-Beavers, then diagonalisation.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, is_numpy
from resolvent.errors import NoRootError, SingularMatrixError, UntrustedResultError
from resolvent.linalg.roots.check import refuse_untrusted
from resolvent.linalg.roots.denman_beavers import DenmanBeavers
from resolvent.linalg.roots.eig import Eig
from resolvent.linalg.roots.method import Accuracy
from resolvent.linalg.roots.schur import Schur

__all__ = ["General"]

_DENMAN_BEAVERS_ORDER = 128  # measured: below, the Schur form is as fast and more accurate


@dataclass(frozen=True)
class General:
    """Denman-Beavers where it is accurate, the Schur form or diagonalisation elsewhere."""

    name: ClassVar[str] = "general"
    positive: ClassVar[bool] = False
    accuracy: ClassVar[Accuracy] = "iterative"

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)``."""
        if abs(p) == 2 and (not is_numpy(xp) or A.shape[-1] >= _DENMAN_BEAVERS_ORDER):
            try:
                X = DenmanBeavers().root(xp, A, p)
                refuse_untrusted(xp, A, X, p, strict=True)
            except (NoRootError, SingularMatrixError, UntrustedResultError):
                pass
            else:
                return X
        return (Schur() if is_numpy(xp) else Eig()).root(xp, A, p)
