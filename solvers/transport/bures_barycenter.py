r"""The barycentre of Gaussians in the Bures distance, by a fixed point of factors.

The barycentre of the covariances :math:`A_j = M_j M_j^H` minimises :math:`\sum_j w_j d(S, A_j)^2`.
There the maps ``T_j`` from ``S`` to ``A_j`` have the mean ``I``, and the fixed point is
:math:`S \leftarrow T S T` with their mean :math:`T = \sum_j w_j T_j`. With :math:`S = L L^H` and
:math:`T_j L = K_j = M_j U_j^H`, ``U_j`` the unitary polar factor of :math:`L^H M_j`, that is

.. math:: L \leftarrow \sum_j w_j K_j,

the mean of the factors nearest to ``L``: no square root of a matrix and no inverse, and singular
covariances are no exception. It starts from the mean of the covariances, whose null space is the
one that all of them share. It is the gradient method with step 1 in the Bures metric: the objective
falls in every step, and convergence is linear; commuting covariances take one step.

Cost: ``k`` polar decompositions of order ``n`` a step, about ``15 k n³`` flops. Failure modes: slow
where the barycentre is close to singular; where no covariance is definite there may be several.

Source: Álvarez-Esteban, del Barrio, Cuesta-Albertos and Matrán, A fixed-point approach to
barycenters in Wasserstein space (2016), arXiv 1511.05355. Differs from it: factors instead of roots
and inverses.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, adjoint, device_of, enter, to_host
from resolvent.linalg.norms import frobenius, nonzero
from resolvent.results import Outcome, Reason
from resolvent.solvers.transport.bures import factor, hermitian, nearest_factor

__all__ = ["BuresBarycenter", "bures_barycenter"]

_PATIENCE = 10  # steps without a smaller residual


@dataclass(frozen=True, eq=False, repr=False)
class BuresBarycenter(Outcome):
    r"""A barycentre of covariances, and how well it satisfies the equation that defines it.

    Attributes
    ----------
    covariance : (n, n) array
        The barycentre ``S``, on the device and in the precision of the covariances.
    reason : Reason
        Why the iteration ended.
    residual : float
        :math:`\|(T - I) L\|_F / \|L\|_F` with the mean ``T`` of the maps from ``S`` to the
        covariances: the norm of the gradient of half the objective in the Bures metric, and the
        distance to the next iterate, relative to the distance :math:`(\mathrm{tr}\,S)^{1/2}` from
        ``S`` to zero. If the last residuals fall by the factor ``q`` a step, ``S`` is about
        ``residual / (1 - q)`` from the barycentre in the same unit.
    variance : float
        The objective :math:`\sum_j w_j d(S, A_j)^2`.
    iterations : int
        Steps taken.
    history : ndarray
        Residuals, the first before any step.
    seconds : float
        Wall-clock time.

    Examples
    --------
    >>> bures_barycenter([[[1.0]], [[9.0]]])
    BuresBarycenter(CONVERGED after 1 iterations, residual 0.0e+00, variance 1)
    """

    covariance: Array
    reason: Reason
    residual: float
    variance: float
    iterations: int
    history: NDArray[np.float64]
    seconds: float

    def __repr__(self) -> str:
        return (
            f"BuresBarycenter({self.reason.name} after {self.iterations} iterations, residual "
            f"{self.residual:.1e}, variance {self.variance:.6g})"
        )


def bures_barycenter(
    covariances: Any, weights: Any = None, *, tol: float | None = None, maxiter: int = 500
) -> BuresBarycenter:
    r"""Return the covariance that minimises :math:`\sum_j w_j d(S, A_j)^2`.

    The barycentre of Gaussians is the Gaussian with this covariance and the mean of the means.

    Parameters
    ----------
    covariances : (k, n, n) array_like
        Real symmetric or complex Hermitian, positive semidefinite.
    weights : (k,) array_like, optional
        Not negative; they are scaled to the sum 1. Equal if not given.
    tol : float, optional
        For the residual, `BuresBarycenter.residual`; ``eps^(2/3)`` if not given.
    maxiter : int
        Largest number of steps.

    Returns
    -------
    BuresBarycenter
        With the iterate of the smallest residual.

    Raises
    ------
    ValueError
        Another shape, a matrix that is not Hermitian or has a negative eigenvalue, NaN or infinity,
        weights that don't fit, are negative or all zero, or a negative ``tol`` or ``maxiter``.
    TypeError
        Arrays of several libraries, or a dtype that is not numeric.

    Notes
    -----
    Rounding leaves a residual of a few ``n eps``, at most some ``n eps sqrt(κ(S))``. If that is
    above ``tol`` the reason is STAGNATED. Array API; a few reads of the device a step.

    Examples
    --------
    >>> found = bures_barycenter([[[4.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]], [0.5, 0.5])
    >>> found.converged, found.covariance.round(12).tolist()
    (True, [[2.25, 0.0], [0.0, 1.0]])
    """
    start = time.perf_counter()
    entered = enter(covariances=covariances)
    xp, (A,) = entered.xp, entered.arrays
    if A.ndim != 3 or A.shape[0] == 0:
        raise ValueError(f"covariances must be of shape (k, n, n), got {tuple(A.shape)}")
    tol = entered.unit ** (2 / 3) if tol is None else tol
    if not (tol >= 0 and maxiter >= 0):
        raise ValueError(f"tol and maxiter must not be negative, got {tol} and {maxiter}")
    M, w = factor(xp, "covariances", A), _weights(xp, A, weights)
    L = factor(xp, "covariances", xp.sum(w * A, axis=0))

    states = _steps(xp, L, M, w)
    best = state = next(states)
    history, stalled = [state.residual], 0
    while best.residual > tol and stalled < _PATIENCE and len(history) <= maxiter:
        state = next(states)
        history.append(state.residual)
        best, stalled = (state, 0) if state.residual < best.residual else (best, stalled + 1)
    if best.residual <= tol:
        reason = Reason.CONVERGED
    else:
        reason = Reason.STAGNATED if stalled == _PATIENCE else Reason.MAXITER
    return BuresBarycenter(
        covariance=entered.leave(hermitian(xp, best.L @ adjoint(xp, best.L))),
        reason=reason,
        residual=best.residual,
        variance=float(xp.sum(w * frobenius(xp, best.L - best.K) ** 2)),
        iterations=len(history) - 1,
        history=np.array(history),
        seconds=time.perf_counter() - start,
    )


class _State(NamedTuple):
    """A factor ``L``, the factors ``K`` nearest to it, and what its residual is."""

    L: Array
    K: Array
    residual: float


def _steps(xp: Namespace, L: Array, M: Array, w: Array) -> Iterator[_State]:
    while True:
        K = nearest_factor(xp, L, M)
        mean = xp.sum(w * K, axis=0)
        yield _State(L, K, float((frobenius(xp, mean - L) / nonzero(xp, frobenius(xp, L)))[0, 0]))
        L = mean


def _weights(xp: Namespace, A: Array, weights: Any) -> Array:
    """Return the weights as ``(k, 1, 1)``, of the sum 1, beside ``A``."""
    k = A.shape[0]
    host = np.ones(k) if weights is None else np.asarray(to_host(weights), dtype=np.float64)
    if host.shape != (k,) or not np.all(np.isfinite(host)):
        raise ValueError(f"weights must be {k} finite numbers, got shape {host.shape}")
    if np.any(host < 0) or not np.any(host > 0):
        raise ValueError("weights must not be negative, nor all zero")
    host = host / np.max(host)
    w = xp.asarray(host / np.sum(host), device=device_of(A))
    return xp.astype(w, xp.abs(A[0, :1, :1]).dtype)[:, None, None]
