"""Four ways to the norm of a residual, which differ in what rounding leaves of it."""

from resolvent.solvers.reduced.estimators.direct import DirectResidual
from resolvent.solvers.reduced.estimators.estimator import (
    Estimator,
    Method,
    ResidualNorm,
    TrainingFactors,
)
from resolvent.solvers.reduced.estimators.gram import GramResidual
from resolvent.solvers.reduced.estimators.orthonormal import OrthonormalResidual
from resolvent.solvers.reduced.estimators.residual_interpolation import InterpolatedResidual

__all__ = [
    "METHODS",
    "DirectResidual",
    "Estimator",
    "GramResidual",
    "InterpolatedResidual",
    "Method",
    "OrthonormalResidual",
    "ResidualNorm",
    "TrainingFactors",
]

METHODS: dict[str, Method] = {
    "direct": DirectResidual.of,
    "eim": InterpolatedResidual.of,
    "gram": GramResidual.of,
    "orthonormal": OrthonormalResidual.of,
}
