r"""The semi-dual of entropic transport, on which every solver works.

For scaled column potentials :math:`v` the best row potentials are known,
:math:`u_i = \log a_i - \log \sum_j \exp(v_j - C_{ij} / \varepsilon)`, so that

.. math:: F(v) = -\langle a, u(v) \rangle - \langle b, v \rangle

is left to minimise: convex, with gradient :math:`c - b` and Hessian
:math:`D_c - P^T D_r^{-1} P` (the Schur complement of that of the dual), where :math:`r = a` and
:math:`c` are the row and column sums of the plan. All of it takes one exponential an entry, and no
``v`` makes it overflow.

A marginal that only pays :math:`\rho` times the divergence of Kullback and Leibler from ``a`` wants
the sums :math:`a e^{-\varepsilon u / \rho}`: its potentials are damped by
:math:`\rho / (\rho + \varepsilon)`, its part of F is
:math:`(\rho / \varepsilon) \langle a, e^{-\varepsilon u / \rho} \rangle`, and the diagonal of the
Hessian gains :math:`\varepsilon / \rho` times what is wanted.

Source: Cuturi and Peyré, A smoothed dual approach for variational Wasserstein problems (2016),
arXiv 1503.02533; with relaxed marginals, Chizat, Peyré, Schmitzer and Vialard, Scaling algorithms
for unbalanced optimal transport problems (2018), arXiv 1607.05816.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from resolvent.arrays import Array, enter
from resolvent.solvers.transport.problem import Problem, capped, transport_problem

__all__ = ["LegendreTransform", "Point", "SemiDual", "semidual"]


@dataclass(frozen=True, eq=False, slots=True)
class Point:
    """Where an iteration stands.

    Attributes
    ----------
    u, v : ndarray
        Scaled potentials; ``u`` is the best for ``v``.
    rows, columns : ndarray
        Sums of the plan.
    wanted : ndarray
        What the columns should sum to.
    value : () array
        F, which a solver minimises; on the device.
    error : float
        L1 norm of ``columns - wanted``; the rows are exact.
    """

    u: Array
    v: Array
    rows: Array
    columns: Array
    wanted: Array
    value: Array
    error: float


class SemiDual:
    """The semi-dual of a problem at one regularisation.

    Attributes
    ----------
    reg : float
        Regularisation.
    passes : int
        Passes over the plan so far.
    row_stiffness, column_stiffness : float
        ``reg / rho`` of either marginal.
    """

    def __init__(self, problem: Problem, reg: float) -> None:
        self.problem, self.reg, self.passes = problem, reg, 0
        self._log_a, self._log_b = (problem.xp.log(x) for x in (problem.a, problem.b))
        self.row_stiffness, self.column_stiffness = (reg / rho for rho in problem.rho)

    def at(self, v: Array, store: Any = None) -> Point:
        """Return the point of ``v``; ``store`` as in `resolvent.solvers.transport.costs.Cost`."""
        self.passes += 1
        problem, xp = self.problem, self.problem.xp
        damp = 1 / (1 + self.row_stiffness)
        u, columns = problem.cost.sweep(self.reg, v, self._log_a, damp, store)
        rows, wanted = problem.wanted(self.reg, u, v)
        value = self._part(problem.a, u, self.row_stiffness)
        value = value + self._part(problem.b, v, self.column_stiffness)
        if not problem.balanced:
            value = value + xp.sum(rows)
        error = float(xp.sum(xp.abs(columns - wanted)))
        return Point(u, v, rows, columns, wanted, value, error)

    def balanced_columns(self, point: Point) -> Array:
        """Return the ``v`` that is best for ``u``: what Sinkhorn's iteration takes next."""
        xp, columns = self.problem.xp, point.columns
        least = xp.full_like(columns, float(np.finfo(float).tiny))
        log_c = xp.log(xp.where(columns > least, columns, least))
        return (self._log_b - log_c + point.v) / (1 + self.column_stiffness)

    def _part(self, weights: Array, potential: Array, stiffness: float) -> Array:
        if stiffness == 0:
            return -(weights @ potential)
        xp = self.problem.xp
        return weights @ xp.expm1(capped(xp, -stiffness * potential)) / stiffness


class LegendreTransform(NamedTuple):
    """What `semidual` returns.

    Attributes
    ----------
    value : float
        :math:`H_a(g)`.
    gradient : (m,) array
        The column sums of the plan.
    """

    value: float
    gradient: Array


def semidual(cost: Any, g: Any, a: Any = None, *, reg: float) -> LegendreTransform:
    r"""Return the Legendre transform of entropic transport in its second marginal.

    .. math:: H_a(g) = \sup_b \langle b, g \rangle - OT_\varepsilon(a, b) = \varepsilon \sum_i a_i
              \left( 1 - \log a_i + \log \sum_j e^{(g_j - C_{ij}) / \varepsilon} \right)

    It is convex and smooth, with the gradient :math:`P^T 1` of the plan that has the row sums
    ``a``: the block for learning measures (dictionaries, barycentres, transport as a penalty) by
    duality.

    Parameters
    ----------
    cost, a, reg
        As in `sinkhorn`.
    g : (m,) array_like
        Potential of the columns.

    Returns
    -------
    LegendreTransform
        Value and gradient.

    Raises
    ------
    TypeError, ValueError
        As in `sinkhorn`, and for a ``g`` of another shape or not finite.

    Notes
    -----
    One pass over the plan; :math:`\nabla H` is Lipschitz with :math:`\|a\|_1 / \varepsilon`.

    Source: Cuturi and Peyré (2016), arXiv 1503.02533.

    Examples
    --------
    >>> found = semidual([[0.0, 1.0], [1.0, 0.0]], [0.0, 0.0], reg=0.1)
    >>> found.gradient
    array([0.5, 0.5])
    """
    problem = transport_problem(cost, a, None, (math.inf, 1.0))  # there is no second marginal
    if not 0 < reg < float("inf"):
        raise ValueError(f"reg must be positive, got {reg!r}")
    xp, m = problem.xp, problem.b.shape[0]
    (g,) = enter(matrix=False, g=g).arrays
    if g.shape != (m,):
        raise ValueError(f"g must be a potential of shape ({m},), got shape {tuple(g.shape)}")
    v = xp.astype(xp.asarray(g, device=problem.cost.device), xp.float64) / reg
    u, columns = problem.cost.sweep(reg, v, xp.log(problem.a), 1.0)
    return LegendreTransform(reg * float(xp.sum(problem.a) - problem.a @ u), columns)
