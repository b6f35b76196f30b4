r"""Successive over-relaxation (SOR): one sweep over the rows, each correction times omega.

With :math:`A = L + D + U`, strictly lower, diagonal and strictly upper part,

.. math::

    x \leftarrow x + (D/\omega + L)^{-1} (b - A x), \qquad 0 < \omega < 2 .

Converges for every Hermitian positive definite A, by Ostrowski. Where the unknowns can be coloured
in two colours, as on grids, and :math:`\beta = \rho(I - D^{-1} A) < 1`, the best parameter is
:math:`1 + (\beta / (1 + \sqrt{1 - \beta^2}))^2`, and the number of steps falls from
:math:`O(\kappa)` to :math:`O(\sqrt\kappa)`; `resolvent.solvers.tuning.relaxation` has Young's
formulas, `resolvent.solvers.ParameterBandit` learns the parameter.

Cost: a step reads every entry once, the residual norm included. Rows are swept in their order, one
after the other.

Failure modes: it may diverge if A isn't positive definite; it is then called off, with the best
iterate kept. Close to omega = 2 it is slow.

Source: D. M. Young, Iterative Solution of Large Linear Systems (1971), chapters 3 to 6.
"""

from typing import Any

from resolvent.drive import Callback
from resolvent.results import Solution
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.stationary.sweeps import relaxed

__all__ = ["sor"]


def sor(
    A: Any,
    b: Any,
    *,
    omega: float,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` by successive over-relaxation.

    Parameters
    ----------
    A : (n, n) array_like or sparse matrix
        On the host, without zeros on the diagonal, real or complex.
    b : (n,) or (n, k) array_like
        Right-hand sides; each column has its own stop.
    omega : float
        Relaxation parameter, between 0 and 2; 1 is Gauss-Seidel.
    x0 : array_like, optional
        Initial guess.
    rtol, atol : float
        Converged means :math:`\|b - A x\| \le \max(rtol\,\|b\|, atol)`, by the true residual.
    maxiter : int, optional
        Largest number of steps, by default ``10 n``.
    callback : callable, optional
        Called with a `resolvent.drive.Iteration` after each step; returns True to stop.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Solution
        ``matvecs`` counts a sweep as a product; ``info`` is a
        `resolvent.solvers.stationary.divergence.StationaryInfo` with the contraction a step. A
        residual that grew by 1/eps ends the iteration with the reason DIVERGED.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together, NaN or infinity, an ``A`` that is known by its products
        only or lives on a device, an ``omega`` outside of (0, 2).
    SingularMatrixError
        A diagonal entry is zero.

    Notes
    -----
    NumPy and SciPy on the host only, in a compiled loop, in the precision of ``A`` and ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.solvers import sor
    >>> A, b = poisson((10, 10)), np.ones(100)
    >>> [sor(A, b, omega=omega).iterations for omega in (1.0, 1.56, 1.9)]
    [223, 41, 187]
    """
    return relaxed(
        "sor",
        linear_system(A, b, x0=x0),
        omega=omega,
        name="sor",
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
    )
