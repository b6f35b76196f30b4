"""What is known before: plates with a hot spot at rest, their modes, and the calibration."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from resolvent.arrays import Array
from resolvent.linalg import pod
from resolvent.papers.adaptive_rom.plate import Plate, State
from resolvent.papers.adaptive_rom.reduced import ReducedPlate
from resolvent.papers.running import Progress

__all__ = [
    "DURATION",
    "SPOTS",
    "Calibration",
    "Training",
    "modes_of",
    "resting",
    "simulate",
    "simulate_reduced",
    "train",
]

SPOTS = [np.array([x, y]) for x in (0.3, 0.5) for y in (0.3, 0.7)]
WIDTH = 0.15
DURATION = 2.0
DEVIATIONS = 2.0  # of the fit, by which the estimate is above it

Path = Callable[[float], Array]


class Calibration(NamedTuple):
    """The error as a power of the indicator, ``factor * indicator**exponent``, with a margin."""

    factor: float
    exponent: float
    margin: float

    @classmethod
    def of(cls, indicators: Array, errors: Array) -> "Calibration":
        """Fit logarithms by least squares."""
        x, y = np.log(indicators), np.log(errors)
        exponent, constant = np.polyfit(x, y, 1)
        deviation = np.std(y - constant - exponent * x)
        return cls(float(np.exp(constant)), float(exponent), float(np.exp(DEVIATIONS * deviation)))

    def __call__(self, indicator: float) -> float:
        """Return an error that few errors exceed."""
        return float(self.margin * self.factor * indicator**self.exponent)


class Run(NamedTuple):
    """Errors and indicators of a reduced run, the steps solved at full size, the last model."""

    errors: Array
    indicators: Array
    solved: list[int]
    model: ReducedPlate


class Training(NamedTuple):
    """The high-fidelity model and its runs, the reduced one, the calibration with its data."""

    plate: Plate
    runs: list[list[State]]
    model: ReducedPlate
    calibration: Calibration
    indicators: Array
    errors: Array


def temperature(points: Array, spot: Array) -> Array:
    """Return the temperature at points (q, 2) around a hot spot."""
    return np.asarray(np.exp(-np.sum((points - spot) ** 2, axis=1) / WIDTH**2))


def schedule(plate: Plate) -> list[tuple[float, float]]:
    """Return shares of the duration and the traction, which grows and is held."""
    count = round(DURATION / plate.dt)
    return [(t, min(1.0, 4 * t)) for t in np.arange(1, count + 1) / count]


def resting(spot: Array) -> Path:
    """Return the path of a hot spot that stays where it is."""
    return lambda _: spot


def simulate(plate: Plate, path: Path) -> list[State]:
    """Return all states of the high-fidelity model, with the hot spot on a path."""
    state, states = plate.at_rest(), []
    for t, traction in schedule(plate):
        state = plate.step(state, temperature(plate.points, path(t)), traction)
        states.append(state)
    return states


def relative_error(found: State, truth: State) -> float:
    """Return the relative error of the stress in the mean square; all weights are equal."""
    return float(np.linalg.norm(found.stress - truth.stress) / np.linalg.norm(truth.stress))


def simulate_reduced(
    model: ReducedPlate,
    path: Path,
    truth: list[State],
    *,
    enrich: Callable[[float], bool] = lambda _: False,
    cubature_tol: float = 1e-4,
) -> Run:
    """Run the reduced model; where ``enrich`` says so, solve a step at full size and learn it."""
    plate, state = model.plate, model.at_rest()
    errors, indicators, solved = [], [], []
    for k, (t, traction) in enumerate(schedule(plate)):
        hot = temperature(plate.points[model.points], path(t))
        new = model.step(state, hot, traction)
        indicators.append(model.indicator(new))
        if enrich(indicators[-1]):
            hot = temperature(plate.points, path(t))
            found = plate.step(model.whole(state), hot, traction)
            model = model.enriched(found, cubature_tol)
            new = model.restrict(found)
            solved.append(k)
        state = new
        errors.append(relative_error(model.whole(state), truth[k]))
    return Run(np.array(errors), np.array(indicators), solved, model)


def modes_of(states: list[State], tol: float) -> tuple[Array, Array, Array]:
    """Return orthonormal modes of displacement, stress and creep."""
    fields = zip(*((s.u, s.stress.ravel(), s.creep.ravel()) for s in states), strict=True)
    u, stress, creep = (pod(np.stack(field, axis=1), tol=tol).basis for field in fields)
    return u, stress, creep


def train(
    cells: int, steps: int, pod_tol: float, cubature_tol: float, progress: Progress
) -> Training:
    """Simulate with the hot spot at rest in four places, and calibrate the indicator.

    The data for the calibration come from the same simulations: a model that knows three of them
    runs with each of the four.
    """
    plate = Plate(cells, DURATION / steps)
    runs = [simulate(plate, resting(spot)) for spot in progress(SPOTS)]
    every = [state for run in runs for state in run]
    found = []
    for left_out in progress(range(len(SPOTS))):
        known = [state for i, run in enumerate(runs) if i != left_out for state in run]
        model = ReducedPlate.of(plate, modes_of(known, pod_tol), cubature_tol)
        for spot, truth in zip(SPOTS, runs, strict=True):
            found.append(simulate_reduced(model, resting(spot), truth))
    indicators, errors = (np.concatenate(x) for x in list(zip(*found, strict=True))[1::-1])
    return Training(
        plate,
        runs,
        ReducedPlate.of(plate, modes_of(every, pod_tol), cubature_tol),
        Calibration.of(indicators, errors),
        indicators,
        errors,
    )
