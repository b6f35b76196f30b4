"""``A @ x`` by the compiled forms, on one thread or on all."""

from typing import Any

import numba
import numpy as np
from numba import njit, prange

from resolvent.linalg.compiled.matrices import product

__all__ = ["multiply", "threads"]

# rows; a parallel region costs 10 microseconds, and milliseconds while others use the cores
_WORTH_THREADS = 200_000


def threads(n: int) -> int:
    """Return how many threads share ``n`` rows."""
    return int(numba.get_num_threads()) if n >= _WORTH_THREADS else 1


def multiply(form: Any, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return ``A @ x`` of a contiguous vector."""
    y = np.empty_like(x)
    if threads(x.size) == 1:
        _serial(form, x, y)
    else:
        _parallel(form, x, y, threads(x.size))
    return y


@njit(cache=True, nogil=True, error_model="numpy")
def _serial(form, x, y):  # type: ignore[no-untyped-def]
    product(form, x, y, 0, x.size)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _parallel(form, x, y, parts):  # type: ignore[no-untyped-def]
    for t in prange(parts):
        product(form, x, y, t * x.size // parts, (t + 1) * x.size // parts)
