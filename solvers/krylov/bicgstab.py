r"""Stabilised biconjugate gradients (BiCGSTAB) for any square :math:`A`, preconditioned by `M`.

.. math::

    \rho &= \hat r^H r, \quad \beta = \frac{\rho}{\rho_{old}} \frac{\alpha}{\omega}, \quad
    p \leftarrow r + \beta (p - \omega v), \quad v = A M p, \quad \alpha = \rho / \hat r^H v, \\
    s &= r - \alpha v, \quad t = A M s, \quad \omega = t^H s / t^H t, \quad
    x \leftarrow x + M (\alpha p + \omega s), \quad r \leftarrow s - \omega t .

The shadow residual :math:`\hat r` is the first residual. M stands on the right, so that
:math:`r` is the true residual, and x takes the very vectors that A has multiplied: M may be
nonlinear or change.

Cost: a step has two products with A, two with M, eight inner products, and keeps nine vectors.

Failure modes: the residual is not minimal and may jump. :math:`\rho = 0` or
:math:`\hat r^H v = 0` (the shadow has lost the residual), :math:`v = 0` (the null space of a
singular A has got hold of x) and :math:`\omega = 0` (as for a skew-symmetric A), to rounding, are
BREAKDOWN; a round that got somewhere is begun anew with another shadow. Eigenvalues near the
imaginary axis make :math:`\omega` small and the method slow: use `idrs` or `gmres`.

Source: van der Vorst, SIAM J. Sci. Stat. Comput. 13 (1992), doi 10.1137/0913035.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.arrays import Array, device_of, eps, namespace_of
from resolvent.drive import Callback
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Reason, Solution
from resolvent.solvers.krylov.curvature import mark
from resolvent.solvers.krylov.run import run
from resolvent.solvers.krylov.scaled import Scaled
from resolvent.solvers.linear_system import linear_system
from resolvent.vectors import Inner, norm, ratio
from resolvent.vectors import inner as euclidean

__all__ = ["bicgstab", "bicgstab_steps"]

_ROUNDING = 10  # eps: an inner product of two unit vectors below it is rounding


def bicgstab(
    A: Any,
    b: Any,
    *,
    M: Any = None,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    inner: Inner | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` with any square :math:`A` by stabilised biconjugate gradients.

    Parameters
    ----------
    A : array, sparse matrix, operator or callable
        ``(n, n)``, real or complex.
    M : preconditioner, array, operator or callable, optional
        Approximate inverse of ``A``; it may change from step to step.
    b, x0, rtol, atol, maxiter, callback, inner, time_limit
        As in `resolvent.solvers.cg`.

    Returns
    -------
    Solution
        ``info`` is None. A step has two products.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.cg`.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import convection_diffusion
    >>> from resolvent.solvers import bicgstab
    >>> A = convection_diffusion((20, 20), peclet=5.0)
    >>> bicgstab(A, np.ones(400)).converged
    True
    """
    system = linear_system(A, b, M=M, x0=x0)
    return run(
        partial(bicgstab_steps, M=system.M, inner=inner or euclidean),
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
        inner=inner,
    )


def bicgstab_steps(
    A: Counted, r: Array, _: Target, *, M: Any = None, inner: Inner = euclidean
) -> Iterator[State]:
    """Yield the states of BiCGSTAB for ``A d = r``."""
    xp = namespace_of(r)
    tiny = _ROUNDING * eps(xp, r.dtype)
    scaled = Scaled(A, inner)
    shadow, x, p, v = r, *(xp.zeros_like(r) for _ in range(3))
    rho = inner(shadow, r)
    rho_old, alpha, omega = (xp.ones_like(rho) for _ in range(3))
    level = length = norm(r, inner)
    largest = 0 * level
    trouble = xp.zeros(level.shape, dtype=xp.int64, device=device_of(r))
    while True:
        beta = ratio(xp, rho * alpha, rho_old * omega)
        p = r + beta * (p - omega * v)
        p_hat = p if M is None else M @ p
        v = scaled @ p_hat
        sigma, vv = inner(shadow, v), norm(v, inner)
        stretch = ratio(xp, vv, norm(p_hat, inner))
        largest = xp.maximum(largest, stretch)
        lost = (
            (xp.abs(rho) <= tiny * length * level)
            | (xp.abs(sigma) <= tiny * length * vv)
            | (stretch <= tiny * largest)
        )
        trouble = mark(xp, trouble, lost & (level > 0), Reason.BREAKDOWN)
        alpha = _unless(xp, trouble, ratio(xp, rho, sigma))
        s = r - alpha * v
        s_hat = s if M is None else M @ s
        t = scaled @ s_hat
        ts, tt, ss = inner(t, s), norm(t, inner), norm(s, inner)
        omega = _unless(xp, trouble, ratio(xp, ratio(xp, ts, tt), tt))
        x = x + (alpha * p_hat + omega * s_hat)
        r = s - omega * t
        rho_old, rho = rho, inner(shadow, r)
        level = norm(r, inner)
        flat = (xp.abs(ts) <= tiny * tt * ss) & (ss > 0)
        trouble = mark(xp, trouble, flat, Reason.BREAKDOWN)
        yield State(partial(scaled.solution, x), level, trouble)


def _unless(xp: Any, trouble: Array, step: Array) -> Array:
    return xp.where(trouble == 0, step, xp.zeros_like(step))
