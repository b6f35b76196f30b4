r"""Optimal transport between Gaussians, by factors of their covariances.

Two factors :math:`A = L L^H` and :math:`B = M M^H` are known up to unitary matrices from the right.
Of all factors of ``B`` the nearest to ``L`` is :math:`K = M U^H`, where ``U`` is the unitary polar
factor of :math:`L^H M` (the Procrustes problem). It answers everything at once:

- the distance is :math:`d(A, B) = \|L - K\|_F`,
- the optimal map ``T``, the positive definite one with ``T A T = B``, is defined by ``T L = K``,
- the geodesic has the factors :math:`(1 - t) L + t K`.

No square root of a matrix is taken. :math:`d^2 = \mathrm{tr}\,A + \mathrm{tr}\,B - 2\,\mathrm{tr}
(A^{1/2} B A^{1/2})^{1/2}` cancels when ``A`` and ``B`` are close and leaves half of the digits; the
norm of a difference does not.

Sources: Bhatia, Jain and Lim, On the Bures-Wasserstein distance between positive definite matrices,
Expositiones Mathematicae 37 (2019), arXiv 1712.01504, for the Procrustes problem and the geodesic;
Olkin and Pukelsheim (1982), doi 10.1016/0024-3795(82)90112-4, for the map.
"""

from typing import Any

from resolvent.arrays import Array, Entered, Namespace, adjoint, enter, eps
from resolvent.errors import SingularMatrixError
from resolvent.linalg import orthogonalize
from resolvent.linalg.factorisations import cholesky
from resolvent.linalg.norms import frobenius
from resolvent.linalg.spectral import eigh
from resolvent.linalg.structure import is_hermitian, require_square

__all__ = ["bures_distance", "bures_geodesic", "bures_map"]


def bures_distance(A: Any, B: Any) -> Array:
    r"""Return the Bures distance: what it costs to transport one centred Gaussian to another.

    .. math:: d(A, B) = \min_{U^H U = I} \|L U - M\|_F, \quad A = L L^H, \; B = M M^H,

    the 2-Wasserstein distance of ``N(0, A)`` and ``N(0, B)``. With means its square grows by the
    squared distance of the means.

    Parameters
    ----------
    A, B : array_like (..., n, n)
        Real symmetric or complex Hermitian, positive semidefinite; leading axes broadcast.

    Returns
    -------
    array (...)
        Distances, real, in the precision and on the device of the arguments.

    Raises
    ------
    ValueError
        A matrix is not square or Hermitian, has NaN, infinity or a negative eigenvalue, or the two
        are not of one order.
    TypeError
        Arrays of several libraries, or a dtype that is not numeric.

    Notes
    -----
    The absolute error is a few ``n eps sqrt(norm(A) κ(A))``, and the same for ``B``: what a
    perturbation of the matrices by ``eps`` may cause. Close to singular matrices it is some
    ``n sqrt(eps norm(A))``, because the distance changes as the root of an eigenvalue there.

    Cost: two Cholesky factorisations and a polar decomposition, about ``15 n³`` flops; where a
    matrix of the batch is singular two eigendecompositions and an SVD, about ``40 n³``. Array API,
    batches.

    Examples
    --------
    >>> float(bures_distance([[4.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]))
    1.0
    """
    entered = _enter_pair(A, B)
    xp, (L, M) = entered.xp, _factors(entered)
    return entered.leave(frobenius(xp, L - nearest_factor(xp, L, M))[..., 0, 0])


def bures_map(A: Any, B: Any) -> Array:
    r"""Return the matrix ``T`` of the optimal map from ``N(0, A)`` to ``N(0, B)``.

    .. math:: T = A^{-1/2} (A^{1/2} B A^{1/2})^{1/2} A^{-1/2},

    the positive semidefinite solution of ``T A T = B``. It is also the geometric mean of
    :math:`A^{-1}` and ``B``.

    Parameters
    ----------
    A : array_like (..., n, n)
        Real symmetric or complex Hermitian, positive definite.
    B : array_like (..., n, n)
        The same, semidefinite; leading axes broadcast.

    Returns
    -------
    array (..., n, n)
        ``T``, Hermitian, in the precision and on the device of the arguments.

    Raises
    ------
    SingularMatrixError
        ``A`` is singular to working precision. Add a ridge to it; or take `bures_geodesic`, which
        needs no inverse.
    ValueError, TypeError
        As in `bures_distance`.

    Notes
    -----
    The error relative to ``norm(T)`` is some ``n eps κ(A)``; ``T A T = B`` holds to about
    ``n eps sqrt(κ(A))`` relative to ``norm(T)² norm(A)``.

    Cost: that of the distance and a solve. Array API, batches.

    Examples
    --------
    >>> bures_map([[4.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 9.0]]).round(12).tolist()
    [[0.5, 0.0], [0.0, 3.0]]
    """
    entered = _enter_pair(A, B)
    xp, (L, M) = entered.xp, _factors(entered)
    if _is_singular(xp, entered.arrays[0]):
        raise SingularMatrixError(
            "A is singular to working precision, and a map from it to B need not exist: add a "
            "ridge to A, or take bures_geodesic, which needs no inverse"
        )
    K = nearest_factor(xp, L, M)
    return entered.leave(hermitian(xp, xp.linalg.solve(adjoint(xp, L), adjoint(xp, K))))


