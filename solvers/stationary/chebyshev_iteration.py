r"""Chebyshev iteration for :math:`A x = b`, with the spectrum of :math:`M A` in :math:`[a, c]`.

The residual after k steps is :math:`T_k((\theta - \lambda)/\delta) / T_k(\theta/\delta)` in the
direction of each eigenvalue, with :math:`\theta = (a + c)/2` and :math:`\delta = (c - a)/2`: the
least possible maximum on the interval.

.. math::

    \rho_{k+1} = \frac{\delta}{2\theta - \delta\rho_k}, \quad
    p \leftarrow \rho_{k+1} \rho_k p + \frac{2}{2\theta - \delta\rho_k} M r, \quad
    x \leftarrow x + p, \quad r \leftarrow r - A p ,

from :math:`\rho_0 = \delta/\theta` and :math:`p = M r / \theta`.

It needs no inner products, but the residual norm that is watched; and it needs the interval. If
none is given, Lanczos steps estimate it, and again whenever the residual falls too slowly, as
`resolvent.solvers.stationary.estimated_interval` tells.

Cost: a step has one product with A and one with M, and keeps four vectors.

Failure modes: the residual grows without bound in the direction of an eigenvalue below zero or
above :math:`a + c`; the iteration is then called off, with the best iterate kept. Eigenvalues
between 0 and :math:`a`, or :math:`c` and :math:`a + c`, make it slow: ``info`` compares the
contraction with that which the interval promises.

Source: G. H. Golub and R. S. Varga, Chebyshev semi-iterative methods, successive overrelaxation
iterative methods, and second order Richardson iterative methods, Numer. Math. 3 (1961),
doi 10.1007/BF01386013.
"""

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from resolvent.drive import Callback
from resolvent.linalg.gallery.spectra import Rng
from resolvent.recurrence import Steps
from resolvent.results import Solution
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.stationary.chebyshev_steps import chebyshev_steps, promised
from resolvent.solvers.stationary.divergence import contraction
from resolvent.solvers.stationary.estimated_interval import EstimatedInterval

__all__ = ["ChebyshevIterationInfo", "chebyshev_iteration"]


@dataclass(frozen=True)
class ChebyshevIterationInfo:
    r"""What `chebyshev_iteration` used, and whether it was right.

    Attributes
    ----------
    interval : tuple of float
        That of the eigenvalues; ``(inf, 0)`` if there was nothing to estimate it for.
    promised : float
        The contraction :math:`(\sqrt\kappa - 1)/(\sqrt\kappa + 1)` of the interval; NaN without
        one that is positive.
    contraction : float
        The observed one, as in `resolvent.solvers.stationary.divergence.StationaryInfo`; above
        ``promised`` there are eigenvalues outside of the interval.
    """

    interval: tuple[float, float]
    promised: float
    contraction: float


def chebyshev_iteration(
    A: Any,
    b: Any,
    *,
    interval: tuple[float, float] | None = None,
    M: Any = None,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    time_limit: float | None = None,
    rng: Rng | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` for a spectrum of :math:`M A` in a known interval.

    Parameters
    ----------
    A : array, sparse matrix, operator or callable
        ``(n, n)``, Hermitian positive definite as a rule.
    b : (n,) or (n, k) array_like
        Right-hand sides; each column has its own stop.
    interval : (a, c) tuple of float, optional
        ``0 < a <= c``, around the eigenvalues of :math:`M A`; needed with ``M``. Estimated by
        default, for Hermitian ``A``.
    M : preconditioner, array, operator or callable, optional
        Approximate inverse of ``A``, linear and fixed.
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
    rng : numpy.random.Generator or seed, optional
        For the start of the Lanczos steps.

    Returns
    -------
    Solution
        ``info`` is a `ChebyshevIterationInfo`. A residual that grew by 1/eps ends the iteration
        with the reason DIVERGED, a negative eigenvalue that the estimate found with
        INDEFINITE_OPERATOR.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together, NaN or infinity, an interval that isn't positive or is
        missing beside ``M``.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.solvers import chebyshev_iteration
    >>> interval = 4 * np.sin(np.pi * np.array([1, 50]) / 102) ** 2
    >>> solution = chebyshev_iteration(poisson(50), np.ones(50), interval=interval)
    >>> bound = int(np.log(2e8) / -np.log(solution.info.promised))
    >>> solution.converged, 0.9 * bound < solution.iterations <= bound + 1
    (True, True)
    """
    if interval is None and M is not None:
        raise ValueError("interval=(a, c) of the eigenvalues of M A is needed with M")
    system = linear_system(A, b, M=M, x0=x0)
    search = EstimatedInterval(rng)
    steps: Steps = search.steps
    if interval is not None:
        a, c = (float(end) for end in interval)
        if not 0 < a <= c < math.inf:
            raise ValueError(f"interval must be (a, c) with 0 < a <= c, got {interval}")
        steps = partial(chebyshev_steps, interval=(a, c), M=system.M)
        search.interval = a, c
    solution = run(
        steps,
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
    )
    used = search.interval
    rate = promised(used) if 0 < used[0] < math.inf else math.nan
    return replace(solution, info=ChebyshevIterationInfo(used, rate, contraction(solution.history)))
