"""Training a network: the linearised model, which theory speaks of, and the real one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.papers.operator_preconditioning.collocation import Collocation
from resolvent.papers.operator_preconditioning.reparametrisations import REPARAMETRISATIONS
from resolvent.papers.operator_preconditioning.spectra import label
from resolvent.papers.operator_preconditioning.tangent_gram import gram_operator
from resolvent.papers.operator_preconditioning.tanh_network import TanhNetwork
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.gradient import Quadratic, gradient_method

__all__ = ["descend", "gains", "training"]

SLOPE = 0.25  # of the decrease that a step promises, what it must keep
SMALLEST = 1e-16
Vector = NDArray[np.float64]
LINEAR = ("none", "columns", "cholesky")
# a reparametrisation, and whether it is made anew in each step
TRAINED = {
    "none": ("none", False),
    "columns_frozen": ("columns", False),
    "cholesky_frozen": ("cholesky", False),
    "cholesky": ("cholesky", True),
}


def training(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    networks: list[list[int]],
    points: int,
    draws: int,
    steps: int,
) -> Results:
    r"""Descend from random parameters, on the linearised loss and on the real one.

    On the linearised loss the step is one over the largest eigenvalue; on the real one it is
    searched for, since that step diverges there, as ``diverged`` counts.

    Scalars: ``linear_<P>`` and ``trained_<P>``, the largest loss at the end over the loss at the
    start, the median over draws for each network; ``error_<P>``, the same for the error of u;
    ``linear_gain``, ``frozen_gain`` and ``columns_gain``, the loss without P over that with a P of
    the start in the same draw, medians over draws and networks: with the shifted factor on the
    linearised loss and on the real one, and with columns of norm one on the real one;
    ``frozen_low`` and ``frozen_high``, the quartiles, and ``frozen_wins``, the share of gains above
    1; ``moved``, the smallest distance of the linearised minimiser from the start over the norm of
    the start, singular values below 1e-8 cut; ``diverged``, the share of draws where steps of
    theory's length, without P, raised the loss a millionfold.
    Arrays: ``linear_<P>`` and ``trained_<P>`` (network, steps + 1), medians; ``labels``.
    """
    linear = {name: np.empty((len(networks), draws, steps + 1)) for name in LINEAR}
    trained = {name: np.empty((len(networks), draws, steps + 1)) for name in TRAINED}
    errors = {name: np.empty((len(networks), draws)) for name in TRAINED}
    moved, diverged = [], []
    for i, j in progress(list(np.ndindex(len(networks), draws))):
        problem = Collocation(TanhNetwork(tuple(networks[i])), points)
        start = problem.network.draw(rng)
        F, r = problem.tangent(start), problem.residual(start)
        for name in LINEAR:
            linear[name][i, j] = linearised(F, r, REPARAMETRISATIONS[name](F), steps)
        for name, (kind, anew) in TRAINED.items():
            theta, losses = descend(problem, start, REPARAMETRISATIONS[kind], steps, anew=anew)
            trained[name][i, j], errors[name][i, j] = losses, problem.error(theta)
        solution = np.linalg.lstsq(F, -r, rcond=1e-8)[0]
        moved.append(np.linalg.norm(solution) / np.linalg.norm(start))
        diverged.append(diverges(problem, start, steps=50))

    scalars, arrays = medians(linear, trained, errors)
    scalars |= gains(linear, trained)
    scalars |= {"moved": float(np.min(moved)), "diverged": float(np.mean(diverged))}
    return Results(scalars, arrays | {"labels": np.array([label(hidden) for hidden in networks])})


def medians(
    linear: dict[str, Vector], trained: dict[str, Vector], errors: dict[str, Vector]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return scalars and arrays of losses (network, draw, step) and errors (network, draw)."""
    runs = {f"linear_{name}": rows for name, rows in linear.items()}
    runs |= {f"trained_{name}": rows for name, rows in trained.items()}
    arrays = {key: np.median(rows, axis=1) for key, rows in runs.items()}
    ends = {key: rows[:, -1] for key, rows in arrays.items()}
    scalars = {key: float(np.max(end)) for key, end in ends.items()}
    scalars |= {f"error_{name}": float(np.max(np.median(e, axis=1))) for name, e in errors.items()}
    return scalars, arrays


def gains(linear: dict[str, Vector], trained: dict[str, Vector]) -> dict[str, float]:
    """Return what a P of the start wins, draw by draw."""
    frozen = (trained["none"] / trained["cholesky_frozen"])[..., -1]
    low, middle, high = np.quantile(frozen, [0.25, 0.5, 0.75])
    return {
        "linear_gain": float(np.median((linear["none"] / linear["cholesky"])[..., -1])),
        "frozen_gain": float(middle),
        "frozen_low": float(low),
        "frozen_high": float(high),
        "frozen_wins": float(np.mean(frozen > 1)),
        "columns_gain": float(np.median((trained["none"] / trained["columns_frozen"])[..., -1])),
    }


def linearised(F: Vector, r: Vector, P: Vector, steps: int) -> Vector:
    r"""Return :math:`\|r + F \delta\|^2` of gradient descent, over its start."""
    found = gradient_method(
        Quadratic(gram_operator(F), -F.T @ r),
        np.zeros(F.shape[1]),
        M=P @ P.T,
        L=float(np.linalg.norm(F @ P, 2)) ** 2,
        rtol=0.0,
        maxiter=steps,
    )
    losses = r @ r + 2 * found.values
    padded = np.concatenate([losses, np.full(steps + 1 - len(losses), losses[-1])])
    return np.asarray(padded / losses[0])


def descend(
    problem: Collocation,
    theta: Vector,
    reparametrise: Callable[[Vector], Vector],
    steps: int,
    *,
    anew: bool,
) -> tuple[Vector, Vector]:
    """Descend on the real loss, each step halved until it keeps a quarter of its promise.

    Returns
    -------
    tuple of ndarray
        The last parameters, and the losses over the first one.
    """
    r, F, t = problem.residual(theta), problem.tangent(theta), 1.0
    P = reparametrise(F)
    losses = [float(r @ r)]
    for _ in range(steps):
        gradient = F.T @ r
        d = P @ (P.T @ gradient)
        promise = SLOPE * 2 * float(gradient @ d)
        after = problem.residual(theta - t * d)
        while not after @ after <= losses[-1] - t * promise and t > SMALLEST:
            t /= 2
            after = problem.residual(theta - t * d)
        if t <= SMALLEST:
            break
        theta, r, t = theta - t * d, after, 2 * t
        F = problem.tangent(theta)
        P = reparametrise(F) if anew else P
        losses.append(float(r @ r))
    losses += [losses[-1]] * (steps + 1 - len(losses))
    return theta, np.array(losses) / losses[0]


def diverges(problem: Collocation, theta: Vector, steps: int) -> bool:
    """Tell whether steps of one over the largest eigenvalue raise the loss a millionfold."""
    eta = 1 / np.linalg.norm(problem.tangent(theta), 2) ** 2
    first = np.linalg.norm(problem.residual(theta))
    for _ in range(steps):
        r = problem.residual(theta)
        if np.linalg.norm(r) > 1e3 * first:
            return True
        theta = theta - eta * problem.tangent(theta).T @ r
    return False
