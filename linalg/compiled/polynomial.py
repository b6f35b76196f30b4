r"""``p(A) r`` for one vector: product and combination of each step, block of rows by block of rows.

A step ``w -= A d``, ``d = alpha w + beta d + gamma y``, ``y += d`` goes over its vectors once: the
rows of ``A d`` are written where the new d will be, and combined while they are in the cache.
"""

from typing import Any

import numpy as np
from numba import njit, prange
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.matrices import Stencil, product
from resolvent.linalg.compiled.matrix_forms import has_form
from resolvent.linalg.compiled.threads import threads
from resolvent.linalg.compiled.vector_products import lines

__all__ = ["apply_polynomial"]

_ROWS_A_BLOCK = 8192


def apply_polynomial(
    form: Any, coefficients: np.ndarray[Any, Any], r: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """Return ``p(A) r`` of a contiguous vector; ``coefficients`` is (steps, 3), in its dtype."""
    d = np.asarray(coefficients[0, 0] * r)
    if len(coefficients) == 1:
        return d
    y = d.copy()
    recur = _serial if threads(r.size) == 1 else _parallel
    recur(form, coefficients, r.copy(), d, np.empty_like(d), y)
    return y


@njit(cache=True, nogil=True, error_model="numpy")
def _serial(form, coefficients, w, d, new, y):  # type: ignore[no-untyped-def]
    for k in range(1, coefficients.shape[0]):
        _step(form, coefficients[k], w, d, new, y, 0, w.size)
        d, new = new, d


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _parallel(form, coefficients, w, d, new, y):  # type: ignore[no-untyped-def]
    n = w.size
    blocks = -(-n // _ROWS_A_BLOCK)
    for k in range(1, coefficients.shape[0]):
        for block in prange(blocks):
            lo, hi = block * n // blocks, (block + 1) * n // blocks
            _step(form, coefficients[k], w, d, new, y, lo, hi)
        d, new = new, d


@register_jitable
def _step(form, coefficients, w, d, new, y, lo, hi):  # type: ignore[no-untyped-def]
    product(form, d, new, lo, hi)
    alpha, beta, gamma = coefficients
    lo, hi = _rows(form, lo, hi)
    for i in range(lo, hi):
        w[i] -= new[i]
        new[i] = alpha * w[i] + beta * d[i] + gamma * y[i]
        y[i] += new[i]


def _rows(form, lo, hi):  # type: ignore[no-untyped-def]
    """Return the rows that ``product`` writes for ``lo`` and ``hi``."""
    raise NotImplementedError


@overload(_rows)
def _rows_of(form, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if not has_form(form, Stencil):
        return lambda form, lo, hi: (lo, hi)  # noqa: ARG005

    def whole_lines(form, lo, hi):  # type: ignore[no-untyped-def]
        first, last = lines(form, lo, hi)
        return first * form.shape[2], last * form.shape[2]

    return whole_lines
