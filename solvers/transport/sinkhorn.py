r"""Sinkhorn's iteration for entropic optimal transport, in the log domain.

.. math:: u_i \leftarrow \log a_i - \log \sum_j e^{v_j - C_{ij} / \varepsilon}, \quad
          v_j \leftarrow \log b_j - \log \sum_i e^{u_i - C_{ij} / \varepsilon}

Here one pass over the plan does both: the exponentials that normalise the rows give the column
sums too. The regularisation falls from a part of the span of the costs to the one wanted.

Cost: one exponential an entry and step; memory beyond the costs is that of a few vectors. The
certificate takes eight more passes, when it is asked for.

Failure modes: the contraction factor tends to one as the regularisation falls; MAXITER then tells
that `sinkhorn_newton` is due. Forbidden pairs may leave no plan with these marginals: the
potentials then diverge, and the reason is STAGNATED or MAXITER.

Source: Sinkhorn and Knopp, Concerning nonnegative matrices and doubly stochastic matrices (1967),
doi 10.2140/pjm.1967.21.343; Cuturi, Sinkhorn distances (2013), arXiv 1306.0895.
"""

import math
from collections.abc import Iterator
from typing import Any

from resolvent.arrays import Array
from resolvent.solvers.transport.problem import transport_problem
from resolvent.solvers.transport.semi_dual import Point, SemiDual
from resolvent.solvers.transport.solution import TransportSolution
from resolvent.solvers.transport.stages import Count, TransportCallback, solve_by_stages

__all__ = ["sinkhorn", "sinkhorn_steps"]


def sinkhorn(
    cost: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: float,
    tol: float = 1e-6,
    rho: tuple[float, float] = (math.inf, math.inf),
    maxiter: int = 10_000,
    init: Any = None,
    callback: TransportCallback | None = None,
    time_limit: float | None = None,
) -> TransportSolution:
    r"""Solve an entropic transport problem by Sinkhorn's iteration.

    Minimises :math:`\langle C, P \rangle + \varepsilon \sum P (\log P - 1)` over plans with the
    marginals ``a`` and ``b``, or close to them.

    Parameters
    ----------
    cost : (n, m) array_like, PointCost or GridCost
        Costs; plus infinity forbids a pair.
    a, b : (n,), (m,) array_like, optional
        Mass of either side, not negative, of equal sum; uniform if not given.
    reg : float
        The regularisation :math:`\varepsilon`, in units of the cost.
    tol : float
        Converged means :math:`\|P 1 - a\|_1 + \|P^T 1 - b\|_1 \le tol \|b\|_1`.
    rho : tuple of float
        What a unit of Kullback-Leibler divergence from ``a`` and from ``b`` costs; infinity holds
        a marginal fixed.
    maxiter : int
        Largest number of steps.
    init : TransportSolution or (m,) array_like, optional
        Solution of a problem close by, or its potential ``g``: the regularisation then starts at
        ``reg``.
    callback : callable, optional
        Called with a `Stage` after each step; returns True to stop.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    TransportSolution
        With bounds on the exact cost.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together; negative weights; different masses; mass that has
        nowhere to go.

    Notes
    -----
    Array API: any library and device, in float64, which small regularisations need: potentials
    are divided by them. NumPy matrices, points and grids run in compiled passes on all threads.

    Examples
    --------
    >>> solution = sinkhorn([[0.0, 1.0], [1.0, 0.0]], [0.6, 0.4], [0.5, 0.5], reg=0.1)
    >>> solution.converged, bool(solution.lower <= 0.1 <= solution.upper)
    (True, True)
    """
    return solve_by_stages(
        sinkhorn_steps,
        transport_problem(cost, a, b, rho),
        reg=reg,
        tol=tol,
        maxiter=maxiter,
        init=init,
        callback=callback,
        time_limit=time_limit,
    )


def sinkhorn_steps(semidual: SemiDual, v: Array, _: float, __: Count) -> Iterator[Point]:
    """Yield the points of Sinkhorn's iteration from ``v``."""
    while True:
        point = semidual.at(v)
        yield point
        v = semidual.balanced_columns(point)
