"""Iterative solvers ``name(A, b, ...)`` that return a `resolvent.Solution`."""

from resolvent.solvers import gradient
from resolvent.solvers.krylov.bicgstab import bicgstab
from resolvent.solvers.krylov.cg import cg
from resolvent.solvers.krylov.fcg import fcg
from resolvent.solvers.krylov.fgmres import fgmres
from resolvent.solvers.krylov.gmres import gmres
from resolvent.solvers.krylov.idrs import idrs
from resolvent.solvers.krylov.lsmr import lsmr
from resolvent.solvers.krylov.lsqr import lsqr
from resolvent.solvers.krylov.minres import minres
from resolvent.solvers.solve import solve
from resolvent.solvers.stationary.chebyshev_iteration import chebyshev_iteration
from resolvent.solvers.stationary.gauss_seidel import gauss_seidel
from resolvent.solvers.stationary.jacobi import jacobi
from resolvent.solvers.stationary.richardson import richardson
from resolvent.solvers.stationary.sor import sor
from resolvent.solvers.stationary.ssor import ssor
from resolvent.solvers.tuning.parameter_bandit import ParameterBandit
from resolvent.solvers.tuning.tuned_ssor import TunedSSOR

__all__ = [
    "solve",
    "ParameterBandit",
    "TunedSSOR",
    "bicgstab",
    "cg",
    "chebyshev_iteration",
    "fcg",
    "fgmres",
    "gauss_seidel",
    "gmres",
    "gradient",
    "idrs",
    "jacobi",
    "lsmr",
    "lsqr",
    "minres",
    "richardson",
    "sor",
    "ssor",
]
