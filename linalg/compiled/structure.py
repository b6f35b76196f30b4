"""How far matrices are from Hermitian and how large they are: one pass over memory, both cores."""

from typing import Any

import numpy as np
from numba import njit, prange

__all__ = ["asymmetry"]

_TILE = 32


def asymmetry(A: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return ``max |A - Aᴴ|`` and ``max |A|`` of each matrix of a batch ``(b, n, n)``."""
    tiles = -(-A.shape[-1] // _TILE)
    found = np.zeros((2, A.shape[0], tiles))
    _scan(A, found)
    difference, magnitude = found.max(axis=-1, initial=0.0)
    return difference, magnitude


@njit(cache=True, parallel=True)  # type: ignore[untyped-decorator]
def _scan(A, found):  # type: ignore[no-untyped-def]
    _, batch, tiles = found.shape
    n = A.shape[1]
    for task in prange(batch * tiles):
        index, tile = task // tiles, task % tiles
        matrix, top = A[index], tile * _TILE
        difference, magnitude = 0.0, 0.0
        for left in range(0, top + 1, _TILE):
            for i in range(top, min(top + _TILE, n)):
                for j in range(left, min(left + _TILE, i + 1)):
                    lower, upper = matrix[i, j], matrix[j, i]
                    difference = max(difference, abs(lower - np.conj(upper)))
                    magnitude = max(magnitude, abs(lower), abs(upper))
        found[0, index, tile], found[1, index, tile] = difference, magnitude
