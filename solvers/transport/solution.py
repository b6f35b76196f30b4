"""What a transport solver returns: potentials, and how far from the truth they can be."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array, to_host
from resolvent.operators import Operator, as_operator
from resolvent.results import Outcome, Reason
from resolvent.solvers.transport.bounds import Bounds, bounds
from resolvent.solvers.transport.costs import Cost, PointCost
from resolvent.solvers.transport.problem import Problem

__all__ = ["Stage", "TransportSolution"]

_ADVICE = {
    Reason.STAGNATED: (
        "the marginals no longer come closer: forbidden pairs may leave no plan, else raise reg or "
        "tol, or take linear_solver='cholesky'"
    ),
    Reason.MAXITER: "the iteration limit was reached; raise maxiter, reg or tol",
    Reason.NONFINITE: "NaN or infinity appeared; scale the costs, or raise reg",
}
_BLOCK = 4_000_000  # entries of the plan at a time


@dataclass(frozen=True)
class Stage:
    """One line of the history of a transport solver.

    Attributes
    ----------
    reg : float
        Regularisation.
    error : float
        L1 error of the marginals.
    passes : int
        Passes over the plan so far.
    newton_steps : int
        Newton steps so far.
    seconds : float
        Time so far.
    """

    reg: float
    error: float
    passes: int
    newton_steps: int
    seconds: float


@dataclass(frozen=True, eq=False, repr=False)
class TransportSolution(Outcome):
    r"""Potentials of an entropic transport problem, and their certificate.

    The plan is :math:`P_{ij} = \exp((f_i + g_j - C_{ij}) / \varepsilon)`. Atoms without mass have
    the potentials of the c-transform, and no row or column in the plan but zeros.

    Attributes
    ----------
    f, g : (n,), (m,) ndarray
        Potentials in units of the cost, with :math:`\langle a, f \rangle = \langle b, g \rangle`
        where both marginals are fixed.
    reg : float
        The regularisation :math:`\varepsilon`.
    reason : Reason
        Why the iteration ended.
    marginal_error : float
        :math:`\|P 1 - a\|_1 + \|P^T 1 - b\|_1`, recomputed at exit; where a marginal is relaxed
        the distance to what its potential asks for.
    value : float
        The regularised objective of a feasible plan, :math:`\langle C, \hat P \rangle +
        \varepsilon \sum \hat P (\log \hat P - 1)` and the divergences of relaxed marginals; it may
        be negative, what the plan costs is ``linear_value``. This
        and the following five are computed when one of them is first asked for, from the costs,
        which must not have been changed in place.
    dual_value : float
        The dual objective of the potentials: no plan has a smaller ``value``.
    gap : float
        ``value - dual_value``.
    linear_value : float
        :math:`\langle C, P \rangle`.
    lower, upper : float or None
        The exact transport cost, without regularisation, is between them, up to rounding. None
        where a marginal is relaxed. Where pairs are forbidden the feasible plan may use them:
        ``upper``, ``value`` and ``gap`` are then infinite.
    iterations : int
        Steps of the method, Sinkhorn's and Newton's.
    passes : int
        Passes over the plan.
    newton_steps, linear_steps : int
        Newton steps, and steps of conjugate gradients in them.
    history : tuple of Stage
        Where the method stood after each step.
    seconds : float
        Wall-clock time.
    problem : Problem
        What was solved.
    masses : tuple of array
        Marginals as they were given, ``b`` scaled to the mass of ``a`` in rounding.

    Examples
    --------
    >>> from resolvent.solvers.transport import sinkhorn_newton
    >>> solution = sinkhorn_newton([[0.0, 1.0], [1.0, 0.0]], [0.6, 0.4], [0.5, 0.5], reg=0.01)
    >>> solution.converged, solution.gap < 1e-12, solution.plan().round(3).tolist()
    (True, True, [[0.5, 0.1], [0.0, 0.4]])
    >>> bool(solution.lower <= 0.1 <= solution.upper)
    True
    """

    f: Array
    g: Array
    reg: float
    reason: Reason
    marginal_error: float
    iterations: int
    passes: int
    newton_steps: int
    linear_steps: int
    history: tuple[Stage, ...]
    seconds: float
    problem: Problem

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return _ADVICE.get(self.reason, self.reason.advice)

    @property
    def soft(self) -> tuple[Array, Array]:
        r"""Potentials without the part of the mass, defined everywhere.

        :math:`-\varepsilon \log \sum_j e^{(g_j - C_{ij}) / \varepsilon}` over the columns with
        mass, and its like for the columns. Where there is mass and the rows are fixed it is
        :math:`f_i - \varepsilon \log a_i`.
        """
        problem, xp, (u, v) = self.problem, self.problem.xp, self.scaled
        n, m = problem.whole.shape
        device = problem.cost.device
        rows, columns = (xp.arange(size, device=device) for size in (n, m))
        across = problem.whole.take(rows, problem.columns)
        down = problem.whole.take(problem.rows, columns).T
        zeros = (xp.zeros(size, dtype=xp.float64, device=device) for size in (n, m))
        pairs = zip((across, down), (v, u), zeros, strict=True)
        f, g = (self.reg * cost.sweep(self.reg, x, zero, 1.0)[0] for cost, x, zero in pairs)
        return f, g

    @property
    def masses(self) -> tuple[Array, Array]:
        """Both marginals, with their zeros."""
        return self.problem.masses

    @property
    def cost(self) -> Cost:
        """The costs."""
        return self.problem.whole

    @cached_property
    def certificate(self) -> Bounds:
        """Value and bounds; eight passes over the costs when they are first asked for."""
        return bounds(self.problem, *self.scaled, self.reg)

    @property
    def scaled(self) -> tuple[Array, Array]:
        """The potentials of the atoms with mass, divided by the regularisation."""
        take, problem = self.problem.xp.take, self.problem
        return take(self.f, problem.rows) / self.reg, take(self.g, problem.columns) / self.reg

    @property
    def value(self) -> float:
        """The regularised objective of a feasible plan."""
        return self.certificate.value

    @property
    def dual_value(self) -> float:
        """The dual objective of the potentials."""
        return self.certificate.dual_value

    @property
    def gap(self) -> float:
        """``value - dual_value``: how far from optimal the regularised objective can be."""
        return self.value - self.dual_value

    @property
    def linear_value(self) -> float:
        """What the plan costs."""
        return self.certificate.linear_value

    @property
    def lower(self) -> float | None:
        """The exact transport cost is not below this."""
        return self.certificate.lower

    @property
    def upper(self) -> float | None:
        """The exact transport cost is not above this."""
        return self.certificate.upper

    def plan(self) -> Array:
        """Return the plan as an array ``(n, m)``."""
        problem = self.problem
        return problem.spread_pairs(problem.cost.plan(self.reg, *self.scaled))

    def sparse_plan(self, tol: float = 1e-6) -> sparse.csr_array:
        """Return the plan without its smallest entries, at most ``tol`` of each row's mass.

        Costs one pass over the plan in blocks of rows; memory is that of the result, on the host.
        """
        problem, xp, (u, v) = self.problem, self.problem.xp, self.scaled
        n, m = problem.cost.shape
        pieces, columns = [], xp.arange(m, device=problem.cost.device)
        for start in range(0, n, step := max(1, _BLOCK // m)):
            rows = xp.arange(start, min(start + step, n), device=problem.cost.device)
            part = problem.cost.take(rows, columns).plan(self.reg, xp.take(u, rows), v)
            pieces.append(_largest(to_host(part), tol))
        kept = sparse.vstack(pieces, format="coo")
        where = to_host(problem.rows)[kept.row], to_host(problem.columns)[kept.col]
        return sparse.csr_array((kept.data, where), shape=self.cost.shape)

    def plan_operator(self) -> Operator:
        """Return the plan as an operator: ``P @ y`` and ``P.H @ x`` without storing it.

        A product is a pass over the plan; costs stored for few pairs store the plan too.
        """
        problem, xp = self.problem, self.problem.xp
        products = problem.cost.products(self.reg, *self.scaled)

        def onto(y: Array) -> Array:
            if y.ndim == 2:
                return xp.stack([onto(y[:, k]) for k in range(y.shape[1])], axis=1)
            return problem.spread(products.onto(xp.take(y, problem.columns)), 0)

        def back(x: Array) -> Array:
            if x.ndim == 2:
                return xp.stack([back(x[:, k]) for k in range(x.shape[1])], axis=1)
            return problem.spread(products.back(xp.take(x, problem.rows)), 1)

        return as_operator(onto, shape=self.cost.shape, adjoint=back, name="plan")

    def map(self, x: Any) -> Array:
        r"""Return where points go: the entropic map, defined everywhere.

        .. math:: T(x) = \frac{\sum_j y_j e^{(g_j - c(x, y_j)) / \varepsilon}}
                  {\sum_j e^{(g_j - c(x, y_j)) / \varepsilon}}

        For squared distances it estimates the optimal map; at the points of the problem it is the
        mean of their row of the plan. Pooladian and Niles-Weed (2021), arXiv 2109.12004.

        Parameters
        ----------
        x : (k, d) array_like
            Points.

        Raises
        ------
        TypeError
            The costs are not a `PointCost`.
        """
        cost = self.problem.cost
        if not isinstance(cost, PointCost):
            raise TypeError("a map needs costs between points, a PointCost")
        new = PointCost(x, cost.y, cost.p)
        v = self.scaled[1]
        u, _ = new.sweep(self.reg, v, np.zeros(len(new.x)), 1.0)
        products = new.products(self.reg, u, v)
        return np.stack([products.onto(y) for y in cost.y.T], axis=1)

    def __repr__(self) -> str:
        return (
            f"TransportSolution({self.reason.name} after {self.iterations} iterations, marginal "
            f"error {self.marginal_error:.1e}, {self.passes} passes, {self.seconds:.2g} s)"
        )


def _largest(rows: NDArray[np.float64], tol: float) -> sparse.coo_array:
    """Return rows without their smallest entries, at most ``tol`` of the sum of each."""
    order = np.sort(rows, axis=1)
    dropped = np.cumsum(order, axis=1) <= tol * order.sum(axis=1, keepdims=True)
    count = np.minimum(dropped.sum(axis=1), rows.shape[1] - 1)
    least = np.take_along_axis(order, count[:, None], axis=1)
    return sparse.coo_array(np.where((rows >= least) & (rows > 0), rows, 0))
