r"""Induced dimension reduction, IDR(s), for any square :math:`A`, preconditioned by `M`.

The residual is forced into nested spaces :math:`G_{j+1} = (I - \omega_{j+1} A M)(G_j \cap S)` of
falling dimension, where S is the set of vectors orthogonal to s random ones :math:`p_i`. A cycle
has s steps in :math:`G_j`, with :math:`f = P^H r`, :math:`\mu = P^H G` and i from k to s,

.. math::

    \mu c &= f, \quad u_k = \sum_i c_i u_i + \omega M (r - \sum_i c_i g_i), \quad g_k = A u_k, \\
    & (u_k, g_k) \text{ made orthogonal to } p_1, \dots, p_{k-1} \text{ by }
    (u_i, g_i), \; i < k, \\
    \beta &= f_k / \mu_{kk}, \quad x \leftarrow x + \beta u_k, \quad r \leftarrow r - \beta g_k,

and one step into :math:`G_{j+1}`: :math:`t = A M r`, :math:`x \leftarrow x + \omega M r`,
:math:`r \leftarrow r - \omega t`. Here :math:`\omega` minimises :math:`\|r - \omega t\|`, but is
enlarged to the cosine :math:`\kappa = 0.7` where t and r are too near to orthogonal.

At most :math:`n + n / s` products are enough without rounding; s = 1 is close to BiCGSTAB, and s of
4 to 8 close to full GMRES, with short recurrences.

Cost: a step has one product with A, one with M, s + 4 inner products on average and about 3 s
updates; 3 s + 5 vectors are kept.

Failure modes: the residual is not minimal and may jump. :math:`\mu_{kk} = 0`, :math:`A u_k = 0`
and :math:`A M r = 0` to rounding are BREAKDOWN: the second shows a singular A, and that its null
space has got hold of x. A round that got somewhere is begun anew with other :math:`p_i`.

Source: van Gijzen and Sonneveld, Algorithm 913, ACM Trans. Math. Softw. 38 (2011),
doi 10.1145/2049662.2049667.
Differs from the source in: where t is orthogonal to r, :math:`\omega` has the size that
:math:`\kappa` gives it, instead of being zero.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, device_of, eps, namespace_of
from resolvent.drive import Callback
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Reason, Solution
from resolvent.solvers.krylov.curvature import mark
from resolvent.solvers.krylov.run import run
from resolvent.solvers.krylov.scaled import Scaled
from resolvent.solvers.linear_system import linear_system
from resolvent.vectors import Inner, norm, ratio
from resolvent.vectors import inner as euclidean

__all__ = ["idrs", "idrs_steps"]

_KAPPA = 0.7
_ROUNDING = 10  # eps: an inner product of two unit vectors below it is rounding


def idrs(
    A: Any,
    b: Any,
    *,
    M: Any = None,
    x0: Any = None,
    s: int = 4,
    rng: Any = 0,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    inner: Inner | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` with any square :math:`A` by induced dimension reduction.

    Parameters
    ----------
    A : array, sparse matrix, operator or callable
        ``(n, n)``, real or complex.
    M : preconditioner, array, operator or callable, optional
        Approximate inverse of ``A``; it may change from step to step.
    s : int
        Number of shadow vectors: more of them need fewer steps, and more memory.
    rng : Generator or seed
        Of the shadow vectors.
    b, x0, rtol, atol, maxiter, callback, inner, time_limit
        As in `resolvent.solvers.cg`.

    Returns
    -------
    Solution
        ``info`` is None. A step has one product.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.cg`, and for ``s`` below 1.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import convection_diffusion
    >>> from resolvent.solvers import bicgstab, idrs
    >>> A = convection_diffusion((20, 20), peclet=5.0)
    >>> solution = idrs(A, np.ones(400))
    >>> solution.converged, solution.matvecs < bicgstab(A, np.ones(400)).matvecs
    (True, True)
    """
    if s < 1:
        raise ValueError(f"s must be at least 1, got {s}")
    system = linear_system(A, b, M=M, x0=x0)
    rng = np.random.default_rng(rng)
    return run(
        partial(idrs_steps, M=system.M, s=s, rng=rng, inner=inner or euclidean),
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
        inner=inner,
    )


