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

from numba import njit, prange
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.matrices import Stencil, has_form, product
from resolvent.linalg.compiled.vector_products import lines

__all__ = ["Levels", "cycle"]

_WORTH_THREADS = 50_000  # rows
_PARTS = 32  # of the rows, shared evenly between the threads
_IN_CACHE = 4096  # rows


class Levels(NamedTuple):
    """A hierarchy with its smoother.

    ``starts`` tells where each level begins and the last one ends. ``finest`` is a form of the
    finest matrix, ``coarse`` a `CSR` of all others; ``prolong`` and ``restrict`` are `CSR` of all
    transfers, where columns of the one and rows of the other count from the second level on.
    ``scale`` is D of each level, ``weights`` those of the smoothing steps before the coarse
    correction; those after it are in reverse. ``inverse`` is that of the coarsest matrix, or empty
    if that is smoothed, too. The next level is visited ``visits`` times: once in a V-cycle.
    """

    starts: Any
    finest: Any
    coarse: Any
    prolong: Any
    restrict: Any
    scale: Any
    weights: Any
    inverse: Any
    visits: int


@njit(cache=True, nogil=True, error_model="numpy")
def cycle(H, b, buffers, level, fresh):  # type: ignore[no-untyped-def]
    """Write one cycle for the right-hand side of ``level`` to that part of the first buffer.

    It begins at zero if ``fresh``, otherwise at what is there.
    """
    # Step k reads buffer k - 1 and writes buffer k, modulo 2: an even number of steps ends where
    # it began.
    lo, hi = H.starts[level], H.starts[level + 1]
    coarsest = level == H.starts.size - 2
    if coarsest and H.inverse.size > 0:
        buffers[0][lo:hi] = H.inverse @ b[lo:hi]
        return
    m, second = H.weights.size, H.starts[1]
    for k in range(1, m + 1):
        if k == 1 and fresh:
            _begin(H.weights[0], H.scale, b, buffers[1], lo, hi)
        else:
            _smooth(H, level, H.weights[k - 1], b, buffers[(k - 1) % 2], buffers[k % 2])
    if not coarsest:
        x, r = buffers[m % 2], buffers[(m + 1) % 2]
        _defect(H, level, b, x, r)
        _multiply(H.restrict, r, b[second:], hi - second, H.starts[level + 2] - second)
        for visit in range(H.visits):
            cycle(H, b, buffers, level + 1, visit == 0)
        _add_product(H.prolong, buffers[0][second:], x, lo, hi)
    for k in range(m + 1, 2 * m + 1):
        _smooth(H, level, H.weights[2 * m - k], b, buffers[(k - 1) % 2], buffers[k % 2])


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
