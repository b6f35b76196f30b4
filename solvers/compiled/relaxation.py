r"""Relaxation of :math:`A d = r` from :math:`d = 0`, many steps a call, column after column."""

from typing import Any

import numpy as np
from numba import njit

from resolvent.linalg.compiled.relaxation import relax
from resolvent.solvers.stationary.divergence import DIVERGED, growth

__all__ = ["Relaxation"]


class Relaxation:
    """The state of one solve between two calls of `advance`.

    Attributes
    ----------
    trouble : (k,) ndarray
        What went wrong in each column, as a `resolvent.recurrence.code`; such a column is back at
        its best iterate.
    """

    def __init__(self, A: Any, r: np.ndarray[Any, Any]) -> None:
        self.A, self.vector = A, r.ndim == 1
        self.r = np.array(r.T, ndmin=2, order="C", copy=True)  # a row for each column
        self.d, self.best = np.zeros_like(self.r), np.zeros_like(self.r)
        self.delta = np.empty_like(self.r[0])
        self.norms = np.linalg.norm(self.r, axis=1).astype(np.float64)
        self.least, self.bound = self.norms.copy(), self.norms * growth(np, r.dtype)
        self.trouble = np.zeros(len(self.r), dtype=np.int64)

    def advance(self, tolerance: np.ndarray[Any, Any], steps: int) -> np.ndarray[Any, Any]:
        """Take at most ``steps`` steps; return residual norms ``(s, k)``."""
        norms = np.empty((len(self.r), steps))
        taken = 0
        for j, row in enumerate(norms):
            done = 0
            if not self.trouble[j] and not self.norms[j] <= tolerance[j]:
                done, self.least[j], diverged = _advance(
                    self.A, self.d[j], self.r[j], self.delta, self.best[j],
                    self.least[j], self.bound[j], tolerance[j], row,
                )  # fmt: skip
                self.norms[j] = row[done - 1]
                self.trouble[j] = DIVERGED if diverged else 0
            row[done:] = self.norms[j]
            taken = max(taken, done)
        return norms.T[:taken]

    @property
    def x(self) -> np.ndarray[Any, Any]:
        """The iterate."""
        return self.d[0] if self.vector else self.d.T


@njit(cache=True, nogil=True, error_model="numpy")
def _advance(A, d, r, delta, best, least, bound, tolerance, norms):  # type: ignore[no-untyped-def]
    for step in range(norms.size):
        relax(A, r, delta)
        square = 0.0
        for i in range(d.size):
            d[i] += delta[i]
            square += r[i].real ** 2 + r[i].imag ** 2
        norm = np.sqrt(square)
        norms[step] = norm
        if not norm <= bound:
            d[:] = best
            return step + 1, least, True
        if norm <= tolerance:
            return step + 1, least, False
        if norm < 0.5 * least:
            least = norm
            best[:] = d
    return norms.size, least, False
