"""Direct summation as one writes it with numba: a loop over targets on all threads, over sources.

Points are (3, n) arrays of coordinates, so that the inner loop can be vectorised.
"""

from math import sqrt
from typing import Any

import numpy as np
from numba import njit, prange

__all__ = ["plain_sum"]

_compiled = njit(parallel=True, fastmath=True)


@_compiled
def _laplace(x, y, q, out):  # type: ignore[no-untyped-def]
    """Write the sums of ``q / r``."""
    for i in prange(out.size):
        total = 0.0
        for j in range(q.size):
            dx, dy, dz = x[0, i] - y[0, j], x[1, i] - y[1, j], x[2, i] - y[2, j]
            r2 = dx * dx + dy * dy + dz * dz
            if r2 > 0.0:
                total += q[j] / sqrt(r2)
        out[i] = total


@_compiled
def _helmholtz(wavenumber, x, y, q, out):  # type: ignore[no-untyped-def]
    """Write the sums of ``q exp(i k r) / r``."""
    for i in prange(out.size):
        total = 0j
        for j in range(q.size):
            dx, dy, dz = x[0, i] - y[0, j], x[1, i] - y[1, j], x[2, i] - y[2, j]
            r2 = dx * dx + dy * dy + dz * dz
            if r2 > 0.0:
                r = sqrt(r2)
                total += q[j] * np.exp(1j * wavenumber * r) / r
        out[i] = total


def plain_sum(kernel: Any, x: Any, y: Any, q: Any) -> Any:
    """Return the sum for points (n, 3), its arrays laid out before, as a function to time.

    The kernel is Laplace's in space or that of `Helmholtz`.
    """
    flat_x, flat_y = np.ascontiguousarray(x.T), np.ascontiguousarray(y.T)
    out = np.empty(len(x), dtype=q.dtype)

    def call() -> Any:
        if kernel.is_complex:
            _helmholtz(kernel.wavenumber, flat_x, flat_y, q, out)
        else:
            _laplace(flat_x, flat_y, q, out)
        return out

    return call
