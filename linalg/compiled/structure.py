"""How far matrices are from Hermitian and how large they are, in one pass over memory.

On one core on purpose: the worker threads of a parallel loop go on spinning for a while and would
take a core from the LAPACK call that follows.
"""

from typing import Any

import numpy as np
from numba import njit

__all__ = ["asymmetry"]

_TILE = 32  # a tile and its mirror image stay in the first-level cache


def asymmetry(A: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return ``max |A - Aᴴ|`` and ``max |A|`` of each matrix of a batch ``(b, n, n)``.

    Both are NaN for a matrix with NaN or infinite entries.
    """
    found = np.zeros((2, A.shape[0]))
    _scan(A, found)
    return found[0], found[1]


@njit(cache=True)
def _scan(A, found):  # type: ignore[no-untyped-def]
    batch, n, _ = A.shape
    for index in range(batch):
        matrix = A[index]
        difference, magnitude, poison = 0.0, 0.0, 0.0
        for top in range(0, n, _TILE):
            for left in range(0, top + 1, _TILE):
                for i in range(top, min(top + _TILE, n)):
                    for j in range(left, min(left + _TILE, i + 1)):
                        lower, upper = matrix[i, j], matrix[j, i]
                        x, y = abs(lower), abs(upper)
                        difference = max(difference, abs(lower - np.conj(upper)))
                        magnitude = max(magnitude, x, y)
                        poison += x * 0 + y * 0  # NaN for NaN and infinity
        found[0, index], found[1, index] = difference + poison, magnitude + poison
