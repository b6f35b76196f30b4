r"""The Schur complement :math:`D - P^T R^{-1} P` of a plan: forms to multiply by, and its matrix.

A product passes once over the rows of the plan, so that it can't be shared between threads by rows
of the result: loops run it on one.
"""

from typing import Any, NamedTuple

from numba import njit
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.lanes import count, load_run, splat, store_run, total
from resolvent.linalg.compiled.matrices import product
from resolvent.linalg.compiled.matrix_forms import has_form

__all__ = ["DenseSchur", "SparseSchur", "schur_complement", "schur_diagonal"]


class DenseSchur(NamedTuple):
    """``diag(diagonal) - P^T diag(inverse) P`` of a plan ``(n, m)``."""

    diagonal: Any
    inverse: Any
    plan: Any


class SparseSchur(NamedTuple):
    """The same of a plan in compressed sparse rows."""

    diagonal: Any
    inverse: Any
    indptr: Any
    indices: Any
    data: Any


@overload(product)
def _product_of(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if has_form(A, DenseSchur):
        return _dense_product
    return _sparse_product if has_form(A, SparseSchur) else None


@register_jitable
def _start(A, x, y):  # type: ignore[no-untyped-def]
    for j in range(x.size):
        y[j] = A.diagonal[j] * x[j]


@register_jitable
def _finish(x, y):  # type: ignore[no-untyped-def]
    part = 0.0
    for j in range(x.size):
        part += x[j] * y[j]
    return part


def _dense_product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    _start(A, x, y)
    for i in range(A.inverse.size):
        row, j, part = A.plan[i], 0, splat(x, 0)
        while j + count(x) <= x.size:
            part = part + load_run(row, j) * load_run(x, j)
            j += count(x)
        here = total(part)
        for k in range(j, x.size):
            here += row[k] * x[k]
        here *= A.inverse[i]
        j, weight = 0, splat(x, here)
        while j + count(x) <= x.size:
            store_run(y, j, load_run(y, j) - weight * load_run(row, j))
            j += count(x)
        for k in range(j, x.size):
            y[k] -= here * row[k]
    return _finish(x, y)


def _sparse_product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    _start(A, x, y)
    for i in range(A.inverse.size):
        here = 0.0
        for k in range(A.indptr[i], A.indptr[i + 1]):
            here += A.data[k] * x[A.indices[k]]
        here *= A.inverse[i]
        for k in range(A.indptr[i], A.indptr[i + 1]):
            y[A.indices[k]] -= here * A.data[k]
    return _finish(x, y)


@njit(cache=True, nogil=True, error_model="numpy")
def schur_diagonal(A):  # type: ignore[no-untyped-def]
    """Return the diagonal."""
    found = A.diagonal.copy()
    for i in range(A.inverse.size):
        _subtract_squares(A, i, found)
    return found


def _subtract_squares(A, i, found):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_subtract_squares)
def _subtract_squares_of(A, i, found):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if has_form(A, DenseSchur):

        def dense(A, i, found):  # type: ignore[no-untyped-def]
            row, weight = A.plan[i], A.inverse[i]
            for j in range(found.size):
                found[j] -= weight * row[j] * row[j]

        return dense

    def kept(A, i, found):  # type: ignore[no-untyped-def]
        for k in range(A.indptr[i], A.indptr[i + 1]):
            found[A.indices[k]] -= A.inverse[i] * A.data[k] * A.data[k]

    return kept


@njit(cache=True, nogil=True, error_model="numpy")
def schur_complement(indptr, indices, data, rows, S):  # type: ignore[no-untyped-def]
    """Subtract ``P^T diag(1 / rows) P`` from the lower triangle of ``S``; columns are in order."""
    for i in range(rows.size):
        for k in range(indptr[i], indptr[i + 1]):
            part, line = data[k] / rows[i], S[indices[k]]
            for other in range(indptr[i], k + 1):
                line[indices[other]] -= part * data[other]
