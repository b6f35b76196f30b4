r"""From a SciPy CSR matrix to the form in which compiled loops apply it fastest."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from resolvent.linalg.compiled.matrices import CSR, Diagonals, Stencil, SymmetricDiagonals

__all__ = ["recognise"]

_MOST_DIAGONALS = 27  # of a 3x3x3 neighbourhood
_SAMPLES = 50  # rows that are looked at first
_MOST_ZEROS = 2  # stored numbers, those of the diagonals over those of the rows
_SHORTEST_LINES = 64  # fewer lines can't be shared between threads
_WORTH_A_STENCIL = 20_000  # rows; below it the diagonals are in the cache


def recognise(A: sparse.csr_array, dtype: Any) -> Any:
    """Return the fastest form of a square real matrix, with values of ``dtype``.

    Costs one pass over the entries, and a copy of them if there are few diagonals.
    """
    n = A.shape[0]
    data = np.ascontiguousarray(A.data, dtype=dtype)
    offsets, values, symmetric = _diagonals(A.indptr, A.indices, data, _MOST_DIAGONALS)
    if not len(offsets):
        return CSR(A.indptr, A.indices, data)
    if n >= _WORTH_A_STENCIL:
        stencil = _stencil(dict(zip(offsets.tolist(), values, strict=True)))
        if stencil is not None:
            return stencil
    if symmetric:
        upper = len(offsets) // 2
        offsets, values = offsets[upper:], values[upper:]
    form = SymmetricDiagonals if symmetric else Diagonals
    return form(offsets, np.ascontiguousarray(values).reshape(-1), np.empty((1,) * len(offsets)))


@njit(cache=True, nogil=True)
def _diagonals(indptr, indices, data, most):  # type: ignore[no-untyped-def]
    """Return the offsets in order, none if they are not few, the diagonals, and their symmetry."""
    n = indptr.size - 1
    offsets = _distinct(indptr, indices, most, max(1, n // _SAMPLES))
    if 0 < offsets.size * n <= _MOST_ZEROS * data.size:
        complete, values, symmetric = _fill(indptr, indices, data, offsets)
        if complete:
            return offsets, values, symmetric
    offsets = _distinct(indptr, indices, most, 1)
    if not 0 < offsets.size * n <= _MOST_ZEROS * data.size:
        offsets = offsets[:0]
    _, values, symmetric = _fill(indptr, indices, data, offsets)
    return offsets, values, symmetric


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
def _fill(indptr, indices, data, offsets):  # type: ignore[no-untyped-def]
    """Return whether all entries are on them, the diagonals, and whether they mirror each other."""
    n, found = indptr.size - 1, offsets.size
    values = np.zeros((found, n), dtype=data.dtype)
    if found == 0:
        return False, values, False
    for i in range(n):
        guess = 0
        for k in range(indptr[i], indptr[i + 1]):
            for _ in range(found):
                if offsets[guess] == indices[k] - i:
                    break
                guess = guess + 1 if guess + 1 < found else 0
            else:
                return False, values, False
            values[guess, i] += data[k]
    symmetric = found % 2 == 1 and offsets[found // 2] == 0
    for d in range(found // 2):
        if symmetric and offsets[d] == -offsets[-1 - d]:
            for i in range(n + offsets[d]):
                symmetric &= values[-1 - d, i] == values[d, i - offsets[d]]
        else:
            symmetric = False
    return True, values, symmetric


def _stencil(diagonals: dict[int, NDArray[Any]]) -> Stencil | None:
    n = next(iter(diagonals.values())).size
    positive = sorted({abs(offset) for offset in diagonals} - {0})
    if not 2 <= len(positive) <= 3 or positive[0] != 1 or 0 not in diagonals:
        return None
    length, plane = positive[1], positive[-1] if len(positive) == 3 else n
    if n % plane or plane % length or n // length < _SHORTEST_LINES:
        return None
    shape = (n // plane, plane // length, length)
    centre = diagonals[0].reshape(shape)
    if not np.all(centre == centre[0, 0, 0]):
        return None
    neighbours = np.zeros(6, dtype=centre.dtype)
    for axis, step in enumerate((plane, length, 1)):
        for side, offset in enumerate((-step, step)):
            if offset not in diagonals:
                continue
            values = np.moveaxis(diagonals[offset].reshape(shape), axis, 0)
            values = values[::-1] if side == 0 else values
            inside, border = values[:-1], values[-1]
            if inside.size == 0 or np.any(border) or not np.all(inside == inside[0, 0, 0]):
                return None
            neighbours[2 * axis + side] = inside[0, 0, 0]
    return Stencil(np.array(shape), centre[0, 0, 0], neighbours)
