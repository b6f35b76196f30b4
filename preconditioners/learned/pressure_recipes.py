"""How the networks for the pressure around solids are trained that come with the library."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.linalg.gallery.pressure import pressure_poisson, random_solids
from resolvent.preconditioners.learned.deep_conjugate_direction import DeepConjugateDirection
from resolvent.preconditioners.learned.training.train import TrainingState

__all__ = [
    "NETWORKS",
    "pressure_network",
    "pressure_system",
    "train_on_pressure",
    "validation_systems",
]

Callback = Callable[[TrainingState], bool | None]
System = tuple[Any, NDArray[np.bool_]]

# each network and its gradient steps: all levels with the same weights, and the paper's two levels
NETWORKS = {
    "pressure-2d": (DeepConjugateDirection(), 1800),
    "pressure-2d-two-levels": (DeepConjugateDirection(levels=2, pairs=2), 1000),
}


def pressure_network(name: str, callback: Callback | None = None) -> DeepConjugateDirection:
    """Train one of `NETWORKS`, from the seed."""
    model, steps = NETWORKS[name]
    return train_on_pressure(model, steps, callback=callback)


def train_on_pressure(
    model: DeepConjugateDirection,
    steps: int,
    *,
    sizes: Sequence[int] = (64, 64, 128),
    validation: Sequence[int] = (64, 128, 256),
    callback: Callback | None = None,
) -> DeepConjugateDirection:
    """Return a network trained on grids of these sizes in turn, with none to six solids."""
    systems = [pressure_system(sizes[seed % len(sizes)], seed % 7, seed) for seed in range(60)]
    return model.fit(
        systems,
        validation=validation_systems(validation),
        steps=steps,
        rate=2e-3,
        every=100,
        rng=0,
        callback=callback,
    )


def validation_systems(sizes: Sequence[int]) -> list[System]:
    """Return one system of each size, with four solids that are not learned from."""
    return [pressure_system(n, 4, 10_000 + k) for k, n in enumerate(sizes)]


def pressure_system(n: int, solids: int, seed: int) -> System:
    """Return the matrix and the mask of a square grid."""
    fluid = random_solids((n, n), solids=solids, rng=seed)
    return pressure_poisson(fluid), fluid
