r"""Fields that a function computes whenever they are needed, so that no array of all is stored.

The residual of a field is :math:`f - Q B^{-1} f(X)`. Once is not enough: where the field is much
larger than its residual, rounding of the coefficients leaves something at the points, the triangle
is lost after some 40 terms, and points are chosen twice. The same operator applied again to what is
left removes it, as a second pass does in the Gram-Schmidt process.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, enter, take
from resolvent.linalg.interpolation.residual import Norm, Residual, measured_sizes
from resolvent.linalg.triangular import solve_triangular

__all__ = ["FunctionResidual"]

_BLOCK = 32  # fields that are held at a time


class FunctionResidual(Residual):
    """Fields ``f(points, mu)`` of some parameters."""

    def __init__(
        self,
        f: Callable[[Any, Any], Any],
        points: Any,
        params: Sequence[Any],
        norm: Norm,
    ) -> None:
        self._f, self._points, self._params = f, points, params
        first = self._field(0)
        self.xp, self.like = first.xp, first.arrays[0]
        self._norm = norm
        self._chosen: list[int] = []
        self._places: list[int] = []
        self._basis: list[Array] = []
        self._best = self._evaluated(0)

    def sizes(self) -> NDArray[np.float64]:
        """Return the norms of the columns that were not chosen, and remember the largest one."""
        xp, sizes = self.xp, np.zeros(len(self._params))
        todo = [j for j in range(sizes.size) if j not in self._chosen]
        largest = -1.0
        for start in range(0, len(todo), _BLOCK):
            block = todo[start : start + _BLOCK]
            left, known = self._left(xp.stack([self._same(j) for j in block], axis=1))
            found = sizes[block] = measured_sizes(self._norm, left)
            k = int(np.argmax(found))
            if found[k] > largest:
                largest = found[k]
                self._best = block[k], left[:, k], known[:, k]
        return sizes

    def pick(self, j: int) -> tuple[Array, Array]:
        """Return a column twice: the points are its rows."""
        column = self._column(j)[1]
        return column, column

    def coefficients(self, j: int) -> Array:
        """Return the coefficients (terms,) with which column ``j`` was eliminated."""
        return self._column(j)[2]

    def eliminate(self, q: Array, measured: Array, point: int) -> None:  # noqa: ARG002
        """Take ``q`` into the basis."""
        self._chosen.append(self._best[0])
        self._places.append(point)
        self._basis.append(q)

    def _column(self, j: int) -> tuple[int, Array, Array]:
        if self._best[0] != j:
            self._best = self._evaluated(j)
        return self._best

    def _evaluated(self, j: int) -> tuple[int, Array, Array]:
        left, known = self._left(self._same(j)[:, None])
        return j, left[:, 0], known[:, 0]

    def _left(self, fields: Array) -> tuple[Array, Array]:
        """Return what is left of fields, and their coefficients."""
        xp, count = self.xp, len(self._basis)
        if count == 0:
            return fields, fields[:0, :]
        Q = xp.stack(self._basis, axis=1)
        B = take(Q, self._places)
        known = xp.zeros_like(fields[:count, :])
        for _ in range(2):
            more = solve_triangular(xp, B, take(fields, self._places), lower=True, unit=True)
            fields, known = fields - Q @ more, known + more
        return fields, known

    def _field(self, j: int) -> Any:
        entered = enter(matrix=False, f=self._f(self._points, self._params[j]))
        if entered.arrays[0].ndim != 1:
            raise ValueError(
                "f(points, mu) must be one field (N,), got shape "
                f"{tuple(entered.arrays[0].shape)} for parameter number {j}"
            )
        return entered

    def _same(self, j: int) -> Array:
        field, like = self._field(j).arrays[0], self.like
        if field.shape != like.shape or field.dtype != like.dtype:
            raise ValueError(
                f"f(points, mu) must have one shape and dtype, got {tuple(like.shape)} of "
                f"{like.dtype} for parameter number 0 and {tuple(field.shape)} of {field.dtype} "
                f"for number {j}"
            )
        return field
