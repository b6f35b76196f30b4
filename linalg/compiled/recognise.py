r"""From a SciPy CSR matrix to the form in which compiled loops apply it fastest."""

from typing import Any

import numpy as np
from numba import njit
from scipy import sparse

from resolvent.linalg.compiled.matrices import CSR, Diagonals, Stencil, SymmetricDiagonals
from resolvent.linalg.constant_stencil import constant_stencil_of

__all__ = ["recognise"]

_WORTH_DIAGONALS = 128  # rows; below it looking for them costs what they save
_MOST_DIAGONALS = 27  # of a 3x3x3 neighbourhood
_SAMPLES = 50  # rows that are looked at first
_MOST_ZEROS = 2  # stored numbers, those of the diagonals over those of the rows
_SHORTEST_LINES = 64  # fewer lines can't be shared between threads
_WORTH_A_STENCIL = 20_000  # rows; below it the diagonals are in the cache


def recognise(A: sparse.csr_array, dtype: Any) -> Any:
    """Return the fastest form of a square real matrix, with values of ``dtype``.

    Costs one pass over the entries, and a copy of them if there are few diagonals and they are not
    constant.
    """
    stencil = _stencil(A, dtype) if A.shape[0] >= _WORTH_A_STENCIL else None
    if stencil is not None:
        return stencil
    data = np.ascontiguousarray(A.data, dtype=dtype)
    if A.shape[0] < _WORTH_DIAGONALS:
        return CSR(A.indptr, A.indices, data)
    offsets, values, symmetric = _diagonals(A.indptr, A.indices, data, _MOST_DIAGONALS)
    if not len(offsets):
        return CSR(A.indptr, A.indices, data)
    form = SymmetricDiagonals if symmetric else Diagonals
    return form(offsets, values, np.empty((1,) * len(offsets)))


@njit(cache=True, nogil=True)
def _diagonals(indptr, indices, data, most):  # type: ignore[no-untyped-def]
    """Return offsets in order, none if they are not few, diagonals, and whether it is one half."""
    n = indptr.size - 1
    for stride in (n // _SAMPLES | 1, 1):  # an odd one meets most places of a line
        offsets = _distinct(indptr, indices, most, stride)
        if not 0 < offsets.size * n <= _MOST_ZEROS * data.size:
            continue
        half, other = offsets[offsets.size // 2 :], offsets[(offsets.size - 1) // 2 :: -1]
        if half[0] == 0 and half.size == other.size and np.all(half + other == 0):
            mirrored, values = _upper_half(indptr, indices, data, half)
            if mirrored:
                return half, values, True
        complete, values = _fill(indptr, indices, data, offsets)
        if complete:
            return offsets, values, False
    return np.empty(0, dtype=np.int64), data[:0], False


@njit(cache=True, nogil=True)
def _distinct(indptr, indices, most, stride):  # type: ignore[no-untyped-def]
    """Return the offsets in every so many rows, in order, none if there are more than ``most``."""
    offsets = np.zeros(most, dtype=np.int64)
    found = 0
    for i in range(0, indptr.size - 1, stride):
        guess = 0
        for k in range(indptr[i], indptr[i + 1]):
            offset = indices[k] - i
            for _ in range(found):
                if offsets[guess] == offset:
                    break
                guess = guess + 1 if guess + 1 < found else 0
            else:
                if found == most:
                    return offsets[:0]
                guess = found
                offsets[found] = offset
                found += 1
    return np.sort(offsets[:found])


@njit(cache=True, nogil=True)
def _upper_half(indptr, indices, data, offsets):  # type: ignore[no-untyped-def]
    """Return whether the lower half mirrors the upper one, and the diagonals of that.

    Rows must be in order and without duplicates. The upper entry of a pair comes first. As many
    entries above the diagonal as below it, each of which has its equal above, are all mirrored.
    """
    n, found = indptr.size - 1, offsets.size
    values = np.zeros(found * n, dtype=data.dtype)
    above = below = 0
    for i in range(n):
        d = found - 1  # falls to the diagonal, rises again
        before = -1
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            offset = abs(j - i)
            while d > 0 and offsets[d] > offset and j < i:
                d -= 1
            while d + 1 < found and offsets[d] < offset and j > i:
                d += 1
            d = 0 if j == i else d
            if j <= before or offsets[d] != offset:
                return False, values
            before = j
            if j >= i:
                values[d * n + i] = data[k]
                above += j > i and data[k] != 0
            elif values[d * n + j] == data[k]:
                below += data[k] != 0
            else:
                return False, values
    return above == below, values


@njit(cache=True, nogil=True)
def _fill(indptr, indices, data, offsets):  # type: ignore[no-untyped-def]
    """Return whether all entries are on these diagonals, and the diagonals."""
    n, found = indptr.size - 1, offsets.size
    values = np.zeros(found * n, dtype=data.dtype)
    for i in range(n):
        guess = 0
        for k in range(indptr[i], indptr[i + 1]):
            for _ in range(found):
                if offsets[guess] == indices[k] - i:
                    break
                guess = guess + 1 if guess + 1 < found else 0
            else:
                return False, values
            values[guess * n + i] += data[k]
    return True, values


def _stencil(A: sparse.csr_array, dtype: Any) -> Stencil | None:
    found = constant_stencil_of(A, axes=(2, 3))
    if found is None:
        return None
    axes = 3 - len(found.lengths)
    shape = np.append(np.ones(axes, dtype=np.int64), found.lengths[::-1])
    if shape[0] * shape[1] < _SHORTEST_LINES:
        return None
    neighbours = np.zeros((3, 2), dtype=dtype)
    neighbours[axes:, 0], neighbours[axes:, 1] = found.before[::-1], found.after[::-1]
    return Stencil(shape, neighbours.dtype.type(found.centre), neighbours.reshape(-1))
