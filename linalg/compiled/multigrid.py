r"""One multigrid cycle, over levels that lie behind each other in the same vectors.

Level ``l`` owns the entries ``starts[l] ... starts[l + 1]``. So the coarse matrices are the blocks
of one block-diagonal matrix, all prolongations together are another sparse matrix, and so are all
restrictions: each step of a cycle is a product with some rows of one of them, whatever the number
of levels. The finest matrix alone keeps the form in which it is applied fastest.

A smoothing step :math:`y = x + \omega D (b - A x)` runs through the rows a few thousand at a time:
the product waits in the cache for the rest of the step. The rows of large levels are shared by the
threads; no sum depends on how.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.matrices import Stencil, product
from resolvent.linalg.compiled.matrix_forms import has_form
from resolvent.linalg.compiled.vector_products import lines

__all__ = ["Levels", "cycle", "route"]

_WORTH_THREADS = 50_000  # rows
_PARTS = 32  # of the rows, shared evenly between the threads
_IN_CACHE = 4096  # rows

_FRESH, _AGAIN, _AFTER = 0, 1, 2  # phases of a level, see `route`


class Levels(NamedTuple):
    """A hierarchy with its smoother.

    ``starts`` tells where each level begins and the last one ends. ``finest`` is a form of the
    finest matrix, ``coarse`` a `CSR` of all others; ``prolong`` and ``restrict`` are `CSR` of all
    transfers, where columns of the one and rows of the other count from the second level on.
    ``scale`` is D of each level, ``weights`` those of the smoothing steps before the coarse
    correction; those after it are in reverse. ``inverse`` is that of the coarsest matrix, or empty
    if that is smoothed, too. ``route`` is the order of the levels in a cycle.
    """

    starts: Any
    finest: Any
    coarse: Any
    prolong: Any
    restrict: Any
    scale: Any
    weights: Any
    inverse: Any
    route: Any


def route(levels: int, visits: int) -> np.ndarray[Any, Any]:
    """Return the pairs (level, phase) of a cycle in order, a V-cycle for ``visits = 1``.

    The phases are: what precedes the coarse correction, from zero or from what is there, and
    what follows. The coarsest level has no third one.
    """

    def pairs(level: int, phase: int) -> list[tuple[int, int]]:
        if level == levels - 1:
            return [(level, phase)]
        below = [pairs(level + 1, _FRESH if visit == 0 else _AGAIN) for visit in range(visits)]
        return [(level, phase), *sum(below, []), (level, _AFTER)]

    return np.array(pairs(0, _FRESH))


@njit(cache=True, nogil=True, error_model="numpy")
def cycle(H, b, buffers):  # type: ignore[no-untyped-def]
    """Write one cycle from zero, for the first entries of ``b``, to those of the first buffer."""
    # Step k reads buffer k - 1 and writes buffer k, modulo 2: an even number of steps ends where
    # it began.
    m, second, last = H.weights.size, H.starts[1], H.starts.size - 2
    for place in range(H.route.shape[0]):
        level, phase = H.route[place, 0], H.route[place, 1]
        lo, hi = H.starts[level], H.starts[level + 1]
        if level == last and H.inverse.size > 0:
            buffers[0][lo:hi] = H.inverse @ b[lo:hi]
            continue
        first = 1
        if phase == _FRESH:
            _begin(H.weights[0], H.scale, b, buffers[1], lo, hi)
            first = 2
        if phase == _AFTER:
            _add_product(H.prolong, buffers[0][second:], buffers[m % 2], lo, hi)
            first = m + 1
        end = m if phase != _AFTER and level < last else 2 * m
        for k in range(first, end + 1):
            weight = H.weights[min(k - 1, 2 * m - k)]
            _smooth(H, level, weight, b, buffers[(k - 1) % 2], buffers[k % 2])
        if end == m:
            _defect(H, level, b, buffers[m % 2], buffers[(m + 1) % 2])
            below = H.starts[level + 2]
            _multiply(H.restrict, buffers[(m + 1) % 2], b[second:], hi - second, below - second)


@register_jitable
def _smooth(H, level, weight, b, x, y):  # type: ignore[no-untyped-def]
    n, lo, hi = H.starts[1], H.starts[level], H.starts[level + 1]
    if level == 0:
        _smooth_rows(H.finest, weight, H.scale[:n], b[:n], x[:n], y[:n], 0, n)
    else:
        _smooth_rows(H.coarse, weight, H.scale[n:], b[n:], x[n:], y[n:], lo - n, hi - n)


@register_jitable
def _defect(H, level, b, x, r):  # type: ignore[no-untyped-def]
    n, lo, hi = H.starts[1], H.starts[level], H.starts[level + 1]
    if level == 0:
        _defect_rows(H.finest, b[:n], x[:n], r[:n], 0, n)
    else:
        _defect_rows(H.coarse, b[n:], x[n:], r[n:], lo - n, hi - n)


def _written(A, lo, hi):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_written)
def _written_by(A, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Rows that `product` writes if asked for ``lo ... hi``: whole lines of a stencil."""
    if not has_form(A, Stencil):
        return lambda A, lo, hi: (lo, hi)  # noqa: ARG005

    def whole(A, lo, hi):  # type: ignore[no-untyped-def]
        first, last = lines(A, lo, hi)
        return first * A.shape[2], last * A.shape[2]

    return whole


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _smooth_threads(A, weight, scale, b, x, y, lo, hi):  # type: ignore[no-untyped-def]
    for t in prange(_PARTS):
        first, last = lo + t * (hi - lo) // _PARTS, lo + (t + 1) * (hi - lo) // _PARTS
        _smooth_part(A, weight, scale, b, x, y, first, last)