def idrs_steps(
    A: Counted,
    r: Array,
    _: Target,
    *,
    M: Any = None,
    s: int = 4,
    rng: np.random.Generator,
    inner: Inner = euclidean,
) -> Iterator[State]:
    """Yield the states of IDR(s) for ``A d = r``."""
    xp = namespace_of(r)
    tiny = _ROUNDING * eps(xp, r.dtype)
    scaled = Scaled(A, inner)
    P = _shadows(xp, r, s, rng)
    s, lengths = len(P), [norm(p, inner) for p in P]
    x, level = xp.zeros_like(r), norm(r, inner)
    zero = 0 * inner(r, r)
    U, G = [xp.zeros_like(r)] * s, [xp.zeros_like(r)] * s
    mu = [[zero + float(i == k) for k in range(s)] for i in range(s)]
    omega, largest = zero + 1, 0 * level
    trouble = xp.zeros(level.shape, dtype=xp.int64, device=device_of(r))
    while True:
        f = [_unless(xp, trouble, inner(p, r)) for p in P]
        for k in range(s):
            c = _forward_substitution(xp, mu, f, k)
            rest = range(k, s)
            v = r - sum(c[i] * G[i] for i in rest)
            u = sum(c[i] * U[i] for i in rest) + omega * (v if M is None else M @ v)
            g = scaled @ u
            for i in range(k):
                part = ratio(xp, inner(P[i], g), mu[i][i])
                g, u = g - part * G[i], u - part * U[i]
            U[k], G[k] = u, g
            for i in rest:
                mu[i][k] = inner(P[i], g)
            gg = norm(g, inner)
            stretch = ratio(xp, gg, norm(u, inner))
            largest = xp.maximum(largest, stretch)
            lost = (xp.abs(mu[k][k]) <= tiny * lengths[k] * gg) | (stretch <= tiny * largest)
            trouble = mark(xp, trouble, lost & (level > 0), Reason.BREAKDOWN)
            beta = _unless(xp, trouble, ratio(xp, f[k], mu[k][k]))
            x, r = x + beta * u, r - beta * g
            f = [_unless(xp, trouble, f[i] - beta * mu[i][k]) for i in range(s)]
            level = norm(r, inner)
            yield State(partial(scaled.solution, x), level, trouble)
        z = r if M is None else M @ r
        t = scaled @ z
        length = norm(t, inner)
        trouble = mark(xp, trouble, (length == 0) & (level > 0), Reason.BREAKDOWN)
        omega = _unless(xp, trouble, _minimal(xp, inner(t, r), length, level))
        x, r = x + omega * z, r - omega * t
        level = norm(r, inner)
        yield State(partial(scaled.solution, x), level, trouble)


def _shadows(xp: Namespace, r: Array, s: int, rng: np.random.Generator) -> list[Array]:
    """Return ``s`` random orthonormal vectors, the same for every column."""
    P = rng.standard_normal((r.shape[0], min(s, r.shape[0])))
    if xp.isdtype(r.dtype, "complex floating"):
        P = P + 1j * rng.standard_normal(P.shape)
    Q = xp.asarray(np.linalg.qr(P)[0], dtype=r.dtype, device=device_of(r))
    ones = xp.ones(r.shape[1:], dtype=r.dtype, device=device_of(r))
    return [xp.reshape(Q[:, i], (-1, *[1] * (r.ndim - 1))) * ones for i in range(Q.shape[1])]


def _forward_substitution(
    xp: Namespace, mu: list[list[Array]], f: list[Array], k: int
) -> dict[int, Array]:
    c: dict[int, Array] = {}
    for i in range(k, len(f)):
        c[i] = ratio(xp, f[i] - sum(mu[i][j] * c[j] for j in range(k, i)), mu[i][i])
    return c


def _minimal(xp: Namespace, tr: Array, t: Array, r: Array) -> Array:
    r"""Return :math:`\omega = t^H r / \|t\|^2`, enlarged where the cosine is below kappa."""
    size = xp.abs(tr)
    phase = xp.where(size > 0, ratio(xp, tr, xp.astype(size, tr.dtype)), xp.ones_like(tr))
    least = xp.maximum(size, _KAPPA * t * r)
    return phase * ratio(xp, ratio(xp, least, t), t)


def _unless(xp: Namespace, trouble: Array, step: Array) -> Array:
    return xp.where(trouble == 0, step, xp.zeros_like(step))
