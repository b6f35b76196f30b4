r"""Derivatives of entropic transport, by the implicit function theorem.

The potentials satisfy :math:`P 1 = a e^{-f / \rho_a}` and :math:`P^T 1 = b e^{-g / \rho_b}`,
without the factors where a marginal is fixed, so that a change of the data moves them by

.. math:: \begin{pmatrix} R (1 + \varepsilon / \rho_a) & P \\ P^T & D (1 + \varepsilon / \rho_b)
    \end{pmatrix} \begin{pmatrix} df \\ dg \end{pmatrix} =
    \begin{pmatrix} (P \circ dM) 1 + \varepsilon e^{-f / \rho_a} da \\
    (P \circ dM)^T 1 + \varepsilon e^{-g / \rho_b} db \end{pmatrix}, \quad
    dM = dC + \log P \, d\varepsilon,

and the plan by :math:`dP = P \circ (df \oplus dg - dM) / \varepsilon`. Products with the Jacobian
(jvp) and with its adjoint (vjp) are one such system each; nothing of the iteration is stored. The
matrix is that of the last Newton step, with all of the plan.

Where both marginals are fixed only changes of equal mass make sense: the gradients with respect to
``a`` and ``b`` are defined up to a constant that is added to one and taken from the other. Atoms
without mass have no part in the plan: gradients and tangents there are zero, though the objective
falls with infinite slope as they gain mass, and a loss that depends on their potentials is refused.

Cost: a pass over the plan and the solution of one system; ``n m`` numbers for stored costs, and for
points some rows of the plan at a time.

Failure modes: the system is as badly conditioned as the plan is far from connected. Where a small
regularisation lets it fall apart (few atoms with random costs: from about 1e-3 of the span of the
costs on) rounding would decide the potentials, and a `ConvergenceError` says so; the gradient of
the value needs no system. A solution that has not converged is refused.

Source: Cuturi, Teboul, Niles-Weed and Vert, Supervised quantile normalization for low-rank matrix
approximation (2020), arXiv 2002.03229, and Luise et al., Differential properties of Sinkhorn
approximation for learning with Wasserstein distance (2018), arXiv 1805.11897, for the balanced
case.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from resolvent.arrays import Array, Namespace
from resolvent.solvers.transport.costs import ArrayCost, PointCost, StoredCost
from resolvent.solvers.transport.linearised import Linearised
from resolvent.solvers.transport.solution import TransportSolution

__all__ = ["TransportGradients", "TransportTangents", "transport_jvp", "transport_vjp"]

_SAME_MASS = 1e-8  # relative difference that is taken for rounding


class TransportGradients(NamedTuple):
    """Gradients of a loss with respect to the data of a transport problem.

    Attributes
    ----------
    cost : (n, m) array or None
        For costs that are an array.
    a, b : (n,), (m,) array
        The marginals.
    reg : float
        The regularisation.
    x, y : (n, d), (m, d) array or None
        For a `PointCost`.
    """

    cost: Array | None
    a: Array
    b: Array
    reg: float
    x: Array | None
    y: Array | None


@dataclass(frozen=True, eq=False)
class TransportTangents:
    """Directional derivatives of a solution.

    Attributes
    ----------
    f, g : (n,), (m,) array
        Of the potentials.
    value : float
        Of the regularised objective.
    """

    f: Array
    g: Array
    value: float
    _plan: Any

    def plan(self) -> Array:
        """Return the directional derivative of the plan, ``(n, m)``."""
        return self._plan()


def transport_vjp(
    solution: TransportSolution,
    *,
    f: Any = None,
    g: Any = None,
    plan: Any = None,
    value: float = 0.0,
) -> TransportGradients:
    r"""Return the gradients of a loss with respect to cost, marginals, points and regularisation.

    Parameters
    ----------
    solution : TransportSolution
        Converged.
    f, g : (n,), (m,) array_like, optional
        Gradients of the loss with respect to the potentials.
    plan : (n, m) array_like, optional
        Gradient with respect to the plan; the costs themselves for the loss
        :math:`\langle C, P \rangle`, to which its own gradient P is then to be added.
    value : float
        Gradient with respect to ``solution.value``; it alone needs no linear system.

    Returns
    -------
    TransportGradients
        On the device of the costs, in float64.

    Raises
    ------
    ConvergenceError
        The solution has not converged, or the linear system could not be solved.
    ValueError
        Gradients of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.transport import sinkhorn_newton, transport_vjp
    >>> solution = sinkhorn_newton([[0.0, 1.0], [1.0, 0.0]], reg=0.1)
    >>> gradients = transport_vjp(solution, value=1.0)  # of the value it is the plan
    >>> bool(np.allclose(gradients.cost, solution.plan()))
    True
    """
    system = Linearised(solution)
    xp, problem = system.xp, solution.problem
    f_bar, g_bar = system.cotangent("f", f, 0), system.cotangent("g", g, 1)
    weight = None if plan is None else system.inside_pairs("plan", plan)
    a_bar, b_bar = system.marginal_gradients(value)
    if problem.balanced:
        f_bar, g_bar, *gauge = system.without_gauge(f_bar, g_bar)
        a_bar, b_bar = a_bar + gauge[0], b_bar + gauge[1]
    rows, columns = [], 0.0 * system.v
    if weight is not None:
        for block, P, _ in system.blocks():
            W = _product(xp, P, weight[block, :])
            rows.append(xp.sum(W, axis=1))
            columns = columns + xp.sum(W, axis=0)
    right = system.reg * f_bar + (xp.concat(rows) if rows else 0.0), system.reg * g_bar + columns
    moved = weight is not None or any(bool(xp.any(x != 0)) for x in right)
    lam, mu = system.solve(*right) if moved else (0.0 * system.u, 0.0 * system.v)
    a_bar, b_bar = a_bar + system.relaxed[0] * lam, b_bar + system.relaxed[1] * mu

    pieces, points, reg_bar = [], [], 0.0
    for block, P, logs in system.blocks():
        Z = lam[block][:, None] + mu
        Z = (P * Z if weight is None else P * Z - _product(xp, P, weight[block, :])) / system.reg
        reg_bar = reg_bar + xp.sum(Z * logs) + value * xp.sum(P * (logs - 1))
        Z = Z + value * P
        if isinstance(problem.cost, PointCost):
            points.append(problem.cost.pull_back(block, Z))
        elif isinstance(problem.cost, StoredCost | ArrayCost):
            pieces.append(Z)
    return TransportGradients(
        cost=problem.spread_pairs(xp.concat(pieces)) if pieces else None,
        a=problem.spread(a_bar, 0),
        b=problem.spread(b_bar, 1),
        reg=float(reg_bar),
        x=problem.spread(xp.concat([x for x, _ in points]), 0) if points else None,
        y=problem.spread(sum(y for _, y in points), 1) if points else None,
    )


def _product(xp: Namespace, P: Array, weight: Array) -> Array:
    """Return ``P * weight``, zero where P is: infinite costs of forbidden pairs are no matter."""
    return xp.where(P > 0, P, 0.0 * P) * xp.where(P > 0, weight, 0.0 * P)


def transport_jvp(
    solution: TransportSolution,
    *,
    cost: Any = None,
    a: Any = None,
    b: Any = None,
    reg: float = 0.0,
    x: Any = None,
    y: Any = None,
) -> TransportTangents:
    r"""Return the derivative of a solution in a direction of its data.

    Parameters
    ----------
    solution : TransportSolution
        Converged.
    cost : (n, m) array_like, optional
        Direction of the costs.
    a, b : (n,), (m,) array_like, optional
        Directions of the marginals, of equal sum where both are fixed.
    reg : float
        Direction of the regularisation.
    x, y : (n, d), (m, d) array_like, optional
        Directions of the points of a `PointCost`.

    Returns
    -------
    TransportTangents
        Derivatives of potentials, value and plan.

    Raises
    ------
    ConvergenceError
        As `transport_vjp`.
    ValueError
        Directions of another shape, of different mass, or of points where there are none.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.solvers.transport import sinkhorn_newton, transport_jvp
    >>> solution = sinkhorn_newton([[0.0, 1.0], [1.0, 0.0]], reg=0.1)
    >>> tangents = transport_jvp(solution, cost=np.ones((2, 2)))  # dearer by one everywhere
    >>> round(tangents.value, 9), bool(np.abs(tangents.plan()).max() < 1e-12)
    (1.0, True)
    """
    system = Linearised(solution)
    xp, problem = system.xp, solution.problem
    da, db = system.inside("a", a, 0), system.inside("b", b, 1)
    if problem.balanced:
        more = float(xp.sum(da) - xp.sum(db))
        if abs(more) > _SAME_MASS * float(xp.sum(xp.abs(da)) + xp.sum(xp.abs(db))):
            raise ValueError(f"a gains {more:g} more mass than b: both marginals are fixed")
    change = system.cost_change(cost, x, y)

    def dM(block: slice, logs: Array) -> Array:
        return change(block) + reg * logs

    rows, columns, paid = [], 0.0 * system.v, 0.0
    for block, P, logs in system.blocks():
        moved = P * dM(block, logs)
        rows.append(xp.sum(moved, axis=1))
        columns = columns + xp.sum(moved, axis=0)
        paid = paid + xp.sum(moved) - reg * xp.sum(P)
    df, dg = system.solve(
        xp.concat(rows) + system.reg * system.relaxed[0] * da,
        columns + system.reg * system.relaxed[1] * db,
    )
    if problem.balanced:
        f, g = system.reg * system.u, system.reg * system.v
        shift = db @ g + problem.b @ dg - da @ f - problem.a @ df
        shift = shift / (xp.sum(problem.a) + xp.sum(problem.b))
        df, dg = df + shift, dg - shift
    a_bar, b_bar = system.marginal_gradients(1.0)

    def plan() -> Array:
        pieces = [
            P * (df[block][:, None] + dg - dM(block, logs)) / system.reg
            for block, P, logs in system.blocks()
        ]
        return problem.spread_pairs(xp.concat(pieces))

    value = float(paid + a_bar @ da + b_bar @ db)
    return TransportTangents(problem.spread(df, 0), problem.spread(dg, 1), value, plan)
