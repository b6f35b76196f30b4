r"""Least squares with a Hessenberg matrix: :math:`\min \|\beta e_1 - H y\|` by rotations."""

import numpy as np
from numba import njit

__all__ = ["hessenberg_least_squares"]


@njit(cache=True, nogil=True, error_model="numpy")
def hessenberg_least_squares(H, beta):  # type: ignore[no-untyped-def]
    """Return ``y`` for ``H`` of shape ``(m + 1, m)``.

    A column that depends on those before it to working precision gets ``y = 0``; columns from the
    first one on that is not finite are left out.
    """
    columns = H.shape[1]
    R = H.copy()
    y = np.zeros(columns, dtype=H.dtype)
    g = np.zeros(columns + 1, dtype=H.dtype)
    g[0] = beta
    m = 0
    while m < columns and np.all(np.isfinite(H[: m + 2, m])):
        m += 1
    for j in range(m):
        a, b = R[j, j], R[j + 1, j]
        length = np.sqrt(abs(a) ** 2 + abs(b) ** 2)
        if length == 0:
            continue
        c, s = np.conj(a) / length, np.conj(b) / length
        for k in range(j, m):
            above, below = R[j, k], R[j + 1, k]
            R[j, k] = c * above + s * below
            R[j + 1, k] = np.conj(c) * below - np.conj(s) * above
        above, below = g[j], g[j + 1]
        g[j] = c * above + s * below
        g[j + 1] = np.conj(c) * below - np.conj(s) * above
    largest = 0.0
    for j in range(m):
        largest = max(largest, abs(R[j, j]))
    for j in range(m - 1, -1, -1):
        total = g[j]
        for k in range(j + 1, m):
            total -= R[j, k] * y[k]
        if abs(R[j, j]) > np.finfo(H.dtype).eps * largest:
            y[j] = total / R[j, j]
    return y
