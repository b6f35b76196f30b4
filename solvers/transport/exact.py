r"""Exact optimal transport by well-kept libraries: the reference for everything entropic.

Cost: an assignment of n to n takes :math:`O(n^3)` by SciPy's Jonker-Volgenant method; any other
problem is a linear programme of :math:`n m` variables for HiGHS, which is for some thousand pairs.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import optimize, sparse

from resolvent.arrays import is_numpy
from resolvent.errors import ConvergenceError
from resolvent.solvers.transport.problem import Problem, transport_problem

__all__ = ["ExactTransport", "exact_transport"]


_INFEASIBLE = 2  # status of linprog


class ExactTransport(NamedTuple):
    """An optimal plan and what it costs.

    Attributes
    ----------
    plan : (n, m) csr_array
        At most ``n + m - 1`` entries.
    value : float
        Its cost.
    """

    plan: sparse.csr_array
    value: float


def exact_transport(cost: Any, a: Any = None, b: Any = None) -> ExactTransport:
    """Solve a transport problem without regularisation.

    Parameters
    ----------
    cost, a, b
        As in `sinkhorn`.

    Returns
    -------
    ExactTransport
        The plan and its cost.

    Raises
    ------
    TypeError, ValueError
        As in `sinkhorn`.
    ConvergenceError
        Forbidden pairs leave no plan with these marginals.

    Notes
    -----
    NumPy arrays; the costs of points are stored.

    Examples
    --------
    >>> round(exact_transport([[0.0, 1.0], [1.0, 0.0]], [0.6, 0.4], [0.5, 0.5]).value, 12)
    0.1
    """
    problem = transport_problem(cost, a, b)
    if not is_numpy(problem.xp):
        raise TypeError("exact_transport solves on the host: pass NumPy arrays")
    costs = problem.cost.rows(np.arange(problem.a.size))
    uniform = problem.a.size == problem.b.size and np.ptp(problem.a) == np.ptp(problem.b) == 0
    # HiGHS has absolute tolerances
    scaled = (costs - problem.cost.span[0]) / problem.scale
    entries, i, j = (_assignment if uniform else _programme)(problem, scaled)
    plan = sparse.csr_array(
        (entries, (problem.rows[i], problem.columns[j])), shape=problem.whole.shape
    )
    return ExactTransport(plan, float(entries @ costs[i, j]))


def _assignment(problem: Problem, costs: Any) -> tuple[Any, Any, Any]:
    try:
        i, j = optimize.linear_sum_assignment(costs)
    except ValueError as error:
        raise ConvergenceError("forbidden pairs leave no plan with these marginals") from error
    return problem.a[i], i, j


def _programme(problem: Problem, costs: Any) -> tuple[Any, Any, Any]:
    n, m = costs.shape
    i, j = np.nonzero(np.isfinite(costs))
    ones = np.ones(i.size)
    pairs = np.arange(i.size)
    sums = sparse.vstack(
        [
            sparse.csr_array((ones, (i, pairs)), shape=(n, i.size)),
            sparse.csr_array((ones, (j, pairs)), shape=(m, i.size)),
        ]
    )
    mass = np.sum(problem.a)
    # the last sum follows from the others
    found = optimize.linprog(
        costs[i, j],
        A_eq=sums[:-1],
        b_eq=np.concatenate([problem.a, problem.b])[:-1] / mass,
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if found.status == _INFEASIBLE and i.size < costs.size:
        raise ConvergenceError("forbidden pairs leave no plan with these marginals")
    if found.status != 0:
        raise ConvergenceError(f"HiGHS found no plan: {found.message}")
    kept = found.x > 0
    return mass * found.x[kept], i[kept], j[kept]
