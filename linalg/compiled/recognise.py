r"""From a SciPy CSR matrix to the form in which compiled loops apply it fastest."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse

from resolvent.linalg.compiled.matrices import CSR, Diagonals, Stencil, SymmetricDiagonals

__all__ = ["recognise"]

_MOST_DIAGONALS = 27  # of a 3x3x3 neighbourhood
_WORTH_A_LOOK = 20_000  # rows; below it everything is in the cache and CSR will do
_SHORTEST_LINES = 64  # fewer lines can't be shared between threads


def recognise(A: sparse.csr_array, dtype: Any) -> Any:
    """Return the fastest form of a square real matrix, with values of ``dtype``.

    Costs one pass over the entries, and a copy of them if there are few diagonals.
    """
    n = A.shape[0]
    data = np.ascontiguousarray(A.data, dtype=dtype)
    if n >= _WORTH_A_LOOK:
        offsets = np.zeros(_MOST_DIAGONALS, dtype=np.int64)
        found = _distinct_diagonals(A.indptr, A.indices, offsets)
        if 0 < found * n <= 2 * max(A.nnz, 1):
            offsets = np.sort(offsets[:found])
            values = np.zeros((found, n), dtype=dtype)
            _fill(A.indptr, A.indices, data, offsets, values)
            return _of_diagonals(offsets, values)
    return CSR(A.indptr, A.indices, data)


@njit(cache=True)
def _distinct_diagonals(indptr, indices, offsets):  # type: ignore[no-untyped-def]
    found = 0
    for i in range(indptr.size - 1):
        guess = 0
        for k in range(indptr[i], indptr[i + 1]):
            offset = indices[k] - i
            for _ in range(found):
                if offsets[guess] == offset:
                    break
                guess = guess + 1 if guess + 1 < found else 0
            else:
                if found == offsets.size:
                    return 0
                offsets[found] = offset
                found += 1
    return found


@njit(cache=True)
def _fill(indptr, indices, data, offsets, values):  # type: ignore[no-untyped-def]
    for i in range(indptr.size - 1):
        guess = 0
        for k in range(indptr[i], indptr[i + 1]):
            while offsets[guess] != indices[k] - i:
                guess = guess + 1 if guess + 1 < offsets.size else 0
            values[guess, i] += data[k]


def _of_diagonals(offsets: NDArray[np.int64], values: NDArray[Any]) -> Any:
    upper = offsets >= 0
    mirrored = np.array_equal(offsets, -offsets[::-1])
    symmetric = mirrored and all(
        np.array_equal(values[-1 - d, :o], values[d, -o:])
        for d, o in enumerate(offsets[offsets < 0].tolist())
    )
    stencil = _stencil(dict(zip(offsets.tolist(), values, strict=True)))
    if stencil is not None:
        return stencil
    if symmetric:
        offsets, values = offsets[upper], values[upper]
    form = SymmetricDiagonals if symmetric else Diagonals
    return form(offsets, np.ascontiguousarray(values).ravel(), np.empty((1,) * len(offsets)))


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
