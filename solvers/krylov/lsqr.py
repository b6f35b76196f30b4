r"""LSQR: conjugate gradients on :math:`A^H A x = A^H b`, without forming either, for any :math:`A`.

The bidiagonalisation :math:`A M V_k = U_{k+1} B_k` (`resolvent.solvers.krylov.golub_kahan`) is
turned into a triangle by one rotation :math:`(c_k, s_k)` a step; :math:`\theta` is its entry above
the diagonal :math:`\rho`:

.. math::

    w_k &= M v_k - (\theta_k / \rho_{k-1}) w_{k-1}, \qquad
    x_k = x_{k-1} + (c_k \bar\phi_k / \rho_k) w_k, \qquad \bar\phi_{k+1} = s_k \bar\phi_k, \\
    \|r_k\| &= \bar\phi_{k+1}, \qquad
    \|(A M)^H r_k\| = \bar\phi_{k+1} \alpha_{k+1} |c_k| .

The residual never grows. The number of steps is that of CG for the square of the condition of
:math:`A M`; as many as there are distinct nonzero singular values are enough without rounding.

Cost: a step has one product each with A, its adjoint, M and its adjoint, two inner products, and
keeps five vectors.

Failure modes: an ill-conditioned A takes many steps, as the short recurrences lose orthogonality.

Source: Paige and Saunders, LSQR, ACM Trans. Math. Softw. 8 (1982), doi 10.1145/355984.355989.
Differs from the source in: damping by a taller operator; right preconditioning; norms of A that
bound it from below instead of the Frobenius norm.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.drive import Callback
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Solution
from resolvent.solvers.krylov.least_squares import Orthogonality, solve_least_squares
from resolvent.vectors import Inner, ratio

__all__ = ["lsqr", "lsqr_steps"]


def lsqr(
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
    r"""Minimise :math:`\|b - A x\|^2 + \text{damp}^2 \|x\|^2` with any ``(m, n)`` matrix.

    Parameters
    ----------
    A : array, sparse matrix or operator
        Of any shape ``(m, n)`` and rank, with its adjoint.
    b : (m,) or (m, k) array_like
        Right-hand sides; each column has its own stop.
    M : preconditioner, array or operator, optional
        ``(n, n)``, with its adjoint, such that :math:`A M` is well-conditioned: the inverse of the
        column norms of A as a diagonal, or of the R of a rough QR factorisation.
    x0 : (n,) or (n, k) array_like, optional
        Initial guess.
    damp : float
        Tikhonov regularisation; all residuals below are then those of the taller system.
    rtol, atol : float
        Converged means :math:`\|b - A x\| \le \max(rtol\,\|b\|, atol)` or
        :math:`\|(A M)^H (b - A x)\| \le rtol\,\|A M\| \|b - A x\|`, by the true residual.
    maxiter : int, optional
        Largest number of steps, by default ``10 min(m, n)``.
    callback, inner, time_limit
        As in `resolvent.solvers.cg`.

    Returns
    -------
    Solution
        ``info`` is a `LeastSquaresInfo`, which tells whether x solves the system or is a solution
        of least squares. Of many solutions, x differs least from ``x0``, in the norm of
        :math:`M^{-1} x`.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.cg`, and for an A or M without an adjoint.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers import lsqr
    >>> A = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> solution = lsqr(A, [0.0, 1.0, 5.0])
    >>> solution.x
    array([-0.5,  2.5])
    >>> solution.converged, solution.info.solves
    (True, False)
    """
    return solve_least_squares(
        lsqr_steps,
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


def lsqr_steps(A: Counted, r: Array, _: Target, *, orthogonality: Orthogonality) -> Iterator[State]:
    """Yield the states of LSQR for the least norm of ``r - A d``."""
    xp = namespace_of(r)
    process = orthogonality.bidiagonalisation(A, r)
    x, w = xp.zeros_like(process.v), xp.zeros_like(process.v)
    phi_bar, rho_bar = process.beta, process.alpha
    zero, one = xp.zeros_like(rho_bar), xp.ones_like(rho_bar)
    step = zero
    trouble = xp.zeros(phi_bar.shape, dtype=xp.int64, device=device_of(r))
    while True:
        w = process.advance() - step * w
        rho = xp.hypot(rho_bar, process.beta)
        moves = (trouble == 0) & (rho != 0)
        rho = xp.where(moves, rho, zero)
        # a column that stands still turns by a right angle: x and the residual stay
        c = ratio(xp, rho_bar, rho)
        s = xp.where(moves, ratio(xp, process.beta, rho), one)
        x = x + ratio(xp, c * phi_bar, rho) * w
        step = ratio(xp, s * process.alpha, rho)
        rho_bar = -c * process.alpha
        phi_bar = s * phi_bar
        trouble = orthogonality.claimed(trouble, xp.abs(rho_bar) * phi_bar, phi_bar)
        yield State(partial(process.solution, x), phi_bar, trouble)
