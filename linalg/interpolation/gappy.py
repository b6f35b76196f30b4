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

from resolvent.arrays import Array, adjoint, enter, eps, namespace_of, take
from resolvent.linalg.interpolation.values import as_values, times

__all__ = ["GappyInterpolant"]


@dataclass(frozen=True, eq=False, repr=False)
class GappyInterpolant:
    r"""A basis, the points at which a field is known, and the way from there to the whole field.

    Attributes
    ----------
    points : (m,) ndarray of int
        Rows of the basis at which values are given, on the host.
    basis : (N, M) array
        The fields that are combined.
    stability : float
        :math:`\|(D^{1/2} P^T U)^+\|_2`, ``D`` being the weights of the values, by default one. For
        a basis that is orthonormal in the inner product of the weights the error is at most this
        number times the distance of the field from the span of the basis, where the points
        determine ``c``.
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
    _factors: tuple[Array, Array] = field(repr=False)  # of the pseudo-inverse

    def __repr__(self) -> str:
        return (
            f"GappyInterpolant({self.basis.shape[1]} fields from {self.points.size} points, "
            f"stability {self.stability:.1e})"
        )

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
        Cost: an SVD of the m by M matrix of the basis at the points. Its factors are applied one
        after the other: an ill-conditioned basis loses no digits that the values have.
        """
        entered = enter(basis=basis)
        (basis,) = entered.arrays
        if basis.ndim != 2:
            raise ValueError(f"basis must be a matrix (N, M), got shape {tuple(basis.shape)}")
        where = as_points(points, basis.shape[0])
        return cls.fit(where, basis, take(basis, where), rcond=rcond)

    @classmethod
    def fit(
        cls,
        points: NDArray[np.intp],
        basis: Array,
        rows: Array,
        *,
        rcond: float | None = None,
        weights: Array | None = None,
    ) -> Self:
        """Return the interpolant of a basis whose values at the points are known.

        With positive ``weights`` (m,) of the values least squares are weighted by them.
        """
        xp, (m, M) = namespace_of(basis), rows.shape
        if rcond is not None and not 0 <= rcond < 1:
            raise ValueError(f"rcond must be at least 0 and less than 1, got {rcond}")
        if m == 0 or M == 0:
            return cls(points, basis, 0.0, 0, (adjoint(xp, rows), rows @ adjoint(xp, rows)))
        roots = xp.ones_like(xp.abs(rows[:, 0])) if weights is None else xp.sqrt(weights)
        U, s, Vh = xp.linalg.svd(rows * roots[:, None], full_matrices=False)
        tiny = max(m, M) * eps(xp, rows.dtype) if rcond is None else rcond
        rank = int(xp.sum(xp.astype(s > tiny * s[0], xp.int64)))
        stability = float(1 / s[rank - 1]) if rank else 0.0
        right = adjoint(xp, Vh[:rank, :]) / s[:rank]
        return cls(points, basis, stability, rank, (right, adjoint(xp, U[:, :rank]) * roots))

    def coefficients(self, values: Any) -> Array:
        """Return ``c`` (M,) or (M, k) from the values at the points, (m,) or (m, k)."""
        right, left = self._factors
        return times(right, times(left, as_values(values, self.basis, self.points.size)))

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
        right, left = self._factors
        return float(xp.max(xp.sum(xp.abs((self.basis @ right) @ left), axis=1)))


def as_points(points: Sequence[int] | Array, limit: int, name: str = "points") -> NDArray[np.intp]:
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
        raise ValueError(f"{name} must be a sequence of row numbers, got {points!r}")
    if where.size and not (where.min() >= 0 and where.max() < limit):
        raise ValueError(f"{name} must be row numbers from 0 to {limit - 1}, got {points!r}")
    if np.unique(where).size < where.size:
        raise ValueError(f"{name} must be distinct, got {points!r}")
    return where.astype(np.intp)
