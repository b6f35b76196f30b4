"""Preconditioned gradient methods for smooth convex functions."""

from resolvent.solvers.gradient.descend import Descent
from resolvent.solvers.gradient.fast_gradient_method import fast_gradient_method
from resolvent.solvers.gradient.gradient_method import gradient_method
from resolvent.solvers.gradient.krylov_step import krylov_step
from resolvent.solvers.gradient.linear_model import (
    LinearModel,
    logistic_regression,
    soft_maximum,
)
from resolvent.solvers.gradient.losses import Logistic, Loss, SoftMaximum
from resolvent.solvers.gradient.minimum import Minimum
from resolvent.solvers.gradient.objective import Objective
from resolvent.solvers.gradient.quadratic import Quadratic

__all__ = [
    "Descent",
    "LinearModel",
    "Logistic",
    "Loss",
    "Minimum",
    "Objective",
    "Quadratic",
    "SoftMaximum",
    "fast_gradient_method",
    "gradient_method",
    "krylov_step",
    "logistic_regression",
    "soft_maximum",
]
