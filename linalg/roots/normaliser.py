"""The scalars by which approximations of a square root on an interval divide the matrix.

- ``"frobenius"``: ``norm(A, 'fro')``, as published; eigenvalues of ``A/c`` lie in ``[0, 1]``.
- ``"trace"``: the mean eigenvalue ``tr(A)/n``, free; eigenvalues spread around 1.
- ``"geometric"``: ``sqrt(λmin λmax)``, the best worst-case choice for a rational approximation that
  is symmetric under ``x -> 1/x``; costs an eigenvalue computation without vectors.

Polynomials need their interval: only "frobenius" is safe for them. Diagonal Padé approximants
converge for every positive eigenvalue and take any of the three.
"""

from typing import Literal, TypeAlias

from resolvent.arrays import Array, Namespace, eps
from resolvent.linalg.norms import frobenius, nonzero, trace

__all__ = ["Normaliser", "normaliser"]

Normaliser: TypeAlias = Literal["frobenius", "trace", "geometric"]


def normaliser(xp: Namespace, A: Array, kind: Normaliser) -> Array:
    """Return the scalar of each matrix as ``(..., 1, 1)``; 1 for a zero matrix."""
    if kind == "frobenius":
        c = frobenius(xp, A)
    elif kind == "trace":
        c = trace(xp, A) / A.shape[-1]
    else:
        w = xp.linalg.eigvalsh(A)
        largest = xp.max(w, axis=-1)
        floor = A.shape[-1] * eps(xp, A.dtype) * largest
        c = xp.sqrt(xp.maximum(xp.min(w, axis=-1), floor) * largest)[..., None, None]
    return nonzero(xp, c)
