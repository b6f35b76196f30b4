r"""Preconditioned conjugate gradients, many steps a call, for one real vector or for a group.

The letters are those of `resolvent.solvers.krylov.cg`. A step passes three times over the vectors:
:math:`x \leftarrow x + \alpha p`, :math:`p \leftarrow z + \beta p` and :math:`p^T p`; then
:math:`p^T A p`; then :math:`r \leftarrow r - \alpha A p` and :math:`r^T r`. So ``x`` lags one step
behind, and the last step of all needs no new direction.

A group is ``(n, w)`` with a column in each lane of a register: all columns step together, and one
that is solved or in trouble stands still.
"""

from typing import Any

import numpy as np
from numba import njit, prange
from numba.core import types
from numba.extending import overload, register_jitable

from resolvent.linalg.compiled.lanes import (
    count,
    load,
    load_run,
    splat,
    store,
    store_run,
    total,
    where_positive,
)
from resolvent.linalg.compiled.matrices import curvature, product, subtract
from resolvent.linalg.compiled.threads import threads
from resolvent.recurrence import code
from resolvent.results import Reason
from resolvent.solvers.compiled.precondition import is_identity, precondition

__all__ = ["ConjugateGradients"]

_NONFINITE = code(Reason.NONFINITE)
_INDEFINITE_A = code(Reason.INDEFINITE_OPERATOR)
_INDEFINITE_M = code(Reason.INDEFINITE_PRECONDITIONER)
_INCONSISTENT = code(Reason.INCONSISTENT)


class ConjugateGradients:
    """The state of one solve of ``A d = r`` between two calls of `advance`.

    ``r`` is overwritten. Many rows are ``shared`` by all threads, if the form of A allows it.
    Fresh memory costs more than a pass over it, so little is taken.

    Attributes
    ----------
    trouble : (k,) ndarray
        What went wrong in each column, as a `resolvent.recurrence.code`.
    """

    def __init__(self, A: Any, M: Any, r: np.ndarray[Any, Any], shared: bool = True) -> None:
        self.A, self.M = A, M
        self.parts = threads(r.size) if shared and threads(r.size) > 1 else None
        self.lagging, self.p = np.zeros(r.shape, r.dtype), np.zeros(r.shape, r.dtype)
        self.r, self.z, self.q = r, np.empty(r.shape, r.dtype), np.empty(r.shape, r.dtype)
        columns = 1 if r.ndim == 1 else r.shape[1]
        self.trouble = np.zeros(columns, dtype=np.int64)
        # rᵀz before, rᵀr, alpha, the largest pᵀAp / pᵀp so far
        self.scalars = np.zeros((4, columns), dtype=r.dtype)
        self.scalars[0] = np.inf
        self.scalars[1] = np.vdot(r, r) if r.ndim == 1 else np.einsum("ij,ij->j", r, r)

    def advance(
        self, tolerance: np.ndarray[Any, Any], steps: int
    ) -> tuple[np.ndarray[Any, Any], int]:
        """Take at most ``steps`` steps; return residual norms ``(s, k)`` and products with A."""
        norms = np.empty((steps, self.trouble.size))
        work = (self.lagging, self.r, self.z, self.p, self.q)
        taken, products = _loop(
            self.A, self.M, *work, self.scalars, self.trouble, norms, tolerance, self.parts
        )
        return norms[:taken], products

    @property
    def norms(self) -> np.ndarray[Any, Any]:
        """Residual norms now."""
        return np.sqrt(self.scalars[1])

    @property
    def x(self) -> np.ndarray[Any, Any]:
        """The iterate, until the next step."""
        alpha = self.scalars[2] if self.p.ndim > 1 else self.scalars[2, 0]
        x = np.multiply(self.p, alpha, out=self.q)
        x[..., alpha == 0] = 0  # not a number where the direction is infinite
        x += self.lagging
        return x


