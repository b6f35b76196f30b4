r"""Roots of Hermitian matrices by eigendecomposition: ``V diag(λ^{1/p}) Vᴴ``.

Backward stable whatever the condition: the residual is at most a few tens of ``eps``. Eigenvalues
within ``n eps max|λ|`` of zero are rounding noise; the policy for them is the caller's choice.
Negative eigenvalues give the principal complex root.

Cost: one Hermitian eigendecomposition (about ``9 n³`` flops) and one product.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, complex_dtype, eps
from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.linalg.compiled.eigh import batched_power
from resolvent.linalg.roots.method import Accuracy
from resolvent.linalg.roots.scalar import principal_root
from resolvent.linalg.spectral import Eigen, compose_positive, eigh, is_compiled

__all__ = ["Eigh"]


@dataclass(frozen=True)
class Eigh:
    """Roots by Hermitian eigendecomposition.

    Parameters
    ----------
    pseudo_inverse : bool
        For inverse roots, map eigenvalues that are zero to working precision to zero instead of
        raising.
    semidefinite : bool
        Refuse negative eigenvalues instead of returning the complex principal root.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import inv_sqrtm
    >>> inv_sqrtm(np.diag([4.0, 25.0]), method="eigh")
    array([[0.5, 0. ],
           [0. , 0.2]])
    """

    pseudo_inverse: bool = False
    semidefinite: bool = False

    name: ClassVar[str] = "eigh"
    positive: ClassVar[bool] = False
    accuracy: ClassVar[Accuracy] = "stable"

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)`` for Hermitian ``A``."""
        if is_compiled(xp, A) and (found := batched_power(A.reshape(-1, *A.shape[-2:]), 1 / p)):
            w, X = found
            zero, negative = _classify(xp, w)
            if not negative and (p > 0 or not bool(xp.any(zero))):
                return X.reshape(A.shape)
        # what follows needs eigenvectors: a rare case, worth a second decomposition of a batch
        eigen = eigh(xp, A)
        w = eigen.values
        zero, negative = _classify(xp, w)
        singular = p < 0 and bool(xp.any(zero))
        if negative and self.semidefinite:
            raise NotPositiveDefiniteError(
                f"the smallest eigenvalue is {float(xp.min(w)):.3g}, not positive semi-definite; "
                "pass assume='hermitian' for the complex root or a positive ridge as singular="
            )
        if singular and not self.pseudo_inverse:
            raise SingularMatrixError(
                "the matrix is singular to working precision (an eigenvalue is below "
                f"{A.shape[-1]} eps of the largest); pass singular='pinv' or a positive ridge"
            )
        if negative:
            w, vectors = (xp.astype(x, complex_dtype(xp, x.dtype)) for x in (w, eigen.vectors))
            return Eigen(xp, w, vectors).function(principal_root(xp, w, p, zero))
        if p > 0:
            zero, w = w <= 0, xp.maximum(w, 0 * w)  # tiny positive eigenvalues keep their root
        return compose_positive(xp, principal_root(xp, w, p, zero), eigen.vectors)


def _classify(xp: Namespace, w: Array) -> tuple[Array, bool]:
    """Return which eigenvalues are zero to working precision, and whether any is negative."""
    magnitude = xp.abs(w)
    noise = w.shape[-1] * eps(xp, w.dtype) * xp.max(magnitude, axis=-1, keepdims=True)
    return magnitude <= noise, bool(xp.any(w < -noise))
