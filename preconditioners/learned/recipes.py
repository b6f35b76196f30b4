"""How the models that come with the library are trained, from the seed to the weights.

``python -m resolvent.preconditioners.learned NAME DIRECTORY`` trains one again and writes its file.
The same seed gives the same weights to the last digit on one machine with the same number of
threads; elsewhere rounding may differ.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import sparse

from resolvent.linalg.gallery.differential import lognormal_diffusion
from resolvent.preconditioners.learned.deep_conjugate_direction import DeepConjugateDirection
from resolvent.preconditioners.learned.factor_model import FactorModel
from resolvent.preconditioners.learned.learned_spai import LearnedSPAI
from resolvent.preconditioners.learned.model import LearnedModel
from resolvent.preconditioners.learned.neural_if import NeuralIF
from resolvent.preconditioners.learned.neural_pcg import NeuralPCG
from resolvent.preconditioners.learned.precorrector import PreCorrector
from resolvent.preconditioners.learned.pressure_recipes import NETWORKS, pressure_network
from resolvent.preconditioners.learned.training.train import TrainingState

__all__ = ["RECIPES", "diffusion_matrices", "diffusion_model"]

Callback = Callable[[TrainingState], bool | None]


def diffusion_matrices(seeds: range, *, sizes: tuple[int, ...] = (64,)) -> list[sparse.csr_array]:
    """Return diffusion in lognormal media on square grids, one for each seed, sizes in turn.

    The deviation of the logarithm of the coefficient is uniform from 0.5 to 1.5.
    """
    matrices = []
    for k, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        n = sizes[k % len(sizes)]
        matrices.append(lognormal_diffusion((n, n), sigma=rng.uniform(0.5, 1.5), rng=rng))
    return matrices


def diffusion_model(model: FactorModel, callback: Callback | None = None) -> FactorModel:
    """Train a model of factors on 2D diffusion."""
    return model.fit(
        diffusion_matrices(range(60), sizes=(32, 48, 64)),
        validation=diffusion_matrices(range(900, 906)),
        steps=_STEPS[model.kind],
        rate=_RATES[model.kind],
        every=20,
        rng=0,
        callback=callback,
    )


_STEPS = {"neural-if": 1000, "precorrector": 400, "neural-pcg": 400, "learned-spai": 400}
_RATES = {"neural-if": 1e-2, "precorrector": 3e-3, "neural-pcg": 3e-3, "learned-spai": 3e-3}

RECIPES: dict[str, Callable[[Callback | None], LearnedModel]] = {
    f"{model.kind}-diffusion-2d": partial(diffusion_model, model)
    for model in (NeuralIF(), PreCorrector(), NeuralPCG(hidden=8), LearnedSPAI(hidden=8))
} | {f"{DeepConjugateDirection.kind}-{name}": partial(pressure_network, name) for name in NETWORKS}
