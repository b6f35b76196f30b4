r"""Recognise constant coefficients on a box, numbered in C order, in compressed sparse rows.

The first row belongs to one corner of the box and the last row to the opposite one. The columns of
the first are the strides of the axes and its entries the couplings to the neighbours after, those
of the last row the couplings to the neighbours before. The other rows can only agree.

Cost: O(1) for most other matrices, by some rows and the number of entries; one pass over the
entries, 1 ns each, for a stencil, and a sorted copy before it if they are in disorder.

Failure modes: permuted unknowns, couplings in one direction only and an axis without coupling hide
the stencil; the answer is then None, never a wrong stencil.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["ConstantStencil", "constant_stencil_of"]


class ConstantStencil(NamedTuple):
    """One row for all points of a box; the axes are in ascending order of their strides."""

    lengths: NDArray[np.int64]
    centre: Any
    before: NDArray[Any]
    after: NDArray[Any]


_SAMPLES = 16  # rows that are compared before all are


def constant_stencil_of(
    A: sparse.csr_array, rounding: float = 0.0, axes: tuple[int, ...] | None = None
) -> ConstantStencil | None:
    """Return the stencil of a square ``A`` if it has one, else None.

    Parameters
    ----------
    A : csr_array or csr_matrix
        Real or complex; stored zeros, duplicates and any order of the columns are allowed.
    rounding : float
        Entries may differ by that much of the largest one.
    axes : tuple of int, optional
        Numbers of axes that are wanted, if not all are.
    """
    n = A.shape[0]
    columns, entries = _row(A, 0)
    if columns.size == 0 or columns[0] != 0:
        return None
    strides, after = columns[1:], entries[1:]
    lengths = np.append(strides[1:], n) // strides if strides.size else strides
    if not _is_box(strides, lengths, n) or (axes is not None and strides.size not in axes):
        return None
    columns, before = _row(A, n - 1)
    if not np.array_equal(n - 1 - columns[::-1], np.append(0, strides)):
        return None
    stencil = ConstantStencil(lengths, entries[0], before[-2::-1], after)
    if not all(_is_like(A, i, stencil, rounding) for i in range(0, n, n // _SAMPLES | 1)):
        return None
    wanted = n + 2 * np.sum(n - n // lengths)
    if A.nnz != wanted:
        if np.count_nonzero(A.data) != wanted and A.has_canonical_format:
            return None
        A = _tidy(A)
    if A.nnz == wanted and _follows(A, stencil, rounding):
        return stencil
    if not A.has_sorted_indices and _follows(_tidy(A), stencil, rounding):
        return stencil
    return None


def _row(A: sparse.csr_array, i: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the columns in order, and the entries, of what is not zero."""
    here = slice(A.indptr[i], A.indptr[i + 1])
    columns, places = np.unique(A.indices[here].astype(np.int64), return_inverse=True)
    entries = np.zeros(columns.size, dtype=A.dtype)
    np.add.at(entries, places, A.data[here])
    return columns[entries != 0], entries[entries != 0]


def _is_box(strides: NDArray[np.int64], lengths: NDArray[np.int64], n: int) -> bool:
    """Tell whether the strides, in ascending order, are those of an array of n entries."""
    return (
        strides.size > 0
        and strides[0] == 1
        and bool(np.all(lengths > 1))
        and bool(np.all(strides * lengths == np.append(strides[1:], n)))
    )


def _is_like(A: sparse.csr_array, i: int, stencil: ConstantStencil, rounding: float) -> bool:
    """Tell whether row ``i`` has an entry of the stencil wherever it has one."""
    columns, entries = _row(A, i)
    strides = np.cumprod(np.append(1, stencil.lengths[:-1]))
    offsets = np.concatenate([-strides[::-1], [0], strides])
    wanted = _whole_row(stencil)
    places = np.searchsorted(offsets, columns - i) % offsets.size
    differ = np.abs(entries - wanted[places]) > rounding * np.max(np.abs(wanted))
    return bool(np.array_equal(offsets[places], columns - i) and not differ.any())


def _whole_row(stencil: ConstantStencil) -> NDArray[Any]:
    return np.concatenate([stencil.before[::-1], [stencil.centre], stencil.after])


def _tidy(A: sparse.csr_array) -> sparse.csr_array:
    A = A.copy()
    A.sum_duplicates()
    A.eliminate_zeros()
    return A


def _follows(A: sparse.csr_array, stencil: ConstantStencil, rounding: float) -> bool:
    from resolvent.linalg.compiled.constant_stencil import follows

    kind = np.complex128 if A.dtype.kind == "c" else np.float64
    kept = A.dtype.isnative and A.dtype.char in "fdFD"
    data, entries = (x if kept else x.astype(kind) for x in (A.data, _whole_row(stencil)))
    tolerance = rounding * float(np.max(np.abs(entries)))
    return follows(A.indptr, A.indices, data, stencil.lengths, entries, tolerance)