@register_jitable
def _smooth_rows(A, weight, scale, b, x, y, lo, hi):  # type: ignore[no-untyped-def]
    if hi - lo < _WORTH_THREADS:
        _smooth_part(A, weight, scale, b, x, y, lo, hi)
    else:
        _smooth_threads(A, weight, scale, b, x, y, lo, hi)


@register_jitable
def _smooth_part(A, weight, scale, b, x, y, lo, hi):  # type: ignore[no-untyped-def]
    for at in range(lo, hi, _IN_CACHE):
        end = min(at + _IN_CACHE, hi)
        product(A, x, y, at, end)
        first, last = _written(A, at, end)
        for i in range(first, last):
            y[i] = x[i] + weight * scale[i] * (b[i] - y[i])


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _defect_threads(A, b, x, r, lo, hi):  # type: ignore[no-untyped-def]
    for t in prange(_PARTS):
        first, last = lo + t * (hi - lo) // _PARTS, lo + (t + 1) * (hi - lo) // _PARTS
        _defect_part(A, b, x, r, first, last)


@register_jitable
def _defect_rows(A, b, x, r, lo, hi):  # type: ignore[no-untyped-def]
    if hi - lo < _WORTH_THREADS:
        _defect_part(A, b, x, r, lo, hi)
    else:
        _defect_threads(A, b, x, r, lo, hi)


@register_jitable
def _defect_part(A, b, x, r, lo, hi):  # type: ignore[no-untyped-def]
    for at in range(lo, hi, _IN_CACHE):
        end = min(at + _IN_CACHE, hi)
        product(A, x, r, at, end)
        first, last = _written(A, at, end)
        for i in range(first, last):
            r[i] = b[i] - r[i]


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _begin_threads(weight, scale, b, y, lo, hi):  # type: ignore[no-untyped-def]
    for i in prange(lo, hi):
        y[i] = weight * scale[i] * b[i]


@register_jitable
def _begin(weight, scale, b, y, lo, hi):  # type: ignore[no-untyped-def]
    """Write the first smoothing step from zero."""
    if hi - lo < _WORTH_THREADS:
        for i in range(lo, hi):
            y[i] = weight * scale[i] * b[i]
    else:
        _begin_threads(weight, scale, b, y, lo, hi)


@register_jitable
def _row(S, x, i):  # type: ignore[no-untyped-def]
    entry = 0 * x[0]
    for k in range(S.indptr[i], S.indptr[i + 1]):
        entry += S.data[k] * x[S.indices[k]]
    return entry


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _multiply_threads(S, x, y, lo, hi):  # type: ignore[no-untyped-def]
    for i in prange(lo, hi):
        y[i] = _row(S, x, i)


@register_jitable
def _multiply(S, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """``y = S x`` on some rows."""
    if hi - lo < _WORTH_THREADS:
        for i in range(lo, hi):
            y[i] = _row(S, x, i)
    else:
        _multiply_threads(S, x, y, lo, hi)


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def _add_product_threads(S, x, y, lo, hi):  # type: ignore[no-untyped-def]
    for i in prange(lo, hi):
        y[i] += _row(S, x, i)


@register_jitable
def _add_product(S, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """``y += S x`` on some rows."""
    if hi - lo < _WORTH_THREADS:
        for i in range(lo, hi):
            y[i] += _row(S, x, i)
    else:
        _add_product_threads(S, x, y, lo, hi)
