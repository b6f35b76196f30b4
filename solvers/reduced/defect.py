r"""What a reduced model misses because its system stands for another.

.. math:: \|A_*^{-1} b_* - V c\|_X \le \frac{\|b - A V c\|_{X'} + \|b_\delta - A_\delta V c\|_{X'}}
          {\alpha}, \qquad A_* = A + A_\delta, \quad b_* = b + b_\delta .

The second norm is evaluated in an orthonormal basis of its pieces: no large vectors online.
"""

from dataclasses import dataclass
from typing import Any

from resolvent.arrays import Array
from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.estimators import OrthonormalResidual
from resolvent.solvers.reduced.inner_product import InnerProduct
from resolvent.solvers.reduced.residual import ResidualPieces, residual_factors

__all__ = ["ReducedDefect"]


@dataclass(frozen=True, eq=False)
class ReducedDefect:
    """The defect of a system on a basis: its pieces, and coordinates of them."""

    system: AffineSystem
    pieces: ResidualPieces
    residual: OrthonormalResidual

    @classmethod
    def of(cls, by: InnerProduct, system: AffineSystem) -> "ReducedDefect":
        """Start with an empty basis."""
        pieces = ResidualPieces.of_rhs(by, system.rhs_terms)
        return cls(system, pieces, OrthonormalResidual.of(pieces))

    def extend(self, V: Array) -> "ReducedDefect":
        """Append columns of a basis."""
        pieces = self.pieces.extend(self.system.matrix_terms, V)
        return ReducedDefect(self.system, pieces, self.residual.extend(pieces))

    def truncate(self, size: int) -> "ReducedDefect":
        """Keep the first columns of the basis."""
        pieces = self.pieces.truncate(self.system, size)
        return ReducedDefect(self.system, pieces, self.residual.truncate(pieces))

    def __call__(self, mus: Any, c: Array) -> Array:
        """Return the dual norms, (k,), for reduced solutions (Nr, k), with their rounding."""
        value, floor, _ = self.residual(residual_factors(*self.system.coefficients(mus), c))
        return value + floor
