"""Learned preconditioners: trained on a family of systems, guarded on all others.

``model = NeuralIF.pretrained("diffusion-2d")``, or ``NeuralIF().fit(systems)``, and then
``M = model(A)`` like any other builder. Factors are positive definite for any weights, and must
keep up with IC(0) and Jacobi for a few steps, or are replaced by them.
"""

from resolvent.preconditioners.learned.deep_conjugate_direction import DeepConjugateDirection
from resolvent.preconditioners.learned.direction_preconditioner import DirectionInfo
from resolvent.preconditioners.learned.guard.guarded import GuardInfo
from resolvent.preconditioners.learned.learned_initial_guess import LearnedInitialGuess
from resolvent.preconditioners.learned.learned_lu import LearnedLU
from resolvent.preconditioners.learned.learned_spai import LearnedSPAI
from resolvent.preconditioners.learned.losses.iterations_surrogate import iterations_surrogate
from resolvent.preconditioners.learned.neural_if import NeuralIF
from resolvent.preconditioners.learned.neural_pcg import NeuralPCG
from resolvent.preconditioners.learned.precorrector import PreCorrector
from resolvent.preconditioners.learned.recipes import RECIPES
from resolvent.preconditioners.learned.refined_ichol import refined_ichol
from resolvent.preconditioners.learned.training.torch_weights import from_state_dict
from resolvent.preconditioners.learned.training.train import (
    NoProgressWarning,
    TrainingRecord,
    TrainingState,
)

__all__ = [
    "RECIPES",
    "DeepConjugateDirection",
    "DirectionInfo",
    "GuardInfo",
    "LearnedInitialGuess",
    "LearnedLU",
    "LearnedSPAI",
    "NeuralIF",
    "NeuralPCG",
    "NoProgressWarning",
    "PreCorrector",
    "TrainingRecord",
    "TrainingState",
    "from_state_dict",
    "iterations_surrogate",
    "refined_ichol",
]
