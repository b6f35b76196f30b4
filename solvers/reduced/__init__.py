"""Reduced bases and interpolation of parametrised systems, nonintrusive and certified."""

from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.estimates import Effectivity, Estimate
from resolvent.solvers.reduced.inverse_interpolant import InverseInterpolant, inverse_interpolant
from resolvent.solvers.reduced.local_bases import LocalBases, ProjectionErrors
from resolvent.solvers.reduced.logdet_interpolant import LogdetInterpolant, logdet_interpolant
from resolvent.solvers.reduced.nonintrusive_system import NonintrusiveSystem
from resolvent.solvers.reduced.power_interpolation import (
    PowerError,
    PowerInterpolation,
    power_interpolation,
)
from resolvent.solvers.reduced.reduced_basis import ReducedBasis
from resolvent.solvers.reduced.reduced_model import ReducedModel
from resolvent.solvers.reduced.snapshot_expansion import SnapshotExpansion
from resolvent.solvers.reduced.training import Training

__all__ = [
    "AffineSystem",
    "Effectivity",
    "Estimate",
    "InverseInterpolant",
    "LocalBases",
    "LogdetInterpolant",
    "NonintrusiveSystem",
    "PowerError",
    "PowerInterpolation",
    "ProjectionErrors",
    "ReducedBasis",
    "ReducedModel",
    "SnapshotExpansion",
    "Training",
    "inverse_interpolant",
    "logdet_interpolant",
    "power_interpolation",
]
