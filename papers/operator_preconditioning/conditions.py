"""Condition numbers for Fourier series, before and after P, measured and by closed forms."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg import lanczos
from resolvent.papers.operator_preconditioning.fourier_model import OPERATORS, FourierModel
from resolvent.papers.operator_preconditioning.tangent_gram import gram_operator
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["conditions", "lanczos_condition"]

LARGE = 1e6  # lambda in place of infinity
Vector = NDArray[np.float64]


def conditions(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    operator: str,
    orders: list[int],
    order: int,
    decades: tuple[float, float],
    gamma: float,
) -> Results:
    r"""Measure the condition against K by Lanczos, and against lambda by singular values.

    Scalars: ``exponent`` and ``exponent_preconditioned``, slopes of log condition against log K
    at :math:`\lambda = 1`; ``bound``, the largest condition after P; ``formula_gap``, the largest
    relative deviation of a measured condition from its closed form; ``limit_gap``, that of the
    smallest eigenvalue at a large lambda from the limit; ``best_weight_gap``, how far the condition
    at the best lambda is above the smallest of the sweep (negative: below); ``gain``, the
    condition before P over that after it, both at lambda 1 and the largest K; ``gamma_limit``,
    :math:`\kappa - 1` at the largest gamma and its best lambda over its asymptote 2 q.
    Arrays: ``conditions`` (before and after, K) and ``swept`` (before and after, lambda).
    """
    model = OPERATORS[operator]
    measured, growth = over_orders(model, orders, rng, progress)
    weights = np.logspace(*decades, 41)
    swept, weighted = over_weights(model, order, weights)
    _, scaled = pair(model, order, model.best_weight(order, gamma), gamma)
    a, b = model.parts(order)
    large, _ = model.system(orders[-1], LARGE)
    smallest = np.linalg.svd(large, compute_uv=False)[-1] ** 2
    scalars = growth | {
        "formula_gap": max(growth["formula_gap"], weighted["formula_gap"]),
        "limit_gap": abs(smallest / model.least - 1),
        "best_weight_gap": weighted["best_weight_gap"],
        "gamma_limit": (scaled - 1) * gamma / (2 * sqrt(b / a)),
    }
    arrays = {
        "orders": orders,
        "conditions": measured,
        "weights": weights,
        "swept": swept,
        "order": order,
        "growth": 2 * model.m,
        "best_weight": model.best_weight(order),
    }
    return Results(scalars, arrays)


def over_orders(
    model: FourierModel, orders: list[int], rng: np.random.Generator, progress: Progress
) -> tuple[Vector, dict[str, float]]:
    """Return the conditions by Lanczos (before and after, K), and what they say."""
    measured, formula = np.empty((2, len(orders))), np.empty((2, len(orders)))
    for i, K in enumerate(progress(orders)):
        F, _ = model.system(K, 1.0)
        measured[:, i] = [lanczos_condition(G, rng) for G in (F, F * model.scaling(K))]
        formula[:, i] = model.condition(K, 1.0), model.preconditioned_condition(K, 1.0)
    slopes = [np.polyfit(np.log(orders), np.log(row), 1)[0] for row in measured]
    return measured, {
        "exponent": slopes[0],
        "exponent_preconditioned": slopes[1],
        "bound": np.max(measured[1]),
        "gain": measured[0, -1] / measured[1, -1],
        "formula_gap": gap(measured, formula),
    }


def over_weights(model: FourierModel, K: int, weights: Vector) -> tuple[Vector, dict[str, float]]:
    """Return the conditions by singular values (before and after, lambda), and what they say."""
    swept = np.array([pair(model, K, lam) for lam in weights]).T
    formula = [
        [model.condition(K, lam) for lam in weights],
        [model.preconditioned_condition(K, lam) for lam in weights],
    ]
    _, best = pair(model, K, model.best_weight(K))
    return swept, {
        "formula_gap": gap(swept, formula),
        "best_weight_gap": best / np.min(swept[1]) - 1,
    }


def lanczos_condition(F: Vector, rng: np.random.Generator) -> float:
    r"""Return the condition of :math:`F^T F` by products with F and its transpose."""
    values, _ = lanczos(gram_operator(F), steps=F.shape[1], rng=rng).ritz()
    return float(values[-1] / values[0])


def pair(model: FourierModel, K: int, lam: float, gamma: float = 1.0) -> tuple[float, float]:
    """Return the conditions before and after P by singular values."""
    F, _ = model.system(K, lam)
    before, after = np.linalg.cond(F), np.linalg.cond(F * model.scaling(K, gamma))
    return float(before) ** 2, float(after) ** 2


def gap(measured: object, formula: object) -> float:
    """Return the largest relative deviation."""
    return float(np.max(np.abs(np.asarray(measured) / np.asarray(formula) - 1)))
