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

from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvent.arrays import Array
from resolvent.solvers.transport.problem import Problem

__all__ = ["Point", "SemiDual"]


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
        value = self._part(problem.a, u, rows, self.row_stiffness)
        value = value + self._part(problem.b, v, wanted, self.column_stiffness)
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

    def _part(self, weights: Array, potential: Array, wanted: Array, stiffness: float) -> Array:
        if stiffness == 0:
            return -(weights @ potential)
        return self.problem.xp.sum(wanted) / stiffness
