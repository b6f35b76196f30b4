r"""LSMR: MINRES on :math:`A^H A x = A^H b`, without forming either, for any :math:`A`.

The bidiagonalisation :math:`A M V_k = U_{k+1} B_k` (`resolvent.solvers.krylov.golub_kahan`) is
turned into a triangle R by rotations :math:`(c, s)` as in LSQR, and :math:`R^T` into another,
:math:`\bar R`, by rotations :math:`(\bar c, \bar s)`; with :math:`\theta, \bar\theta` above the
diagonals :math:`\rho, \bar\rho`,

.. math::

    \bar h_k &= h_k - \frac{\bar\theta_k \rho_k}{\rho_{k-1} \bar\rho_{k-1}} \bar h_{k-1}, \qquad
    x_k = x_{k-1} + \frac{\zeta_k}{\rho_k \bar\rho_k} \bar h_k, \qquad
    h_{k+1} = M v_{k+1} - \frac{\theta_{k+1}}{\rho_k} h_k, \\
    \zeta_k &= \bar c_k \bar\zeta_k, \qquad
    \|(A M)^H r_k\| = |\bar\zeta_{k+1}|, \qquad \bar\zeta_{k+1} = - \bar s_k \bar\zeta_k .

Both :math:`\|r_k\|` and :math:`\|(A M)^H r_k\|` never grow; the latter may do so in LSQR, so that
LSMR is the safer one to stop early. The number of steps is about that of LSQR.

Cost: a step has one product each with A, its adjoint, M and its adjoint, two inner products, and
keeps six vectors.

Failure modes: an ill-conditioned A takes many steps, as the short recurrences lose orthogonality.

Source: Fong and Saunders, SIAM J. Sci. Comput. 33 (2011), doi 10.1137/10079687X, with its
recurrence for the residual norm.
Differs from the source in: damping by a taller operator; right preconditioning; norms of A that
bound it from below instead of the Frobenius norm.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.arrays import Array, Namespace, device_of, namespace_of
from resolvent.drive import Callback
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Solution
from resolvent.solvers.krylov.least_squares import Orthogonality, solve_least_squares
from resolvent.vectors import Inner, ratio

__all__ = ["lsmr", "lsmr_steps"]


def lsmr(
    A: Any,
    b: Any,
    *,
    M: Any = None,
    x0: Any = None,
    damp: float = 0.0,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    inner: Inner | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Minimise :math:`\|b - A x\|^2 + \text{damp}^2 \|x\|^2`, with a gradient that only falls.

    Parameters
    ----------
    A, b, M, x0, damp, rtol, atol, maxiter, callback, inner, time_limit
        As in `resolvent.solvers.lsqr`.

    Returns
    -------
    Solution
        As of `resolvent.solvers.lsqr`.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.lsqr`.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``.

    Examples
    --------
    The solution of least norm of two equations in three unknowns:

    >>> import numpy as np
    >>> from resolvent.solvers import lsmr
    >>> A = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    >>> solution = lsmr(A, [1.0, 1.0])
    >>> bool(np.allclose(solution.x, [1 / 3, 2 / 3, 1 / 3])), solution.info.solves
    (True, True)
    """
    return solve_least_squares(
        lsmr_steps,
        A,
        b,
        M=M,
        x0=x0,
        damp=damp,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        inner=inner,
        time_limit=time_limit,
    )


def lsmr_steps(A: Counted, r: Array, _: Target, *, orthogonality: Orthogonality) -> Iterator[State]:
    """Yield the states of LSMR for the least norm of ``r - A d``."""
    xp = namespace_of(r)
    process = orthogonality.bidiagonalisation(A, r)
    x, h, h_bar = (xp.zeros_like(process.v) for _ in range(3))
    level, alpha_bar = process.beta, process.alpha
    zero, one = xp.zeros_like(level), xp.ones_like(level)
    zeta_bar = alpha_bar * level
    zeta, theta, rho, rho_bar, c_bar, s_bar = zero, zero, one, one, one, zero
    residual = _ResidualNorm(xp, level)
    trouble = xp.zeros(level.shape, dtype=xp.int64, device=device_of(r))
    while True:
        h = process.advance() - ratio(xp, theta, rho) * h
        rho_old, rho = rho, xp.hypot(alpha_bar, process.beta)
        c, s = ratio(xp, alpha_bar, rho), ratio(xp, process.beta, rho)
        theta, alpha_bar = s * process.alpha, c * process.alpha

        theta_bar = s_bar * rho
        rho_bar_old, rho_bar = rho_bar, xp.hypot(c_bar * rho, theta)
        c_bar, s_bar = ratio(xp, c_bar * rho, rho_bar), ratio(xp, theta, rho_bar)
        zeta, zeta_bar = c_bar * zeta_bar, -s_bar * zeta_bar

        moves = trouble == 0
        back = ratio(xp, ratio(xp, theta_bar * rho, rho_old), rho_bar_old)
        h_bar = h - xp.where(moves, back, zero) * h_bar
        x = x + xp.where(moves, ratio(xp, ratio(xp, zeta, rho), rho_bar), zero) * h_bar
        level = xp.where(moves, residual.advance(c, s, theta_bar, rho_bar, zeta), level)
        trouble = orthogonality.claimed(trouble, xp.abs(zeta_bar), level)
        theta = xp.where(trouble == 0, theta, zero)
        yield State(partial(process.solution, x), level, trouble)


class _ResidualNorm:
    r"""The norm of :math:`r_k`, from a third set of rotations; dots and tildes as in the paper."""

    def __init__(self, xp: Namespace, beta: Array) -> None:
        self.xp = xp
        zero = 0 * beta
        self.beta_ddot, self.beta_dot, self.rho_dot = beta, zero, xp.ones_like(beta)
        self.tau, self.theta, self.zeta = zero, zero, zero

    def advance(self, c: Array, s: Array, theta_bar: Array, rho_bar: Array, zeta: Array) -> Array:
        xp = self.xp
        beta_hat, self.beta_ddot = c * self.beta_ddot, -s * self.beta_ddot
        rho_tilde = xp.hypot(self.rho_dot, theta_bar)
        c_tilde, s_tilde = ratio(xp, self.rho_dot, rho_tilde), ratio(xp, theta_bar, rho_tilde)
        self.tau = ratio(xp, self.zeta - self.theta * self.tau, rho_tilde)
        self.theta, self.rho_dot = s_tilde * rho_bar, c_tilde * rho_bar
        self.beta_dot = c_tilde * beta_hat - s_tilde * self.beta_dot
        self.zeta = zeta
        tau_dot = ratio(xp, zeta - self.theta * self.tau, self.rho_dot)
        return xp.hypot(self.beta_dot - tau_dot, self.beta_ddot)
