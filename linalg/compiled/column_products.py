"""Rows ``lo`` to ``hi`` of ``A x`` for a group of columns, one in each lane of a register.

A number of the matrix is read once for all columns, and no reduction crosses lanes.
"""

from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.lanes import load, load_run, splat, store, where_positive
from resolvent.linalg.compiled.matrix_forms import CSR, Stencil, SymmetricDiagonals, has_form
from resolvent.linalg.compiled.vector_products import line

__all__ = ["columns_product", "columns_subtract"]


def _row(A, x, i):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_row)
def _row_of(A, x, i):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Row ``i`` of ``A x``, for all columns."""
    if has_form(A, CSR):
        return _csr_row
    if has_form(A, Stencil):
        return _stencil_row
    symmetric = has_form(A, SymmetricDiagonals)

    def row(A, x, i):  # type: ignore[no-untyped-def]
        n = x.shape[0]
        y = splat(x, 0)
        for d in range(A.offsets.size):
            after, before = i + A.offsets[d], i - A.offsets[d]
            if 0 <= after < n:
                y = y + splat(x, A.values[d * n + i]) * load(x, (after,))
            if symmetric and d > 0 and before >= 0:
                y = y + splat(x, A.values[d * n + before]) * load(x, (before,))
        return y

    return row


def _csr_row(A, x, i):  # type: ignore[no-untyped-def]
    y = splat(x, 0)
    for k in range(A.indptr[i], A.indptr[i + 1]):
        y = y + splat(x, A.data[k]) * load(x, (A.indices[k],))
    return y


def _stencil_row(A, x, i):  # type: ignore[no-untyped-def]
    length = A.shape[2]
    offsets, weights = line(A, i // length)
    y = splat(x, A.centre) * load(x, (i,))
    for side in range(4):
        y = y + splat(x, weights[side]) * load(x, (i + offsets[side],))
    if i % length > 0:
        y = y + splat(x, A.neighbours[4]) * load(x, (i - 1,))
    if i % length < length - 1:
        y = y + splat(x, A.neighbours[5]) * load(x, (i + 1,))
    return y


def columns_product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Write rows of ``A x`` to ``y``; return their part of the columns' ``xᵀ A x``."""
    part = splat(x, 0)
    for i in range(lo, hi):
        row = _row(A, x, i)
        store(y, (i,), row)
        part = part + row * load(x, (i,))
    return part


@register_jitable
def columns_subtract(A, alpha, x, y, r, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """``r -= alpha y`` on some rows; return their part of the columns' ``rᵀ r``.

    A column whose ``alpha`` is zero stands still, whatever ``y`` is.
    """
    part, step = splat(r, 0), load_run(alpha, 0)
    for i in range(lo, hi):
        old = load(r, (i,))
        new = where_positive(step, old - step * load(y, (i,)), old)
        store(r, (i,), new)
        part = part + new * new
    return part
