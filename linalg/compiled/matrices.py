r"""Matrices as compiled loops see them: rows ``lo`` to ``hi`` of ``A x``, on one thread.

Three forms, each a named tuple, so that numba picks the loop by the type:

- `CSR`, any sparse matrix;
- `Diagonals` and `SymmetricDiagonals`, few diagonals: 8 or 16 rows at a time, unrolled over the
  diagonals, no index is read; the symmetric form reads its upper half only;
- `Stencil`, constant coefficients on a box: no matrix is read at all.

`product` leaves rows of :math:`A x` in ``y`` and returns their part of :math:`x^T A x`. For a
`Stencil` it is cheaper to compute the rows twice than to write and to read them: so `curvature`
returns that part and may leave ``y`` alone, and `subtract`, :math:`r \leftarrow r - \alpha A x`,
knows what was left. It returns its part of :math:`r^T r`.
"""

from typing import Any, NamedTuple

import numpy as np
from numba.core import types
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.lanes import count, load_run, splat, store_run, total

__all__ = [
    "CSR",
    "Diagonals",
    "Stencil",
    "SymmetricDiagonals",
    "curvature",
    "product",
    "subtract",
]


class CSR(NamedTuple):
    """Compressed sparse rows, square."""

    indptr: Any
    indices: Any
    data: Any


class Diagonals(NamedTuple):
    """``A[i, i + offsets[d]] = values[d n + i]``, nothing where ``i + offsets[d]`` is outside.

    ``unroll`` is an array with as many dimensions as there are diagonals: the only way to tell
    numba a number when it compiles.
    """

    offsets: Any
    values: Any
    unroll: Any


class SymmetricDiagonals(NamedTuple):
    """`Diagonals` of the upper half: ``offsets[0] = 0``, the others are positive."""

    offsets: Any
    values: Any
    unroll: Any


class Stencil(NamedTuple):
    """Centre and the neighbours ``(before, after)`` on each axis of a box in C order."""

    shape: Any
    centre: Any
    neighbours: Any


def _is(A: Any, form: type) -> bool:
    return isinstance(A, types.NamedTuple) and A.instance_class is form


def _row(A, x, i):  # type: ignore[no-untyped-def]
    raise NotImplementedError


def _run(A, x, i):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_run, inline="always")
def _run_of(A, x, i):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Rows ``i`` to ``i + width``, all of whose neighbours exist."""
    term = "load_run(A.values, {d} * n + i) * load_run(x, i + A.offsets[{d}])"
    terms = [term.format(d=d) for d in range(A.types[2].ndim)]
    if _is(A, SymmetricDiagonals):
        term = "load_run(A.values, {d} * n + i - A.offsets[{d}]) * load_run(x, i - A.offsets[{d}])"
        terms += [term.format(d=d) for d in range(1, A.types[2].ndim)]
    # numba unrolls no loops, so the sum is spelt out
    code = f"def run(A, x, i):\n    n = x.size\n    return {' + '.join(terms)}"
    scope = {"load_run": load_run}
    exec(code, scope)
    return scope["run"]


@overload(_row)
def _row_of(A, x, i):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Row ``i``, near the border."""
    symmetric = _is(A, SymmetricDiagonals)

    def row(A, x, i):  # type: ignore[no-untyped-def]
        n = x.size
        y = 0 * x[i]
        for d in range(A.offsets.size):
            after = i + A.offsets[d]
            if 0 <= after < n:
                y += A.values[d * n + i] * x[after]
            before = i - A.offsets[d]
            if symmetric and d > 0 and before >= 0:
                y += A.values[d * n + before] * x[before]
        return y

    return row


def product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Write rows of ``A x`` to ``y`` and return their part of ``xᵀ A x``."""
    raise NotImplementedError


@overload(product)
def _product_of(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if _is(A, CSR):
        return _csr_product
    if _is(A, Stencil):
        return _stencil_product
    return _diagonals_product


def curvature(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Return the part of ``xᵀ A x``; ``y`` is what `subtract` will want of it."""
    raise NotImplementedError


