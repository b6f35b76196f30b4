"""Newton's equation of the semi-dual for costs without compiled passes: by all of the plan."""

from resolvent.arrays import Array
from resolvent.solvers.transport.schur import solve_schur
from resolvent.solvers.transport.semi_dual import Point, SemiDual

__all__ = ["OperatorHessian"]


class OperatorHessian:
    """Passes over the plan, and Newton's directions there; `steps` of conjugate gradients so far.

    Raises
    ------
    numpy.linalg.LinAlgError
        From `direction`: the equation could not be solved.
    """

    def __init__(self) -> None:
        self.steps = 0

    def enter(self, semidual: SemiDual) -> None:
        """Begin a stage."""
        self.semidual = semidual

    def at(self, v: Array, _: float) -> tuple[Point, None]:
        """Return the point of ``v``."""
        return self.semidual.at(v), None

    def direction(self, point: Point, _: None, shift: float, rtol: float) -> Array:
        """Return the solution of Newton's equation."""
        semidual, problem = self.semidual, self.semidual.problem
        products = problem.cost.products(semidual.reg, point.u, point.v)
        rows = point.rows * (1 + semidual.row_stiffness) * (1 + shift)
        columns = point.columns + semidual.column_stiffness * point.wanted
        d, steps = solve_schur(
            problem.xp,
            products,
            rows,
            columns * (1 + shift),
            point.wanted - point.columns,
            constants=problem.balanced,
            rtol=rtol,
        )
        self.steps += steps
        return d
