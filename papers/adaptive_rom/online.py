"""A hot spot that leaves the places where it has been: fixed and adaptive reduced models."""

import numpy as np
from scipy.stats import spearmanr

from resolvent.arrays import Array, Namespace
from resolvent.papers.adaptive_rom.training import SPOTS, resting, simulate, simulate_reduced, train
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["online"]

TARGET = np.array([0.7, 0.6])
DEPARTURE = 0.3
BEHIND = np.array([0.8, 0.5])  # far from all spots of the training


def online(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    cells: int,
    steps: int,
    pod_tol: float,
    cubature_tol: float,
    tol: float,
    safety: float,
) -> Results:
    r"""Train with the hot spot at rest in four places; then let it move away from one of them.

    A step is solved at full size where the estimate exceeds ``safety * tol``.

    Scalars: ``points_share``, cubature points over all quadrature points, and ``final_share``
    after the enrichments; ``exponent`` of the calibration and ``spread``, its margin; the rank
    correlations ``training_rank`` and ``online_rank`` of indicator and true error;
    ``known_error``, the largest error at a spot of the training; ``fixed_error`` and
    ``adaptive_error``, the largest over ``tol`` where the spot moves; ``solved_share``, steps at
    full size over all steps, ``solved_known`` the number of them at a spot of the training;
    ``estimate_ratio``, the largest error over its estimate of the fixed model; ``blind_ratio``,
    the same for a spot at rest where no simulation was hot. Arrays: what the figures draw.
    """
    known = train(cells, steps, pod_tol, cubature_tol, progress)
    plate, model = known.plate, known.model

    def needs(indicator: float) -> bool:
        return known.calibration(indicator) > safety * tol

    truth = simulate(plate, moving)
    fixed = simulate_reduced(model, moving, truth)
    adaptive = simulate_reduced(model, moving, truth, enrich=needs, cubature_tol=cubature_tol)
    familiar = simulate_reduced(
        model, resting(SPOTS[0]), known.runs[0], enrich=needs, cubature_tol=cubature_tol
    )
    behind = resting(BEHIND)
    blind = simulate_reduced(model, behind, simulate(plate, behind))
    estimates, blind_estimates = (
        np.array([known.calibration(i) for i in run.indicators]) for run in (fixed, blind)
    )
    scalars = {
        "points_share": len(model.points) / len(plate.weights),
        "final_share": len(adaptive.model.points) / len(plate.weights),
        "exponent": known.calibration.exponent,
        "spread": known.calibration.margin,
        "training_rank": spearmanr(known.indicators, known.errors).statistic,
        "online_rank": spearmanr(fixed.indicators, fixed.errors).statistic,
        "known_error": np.max(familiar.errors),
        "fixed_error": np.max(fixed.errors) / tol,
        "adaptive_error": np.max(adaptive.errors) / tol,
        "solved_share": len(adaptive.solved) / steps,
        "solved_known": len(familiar.solved),
        "estimate_ratio": np.max(fixed.errors / estimates),
        "blind_ratio": np.max(blind.errors / blind_estimates),
    }
    arrays = {
        "times": np.arange(1, steps + 1) / steps,
        "tol": tol,
        "safety": safety,
        "fixed": fixed.errors,
        "adaptive": adaptive.errors,
        "indicators": np.stack([fixed.indicators, adaptive.indicators]),
        "estimates": np.array([known.calibration(i) for i in adaptive.indicators]),
        "solved": np.array(adaptive.solved, dtype=int),
        "training_indicators": known.indicators,
        "training_errors": known.errors,
        "calibration": np.array(known.calibration),
        "quadrature": plate.points,
        "before": plate.points[model.points],
        "before_weights": model.weights / plate.weights[0],
        "after": plate.points[adaptive.model.points],
        "after_weights": adaptive.model.weights / plate.weights[0],
        "spots": np.array(SPOTS),
        "path": np.array([moving(t) for t in (0.0, DEPARTURE, 1.0)]),
        "creep": np.linalg.norm(truth[-1].creep, axis=1),
    }
    return Results(scalars, arrays)


def moving(t: float) -> Array:
    """Return the hot spot, which departs from where it was in training."""
    way = max(0.0, t - DEPARTURE) / (1 - DEPARTURE)
    return SPOTS[0] + way * (TARGET - SPOTS[0])
