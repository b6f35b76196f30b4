r"""Preconditioned conjugate gradients, many steps a call, for one real vector.

The letters are those of `resolvent.solvers.krylov.cg`. A step passes three times over the vectors:
:math:`x \leftarrow x + \alpha p`, :math:`p \leftarrow z + \beta p` and :math:`p^T p`; then
:math:`p^T A p`; then :math:`r \leftarrow r - \alpha A p` and :math:`r^T r`. So ``x`` lags one step
behind, and the last step of all needs no new direction.
"""

from typing import Any

import numpy as np
from numba import njit, prange
from numba.extending import register_jitable

from resolvent.drive import code
from resolvent.linalg.compiled.lanes import count, load_run, splat, store_run, total
from resolvent.linalg.compiled.matrices import curvature, subtract
from resolvent.linalg.compiled.products import threads
from resolvent.results import Reason
from resolvent.solvers.compiled.precondition import is_identity, precondition

__all__ = ["ConjugateGradients"]

_NONFINITE = code(Reason.NONFINITE)
_INDEFINITE_A = code(Reason.INDEFINITE_OPERATOR)
_INDEFINITE_M = code(Reason.INDEFINITE_PRECONDITIONER)
_INCONSISTENT = code(Reason.INCONSISTENT)


class ConjugateGradients:
    """The state of one solve of ``A d = r`` between two calls of `advance`."""

    def __init__(self, A: Any, M: Any, r: np.ndarray[Any, Any]) -> None:
        self.A, self.M = A, M
        self.parts = threads(r.size)
        self.lagging, self.r = np.zeros_like(r), r.copy()
        self.z, self.q, self.p = np.empty_like(r), np.empty_like(r), np.zeros_like(r)
        # rᵀz before, rᵀr, alpha, the largest pᵀAp / pᵀp so far
        self.scalars = np.array([np.inf, np.vdot(r, r), 0.0, 0.0])

    def advance(self, tolerance: float, steps: int) -> tuple[np.ndarray[Any, Any], int, int]:
        """Take at most ``steps`` steps; return residual norms, products with A, and trouble."""
        norms = np.empty(steps)
        loop = _serial if self.parts == 1 else _parallel
        work = (self.lagging, self.r, self.z, self.p, self.q)
        taken, products, trouble = loop(
            self.A, self.M, *work, self.scalars, norms, tolerance, self.parts
        )
        return norms[:taken], products, trouble

    @property
    def x(self) -> np.ndarray[Any, Any]:
        """The iterate."""
        return self.lagging + self.p.dtype.type(self.scalars[2]) * self.p


@register_jitable
def _move(x, alpha, p, z, beta, lo, hi):  # type: ignore[no-untyped-def]
    """``x += alpha p``, then ``p <- z + beta p``; return the part of ``pᵀp``."""
    a, b, part = splat(x, alpha), splat(x, beta), splat(x, 0)
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
        x[j] += alpha * p[j]
        p[j] = z[j] + beta * p[j]
        rest += p[j] * p[j]
    return rest


@register_jitable
def _dot(x, y, lo, hi):  # type: ignore[no-untyped-def]
    part, i = splat(x, 0), lo
    while i + count(x) <= hi:
        part = part + load_run(x, i) * load_run(y, i)
        i += count(x)
    rest = total(part)
    for j in range(i, hi):
        rest += x[j] * y[j]
    return rest


def _compile(parallel: bool) -> Any:
    @njit(cache=True, nogil=True, error_model="numpy", parallel=parallel)
    def loop(A, M, x, r, z, p, q, scalars, norms, tolerance, parts):  # type: ignore[no-untyped-def]
        n = x.size
        if not parallel:
            parts = 1
        sums = np.zeros((parts, 8))  # a cache line for each thread
        tiny = 10 * np.finfo(x.dtype).eps
        rho, rr, alpha, largest = scalars
        taken, products, trouble = 0, 0, 0
        while taken < norms.size:
            z = precondition(M, r, z)
            rz = rr
            if not is_identity(M):
                for t in prange(parts):
                    sums[t, 0] = _dot(r, z, t * n // parts, (t + 1) * n // parts)
                rz = sums[:, 0].sum()
            if not rz > 0:
                trouble = _INDEFINITE_M if np.isfinite(rz) else _NONFINITE
                break
            beta, rho = rz / rho, rz
            for t in prange(parts):
                sums[t, 0] = _move(x, alpha, p, z, beta, t * n // parts, (t + 1) * n // parts)
            pp, alpha = sums[:, 0].sum(), 0.0
            for t in prange(parts):
                sums[t, 0] = curvature(A, p, q, t * n // parts, (t + 1) * n // parts)
            pq = sums[:, 0].sum()
            products += 1
            largest = max(largest, abs(pq) / pp)
            if not np.isfinite(pq):
                trouble = _NONFINITE
                break
            if pq <= tiny * largest * pp:
                trouble = _INDEFINITE_A if pq < -tiny * largest * pp else _INCONSISTENT
                break
            alpha = rho / pq
            for t in prange(parts):
                sums[t, 0] = subtract(A, alpha, p, q, r, t * n // parts, (t + 1) * n // parts)
            rr = sums[:, 0].sum()
            norms[taken] = np.sqrt(rr)
            taken += 1
            if norms[taken - 1] <= tolerance:
                break
        scalars[0], scalars[1], scalars[2], scalars[3] = rho, rr, alpha, largest
        return taken, products, trouble

    return loop


_serial, _parallel = _compile(parallel=False), _compile(parallel=True)
