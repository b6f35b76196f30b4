"""Preconditioners side by side: iterations, seconds of set-up and of the solution."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator
from scipy.sparse.linalg import cg as scipy_cg

from resolvent.linalg.gallery import lognormal_diffusion
from resolvent.preconditioners import ichol, jacobi, multigrid, ssor
from resolvent.preconditioners.learned import NeuralIF, NeuralPCG, PreCorrector
from resolvent.solvers import cg

__all__ = [
    "Builder",
    "Cost",
    "classical",
    "compare",
    "cost",
    "counts",
    "learned",
    "right_hand_side",
    "scipy_cost",
    "warm_up",
]

RTOL, MAXITER = 1e-8, 5000
OMEGAS = (1.0, 1.2, 1.4, 1.6, 1.8)

Builder = Callable[[Any], Any]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Cost:
    """One solve.

    Attributes
    ----------
    iterations : int
        Of conjugate gradients.
    setup, solve : float
        Seconds.
    converged : bool
        Whether the true residual is small enough.
    fell_back : bool
        Whether the guard of a learned preconditioner chose a classical one.
    """

    iterations: int
    setup: float
    solve: float
    converged: bool
    fell_back: bool


def learned() -> dict[str, NeuralIF | PreCorrector | NeuralPCG]:
    """Return the factors that come with the library, trained on 2D diffusion on grids."""
    return {
        "neural_if": NeuralIF.pretrained("diffusion-2d"),
        "precorrector": PreCorrector.pretrained("diffusion-2d"),
        "neural_pcg": NeuralPCG.pretrained("diffusion-2d"),
    }


def classical(A: Any, b: Vector) -> dict[str, Builder]:
    """Return classical builders; the parameter of SSOR is the best of a few for one system."""
    omega = min(OMEGAS, key=lambda omega: cost(partial(ssor, omega=omega), A, b).iterations)
    return {
        "none": lambda _: None,
        "jacobi": jacobi,
        "ssor": partial(ssor, omega=omega),
        "ic0": ichol,
        "ict": partial(ichol, drop_tol=0.0, fill=0),
        "multigrid": multigrid,
    }


def right_hand_side(A: Any, seed: int) -> Vector:
    """Return a random vector."""
    return np.asarray(np.random.default_rng(seed).standard_normal(A.shape[0]))


def cost(build: Builder, A: Any, b: Vector) -> Cost:
    """Build a preconditioner and solve with it."""
    start = perf_counter()
    M = build(A)
    built = perf_counter()
    solution = cg(A, b, M=M, rtol=RTOL, maxiter=MAXITER)
    solved = perf_counter()
    fell_back = bool(getattr(getattr(M, "info", None), "fell_back", False))
    return Cost(solution.iterations, built - start, solved - built, solution.converged, fell_back)


def scipy_cost(build: Builder, A: Any, b: Vector) -> Cost:
    """Do the same with SciPy's conjugate gradients."""
    steps: list[Vector] = []
    start = perf_counter()
    M = build(A)
    built = perf_counter()
    operator = M and LinearOperator(A.shape, matvec=M.__matmul__, dtype=A.dtype)
    x, info = scipy_cg(A, b, rtol=RTOL, maxiter=MAXITER, M=operator, callback=steps.append)
    solved = perf_counter()
    return Cost(len(steps), built - start, solved - built, info == 0, fell_back=False)


def compare(
    builders: Mapping[str, Builder],
    make: Callable[[int], Any],
    seeds: Iterable[int],
    solve: Callable[[Builder, Any, Vector], Cost] = cost,
) -> dict[str, list[Cost]]:
    """Return what each builder costs on the matrices ``make(seed)``."""
    costs: dict[str, list[Cost]] = {name: [] for name in builders}
    for seed in seeds:
        A = make(seed)
        b = right_hand_side(A, seed)
        for name, build in builders.items():
            costs[name].append(solve(build, A, b))
    return costs


def counts(costs: list[Cost]) -> NDArray[np.float64]:
    """Return the iterations of each solve."""
    return np.array([c.iterations for c in costs], dtype=np.float64)


def warm_up() -> None:
    """Run everything once, so that no time is that of a compiler."""
    A = lognormal_diffusion((32, 32), sigma=1, rng=0)
    builders = classical(A, right_hand_side(A, 0)) | learned()
    for solve in (cost, scipy_cost):
        compare(builders, lambda _: A, [0], solve)
