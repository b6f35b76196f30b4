r"""Points of the discrete empirical interpolation method: row pivots of an LU factorisation.

For one column of the basis after the other the next point is where interpolating that column by
the columns and points before it errs most. What is left of the column is what Gaussian elimination
leaves of it, so that the points are the row pivots of the LU factorisation with partial pivoting.

Sources: S. Chaturantabut and D. C. Sorensen, Nonlinear model reduction via discrete empirical
interpolation, SIAM J. Sci. Comput. 32 (2010), 2737-2764, doi 10.1137/090766498; Z. Drmač and A. K.
Saibaba, The discrete empirical interpolation method: canonical structure and formulation in
weighted inner product spaces, arXiv 1704.06606, for weights.

Differs from the sources in: one factorisation for the loop over the columns.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import get_lapack_funcs

from resolvent.arrays import Array, Namespace, enter, eps, is_numpy, take, to_host
from resolvent.errors import SingularMatrixError
from resolvent.linalg.interpolation.gappy import GappyInterpolant
from resolvent.linalg.interpolation.pod_inner import pointwise_weights

__all__ = ["as_modes", "deim", "interpolant", "row_pivots"]


def deim(U: Any, *, W: Any = None) -> GappyInterpolant:
    r"""Choose as many points as modes, each where the modes before it leave most of the next one.

    Parameters
    ----------
    U : (N, M) array_like
        Modes, from the most to the least important: their order matters. Orthonormal in the inner
        product of ``W`` if ``stability`` is to bound errors.
    W : (N,) array_like or (N, N) matrix, optional
        Weights of the inner product in which errors count, or a matrix, of which the diagonal
        counts.

    Returns
    -------
    GappyInterpolant
        Interpolates fields from their values at ``points``.

    Raises
    ------
    SingularMatrixError
        A mode depends on those before it.
    ValueError
        ``U`` is not one matrix, has more columns than rows or is not finite; ``W`` doesn't fit or
        is not positive.

    Notes
    -----
    Of modes that are orthonormal in the inner product of weights ``D`` the error in its norm is at
    most :math:`\|(P^T D^{1/2} U)^{-1}\|_2`, called ``stability``, times that of the best
    approximation. It is some tens in practice, but no useful bound is known: see `qdeim` for fewer
    surprises.

    With a matrix ``W`` its diagonal is ``D``, for the points and for ``stability``. Of modes that
    are orthonormal in ``W`` the error in the norm of ``W`` is at most ``stability`` times
    :math:`\lambda_{\min}(D^{-1/2} W D^{-1/2})^{-1/2}`, a factor that is small for mass matrices.

    Cost: ``N M²`` flops, of real NumPy arrays in one LAPACK call, with modes best stored one after
    the other. Array API, any device; a row is read by the host for each point.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 101)
    >>> U, _ = np.linalg.qr(np.stack([x**0, x, x**2], axis=1))
    >>> found = deim(U)
    >>> np.allclose(found((x**2 - x)[found.points]), x**2 - x)
    True
    """
    xp, U, weights, scaled = as_modes(U, W)
    return interpolant(U, weights, row_pivots(xp, scaled))


def interpolant(U: Array, weights: Array | None, points: list[int]) -> GappyInterpolant:
    """Return the one of modes at points, by least squares in the weights of their rows."""
    where = np.asarray(points, np.intp)
    of_values = None if weights is None else take(weights, where)
    return GappyInterpolant.fit(where, U, take(U, where), weights=of_values)


def as_modes(U: Any, W: Any) -> tuple[Namespace, Array, Array | None, Array]:
    """Return the library, the modes, weights of their rows, and the modes with weighted rows.

    Raises
    ------
    ValueError, TypeError
        As `deim`.
    """
    entered = enter(U=U)
    xp, (U,) = entered.xp, entered.arrays
    if U.ndim != 2 or U.shape[0] < U.shape[1]:
        raise ValueError(
            f"U must be one matrix (N, M) of no more modes than points, got {tuple(U.shape)}"
        )
    weights = pointwise_weights(W, U)
    return xp, U, weights, U if weights is None else xp.sqrt(weights)[:, None] * U


def row_pivots(xp: Namespace, U: Array) -> list[int]:
    """Return the pivots of Gaussian elimination with partial pivoting, in their order.

    Raises
    ------
    SingularMatrixError
        A pivot is zero to rounding.
    """
    by_lapack = is_numpy(xp) and U.dtype.kind == "f"
    points, upper = _factorise(U) if by_lapack else _eliminate(xp, U)
    sizes = np.sum(np.abs(upper), axis=0)
    small = np.abs(np.diagonal(upper)) <= 10 * U.shape[1] * eps(xp, U.dtype) * sizes
    if np.any(small):
        raise SingularMatrixError(
            f"column {int(np.argmax(small))} of U depends on those before it: leave it out, or "
            "take fewer modes"
        )
    return points


def _factorise(U: NDArray[Any]) -> tuple[list[int], NDArray[Any]]:
    """Return pivots and the upper factor; of complex numbers LAPACK compares other sizes."""
    count = U.shape[1]
    LU, exchanges, _ = get_lapack_funcs("getrf", (U,))(np.array(U, order="F"), overwrite_a=True)
    row_at: dict[int, int] = {}  # where a row was moved
    for k, other in enumerate(exchanges):
        row_at[k], row_at[other] = row_at.get(other, other), row_at.get(k, k)
    return [int(row_at[k]) for k in range(count)], np.triu(LU[:count])


def _eliminate(xp: Namespace, U: Array) -> tuple[list[int], NDArray[Any]]:
    points: list[int] = []
    count = U.shape[1]
    upper = np.zeros((count, count), dtype=np.complex128)
    for k in range(count):
        points.append(int(xp.argmax(xp.abs(U[:, 0]))))
        row = U[points[k], :]
        upper[k, k:] = to_host(row)
        if upper[k, k] == 0:
            break
        U = U[:, 1:] - (U[:, 0] / row[0])[:, None] * row[None, 1:]
    return points, upper
