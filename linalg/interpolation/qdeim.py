r"""Points for interpolation or least squares: pivots of a QR factorisation, and some more.

The next point is the row of the modes with the largest part orthogonal to the rows that were
chosen, which is column-pivoted QR of :math:`U^H`. That part is not formed: with an orthonormal
basis ``v_1, v_2, ...`` of the chosen rows its square is

.. math:: \|u_i\|^2 - \sum_k |u_i v_k|^2 ,

one product :math:`U v_k` for each point, and computed anew before it cancels.

Points beyond the number of modes raise the smallest singular value of the modes at the points: with
:math:`P^T U = X \Sigma Y^H`, :math:`z = Y^H u_i^H` and :math:`g = \sigma_{M-1}^2 - \sigma_M^2`
another row adds to :math:`\sigma_M^2` at least

.. math:: \tfrac12 \Big( g + \|z\|^2 - \sqrt{(g + \|z\|^2)^2 - 4 g |z_M|^2} \Big),

and the row where that is largest is the next one.

Sources: Z. Drmač and S. Gugercin, A new selection operator for the discrete empirical interpolation
method, SIAM J. Sci. Comput. 38 (2016), A631-A648, arXiv 1505.00370; B. Peherstorfer, Z. Drmač and
S. Gugercin, Stability of discrete empirical interpolation and gappy proper orthogonal decomposition
with randomized and deterministic sampling points, SIAM J. Sci. Comput. 42 (2020), A2837-A2864,
arXiv 1808.10473, for more points than modes.

Differs from the sources in: norms instead of a factorisation that moves all rows in every step.
"""

from operator import index
from typing import Any

from resolvent.arrays import Array, Namespace, adjoint, conj, device_of, eps, take
from resolvent.errors import SingularMatrixError
from resolvent.linalg.interpolation.deim import as_modes, interpolant
from resolvent.linalg.interpolation.gappy import GappyInterpolant
from resolvent.linalg.norms import nonzero
from resolvent.vectors import real

__all__ = ["qdeim"]


def qdeim(U: Any, *, oversample: int = 0, W: Any = None) -> GappyInterpolant:
    r"""Choose points for modes such that fields are determined well by their values there.

    Parameters
    ----------
    U : (N, M) array_like
        Modes; their order does not matter, nor any unitary combination of them. Orthonormal in
        the inner product of ``W`` if ``stability`` is to bound errors.
    oversample : int
        Points beyond M, to damp noise in the values.
    W : (N,) array_like or (N, N) matrix, optional
        As in `resolvent.linalg.interpolation.deim.deim`.

    Returns
    -------
    GappyInterpolant
        Interpolates fields, or fits them by least squares, from their values at ``points``.

    Raises
    ------
    SingularMatrixError
        The modes are linearly dependent.
    ValueError
        As `resolvent.linalg.interpolation.deim.deim`, or ``oversample`` is negative or larger than
        ``N - M``.

    Notes
    -----
    The error is at most ``stability`` times that of the best approximation, as `deim` says of
    orthonormal modes, weights and matrices. Least squares count values by the same weights, so
    that this holds for more points than modes too. For M points and orthonormal modes

    .. math:: \|(P^T U)^{-1}\|_2 \le \sqrt{N - M + 1} \, \sqrt{4^M + 6 M - 1} / 3,

    a bound that is far above what is seen, mostly some tens.

    Cost: ``2 N M²`` flops in products with vectors; for each point beyond M another product,
    ``2 N M`` flops, and an SVD of the rows chosen so far, ``O(m M²)``. Array API, any device; two
    numbers are read by the host for each point.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 101)
    >>> U, _ = np.linalg.qr(x[:, None] ** np.arange(6))
    >>> values = qdeim(U, oversample=2)
    >>> values.points.size, values.stability < qdeim(U).stability
    (8, True)
    """
    xp, U, weights, scaled = as_modes(U, W)
    if not 0 <= index(oversample) <= U.shape[0] - U.shape[1]:
        raise ValueError(
            f"oversample must be from 0 to {U.shape[0] - U.shape[1]} for U of shape "
            f"{tuple(U.shape)}, got {oversample}"
        )
    if U.shape[1] == 0:
        points = list(range(oversample))
    else:
        scaled = scaled / nonzero(xp, xp.max(xp.abs(scaled)))
        points = _more(xp, scaled, _pivots(xp, scaled), oversample)
    return interpolant(U, weights, points)


def _pivots(xp: Namespace, U: Array) -> list[int]:
    """Return the pivots of a column-pivoted QR factorisation of ``Uᴴ``."""
    unit, points = eps(xp, U.dtype), []
    V, squares = U[:0, :].T, _squares(xp, U)
    largest = reference = float(xp.max(squares))
    for k in range(U.shape[1]):
        point = int(xp.argmax(squares))
        if float(squares[point]) < unit**0.5 * reference:
            squares = _squares(xp, U - (U @ V) @ adjoint(xp, V))
            point = int(xp.argmax(squares))
            reference = float(squares[point])
        if not reference > (10 * U.shape[1] * unit) ** 2 * largest:
            raise SingularMatrixError(f"the columns of U are dependent: their rank is {k}")
        v = conj(xp, U[point, :])
        for _ in range(2):
            v = v - V @ (adjoint(xp, V) @ v)
            v = v / xp.linalg.vector_norm(v)
        V = xp.concat([V, v[:, None]], axis=1)
        squares = squares - xp.abs(U @ v) ** 2
        points.append(point)
    return points


def _more(xp: Namespace, U: Array, points: list[int], count: int) -> list[int]:
    """Add points, each of which raises the smallest singular value most by its lower bound."""
    points, squares = list(points), _squares(xp, U)
    numbers = xp.arange(U.shape[0], device=device_of(U))
    is_open = numbers >= 0
    for point in points:
        is_open = is_open & (numbers != point)
    for _ in range(count):
        _, s, Yh = xp.linalg.svd(take(U, points), full_matrices=False)
        last = xp.abs(U @ conj(xp, Yh[-1, :])) ** 2
        gap = s[-2] ** 2 - s[-1] ** 2 if s.shape[0] > 1 else xp.max(squares)
        total = gap + squares
        root = xp.sqrt(xp.maximum(total**2 - 4 * gap * last, xp.zeros_like(last)))
        gains = last / nonzero(xp, total + root)
        points.append(int(xp.argmax(xp.where(is_open, gains, -xp.ones_like(gains)))))
        is_open = is_open & (numbers != points[-1])
    return points


def _squares(xp: Namespace, U: Array) -> Array:
    """Return the squares of the norms of the rows."""
    return real(xp, xp.vecdot(U, U))
