"""What a reduced model asks of an estimator of its residual."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from resolvent.arrays import Array
from resolvent.solvers.reduced.residual import ResidualPieces

__all__ = ["Estimator", "Method", "ResidualNorm", "TrainingFactors"]

# gives the factors (m, n) of the training parameters, or None where there are none
TrainingFactors = Callable[[], Array | None]


class ResidualNorm(NamedTuple):
    """Dual norms of residuals, (k,), and what is not known of them.

    Attributes
    ----------
    value : array
        The norm as it was evaluated, real and not negative.
    floor : array
        Rounding: a smaller value can't be told from zero.
    interpolation : array
        About the size of a norm that interpolation over the parameters misses; zero without.
    """

    value: Array
    floor: Array
    interpolation: Array


class Estimator(Protocol):
    """Evaluates the norm of ``P z`` for factors ``z``, for one basis."""

    def extend(self, pieces: ResidualPieces, training: TrainingFactors) -> "Estimator":
        """Return the estimator for a larger basis, whose pieces begin with those known."""
        ...

    def truncate(self, pieces: ResidualPieces, training: TrainingFactors) -> "Estimator":
        """Return the estimator for the first vectors of the basis, whose pieces are given."""
        ...

    def __call__(self, factors: Array) -> ResidualNorm:
        """Return the norms for factors (m, k)."""
        ...


Method = Callable[[ResidualPieces, TrainingFactors], Estimator]
