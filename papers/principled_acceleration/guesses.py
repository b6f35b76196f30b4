"""What the experiments share: sine modes, training by the error or by the count, and solvers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.preconditioners.learned.learned_initial_guess import LearnedInitialGuess
from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.learned.training.train import train
from resolvent.solvers import jacobi, sor

__all__ = ["histories", "modes", "steps_to", "trained_by_error"]

Matrix = NDArray[np.float64]
Pair = tuple[Any, Matrix]


def modes(n: int) -> Matrix:
    """Return the eigenvectors of the 1D Laplacian as columns, smooth ones first."""
    j = np.arange(1, n + 1)
    return np.asarray(np.sin(np.pi * np.outer(j, j) / (n + 1)) * np.sqrt(2 / (n + 1)))


def histories(model: LearnedInitialGuess, A: Any, B: Matrix, x0: Matrix, rtol: float) -> Matrix:
    """Return the residual norms of the library's solver after each step, a column for each b."""
    solve = jacobi if model.splitting == "jacobi" else sor
    solution = solve(A, B, omega=model.omega, x0=x0, rtol=rtol, maxiter=100_000)
    return np.asarray(solution.raise_if_failed().history)


def steps_to(history: Matrix, tol: float) -> NDArray[np.int64]:
    """Return the steps of each column to a residual norm of at most ``tol``, for b of norm 1."""
    return np.asarray(np.argmax(history <= tol, axis=0))


def trained_by_error(
    model: LearnedInitialGuess,
    m: int,
    systems: Sequence[Pair],
    held_out: Pair,
    *,
    rng: np.random.Generator,
    **training: Any,
) -> LearnedInitialGuess:
    """Return a model trained, or trained further, and validated by the error after m steps."""
    model = replace(model, objective="error", steps=m)
    examples = [model.example(system, np) for system in systems]
    validation = model.example(held_out, np)

    def loss(weights: Weights, rng: np.random.Generator) -> tuple[float, Weights]:
        return model.loss(weights, examples[rng.integers(len(examples))], rng)

    def score(weights: Weights) -> float:
        return model.loss(weights, validation, rng)[0]

    first = model.weights or model.initial_weights(rng)
    weights, record = train(first, loss, score, rng=rng, **training)
    return replace(model, weights=weights, record=record)