def bures_geodesic(A: Any, B: Any, t: float) -> Array:
    r"""Return the point at time ``t`` of the geodesic from ``A`` to ``B``.

    .. math:: A_t = N_t N_t^H, \quad N_t = (1 - t) L + t K,

    the covariance of :math:`(1 - t) x + t T x` for ``x`` with the covariance ``A``. It is
    ``t d(A, B)`` from ``A`` and ``(1 - t) d(A, B)`` from ``B``.

    Parameters
    ----------
    A, B : array_like (..., n, n)
        Real symmetric or complex Hermitian, positive semidefinite; leading axes broadcast.
    t : float
        From 0, for ``A``, to 1, for ``B``.

    Returns
    -------
    array (..., n, n)
        The covariance, in the precision and on the device of the arguments.

    Raises
    ------
    ValueError, TypeError
        As in `bures_distance`, or ``t`` is not between 0 and 1.

    Notes
    -----
    Between singular matrices there may be several geodesics; one of them is returned.

    Cost: that of the distance. Array API, batches.

    Examples
    --------
    >>> bures_geodesic([[4.0, 0.0], [0.0, 1.0]], [[16.0, 0.0], [0.0, 1.0]], 0.5).round(12).tolist()
    [[9.0, 0.0], [0.0, 1.0]]
    """
    if not 0 <= t <= 1:
        raise ValueError(f"t must be between 0 and 1, got {t}")
    entered = _enter_pair(A, B)
    xp, (L, M) = entered.xp, _factors(entered)
    N = (1 - t) * L + t * nearest_factor(xp, L, M)
    return entered.leave(hermitian(xp, N @ adjoint(xp, N)))


def nearest_factor(xp: Namespace, L: Array, M: Array) -> Array:
    """Return the factor of ``M Mᴴ`` that is the nearest to ``L``."""
    U = orthogonalize(adjoint(xp, L) @ M, method="auto")
    return M @ adjoint(xp, U)


def factor(xp: Namespace, name: str, A: Array) -> Array:
    """Return ``L`` with ``A = L Lᴴ``: Cholesky's, or from eigenvectors where one is singular.

    There eigenvalues below ``n eps norm(A)`` are zeros: noise would enter by its root.

    Raises
    ------
    ValueError
        ``A`` is not square, not Hermitian, or has an eigenvalue below ``-n eps norm(A)``.
    """
    require_square(name, A)
    if not is_hermitian(xp, A):
        raise ValueError(f"{name} must be symmetric (Hermitian if complex); it is not")
    L = definite_factor(xp, A)
    if L is not None:
        return L
    eigen = eigh(xp, hermitian(xp, A))
    values, noise = eigen.values, A.shape[-1] * eps(xp, A.dtype) * frobenius(xp, A)[..., 0]
    if bool(xp.any(values < -noise)):
        least = float(xp.min(values))
        raise ValueError(f"{name} must be positive semidefinite; it has the eigenvalue {least:.3g}")
    return eigen.vectors * xp.sqrt(xp.where(values > noise, values, 0 * values))[..., None, :]


def definite_factor(xp: Namespace, A: Array) -> Array | None:
    """Return the Cholesky factor, None if a pivot is no larger than its rounding error."""
    L = cholesky(xp, hermitian(xp, A))
    if L is None:
        return None
    pivots, entries = (xp.abs(xp.linalg.diagonal(X)) for X in (L, A))
    rounding = A.shape[-1] * eps(xp, A.dtype) * entries
    return L if bool(xp.all(pivots**2 > rounding)) else None


def hermitian(xp: Namespace, A: Array) -> Array:
    """Return the Hermitian part."""
    return 0.5 * A + 0.5 * adjoint(xp, A)


def _enter_pair(A: Any, B: Any) -> Entered:
    entered = enter(A=A, B=B)
    A, B = entered.arrays
    if A.shape[-2:] != B.shape[-2:]:
        raise ValueError(f"A {tuple(A.shape)} and B {tuple(B.shape)} are not of one order")
    return entered


def _factors(entered: Entered) -> tuple[Array, Array]:
    A, B = entered.arrays
    return factor(entered.xp, "A", A), factor(entered.xp, "B", B)


def _is_singular(xp: Namespace, A: Array) -> bool:
    """Tell whether an eigenvalue is lost in rounding: none is above the smallest pivot."""
    L = definite_factor(xp, A)
    if L is None:
        return True
    pivots = xp.abs(xp.linalg.diagonal(L)) ** 2
    return bool(xp.any(pivots <= A.shape[-1] * eps(xp, A.dtype) * frobenius(xp, A)[..., 0]))
