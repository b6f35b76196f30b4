r"""Incomplete factorisations :math:`A \approx (I + L) D (I + U)` of sparse matrices, rows sorted.

Each function returns the row at which it broke down, or -1. A pivot breaks down where cancellation
has left nothing of it: below ``10 eps`` of the largest number it was computed from.

Sources: Y. Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. (2003), section 10.3,
doi 10.1137/1.9780898718003 (zero fill); C.-J. Lin and J. J. Moré, Incomplete Cholesky
factorizations with limited memory, SIAM J. Sci. Comput. 21 (1999), 24-45,
doi 10.1137/S1064827597327334 (threshold, column by column).

Differs from the sources in: square roots are left out, and an entry is measured against the
diagonal of A, :math:`|l_{ij}| d_j < \tau \sqrt{a_{ii} a_{jj}}`, which no diagonal scaling of A
changes.
"""

import numpy as np
from numba import njit
from numba.extending import register_jitable

__all__ = ["cholesky_zero_fill", "incomplete_cholesky", "lu_zero_fill"]

_ROUNDING = 10


@njit(cache=True, nogil=True, error_model="numpy")
def cholesky_zero_fill(indptr, indices, data, diagonal, L, d):  # type: ignore[no-untyped-def]
    """Factor on the pattern of the strictly lower triangle ``indptr, indices, data``.

    ``L`` and ``d`` receive the entries of L and D; U is L^H.
    """
    tolerance = _ROUNDING * np.finfo(d.dtype).eps
    row = np.zeros(d.size, dtype=data.dtype)
    for i in range(d.size):
        first, last = indptr[i], indptr[i + 1]
        for k in range(first, last):
            row[indices[k]] = data[k]
        pivot = diagonal[i]
        for k in range(first, last):
            # row holds l_ij d_j in the columns j that are done
            j = indices[k]
            value = row[j]
            for m in range(indptr[j], indptr[j + 1]):
                value -= row[indices[m]] * np.conj(L[m])
            row[j] = value
            L[k] = value / d[j]
            pivot -= (value * np.conj(L[k])).real
        for k in range(first, last):
            row[indices[k]] = 0
        if not pivot > tolerance * diagonal[i]:
            return i
        d[i] = pivot
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def lu_zero_fill(indptr, indices, data, middle, factors, d):  # type: ignore[no-untyped-def]
    """Factor on the pattern of A, with the diagonal of row i at ``middle[i]``.

    ``factors`` receives L and U on the pattern of A, ``d`` the entries of D.
    """
    tolerance = _ROUNDING * np.finfo(data.dtype).eps
    place = np.full(d.size, -1, dtype=np.int64)
    for i in range(d.size):
        first, last = indptr[i], indptr[i + 1]
        for k in range(first, last):
            place[indices[k]] = k
            factors[k] = data[k]
        largest = abs(data[middle[i]])
        for k in range(first, middle[i]):
            # factors[k] is l_ij d_j until it is divided at last
            j = indices[k]
            for m in range(middle[j] + 1, indptr[j + 1]):
                at = place[indices[m]]
                if at >= 0:
                    update = factors[k] * factors[m]
                    factors[at] -= update
                    if at == middle[i]:
                        largest = max(largest, abs(update))
        d[i] = factors[middle[i]]
        if not abs(d[i]) > tolerance * largest:
            return i
        for k in range(first, middle[i]):
            factors[k] /= d[indices[k]]
        for k in range(middle[i] + 1, last):
            factors[k] /= d[i]
        for k in range(first, last):
            place[indices[k]] = -1
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def incomplete_cholesky(indptr, indices, data, diagonal, drop, fill, d):  # type: ignore[no-untyped-def]
    """Factor with a threshold from the strictly lower triangle by columns.

    Column j of L keeps its largest entries: as many as A has there, and ``fill`` more.

    Returns
    -------
    tuple
        Breakdown, and L by columns, rows sorted.
    """
    n = d.size
    tolerance = _ROUNDING * np.finfo(d.dtype).eps
    starts = np.zeros(n + 1, dtype=np.int64)
    rows = np.empty(2 * data.size + n, dtype=indices.dtype)
    L = np.empty(rows.size, dtype=data.dtype)
    # the finished columns whose next entry is in row i are chained: head[i], after[head[i]], ...
    head, after = np.full(n, -1), np.full(n, -1)
    position = np.zeros(n, dtype=np.int64)
    column = np.zeros(n, dtype=data.dtype)
    marked = np.zeros(n, dtype=np.bool_)
    found = np.empty(n, dtype=indices.dtype)
    for j in range(n):
        pivot, count = diagonal[j], 0
        for k in range(indptr[j], indptr[j + 1]):
            count = _add(indices[k], data[k], column, marked, found, count)
        m = head[j]
        while m >= 0:
            behind, k = after[m], position[m]
            factor = np.conj(L[k]) * d[m]
            pivot -= (L[k] * factor).real
            for below in range(k + 1, starts[m + 1]):
                count = _add(rows[below], -L[below] * factor, column, marked, found, count)
            _chain(m, k + 1, starts, rows, head, after, position)
            m = behind
        if not pivot > tolerance * diagonal[j]:
            return j, starts, rows, L
        d[j] = pivot
        kept = _keep(column, found[:count], diagonal, drop * np.sqrt(diagonal[j]))
        most = indptr[j + 1] - indptr[j] + fill
        if kept.size > most:
            sizes = np.empty(kept.size)
            for k in range(kept.size):
                sizes[k] = abs(column[kept[k]]) / np.sqrt(diagonal[kept[k]])
            kept = kept[np.argsort(-sizes, kind="mergesort")[:most]]
        kept = np.sort(kept)
        end = starts[j] + kept.size
        if end > L.size:
            rows = np.append(rows, np.empty(end + rows.size, dtype=rows.dtype))
            L = np.append(L, np.empty(end + L.size, dtype=L.dtype))
        for k in range(kept.size):
            rows[starts[j] + k] = kept[k]
            L[starts[j] + k] = column[kept[k]] / pivot
        for k in range(count):
            column[found[k]] = 0
            marked[found[k]] = False
        starts[j + 1] = end
        _chain(j, starts[j], starts, rows, head, after, position)
    return -1, starts, rows[: starts[n]].copy(), L[: starts[n]].copy()


@register_jitable
def _add(i, value, column, marked, found, count):  # type: ignore[no-untyped-def]
    """``column[i] += value``; return how many rows have been found."""
    column[i] += value
    if marked[i]:
        return count
    marked[i] = True
    found[count] = i
    return count + 1


@register_jitable
def _keep(column, found, diagonal, drop):  # type: ignore[no-untyped-def]
    """Return the rows whose entries are not below the threshold, in any order."""
    kept = np.empty_like(found)
    count = 0
    for i in found:
        if abs(column[i]) >= drop * np.sqrt(diagonal[i]) and column[i] != 0:
            kept[count] = i
            count += 1
    return kept[:count]


@register_jitable
def _chain(m, k, starts, rows, head, after, position):  # type: ignore[no-untyped-def]
    """Put column m into the chain of the row of its entry k, if it has one."""
    if k < starts[m + 1]:
        position[m] = k
        i = rows[k]
        after[m] = head[i]
        head[i] = m
