r"""Fields from a few of their values, in a given basis, by least squares ("gappy POD").

.. math:: u \approx U c, \qquad c = (P^T U)^+ P^T u,

where ``P`` picks the points. With as many points as basis vectors the values at the points are
interpolated; with more of them it is a least-squares fit, with fewer the one of smallest ``c``.

Source: R. Everson and L. Sirovich, Karhunen-Loève procedure for gappy data, J. Opt. Soc. Am. A 12
(1995), 1657-1664, doi 10.1364/JOSAA.12.001657.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, adjoint, device_of, enter, eps, namespace_of
from resolvent.linalg.interpolation.values import as_values, times

__all__ = ["GappyInterpolant"]


@dataclass(frozen=True, eq=False)
class GappyInterpolant:
    r"""A basis, the points at which a field is known, and the way from there to the whole field.

    Attributes
    ----------
    points : (m,) ndarray of int
        Rows of the basis at which values are given, on the host.
    basis : (N, M) array
        The fields that are combined.
    stability : float
        :math:`\|(P^T U)^+\|_2`. For an orthonormal basis the error is at most this number times
        the distance of the field from the span of the basis, where the points determine ``c``.
    rank : int
        Of ``P^T U``, with singular values below ``rcond`` times the largest taken for zeros.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 11)
    >>> fit = GappyInterpolant.of(np.stack([x**0, x], axis=1), [0, 5, 10])
    >>> np.allclose(fit(2 + 3 * x[[0, 5, 10]]), 2 + 3 * x)
    True
    """

    points: NDArray[np.intp]
    basis: Array
    stability: float
    rank: int
    _inverse: Array = field(repr=False)

    @classmethod
    def of(cls, basis: Any, points: Sequence[int] | Array, *, rcond: float | None = None) -> Self:
        """Return the interpolant of a basis and points.

        Parameters
        ----------
        basis : (N, M) array_like
            Real or complex, on any device.
        points : (m,) sequence of int
            Rows of the basis, each at most once.
        rcond : float, optional
            Singular values below this part of the largest count as zeros, by default
            ``max(m, M) eps``.

        Raises
        ------
        ValueError
            Wrong dimensions, points that are outside or repeated, or values that are not finite.

        Notes
        -----
        Cost: an SVD of the m by M matrix of the basis at the points.
        """
        entered = enter(basis=basis)
        xp, (basis,) = entered.xp, entered.arrays
        if basis.ndim != 2:
            raise ValueError(f"basis must be a matrix (N, M), got shape {tuple(basis.shape)}")
        where = as_points(points, basis.shape[0])
        rows = xp.take(basis, xp.asarray(where, device=device_of(basis)), axis=0)
        return cls.fit(where, basis, rows, rcond)

    @classmethod
    def fit(
        cls, points: NDArray[np.intp], basis: Array, rows: Array, rcond: float | None = None
    ) -> Self:
        """Return the interpolant of a basis whose values at the points are known."""
        return cls(points, basis, *_pseudo_inverse(namespace_of(basis), rows, rcond))

    def coefficients(self, values: Any) -> Array:
        """Return ``c`` (M,) or (M, k) from the values at the points, (m,) or (m, k)."""
        return times(self._inverse, as_values(values, self.basis, self.points.size))

    def __call__(self, values: Any) -> Array:
        """Return the fields (N,) or (N, k) from their values at the points, (m,) or (m, k)."""
        return times(self.basis, self.coefficients(values))

    def lebesgue(self) -> float:
        r"""Return the norm of the map from values to fields in the maximum norm.

        .. math:: \Lambda = \max_x \sum_l |\ell_l(x)|, \qquad \ell = U (P^T U)^+ .
        """
        xp = namespace_of(self.basis)
        if 0 in self.basis.shape or not self.points.size:
            return 0.0
        return float(xp.max(xp.sum(xp.abs(self.basis @ self._inverse), axis=1)))


def as_points(points: Sequence[int] | Array, limit: int) -> NDArray[np.intp]:
    """Return row numbers on the host.

    Raises
    ------
    ValueError
        They are not whole numbers from 0 to ``limit - 1``, each at most once.
    """
    where = np.asarray(points)
    if where.size == 0:
        where = where.astype(np.intp)
    if where.ndim != 1 or where.dtype.kind not in "iu":
        raise ValueError(f"points must be a sequence of row numbers, got {points!r}")
    if where.size and not (where.min() >= 0 and where.max() < limit):
        raise ValueError(f"points must be row numbers from 0 to {limit - 1}, got {points!r}")
    if np.unique(where).size < where.size:
        raise ValueError(f"points must be distinct, got {points!r}")
    return where.astype(np.intp)


def _pseudo_inverse(xp: Namespace, A: Array, rcond: float | None) -> tuple[float, int, Array]:
    """Return the norm of the pseudo-inverse, the rank, and the pseudo-inverse."""
    m, n = A.shape
    if m == 0 or n == 0:
        return 0.0, 0, adjoint(xp, A)
    left, s, right = xp.linalg.svd(A, full_matrices=False)
    tiny = max(m, n) * eps(xp, A.dtype) if rcond is None else rcond
    rank = int(xp.sum(xp.astype(s > tiny * s[0], xp.int64)))
    if rank == 0:
        return 0.0, 0, xp.zeros_like(adjoint(xp, A))
    left, s, right = left[:, :rank], s[:rank], right[:rank, :]
    return float(1 / s[-1]), rank, (adjoint(xp, right) / s) @ adjoint(xp, left)
