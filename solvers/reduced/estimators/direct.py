"""The norm of the residual by the residual: exact to rounding, at the cost of the large system.

One product ``P z`` and one solution with X for each parameter. The others are measured by it.
"""

from dataclasses import dataclass

from resolvent.arrays import Array, namespace_of
from resolvent.solvers.reduced.estimators.estimator import ResidualNorm, TrainingFactors
from resolvent.solvers.reduced.residual import ResidualPieces

__all__ = ["DirectResidual"]


@dataclass(frozen=True, eq=False)
class DirectResidual:
    """Holds the pieces themselves; online ``O(N m)`` for each parameter."""

    pieces: ResidualPieces

    @classmethod
    def of(cls, pieces: ResidualPieces, training: TrainingFactors) -> "DirectResidual":  # noqa: ARG003
        """Start from pieces."""
        return cls(pieces)

    def extend(self, pieces: ResidualPieces, training: TrainingFactors) -> "DirectResidual":
        """Return the estimator of more pieces."""
        return self.of(pieces, training)

    def truncate(self, pieces: ResidualPieces, training: TrainingFactors) -> "DirectResidual":
        """Return the estimator of fewer pieces."""
        return self.of(pieces, training)

    def __call__(self, factors: Array) -> ResidualNorm:
        """Return the norms for factors (m, k)."""
        value = self.pieces.norms(factors)
        floor = self.pieces.floor(factors)
        return ResidualNorm(value, floor, namespace_of(value).zeros_like(value))
