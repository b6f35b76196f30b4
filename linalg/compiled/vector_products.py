"""Rows ``lo`` to ``hi`` of ``A x`` for one vector: 8 or 16 rows at a time where the form allows."""

from typing import Any

import numpy as np
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.lanes import count, load_run, splat, store_run, total
from resolvent.linalg.compiled.matrix_forms import SymmetricDiagonals, has_form

__all__ = [
    "csr_product",
    "diagonals_product",
    "line",
    "lines",
    "stencil_curvature",
    "stencil_product",
    "stencil_subtract",
    "stored_subtract",
]


def _run(A, x, i):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_run, inline="always")
def _run_of(A, x, i):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Rows ``i`` to ``i + width``, all of whose neighbours exist."""
    term = "load_run(A.values, {d} * n + i) * load_run(x, i + A.offsets[{d}])"
    terms = [term.format(d=d) for d in range(A.types[2].ndim)]
    if has_form(A, SymmetricDiagonals):
        term = "load_run(A.values, {d} * n + i - A.offsets[{d}]) * load_run(x, i - A.offsets[{d}])"
        terms += [term.format(d=d) for d in range(1, A.types[2].ndim)]
    # numba unrolls no loops, so the sum is spelt out
    code = f"def run(A, x, i):\n    n = x.size\n    return {' + '.join(terms)}"
    scope = {"load_run": load_run}
    exec(code, scope)
    return scope["run"]


@register_jitable
def _add_diagonal(values, place, x, shift, lo, hi, y):  # type: ignore[no-untyped-def]
    """``y[i] += values[place + i] x[shift + i]`` for ``lo <= i < hi``."""
    i = lo
    while i + count(x) <= hi:
        store_run(y, i, load_run(y, i) + load_run(values, place + i) * load_run(x, shift + i))
        i += count(x)
    for j in range(i, hi):
        y[j] += values[place + j] * x[shift + j]


def _border(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_border)
def _border_of(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Rows some of whose neighbours don't exist, and their part of ``xᵀ A x``."""
    symmetric = has_form(A, SymmetricDiagonals)

    def border(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
        n = x.size
        y[lo:hi] = 0
        for d in range(A.offsets.size):
            o = A.offsets[d]
            _add_diagonal(A.values, d * n, x, o, max(lo, -o), min(hi, n - o), y)
            if symmetric and d > 0:
                _add_diagonal(A.values, d * n - o, x, -o, max(lo, o), hi, y)
        part = 0 * x[0]
        for i in range(lo, hi):
            part += y[i] * x[i]
        return part

    return border


def stored_subtract(A, alpha, x, y, r, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """``r -= alpha y`` on some rows; return their part of ``rᵀ r``."""
    part, step = splat(r, 0), splat(r, alpha[0])
    i = lo
    while i + count(r) <= hi:
        new = load_run(r, i) - step * load_run(y, i)
        store_run(r, i, new)
        part = part + new * new
        i += count(r)
    rest = total(part)
    for j in range(i, hi):
        r[j] -= alpha[0] * y[j]
        rest += r[j] * r[j]
    return rest


def csr_product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Write rows of ``A x`` to ``y``; return their part of ``xᵀ A x``.

    Unsigned indices spare the test for negative ones, two sums hide the latency of an addition.
    """
    one, two = np.uintp(1), np.uintp(2)
    part = 0 * x[0]
    k = np.uintp(A.indptr[lo])
    for i in range(np.uintp(lo), np.uintp(hi)):
        end = np.uintp(A.indptr[i + one])
        even = odd = 0 * x[0]
        while k + one < end:
            even += A.data[k] * x[np.uintp(A.indices[k])]
            odd += A.data[k + one] * x[np.uintp(A.indices[k + one])]
            k += two
        if k < end:
            even += A.data[k] * x[np.uintp(A.indices[k])]
            k += one
        y[i] = even + odd
        part += y[i] * x[i]
    return part


def diagonals_product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Write rows of ``A x`` to ``y``; return their part of ``xᵀ A x``."""
    margin = max(abs(A.offsets[0]), abs(A.offsets[-1]))  # they are in order
    inside = min(max(lo, margin), hi)
    last = min(hi, x.size - margin)
    part = splat(x, 0)
    rest = _border(A, x, y, lo, inside)
    i = inside
    while i + count(x) <= last:
        run = _run(A, x, i)
        store_run(y, i, run)
        part = part + run * load_run(x, i)
        i += count(x)
    return rest + _border(A, x, y, i, hi) + total(part)


@register_jitable
def lines(A, lo, hi):  # type: ignore[no-untyped-def]
    """Return the range of lines along the last axis that begin in ``lo ... hi``."""
    length = A.shape[2]
    return -(-lo // length), -(-hi // length)


@register_jitable
def line(A, at):  # type: ignore[no-untyped-def]
    """Return offsets and weights of the four lines beside line ``at``, zero where there is none."""
    n1, n2 = A.shape[1], A.shape[2]
    before1, before2 = at >= n1, at % n1 > 0
    after1, after2 = at + n1 < A.shape[0] * n1, at % n1 < n1 - 1
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
    first, last = lines(A, lo, hi)
    length = A.shape[2]
    part, rest = splat(x, 0), 0 * x[0]
    for at in range(first, last):
        offsets, weights = line(A, at)
        start, end = at * length, (at + 1) * length
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


stencil_product = _sweep(
    "y[i] = y0; rest += y0 * x[i]",
    "store_run(y, i, y0); part = part + y0 * load_run(x, i)",
    "x, y, lo, hi",
)
stencil_curvature = _sweep("rest += y0 * x[i]", "part = part + y0 * load_run(x, i)", "x, y, lo, hi")
stencil_subtract = _sweep(
    "r[i] -= alpha[0] * y0; rest += r[i] * r[i]",
    "new = load_run(r, i) - splat(r, alpha[0]) * y0; store_run(r, i, new); part = part + new * new",
    "alpha, x, y, r, lo, hi",
)
