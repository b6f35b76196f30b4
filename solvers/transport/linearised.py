"""The equations of entropic transport, linearised at a solution."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from resolvent.arrays import Array, enter
from resolvent.errors import ConvergenceError
from resolvent.solvers.transport.costs import PointCost, Products
from resolvent.solvers.transport.schur import solve_schur
from resolvent.solvers.transport.solution import TransportSolution

__all__ = ["Linearised"]

_BLOCK = 4_000_000  # entries of the plan at a time
_RTOL, _ACCEPT = 1e-12, 1e-6  # relative errors of the linear system


class Linearised:
    """The system at a solution, for the atoms that carry mass.

    Attributes
    ----------
    u, v : array
        Scaled potentials.
    relaxed : tuple of array
        What relaxed marginals multiply ``a`` and ``b`` by.

    Raises
    ------
    ConvergenceError
        The solution has not converged.
    """

    def __init__(self, solution: TransportSolution) -> None:
        if not solution.converged:
            raise ConvergenceError(
                f"derivatives are those of a converged solution, this one is {solution!r}"
            )
        self.problem, self.reg, self.xp = solution.problem, solution.reg, solution.problem.xp
        self.u, self.v = solution.scaled
        self.relaxed = self.problem.wanted(self.reg, self.u, self.v)
        self.relaxed = self.relaxed[0] / self.problem.a, self.relaxed[1] / self.problem.b

    @cached_property
    def products(self) -> Products:
        """The products with the plan; the gradient of the value needs none."""
        return self.problem.cost.products(self.reg, self.u, self.v)

    def solve(self, rows: Array, columns: Array) -> tuple[Array, Array]:
        """Return the solution for a right-hand side; constants don't matter where they are null."""
        stiff = [1 + self.reg / rho for rho in self.problem.rho]
        products, xp = self.products, self.xp
        first_diagonal = products.onto(xp.ones_like(self.v)) * stiff[0]
        second_diagonal = products.back(xp.ones_like(self.u)) * stiff[1]
        right = columns - products.back(rows / first_diagonal)
        try:
            second, _ = solve_schur(
                xp,
                products,
                first_diagonal,
                second_diagonal,
                right,
                constants=self.problem.balanced,
                rtol=_RTOL,
                accept=_ACCEPT,
            )
        except np.linalg.LinAlgError as error:
            raise ConvergenceError(
                f"the linear system of the derivative was not solved: {error}; raise reg"
            ) from error
        return (rows - products.onto(second)) / first_diagonal, second

    def blocks(self) -> Iterator[tuple[slice, Array, Array]]:
        """Yield rows of the plan and of its logarithm, zero where the plan is."""
        xp, cost = self.xp, self.problem.cost
        n, m = cost.shape
        step = max(1, _BLOCK // m)
        for start in range(0, n, step):
            block = slice(start, min(start + step, n))
            which = xp.arange(block.start, block.stop, device=cost.device)
            logs = self.u[block][:, None] + self.v - cost.rows(which) / self.reg
            P = xp.exp(logs)
            yield block, P, xp.where(P > 0, logs, 0.0 * P)

    def marginal_gradients(self, value: float) -> tuple[Array, Array]:
        """Return ``value`` times the gradients of the objective with respect to the marginals."""
        pairs = zip((self.u, self.v), self.relaxed, self.problem.rho, strict=True)
        first, second = (
            value * (self.reg * x if np.isinf(rho) else rho * (1 - factor))
            for x, factor, rho in pairs
        )
        return first, second

    def without_gauge(self, f_bar: Array, g_bar: Array) -> tuple[Array, Array, Array, Array]:
        """Return gradients that don't see constants, and what those add to the marginals'.

        The constant ``s = (<b, g> - <a, f>) / (|a| + |b|)`` is added to f and taken from g.
        """
        xp, a, b = self.xp, self.problem.a, self.problem.b
        mass = xp.sum(a) + xp.sum(b)
        excess = (xp.sum(f_bar) - xp.sum(g_bar)) / mass
        by_mass = -excess * self.reg * self.u, excess * self.reg * self.v
        return f_bar - excess * a, g_bar + excess * b, *by_mass

    def cost_change(self, cost: Any, x: Any, y: Any) -> Callable[[slice], Array]:
        """Return the function that gives rows of the direction of the costs."""
        xp, costs = self.xp, self.problem.cost
        if isinstance(costs, PointCost):
            if cost is not None:
                raise ValueError("the costs of points move with x and y")
            dx = self.inside("x", x, 0, (costs.x.shape[1],))
            dy = self.inside("y", y, 1, (costs.y.shape[1],))
            return lambda block: costs.push_forward(block, dx, dy)
        if x is not None or y is not None:
            raise ValueError("x and y are directions of a PointCost")
        if cost is None:
            return lambda block: xp.zeros_like(self.u[block])[:, None] + 0.0 * self.v
        change = self.inside_pairs("cost", cost)
        return lambda block: change[block, :]

    def inside(self, name: str, values: Any, side: int, more: tuple[int, ...] = ()) -> Array:
        """Return what belongs to the atoms with mass, zeros if nothing is given."""
        xp, problem = self.xp, self.problem
        shape = (problem.whole.shape[side], *more)
        if values is None:
            size = (self.u, self.v)[side].shape[0]
            return xp.zeros((size, *more), dtype=xp.float64, device=problem.cost.device)
        return xp.take(
            self._given(name, values, shape), (problem.rows, problem.columns)[side], axis=0
        )

    def cotangent(self, name: str, values: Any, side: int) -> Array:
        """Return the gradient with respect to a potential, of atoms with mass only.

        Raises
        ------
        ValueError
            It is not zero elsewhere.
        """
        if values is not None:
            mass = self.problem.masses[side]
            values = self._given(name, values, tuple(mass.shape))
            if bool(self.xp.any((mass == 0) & (values != 0))):
                raise ValueError(
                    f"{name} has a gradient at an atom without mass, whose potential is not "
                    "differentiable: leave it out of the loss"
                )
        return self.inside(name, values, side)

    def inside_pairs(self, name: str, values: Any) -> Array:
        """Return what belongs to the pairs of atoms with mass."""
        problem = self.problem
        values = self._given(name, values, problem.whole.shape)
        values = self.xp.take(values, problem.rows, axis=0)
        return self.xp.take(values, problem.columns, axis=1)

    def _given(self, name: str, values: Any, shape: tuple[int, ...]) -> Array:
        xp = self.xp
        (values,) = enter(matrix=False, finite=False, **{name: values}).arrays
        if tuple(values.shape) != shape:
            raise ValueError(f"{name} must have the shape {shape}, got {tuple(values.shape)}")
        return xp.astype(xp.asarray(values, device=self.problem.cost.device), xp.float64)
