r"""Minimal residuals (MINRES) for Hermitian, indefinite or singular, :math:`A`.

The Lanczos process builds :math:`A Z_k = V_{k+1} \underline T_k` with :math:`Z_k = M V_k`,
:math:`V_k^H M V_k = I` and a real tridiagonal :math:`T` of diagonal :math:`\alpha` and
off-diagonal :math:`\beta`. A rotation :math:`(c_k, s_k)` a step turns :math:`\underline T_k` into
the triangle with rows :math:`(\gamma_k, \delta_{k+1}, \epsilon_{k+2})`; with the columns of
:math:`W_k = Z_k R_k^{-1}`

.. math::

    w_k &= (z_k - \delta_k w_{k-1} - \epsilon_k w_{k-2}) / \gamma_k, \qquad
    x_k = x_{k-1} + c_k \phi_{k-1} w_k, \qquad \phi_k = -s_k \phi_{k-1}, \\
    r_k &= s_k^2 r_{k-1} + c_k \phi_k v_{k+1} .

Without M, :math:`|\phi_k|` is the residual norm: the smallest over the Krylov space, so that it
never grows. With M it is :math:`\|r_k\|_M`, and :math:`r_k` itself is carried to have its
Euclidean norm. As many steps as there are distinct eigenvalues of :math:`M A` are enough without
rounding.

Cost: a step has one product with A, one with M, two inner products, and keeps seven vectors; with
M one more of each.

Failure modes: :math:`v^H M v \le 0` shows an indefinite M. If b is not in the range of a singular
A, the residual stays and :math:`A r \to 0`: that is seen in
:math:`A M r_{k-1} = \phi_{k-1} (\bar\gamma_k v_k + c_{k-1} \beta_{k+1} v_{k+1})` and named
INCONSISTENT, at the iterate of smallest residual. A consistent system whose b has a part along an
eigenvalue below :math:`10 \sqrt{eps}` of the largest looks the same, and may be named so too:
precondition such a system. An A that isn't Hermitian is not seen: the residual then is not what the
recurrence says, and the outcome STAGNATED.

Source: Paige and Saunders, SIAM J. Numer. Anal. 12 (1975), doi 10.1137/0712047.
Differs from the source in: the residual vector for the Euclidean norm under preconditioning.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.arrays import Array, device_of, eps, namespace_of
from resolvent.drive import Callback
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Reason, Solution
from resolvent.solvers.krylov.curvature import mark
from resolvent.solvers.krylov.run import run
from resolvent.solvers.krylov.scaled import Scaled
from resolvent.solvers.linear_system import linear_system
from resolvent.vectors import Inner, norm, ratio, real
from resolvent.vectors import inner as euclidean

__all__ = ["minres", "minres_steps"]

_ROUNDING = 10  # eps of the norm of A: what of a Lanczos vector is rounding
# A annihilates r if |A r| is below this many sqrt(eps) |A| |r|: a correction of size |A r|^-1 has a
# rounding error of eps |A|^2 |A r|^-2 |r| in MINRES, a percent of what it should remove.
_FLAT = 10


def minres(
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
    nullspace: Any = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` with Hermitian :math:`A` by minimal residuals.

    Parameters
    ----------
    A : array, sparse matrix, operator or callable
        Hermitian, definite or not, ``(n, n)``; singular if ``b`` is in its range.
    M : preconditioner, array, operator or callable, optional
        Approximate inverse of ``A``, or of :math:`(A^2)^{1/2}`: Hermitian positive definite,
        linear and the same in every step.
    b, x0, rtol, atol, maxiter, callback, inner, nullspace, time_limit
        As in `resolvent.solvers.cg`.

    Returns
    -------
    Solution
        ``info`` is None. A ``b`` outside the range of A gives the reason INCONSISTENT.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.cg`, and for an ``M`` that says it isn't what is wanted above.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import helmholtz
    >>> from resolvent.solvers import minres
    >>> A = helmholtz((20, 20), wavenumber=12.0)
    >>> solution = minres(A, np.ones(400))
    >>> solution.converged, bool(np.all(np.diff(solution.history) <= 1e-12))
    (True, True)
    """
    system = linear_system(A, b, M=M, x0=x0)
    if system.M is not None and _is_unfit(system.M):
        raise ValueError(
            "M must be Hermitian positive definite, linear and fixed for minres; use fgmres"
        )
    return run(
        partial(minres_steps, M=system.M, inner=inner or euclidean),
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
        inner=inner,
        nullspace=nullspace,
    )


