"""Gradient descent for Fourier series: does the condition rule the rate?"""

from math import log, log1p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.papers.operator_preconditioning.fourier_model import OPERATORS
from resolvent.papers.operator_preconditioning.tangent_gram import gram_operator
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers import cg
from resolvent.solvers.gradient import Quadratic, gradient_method

__all__ = ["descents", "rate"]

FLOOR = 1e-9  # errors below are left out of rates: rounding is near
Vector = NDArray[np.float64]


def descents(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    orders: list[int],
    steps: int,
    accuracy: float,
) -> Results:
    r"""Descend by :math:`\theta \leftarrow \theta - \eta P^2 (A \theta - c)`.

    The step eta is one over the largest eigenvalue of P A P. The error is that of theta,
    relative, which is the :math:`L^2` error of u against the best approximation. The boundary has
    the weight 1.

    Scalars, for ``<operator>``: ``_rate`` and ``_rate_preconditioned``, the measured rate over
    :math:`-\log(1 - 1/\kappa)`, the former at the smallest K, the latter at the largest;
    ``_error``, what is left at the largest K after all steps; ``_steps``, to the accuracy at the
    largest K by that logarithm, and ``_steps_preconditioned``, those measured; ``_cg`` and
    ``_cg_preconditioned``, the same for conjugate gradients.
    Arrays: ``<operator>_<plain or preconditioned><K>``.
    """
    scalars: dict[str, float] = {}
    arrays: dict[str, Any] = {"orders": orders}
    for name, model in OPERATORS.items():
        for K in progress(orders):
            F, data = model.system(K, 1.0)
            P = model.scaling(K)
            plain = errors(F, data, np.ones_like(P), steps)
            better = errors(F, data, P, steps)
            arrays |= {f"{name}_plain{K}": plain, f"{name}_preconditioned{K}": better}
            if orders[0] == K:
                scalars[f"{name}_rate"] = rate(plain) / promised(F)
        scalars |= {
            f"{name}_rate_preconditioned": rate(better) / promised(F * P),
            f"{name}_error": plain[-1],
            f"{name}_steps": log(1 / accuracy) / promised(F),
            f"{name}_steps_preconditioned": float(np.sum(better > accuracy)),
            f"{name}_cg": cg_steps(F, data, np.ones_like(P), accuracy),
            f"{name}_cg_preconditioned": cg_steps(F, data, P, accuracy),
        }
    return Results(scalars, arrays)


def errors(F: Vector, data: Vector, P: Vector, steps: int) -> Vector:
    """Return the relative error before each step of the gradient method and after the last."""
    solution = np.linalg.lstsq(F, data)[0]
    size = float(np.linalg.norm(solution))
    found = [1.0]

    def watch(seen: Any) -> bool:
        found.append(float(np.linalg.norm(seen.x - solution)) / size)
        return found[-1] <= FLOOR

    gradient_method(
        Quadratic(gram_operator(F), F.T @ data),
        np.zeros_like(P),
        M=np.diag(P**2),
        L=float(np.linalg.norm(F * P, 2)) ** 2,
        rtol=0.0,
        maxiter=steps,
        callback=watch,
    )
    return np.array(found)


def rate(errors: Vector) -> float:
    """Return how much the logarithm of the error falls a step, over the second half."""
    half = len(errors) // 2
    return log(errors[half] / errors[-1]) / (len(errors) - 1 - half)


def promised(F: Vector) -> float:
    r"""Return :math:`-\log(1 - 1/\kappa)`, the rate of steps of one over the largest eigenvalue."""
    return -log1p(-1 / float(np.linalg.cond(F)) ** 2)


def cg_steps(F: Vector, data: Vector, P: Vector, accuracy: float) -> int:
    """Return the steps of conjugate gradients to the same error."""
    solution = np.linalg.lstsq(F, data)[0]
    limit = accuracy * np.linalg.norm(solution)

    def watch(seen: Any) -> bool:
        return bool(np.linalg.norm(seen.x - solution) <= limit)

    A, c = gram_operator(F), F.T @ data
    return cg(A, c, M=np.diag(P**2), rtol=1e-15, callback=watch).iterations
