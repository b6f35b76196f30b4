"""What a reduced model is made of: reduced terms, and factors of residuals at the training."""

from typing import Any

from resolvent.arrays import Array, adjoint, namespace_of
from resolvent.linalg.interpolation.values import times
from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.estimators import TrainingFactors
from resolvent.solvers.reduced.reduced_systems import solve_reduced
from resolvent.solvers.reduced.residual import ResidualPieces, residual_factors
from resolvent.solvers.reduced.terms import parameters

__all__ = ["project", "training_factors"]


def project(V: Array, pieces: ResidualPieces, Qa: int, Qb: int) -> tuple[Array, Array]:
    """Return the reduced terms ``(Qa, Nr, Nr)`` and ``(Nr, Qb)`` from the pieces of residuals."""
    xp = namespace_of(V)
    reduced = times(adjoint(xp, V), pieces.columns)
    n = V.shape[1]
    matrices = xp.permute_dims(xp.reshape(reduced[:, Qb:], (n, n, Qa)), (2, 0, 1))
    return matrices, reduced[:, :Qb]


def training_factors(
    system: AffineSystem, matrices: Array, rhs: Array, train: Any
) -> TrainingFactors:
    """Return what gives the factors of the training parameters, for the estimator that asks."""

    def factors() -> Array | None:
        if train is None:
            return None
        mus = parameters(train)
        alpha, beta = system.coefficients(mus)
        return residual_factors(alpha, beta, solve_reduced(matrices, rhs, alpha, beta, mus))

    return factors
