"""Time to a certified cost by entropic transport, against the exact solver, as n grows."""

import time
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from resolvent.arrays import Namespace
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.papers.sinkhorn_newton_sparse.interval import FAMILIES
from resolvent.solvers.transport import TransportSolution, exact_transport, sinkhorn_newton

__all__ = ["crossover"]


def crossover(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    sizes: list[int],
    regs: list[float],
    rounds: int,
) -> Results:
    """Time `exact_transport` and `sinkhorn_newton` with its bounds on assignments.

    Scalars: ``time_<family>_<reg>_over_exact``, at the largest size; ``width_<family>_<reg>``, that
    of the interval over the exact cost, at the largest size; ``passes_<family>_<reg>``, the most
    over the sizes. Arrays: ``<family>_exact`` (size) and ``<family>`` (reg, size) in seconds,
    ``sizes``, ``regs``.
    """
    exact = {family: np.empty(len(sizes)) for family in FAMILIES}
    entropic = {family: np.empty((len(regs), len(sizes))) for family in FAMILIES}
    passes = {family: np.empty((len(regs), len(sizes))) for family in FAMILIES}
    scalars: dict[str, float] = {}
    for (i, n), (family, draw) in progress(list(product(enumerate(sizes), FAMILIES.items()))):
        cost, a, b = draw(n, rng)
        exact[family][i], reference = timed(partial(exact_transport, cost, a, b), rounds)
        for k, reg in enumerate(regs):
            solve = partial(certified, cost, a, b, reg * cost.max())
            entropic[family][k, i], solution = timed(solve, rounds)
            passes[family][k, i] = solution.passes
            scalars[f"width_{family}_{reg:.0e}"] = (
                solution.upper - solution.lower
            ) / reference.value
    for (family, times), (k, reg) in product(entropic.items(), enumerate(regs)):
        scalars[f"time_{family}_{reg:.0e}_over_exact"] = times[k, -1] / exact[family][-1]
        scalars[f"passes_{family}_{reg:.0e}"] = np.max(passes[family][k])
    arrays = {f"{family}_exact": times for family, times in exact.items()}
    return Results(scalars, arrays | entropic | {"sizes": sizes, "regs": regs})


def certified(cost: Any, a: Any, b: Any, reg: float) -> TransportSolution:
    """Solve, and make the certificate, which is otherwise made when it is asked for."""
    solution = sinkhorn_newton(cost, a, b, reg=reg).raise_if_failed()
    _ = solution.certificate
    return solution


def timed(solve: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """Return the least seconds of several rounds, and the result."""
    solve()  # the first may compile
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        result = solve()
        times.append(time.perf_counter() - began)
    return min(times), result
