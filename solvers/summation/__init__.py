"""Fast summation of kernels over points, to a tolerance."""

from resolvent.solvers.summation.eifmm import EIFMM
from resolvent.solvers.summation.kernel_sum import KernelSum
from resolvent.solvers.summation.kernels import (
    Helmholtz,
    InversePower,
    Laplace,
    Yukawa,
)
from resolvent.solvers.summation.user_kernels import Pairwise, Radial

__all__ = [
    "EIFMM",
    "Helmholtz",
    "InversePower",
    "KernelSum",
    "Laplace",
    "Pairwise",
    "Radial",
    "Yukawa",
]
