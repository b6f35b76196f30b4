"""``A @ x`` by the compiled forms, on one thread or on all."""

from typing import Any

import numpy as np
from numba import njit, prange

from resolvent.linalg.compiled.matrices import product
from resolvent.linalg.compiled.threads import threads

__all__ = ["multiply"]


def multiply(form: Any, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return ``A @ x`` of a vector."""
    x = np.ascontiguousarray(x)  # runs of numbers are loaded without looking at strides
    y = np.empty(x.size, x.dtype)
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
