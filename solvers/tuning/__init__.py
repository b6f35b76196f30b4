"""Parameters of a solver, learned while it is used, or from Young's theory."""

from resolvent.solvers.tuning.chebyshev_bandit import ChebyshevBandit
from resolvent.solvers.tuning.learner import BanditKind
from resolvent.solvers.tuning.relaxation import optimal_omega, sor_radius
from resolvent.solvers.tuning.tsallis_inf import BinnedTsallisINF, TsallisINF

__all__ = [
    "BanditKind",
    "BinnedTsallisINF",
    "ChebyshevBandit",
    "TsallisINF",
    "optimal_omega",
    "sor_radius",
]
