r"""Columns with positive least-squares weights: the active set of Lawson and Hanson, on the host.

With the columns :math:`A_S = Q R` kept, the weights are :math:`w = R^{-1} Q^T y`, all positive. One
more column costs :math:`O(mk)` by an update of the factorisation. Where it makes a weight vanish,
the weights go towards the new ones as far as the first zero, its column leaves by another update,
and the weights are solved for anew.

Source: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.linalg
from numpy.linalg import LinAlgError
from numpy.typing import NDArray

__all__ = ["ActiveSet"]

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class ActiveSet:
    """Unit columns, in the order of their coming, and the weights that fit ``y`` best.

    Attributes
    ----------
    y : (m,) ndarray
        What the columns are to add up to.
    negligible : float
        Weights up to this size count as zeros.
    indices : tuple of int
        Numbers of the columns.
    Q, R : ndarray
        Their QR factorisation.
    weights : (k,) ndarray
        All above ``negligible``.
    residual : (m,) ndarray
        What is left of ``y``.
    norm : float
        Its norm.
    """

    y: NDArray[np.float64]
    negligible: float
    indices: tuple[int, ...]
    Q: NDArray[np.float64]
    R: NDArray[np.float64]
    weights: NDArray[np.float64]
    residual: NDArray[np.float64]
    norm: float

    @classmethod
    def empty(cls, y: NDArray[np.float64], negligible: float) -> Self:
        """Return the set without columns."""
        none = np.empty(0)
        Q = np.empty((y.size, 0))
        return cls(y, negligible, (), Q, np.empty((0, 0)), none, y, float(np.linalg.norm(y)))

    def with_column(self, j: int, column: NDArray[np.float64]) -> Self | None:
        """Return the set with a column of norm 1, None unless that lowers the residual."""
        try:
            Q, R = self._inserted(column)
        except LinAlgError:  # in the span of the others
            return None
        if abs(R[-1, -1]) <= _EPS * column.size:  # so it is
            return None
        indices, weights = [*self.indices, j], np.append(self.weights, 0.0)
        while True:
            wanted = scipy.linalg.solve_triangular(R, Q.T @ self.y, check_finite=False)
            vanishing = wanted <= self.negligible
            if weights[-1] == 0 and vanishing[-1]:
                return None
            if not np.any(vanishing):
                break
            now = weights[vanishing]
            ways = now / (now - np.minimum(wanted[vanishing], 0))
            weights = weights + np.min(ways) * (wanted - weights)
            leaves = np.flatnonzero(vanishing)[ways <= np.min(ways)]
            for p in leaves[::-1]:
                Q, R = scipy.linalg.qr_delete(Q, R, p, which="col", check_finite=False)
                del indices[p]
            if not indices:
                return None
            Q, R = Q[:, : len(indices)], R[: len(indices)]
            weights = np.delete(weights, leaves)
        residual = self.y - Q @ (Q.T @ self.y)
        residual = residual - Q @ (Q.T @ residual)
        norm = float(np.linalg.norm(residual))
        if not norm < self.norm:
            return None
        return type(self)(self.y, self.negligible, tuple(indices), Q, R, wanted, residual, norm)

    def _inserted(
        self, column: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the QR factorisation with one more column at the end."""
        k = len(self.indices)
        if k == 0:
            return column[:, None], np.ones((1, 1))
        Q, R = scipy.linalg.qr_insert(
            self.Q, self.R, column, k, which="col", rcond=_EPS, check_finite=False
        )
        return Q, R
