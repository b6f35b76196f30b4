"""One elimination step of a matrix in place, with the sizes of its columns, in one pass."""

from numba import njit, prange
from numba.extending import register_jitable

__all__ = ["eliminate"]


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def eliminate(R, q, row, sizes, scale, squared, summed):  # type: ignore[no-untyped-def]
    """Subtract ``outer(q, row)`` from ``R``; part ``t`` of the rows writes ``sizes[t]``.

    A size is the largest modulus of a column; with ``squared`` the largest square of what is
    ``scale`` times the column, and with ``summed`` too the sum of them.
    """
    parts, N = sizes.shape[0], R.shape[0]
    for t in prange(parts):
        sizes[t] = 0
        for i in range(t * N // parts, (t + 1) * N // parts):
            if squared:
                _subtract_squaring(R[i], q[i], row, scale, sizes[t], summed)
            else:
                _subtract(R[i], q[i], row, sizes[t])


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nnan", "nsz"})
def _subtract(line, q, row, sizes):  # type: ignore[no-untyped-def]
    for j in range(line.size):
        r = line[j] - q * row[j]
        line[j] = r
        sizes[j] = max(sizes[j], abs(r))


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nnan", "nsz"})
def _subtract_squaring(line, q, row, scale, sizes, summed):  # type: ignore[no-untyped-def]
    if summed:
        for j in range(line.size):
            r = line[j] - q * row[j]
            line[j] = r
            sizes[j] += _square(scale * r)
    else:
        for j in range(line.size):
            r = line[j] - q * row[j]
            line[j] = r
            sizes[j] = max(sizes[j], _square(scale * r))


@register_jitable
def _square(r):  # type: ignore[no-untyped-def]
    return r.real * r.real + r.imag * r.imag