def _move(x, alpha, p, z, beta, on, lo, hi):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_move)
def _move_of(x, alpha, p, z, beta, on, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """``x += alpha p``, then ``p <- z + beta p``; return the part of ``pᵀp``.

    A column that is not ``on`` has no direction, and none that is infinite gets into ``x``.
    """
    return _move_vector if x.ndim == 1 else _move_columns


def _move_vector(x, alpha, p, z, beta, on, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    a, b, part = splat(x, alpha[0]), splat(x, beta[0]), splat(x, 0)
    i = lo
    while i + count(x) <= hi:
        old = load_run(p, i)
        store_run(x, i, load_run(x, i) + a * old)
        new = load_run(z, i) + b * old
        store_run(p, i, new)
        part = part + new * new
        i += count(x)
    rest = total(part)
    for j in range(i, hi):
        x[j] += alpha[0] * p[j]
        p[j] = z[j] + beta[0] * p[j]
        rest += p[j] * p[j]
    return rest


def _move_columns(x, alpha, p, z, beta, on, lo, hi):  # type: ignore[no-untyped-def]
    a, b, part, mask, zero = (
        load_run(alpha, 0),
        load_run(beta, 0),
        splat(x, 0),
        load_run(on, 0),
        splat(x, 0),
    )
    for i in range(lo, hi):
        old, here = load(p, (i,)), load(x, (i,))
        store(x, (i,), where_positive(a, here + a * old, here))
        new = where_positive(mask, load(z, (i,)) + b * old, zero)
        store(p, (i,), new)
        part = part + new * new
    return part


def _dot(x, y, lo, hi):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_dot)
def _dot_of(x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return _dot_vector if x.ndim == 1 else _dot_columns


def _dot_vector(x, y, lo, hi):  # type: ignore[no-untyped-def]
    part, i = splat(x, 0), lo
    while i + count(x) <= hi:
        part = part + load_run(x, i) * load_run(y, i)
        i += count(x)
    rest = total(part)
    for j in range(i, hi):
        rest += x[j] * y[j]
    return rest


def _dot_columns(x, y, lo, hi):  # type: ignore[no-untyped-def]
    part = splat(x, 0)
    for i in range(lo, hi):
        part = part + load(x, (i,)) * load(y, (i,))
    return part


def _put(sums, t, part):  # type: ignore[no-untyped-def]
    raise NotImplementedError


@overload(_put)
def _put_of(sums, t, part):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Keep what a thread found: a number, or one for each lane."""
    if isinstance(part, types.Float):

        def put(sums, t, part):  # type: ignore[no-untyped-def]
            sums[t, 0] = part

        return put

    def put_lanes(sums, t, part):  # type: ignore[no-untyped-def]
        store(sums, (t,), part)

    return put_lanes


@register_jitable
def _is_null(A, p, q, j, pp, largest):  # type: ignore[no-untyped-def]
    """Tell whether A annihilates column ``j`` of ``p``, by the rule of the generic recurrence."""
    n = p.shape[0]
    product(A, p, q, 0, n)
    qq = np.sum(q.reshape((n, pp.size))[:, j] ** 2)
    return qq <= np.sqrt(np.finfo(p.dtype).eps) * largest[j] ** 2 * pp[j]


_compile_parallel = njit(cache=True, nogil=True, error_model="numpy", parallel=True)


@register_jitable
def _rows(n, sums, t):  # type: ignore[no-untyped-def]
    parts = sums.shape[0]
    return t * n // parts, (t + 1) * n // parts


@_compile_parallel
def _dot_together(x, y, sums):  # type: ignore[no-untyped-def]
    for t in prange(sums.shape[0]):
        lo, hi = _rows(x.shape[0], sums, t)
        _put(sums, t, _dot(x, y, lo, hi))


@_compile_parallel
def _move_together(x, alpha, p, z, beta, on, sums):  # type: ignore[no-untyped-def]
    for t in prange(sums.shape[0]):
        lo, hi = _rows(x.shape[0], sums, t)
        _put(sums, t, _move(x, alpha, p, z, beta, on, lo, hi))


@_compile_parallel
def _curvature_together(A, p, q, sums):  # type: ignore[no-untyped-def]
    for t in prange(sums.shape[0]):
        lo, hi = _rows(p.shape[0], sums, t)
        _put(sums, t, curvature(A, p, q, lo, hi))


@_compile_parallel
def _subtract_together(A, alpha, p, q, r, sums):  # type: ignore[no-untyped-def]
    for t in prange(sums.shape[0]):
        lo, hi = _rows(r.shape[0], sums, t)
        _put(sums, t, subtract(A, alpha, p, q, r, lo, hi))


@njit(cache=True, nogil=True, error_model="numpy")
def _loop(  # type: ignore[no-untyped-def]
    A, M, x, r, z, p, q, scalars, trouble, norms, tolerance, parts
):
    n, columns = x.shape[0], trouble.size
    sums = np.zeros(
        (1 if parts is None else parts, 16), dtype=x.dtype
    )  # a cache line or two for each thread
    beta, on = np.zeros(columns, dtype=x.dtype), np.zeros(columns, dtype=x.dtype)
    rho, rr, alpha, largest = scalars[0], scalars[1], scalars[2], scalars[3]
    tiny = 10 * np.finfo(x.dtype).eps
    pp = np.zeros(columns, dtype=x.dtype)
    active = (trouble == 0) & ~(np.sqrt(rr) <= tolerance)
    taken = products = 0
    while taken < norms.shape[0] and active.any():
        z = precondition(M, r, z)
        if not is_identity(M):
            if parts is None:
                _put(sums, 0, _dot(r, z, 0, n))
            else:
                _dot_together(r, z, sums)
        for j in range(columns):
            rz = rr[j] if is_identity(M) else sums[:, j].sum()
            if active[j] and not rz > 0:
                trouble[j] = _INDEFINITE_M if np.isfinite(rz) else _NONFINITE
                active[j] = False
            on[j] = active[j]
            beta[j] = rz / rho[j] if active[j] else 0.0
            rho[j] = rz
        if not active.any():
            break
        if parts is None:
            _put(sums, 0, _move(x, alpha, p, z, beta, on, 0, n))
        else:
            _move_together(x, alpha, p, z, beta, on, sums)
        for j in range(columns):
            pp[j] = sums[:, j].sum()
        if parts is None:
            _put(sums, 0, curvature(A, p, q, 0, n))
        else:
            _curvature_together(A, p, q, sums)
        products += 1
        for j in range(columns):
            pq = sums[:, j].sum()
            alpha[j] = 0.0
            if not active[j]:
                continue
            largest[j] = max(largest[j], abs(pq) / pp[j])
            level = tiny * largest[j] * pp[j]
            if pq > level:
                alpha[j] = rho[j] / pq
                continue
            active[j] = False
            if not np.isfinite(pq):
                trouble[j] = _NONFINITE
            elif pq < -level or not _is_null(A, p, q, j, pp, largest):
                trouble[j] = _INDEFINITE_A
            else:
                trouble[j] = _INCONSISTENT
        if not active.any():
            break
        if parts is None:
            _put(sums, 0, subtract(A, alpha, p, q, r, 0, n))
        else:
            _subtract_together(A, alpha, p, q, r, sums)
        for j in range(columns):
            if trouble[j] == 0:
                rr[j] = sums[:, j].sum()
            norms[taken, j] = np.sqrt(rr[j])
            active[j] &= not norms[taken, j] <= tolerance[j]
        taken += 1
    return taken, products
