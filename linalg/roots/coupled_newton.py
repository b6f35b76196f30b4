r"""Inverse p-th roots of positive definite matrices by a coupled iteration of any order.

With ``c >= λmax``: ``X_0 = c^{-1/p} I``, ``M_0 = A/c`` (eigenvalues in ``(0, 1]``), and with
``E = I - M``

``T = Σ_{i<q} b_i E^i``, ``X <- X T``, ``M <- T^p M``;  ``M -> I``, ``X -> A^{-1/p}``,

``b_i`` being the coefficients of ``(1 - z)^{-1/p}``; ``q = 2`` is Newton's iteration. The smallest
eigenvalue of ``M`` grows by ``(Σ b_i)^p`` a step until convergence of order q sets in.

The coupled residual ``norm(I - M)`` is a stopping test, NOT an error estimate: ``M`` drifts away
from ``X^p A`` by rounding. In float32 at condition 1e8 it reads 1e-7 for a root that is wrong in
its first digit, so `inv_rootm` checks the returned root itself against the matrix.

Cost: ``q - 2`` products for ``T``, about ``log2 p`` for ``T^p``, 2 updates, per step.

Source: Guo and Higham, SIAM J. Matrix Anal. Appl. 28 (2006), doi 10.1137/050643374; the higher
orders as used for preconditioned optimisers. Differs in: start inside the region where every
order converges, last good iterate kept, no ridge added behind the caller's back.
"""

from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, eps
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.norms import frobenius, identity_like, nonzero, power, spectral_bound
from resolvent.linalg.roots.method import Accuracy
from resolvent.linalg.roots.taylor import binomial_series, polynomial

__all__ = ["CoupledNewton", "coupled_iteration"]

_MAX_STEPS = 200


@dataclass(frozen=True)
class CoupledNewton:
    """Coupled Newton iteration for p-th roots.

    Parameters
    ----------
    order : int
        Order of convergence, at least 2.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import inv_rootm
    >>> X = inv_rootm(np.diag([1.0, 16.0]), 4, method="coupled-newton")
    >>> bool(abs(X - np.diag([1.0, 0.5])).max() < 1e-14)
    True
    """

    order: int = 3

    name: ClassVar[str] = "coupled-newton"
    positive: ClassVar[bool] = True
    accuracy: ClassVar[Accuracy] = "iterative"

    def __post_init__(self) -> None:
        """Check the order."""
        if self.order < 2:
            raise ValueError(f"order must be at least 2, got {self.order}")

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)``; for ``p > 0`` as ``A (A^{-1/p})^{p-1}``."""
        root, residual = coupled_iteration(xp, A, p, nonzero(xp, spectral_bound(xp, A)), self.order)
        if not residual <= 2 * A.shape[-1] ** 0.5:
            raise NotPositiveDefiniteError(
                "the iteration diverges: A is not positive definite; use method='eigh'"
            )
        return root


def coupled_iteration(xp: Namespace, A: Array, p: int, c: Array, order: int) -> tuple[Array, float]:
    """Return ``A**(1/p)`` and the last coupled residual.

    The spectrum must lie in ``|z| <= c``, ``Re z > 0``. The last good iterate is returned; a
    residual that is not small says that it is no root.
    """
    degree, unit = abs(p), eps(xp, A.dtype)
    identity = identity_like(xp, A)
    series = binomial_series(-1 / degree, order - 1)
    X, M = c ** (-1 / degree) * identity, A / c
    residual = float(xp.max(frobenius(xp, identity - M)))
    for _ in range(_MAX_STEPS):
        if residual <= A.shape[-1] * unit:
            break
        T = polynomial(xp, series, identity - M)
        M = power(T, degree) @ M
        previous, residual = residual, float(xp.max(frobenius(xp, identity - M)))
        if not residual <= 1 / unit:
            break
        if residual <= 0.5 and residual > previous:
            residual = previous
            break
        X = X @ T
    return (X if p < 0 else A @ power(X, p - 1)), residual
