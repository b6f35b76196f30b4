r"""Roots of general matrices by diagonalisation: ``V diag(λ^{1/p}) V^{-1}``.

For libraries without a Schur form. Exact only as far as the eigenvectors are well conditioned;
`sqrtm` and its kin check the residual and refuse a bad result.

Cost: one non-symmetric eigendecomposition (about ``25 n³`` flops) and one solve.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, eps
from resolvent.errors import NoRootError, SingularMatrixError, UntrustedResultError
from resolvent.linalg.factorisations import eig, solve
from resolvent.linalg.roots.method import Accuracy
from resolvent.linalg.roots.scalar import principal_root

__all__ = ["Eig"]


@dataclass(frozen=True)
class Eig:
    """Roots by diagonalisation; a real matrix without negative eigenvalues has a real root.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import rootm
    >>> A = np.array([[1.0, 7.0], [0.0, 8.0]])
    >>> bool(np.allclose(rootm(A, 3, method="eig"), [[1.0, 1.0], [0.0, 2.0]]))
    True
    """

    name: ClassVar[str] = "eig"
    positive: ClassVar[bool] = False
    accuracy: ClassVar[Accuracy] = "iterative"

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)``."""
        w, V = eig(xp, A)
        noise = A.shape[-1] * eps(xp, A.dtype) * xp.max(xp.abs(w), axis=-1, keepdims=True)
        zero = xp.abs(w) <= noise
        if p < 0 and bool(xp.any(zero)):
            raise SingularMatrixError("the matrix is singular to working precision")
        # rounding splits a Jordan block of zero into nearly parallel eigenvectors of ±sqrt(noise)
        split = (A.shape[-1] * eps(xp, A.dtype)) ** 0.5
        small = xp.abs(w) <= split * xp.max(xp.abs(w), axis=-1, keepdims=True)
        several = xp.count_nonzero(small, axis=-1) > 1
        if bool(xp.any(several)) and bool(
            xp.any(several & (xp.min(xp.linalg.svdvals(V), axis=-1) <= 4 * split))
        ):
            raise NoRootError("zero is a defective eigenvalue: the matrix has no principal root")
        root = principal_root(xp, w, p, zero)
        XT = solve(xp, V.mT, (V * root[..., None, :]).mT)
        if XT is None:
            raise UntrustedResultError("the matrix is defective: no basis of eigenvectors")
        X = XT.mT
        if xp.isdtype(A.dtype, "real floating") and not bool(
            xp.any((xp.real(w) < -noise) & (xp.abs(xp.imag(w)) <= noise))
        ):
            return xp.real(X)
        return X
