r"""Richardson iteration and mixed-precision iterative refinement.

.. math::

    x \leftarrow x + \omega M (b - A x)

Each step multiplies the error by :math:`I - \omega M A`, so it converges from every start if and
only if the spectral radius of that is below 1. Residuals and iterates stay in the precision of A
and b, whatever the precision of M: with a factorisation or an inner iteration in single precision
this is iterative refinement, which reaches double-precision residuals as long as the condition of
A is well below :math:`10^7`.

Cost: a step has one product with A and one with M, and keeps three vectors; no inner products but
the residual norm.

Failure modes: a step that isn't a contraction. Growth by 1/eps calls the iteration off, with the
best iterate kept. A contraction close to 1 shows in ``info`` and ends in MAXITER; in a
floating-point sense stagnant residuals end in STAGNATED.

Source: Y. Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. (2003), section 4.2,
doi 10.1137/1.9780898718003; C. B. Moler, Iterative refinement in floating point, J. ACM 14 (1967),
doi 10.1145/321386.321394.
Differs from the source in: the residual is updated by :math:`r - A\delta`, which suffers less
cancellation than :math:`b - A x`; the latter confirms it at the end.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.drive import Callback
from resolvent.recurrence import Counted, State, Target, at
from resolvent.results import Solution
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.stationary.divergence import diverging, with_contraction
from resolvent.vectors import norm

__all__ = ["richardson", "richardson_steps"]


def richardson(
    A: Any,
    b: Any,
    *,
    M: Any = None,
    omega: float = 1.0,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` by Richardson iteration, :math:`x \leftarrow x + \omega M (b - A x)`.

    Parameters
    ----------
    A : array, sparse matrix, operator or callable
        ``(n, n)``.
    b : (n,) or (n, k) array_like
        Right-hand sides; each column has its own stop.
    M : preconditioner, array, operator or callable, optional
        ``r -> z`` close to :math:`A^{-1} r`. It may compute in a lower precision than A's, change
        from step to step, or be an inner solver.
    omega : float
        Damping.
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
        ``info`` is a `resolvent.solvers.stationary.divergence.StationaryInfo` with the contraction
        a step. A residual that grew by 1/eps ends the iteration with the reason DIVERGED.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together, or have NaN or infinite entries.

    Notes
    -----
    Array API: any library and device. A residual that M sees is of norm about one at first,
    whatever the scale of ``b``, and so in the range of single precision.

    Examples
    --------
    Refinement of a factorisation in single precision:

    >>> import numpy as np
    >>> from scipy.linalg import lu_factor, lu_solve
    >>> from resolvent.solvers import richardson
    >>> A = np.eye(50) + np.tri(50) / 50
    >>> single = lu_factor(A.astype(np.float32))
    >>> M = lambda r: lu_solve(single, r.astype(np.float32))
    >>> solution = richardson(A, np.ones(50), M=M, rtol=1e-14)
    >>> solution.converged, solution.iterations <= 3, solution.x.dtype
    (True, True, dtype('float64'))
    """
    system = linear_system(A, b, M=M, x0=x0)
    steps = partial(richardson_steps, M=system.M, omega=omega)
    return with_contraction(
        run(
            steps,
            system,
            rtol=rtol,
            atol=atol,
            maxiter=maxiter,
            callback=callback,
            time_limit=time_limit,
        )
    )


def richardson_steps(
    A: Counted, r: Array, _: Target, *, M: Any = None, omega: float = 1.0
) -> Iterator[State]:
    """Yield the states of Richardson iteration for ``A d = r``."""
    xp = namespace_of(r)
    d, zero = xp.zeros_like(r), xp.zeros_like(r)
    first = norm(r)
    trouble = xp.zeros(first.shape, dtype=xp.int64, device=device_of(r))
    while True:
        z = r if M is None else xp.astype(M @ r, r.dtype, copy=False)
        delta = xp.where(trouble == 0, omega * z, zero)
        d = d + delta
        r = r - A @ delta
        norms = norm(r)
        trouble = diverging(xp, trouble, norms, first, r.dtype)
        yield State(at(d), norms, trouble)
