r"""The Arnoldi process, many steps a call, for one real vector and few rows.

The letters are those of `resolvent.solvers.krylov.arnoldi`. The second pass of Gram-Schmidt runs
only where the first one lost a digit, :math:`\|w'\| < \|w\| / 10`: the basis is then orthogonal to
ten times working precision (Daniel, Gragg, Kaufman and Stewart, Math. Comp. 30, 1976,
doi 10.1090/S0025-5718-1976-0431641-8).
"""

from typing import Any

import numpy as np
from numba import njit
from numba.extending import register_jitable

from resolvent.linalg.compiled.hessenberg import hessenberg_least_squares
from resolvent.linalg.compiled.lanes import count, load_run, splat, store_run, total
from resolvent.linalg.compiled.matrices import product
from resolvent.solvers.compiled.precondition import precondition

__all__ = ["CompiledArnoldi"]


class CompiledArnoldi:
    """One cycle for ``A d = r``, between two calls of `advance`."""

    def __init__(self, A: Any, M: Any, r: np.ndarray[Any, Any], restart: int) -> None:
        self.A, self.M, self.size = A, M, 0
        self.beta = np.sqrt(np.vdot(r, r))
        self.V = np.empty((restart + 1, r.size), dtype=r.dtype)
        self.V[0] = r / self.beta if self.beta > 0 else r
        self.H = np.zeros((restart + 1, restart), dtype=r.dtype)
        self.g = np.zeros(restart + 1)
        self.g[0] = 1
        self.z, self.w = np.empty_like(r), np.empty_like(r)

    def advance(self, tolerance: float, steps: int) -> np.ndarray[Any, Any]:
        """Take at most ``steps`` steps of the cycle; return the residual norms.

        None are taken if the square of the first product over- or underflows.
        """
        norms = np.empty(min(steps, self.H.shape[1] - self.size))
        work = (self.V, self.H, self.g, self.z, self.w)
        taken = _advance(self.A, self.M, *work, self.size, self.beta, tolerance, norms)
        self.size += taken
        return norms[:taken]

    def iterate(self, x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return ``x`` with the correction."""
        return x + self.correction()

    def correction(self) -> np.ndarray[Any, Any]:
        """Return ``M V y`` with the smallest residual."""
        y = hessenberg_least_squares(self.H[: self.size + 1, : self.size], self.beta)
        combination = y @ self.V[: self.size]
        return _apply(self.M, combination, np.empty_like(combination))


@njit(cache=True, nogil=True, error_model="numpy")
def _apply(M, r, z):  # type: ignore[no-untyped-def]
    return precondition(M, r, z)


@register_jitable
def _orthogonalise(V, w, h, j):  # type: ignore[no-untyped-def]
    """Move the parts along ``V[: j + 1]`` from ``w`` to ``h``; return ``norm(w)²``."""
    n = w.size
    flat = V.ravel()
    parts = np.empty(j + 4, dtype=w.dtype)
    for i in range(0, j + 1, 4):
        # four sums at a time hide the latency of an addition; rows beyond j are not used
        a, b, c, d, k = splat(w, 0), splat(w, 0), splat(w, 0), splat(w, 0), 0
        i1, i2, i3 = min(i + 1, j), min(i + 2, j), min(i + 3, j)
        while k + count(w) <= n:
            run = load_run(w, k)
            a = a + load_run(flat, i * n + k) * run
            b = b + load_run(flat, i1 * n + k) * run
            c = c + load_run(flat, i2 * n + k) * run
            d = d + load_run(flat, i3 * n + k) * run
            k += count(w)
        parts[i], parts[i + 1] = total(a), total(b)
        parts[i + 2], parts[i + 3] = total(c), total(d)
        for row in range(i, min(i + 4, j + 1)):
            for rest in range(k, n):
                parts[row] += V[row, rest] * w[rest]
            h[row] += parts[row]
    sums, k, square = splat(w, 0), 0, 0 * w[0]
    one, two, three = count(w), 2 * count(w), 3 * count(w)
    while k + 4 * count(w) <= n:
        a, b = load_run(w, k), load_run(w, k + one)
        c, d = load_run(w, k + two), load_run(w, k + three)
        for i in range(j + 1):
            part, place = splat(w, parts[i]), i * n + k
            a = a - part * load_run(flat, place)
            b = b - part * load_run(flat, place + one)
            c = c - part * load_run(flat, place + two)
            d = d - part * load_run(flat, place + three)
        store_run(w, k, a)
        store_run(w, k + one, b)
        store_run(w, k + two, c)
        store_run(w, k + three, d)
        sums = sums + a * a + b * b + c * c + d * d
        k += 4 * count(w)
    while k + count(w) <= n:
        run = load_run(w, k)
        for i in range(j + 1):
            run = run - splat(w, parts[i]) * load_run(flat, i * n + k)
        store_run(w, k, run)
        sums = sums + run * run
        k += count(w)
    for rest in range(k, n):
        for i in range(j + 1):
            w[rest] -= parts[i] * V[i, rest]
        square += w[rest] * w[rest]
    return square + total(sums)


@register_jitable
def _square(w):  # type: ignore[no-untyped-def]
    sums, k = splat(w, 0), 0
    while k + count(w) <= w.size:
        run = load_run(w, k)
        sums = sums + run * run
        k += count(w)
    square = total(sums)
    for rest in range(k, w.size):
        square += w[rest] * w[rest]
    return square


@njit(cache=True, nogil=True, error_model="numpy")
def _advance(A, M, V, H, g, z, w, start, beta, tolerance, norms):  # type: ignore[no-untyped-def]
    n = w.size
    eps = np.finfo(w.dtype).eps
    lowest, highest = np.finfo(w.dtype).tiny / eps**2, np.finfo(w.dtype).max * eps
    gg = np.sum(g[: start + 1] ** 2)
    for step in range(norms.size):
        j = start + step
        z = precondition(M, V[j], z)
        product(A, z, w, 0, n)
        before = _square(w)
        if j == 0 and not lowest < before < highest and np.any(w != 0):
            return 0
        h = H[:, j]
        square = _orthogonalise(V, w, h, j)
        if square < before / 100:
            square = _orthogonalise(V, w, h, j)
        length = np.sqrt(square) if square > 100 * eps * eps * before else 0.0
        H[j + 1, j] = length
        gh = 0.0
        for i in range(j + 1):
            gh += g[i] * h[i]
        if length > 0:
            g[j + 1] = -gh / length
            inverse = 1 / length
            for k in range(n):
                V[j + 1, k] = w[k] * inverse
        else:  # an invariant subspace: the residual is zero, unless A is singular on it
            g[j + 1] = np.inf if gh != 0 else 0.0
            V[j + 1] = 0
        gg += g[j + 1] * g[j + 1]
        norms[step] = beta / np.sqrt(gg)
        if norms[step] <= tolerance or length == 0 or not np.isfinite(norms[step]):
            return step + 1
    return norms.size