def minres_steps(
    A: Counted, r: Array, target: Target, *, M: Any = None, inner: Inner = euclidean
) -> Iterator[State]:
    """Yield the states of MINRES for ``A d = r``."""
    xp = namespace_of(r)
    unit = eps(xp, r.dtype)
    scaled = Scaled(A, inner)
    x, w, w_old, v_old = (xp.zeros_like(r) for _ in range(4))
    level = norm(r, inner)
    tolerance = xp.asarray(target.tolerance, dtype=level.dtype, device=device_of(r))
    tolerance = xp.reshape(tolerance, level.shape)
    y, z = r, r if M is None else M @ r
    rz = real(xp, inner(y, z))
    trouble = xp.zeros(level.shape, dtype=xp.int64, device=device_of(r))
    trouble = mark(xp, trouble, (rz <= 0) & (level > 0), Reason.INDEFINITE_PRECONDITIONER)
    phi = xp.sqrt(xp.abs(rz))
    zero, one = xp.zeros_like(phi), xp.ones_like(phi)
    inverse = ratio(xp, one, phi)
    v, z = inverse * y, inverse * z
    c, s, beta, delta_bar, epsilon, largest = one, zero, zero, zero, zero, zero
    while True:
        y = scaled @ z - beta * v_old
        alpha = real(xp, inner(z, y))
        y = y - alpha * v
        z_next = y if M is None else M @ y
        yz = real(xp, inner(y, z_next))
        beta_next = xp.sqrt(xp.abs(yz))
        column = xp.hypot(xp.hypot(beta, alpha), beta_next)
        largest = xp.maximum(largest, column)
        invariant = beta_next <= _ROUNDING * unit * largest
        beta_next = xp.where(invariant, zero, beta_next)
        trouble = mark(xp, trouble, (yz < 0) & (beta_next > 0), Reason.INDEFINITE_PRECONDITIONER)

        delta = c * delta_bar + s * alpha
        gamma_bar = c * alpha - s * delta_bar
        flat = xp.hypot(gamma_bar, c * beta_next) <= _FLAT * unit**0.5 * largest
        trouble = mark(xp, trouble, flat & (level > tolerance), Reason.INCONSISTENT)

        gamma = xp.hypot(gamma_bar, beta_next)
        moves = (trouble == 0) & (gamma != 0)
        gamma = xp.where(moves, gamma, zero)
        w, w_old = ratio(xp, one, gamma) * (z - delta * w - epsilon * w_old), w
        epsilon, delta_bar = s * beta_next, c * beta_next
        # a column that stands still turns by a right angle: x, r and |phi| stay
        c = ratio(xp, gamma_bar, gamma)
        s = xp.where(moves, ratio(xp, beta_next, gamma), one)
        x = x + c * phi * w
        phi = -s * phi
        inverse = ratio(xp, one, beta_next)
        v_old, v = v, inverse * y
        z = v if M is None else inverse * z_next
        beta = beta_next
        if M is None:
            level = xp.abs(phi)
        else:
            r = s**2 * r + c * phi * v
            level = norm(r, inner)
        yield State(partial(scaled.solution, x), level, trouble)


def _is_unfit(M: Preconditioner) -> bool:
    return M.is_spd is False or not M.is_linear or not M.is_fixed
