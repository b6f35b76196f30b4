"""How the models that come with the library are trained, from the seed to the file.

``python -m resolvent.preconditioners.learned.recipes NAME DIRECTORY`` trains one again. The same
seed gives the same weights to the last digit on one machine; elsewhere rounding may differ.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from resolvent.linalg.gallery.differential import lognormal_diffusion
from resolvent.preconditioners.learned.factor_model import FactorModel
from resolvent.preconditioners.learned.model import LearnedModel
from resolvent.preconditioners.learned.neural_if import NeuralIF
from resolvent.preconditioners.learned.precorrector import PreCorrector
from resolvent.preconditioners.learned.training import TrainingState

__all__ = ["RECIPES", "diffusion_matrices", "neural_if_diffusion", "precorrector_diffusion"]

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


def neural_if_diffusion(callback: Callback | None = None) -> NeuralIF:
    """Train `NeuralIF` on 2D diffusion."""
    return _trained(NeuralIF(), steps=1000, rate=1e-2, callback=callback)


def precorrector_diffusion(callback: Callback | None = None) -> PreCorrector:
    """Train `PreCorrector` on 2D diffusion."""
    return _trained(PreCorrector(), steps=400, rate=3e-3, callback=callback)


def _trained(model: FactorModel, *, steps: int, rate: float, callback: Callback | None) -> Any:
    return model.fit(
        diffusion_matrices(range(60), sizes=(32, 48, 64)),
        validation=diffusion_matrices(range(900, 906)),
        steps=steps,
        rate=rate,
        every=20,
        rng=0,
        callback=callback,
    )


RECIPES: dict[str, Callable[[Callback | None], LearnedModel]] = {
    "neural-if-diffusion-2d": neural_if_diffusion,
    "precorrector-diffusion-2d": precorrector_diffusion,
}


def main(name: str, directory: str) -> None:
    """Train one model and write its file."""
    RECIPES[name](None).save(Path(directory) / f"{name}.npz")


if __name__ == "__main__":
    main(*sys.argv[1:])
