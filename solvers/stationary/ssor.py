r"""Symmetric successive over-relaxation (SSOR): a forward and a backward sweep a step.

.. math::

    x \leftarrow x + \omega (2 - \omega) (D + \omega U)^{-1} D (D + \omega L)^{-1} (b - A x)

for :math:`A = L + D + U` and :math:`0 < \omega < 2`. For Hermitian A with positive diagonal the
iteration matrix is similar to a Hermitian positive semidefinite one, so that convergence is smooth
and the choice of omega matters less than in SOR, but the steps are not fewer by an order. Its use
is as a preconditioner, `resolvent.preconditioners.ssor`, of which this is Richardson iteration.

Cost: a step reads the entries of U once and those of L twice, the residual norm included.

Failure modes: diverges for other matrices as a rule; it is then called off, with the best iterate
kept.

Source: D. M. Young, Iterative Solution of Large Linear Systems (1971), chapter 15.
"""

from typing import Any

from resolvent.drive import Callback
from resolvent.results import Solution
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.stationary.sweeps import relaxed

__all__ = ["ssor"]


def ssor(
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
    r"""Solve :math:`A x = b` by symmetric successive over-relaxation.

    Parameters
    ----------
    A, b, omega, x0, rtol, atol, maxiter, callback, time_limit
        As in `resolvent.solvers.sor`; ``omega`` 1 is symmetric Gauss-Seidel.

    Returns
    -------
    Solution
        As that of `resolvent.solvers.sor`; ``matvecs`` counts a step as two products.

    Raises
    ------
    TypeError, ValueError, SingularMatrixError
        As in `resolvent.solvers.sor`.

    Notes
    -----
    NumPy and SciPy on the host only, in a compiled loop, in the precision of ``A`` and ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.solvers import ssor
    >>> solution = ssor(poisson((10, 10)), np.ones(100), omega=1.6)
    >>> solution.converged, solution.iterations < 60
    (True, True)
    """
    return relaxed(
        "ssor",
        linear_system(A, b, x0=x0),
        omega=omega,
        name="ssor",
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
    )