@overload(curvature)
def _curvature_of(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if _is(A, Stencil):
        return _stencil_curvature

    def stored(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
        return product(A, x, y, lo, hi)

    return stored


def subtract(A, alpha, x, y, r, lo, hi):  # type: ignore[no-untyped-def]
    """``r -= alpha A x`` on some rows, after `curvature`; return their part of ``rᵀ r``."""
    raise NotImplementedError


@overload(subtract)
def _subtract_of(A, alpha, x, y, r, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if _is(A, Stencil):
        return _stencil_subtract

    def stored(A, alpha, x, y, r, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
        part, step = splat(r, 0), splat(r, alpha)
        i = lo
        while i + count(r) <= hi:
            new = load_run(r, i) - step * load_run(y, i)
            store_run(r, i, new)
            part = part + new * new
            i += count(r)
        rest = total(part)
        for j in range(i, hi):
            r[j] -= alpha * y[j]
            rest += r[j] * r[j]
        return rest

    return stored


def _csr_product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    part = 0 * x[0]
    start = A.indptr[lo]
    for i in range(lo, hi):
        end = A.indptr[i + 1]
        row = 0 * x[0]
        for k in range(start, end):
            row += A.data[k] * x[A.indices[k]]
        y[i] = row
        part += row * x[i]
        start = end
    return part


def _diagonals_product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    margin = np.abs(A.offsets).max()
    inside = min(max(lo, margin), hi)
    last = min(hi, x.size - margin)
    part = splat(x, 0)
    rest = 0 * x[0]
    for i in range(lo, inside):
        y[i] = _row(A, x, i)
        rest += y[i] * x[i]
    i = inside
    while i + count(x) <= last:
        run = _run(A, x, i)
        store_run(y, i, run)
        part = part + run * load_run(x, i)
        i += count(x)
    for j in range(i, hi):
        y[j] = _row(A, x, j)
        rest += y[j] * x[j]
    return rest + total(part)


@register_jitable
def _lines(A, lo, hi):  # type: ignore[no-untyped-def]
    # the lines along the last axis that begin in lo ... hi
    length = A.shape[2]
    return -(-lo // length), -(-hi // length)


@register_jitable
def _line(A, line):  # type: ignore[no-untyped-def]
    # offsets and coefficients of the four neighbouring lines, zero where there is none
    n1, n2 = A.shape[1], A.shape[2]
    before1, before2 = line >= n1, line % n1 > 0
    after1, after2 = line + n1 < A.shape[0] * n1, line % n1 < n1 - 1
    zero = 0 * A.centre
    offsets = (
        -n1 * n2 if before1 else 0,
        n1 * n2 if after1 else 0,
        -n2 if before2 else 0,
        n2 if after2 else 0,
    )
    weights = (
        A.neighbours[0] if before1 else zero,
        A.neighbours[1] if after1 else zero,
        A.neighbours[2] if before2 else zero,
        A.neighbours[3] if after2 else zero,
    )
    return offsets, weights


@register_jitable
def _point(A, x, i, offsets, weights, first, last):  # type: ignore[no-untyped-def]
    y = A.centre * x[i]
    y += weights[0] * x[i + offsets[0]] + weights[1] * x[i + offsets[1]]
    y += weights[2] * x[i + offsets[2]] + weights[3] * x[i + offsets[3]]
    if not first:
        y += A.neighbours[4] * x[i - 1]
    if not last:
        y += A.neighbours[5] * x[i + 1]
    return y


@register_jitable
def _points(A, x, i, offsets, weights):  # type: ignore[no-untyped-def]
    y = splat(x, A.centre) * load_run(x, i)
    y = y + splat(x, weights[0]) * load_run(x, i + offsets[0])
    y = y + splat(x, weights[1]) * load_run(x, i + offsets[1])
    y = y + splat(x, weights[2]) * load_run(x, i + offsets[2])
    y = y + splat(x, weights[3]) * load_run(x, i + offsets[3])
    y = y + splat(x, A.neighbours[4]) * load_run(x, i - 1)
    return y + splat(x, A.neighbours[5]) * load_run(x, i + 1)


def _sweep(point: str, points: str, result: str) -> Any:
    """Write the loop over the lines once, for what is done with each point."""
    code = f"""
def sweep(A, {result}):
    first, last = _lines(A, lo, hi)
    length = A.shape[2]
    part, rest = splat(x, 0), 0 * x[0]
    for line in range(first, last):
        offsets, weights = _line(A, line)
        start, end = line * length, (line + 1) * length
        i = start
        y0 = _point(A, x, i, offsets, weights, True, length == 1)
        {point}
        i += 1
        while i + count(x) < end:
            y0 = _points(A, x, i, offsets, weights)
            {points}
            i += count(x)
        for i in range(i, end):
            y0 = _point(A, x, i, offsets, weights, False, i == end - 1)
            {point}
    return rest + total(part)
"""
    scope = dict(globals())
    exec(code, scope)
    return scope["sweep"]


_stencil_product = _sweep(
    "y[i] = y0; rest += y0 * x[i]",
    "store_run(y, i, y0); part = part + y0 * load_run(x, i)",
    "x, y, lo, hi",
)
_stencil_curvature = _sweep(
    "rest += y0 * x[i]", "part = part + y0 * load_run(x, i)", "x, y, lo, hi"
)
_stencil_subtract = _sweep(
    "r[i] -= alpha * y0; rest += r[i] * r[i]",
    "new = load_run(r, i) - splat(r, alpha) * y0; store_run(r, i, new); part = part + new * new",
    "alpha, x, y, r, lo, hi",
)
