"""All methods on one problem, and what is kept of their way."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent import Reason
from resolvent.papers.sinkhorn_newton.problems import Problem
from resolvent.papers.sinkhorn_newton.published import (
    State,
    newton_states,
    published_cap,
    sinkhorn_states,
)
from resolvent.solvers.transport import TransportSolution, sinkhorn_newton

__all__ = ["ACCURACY", "METHODS", "Trace", "trace_all", "trace_of", "trace_published"]

ACCURACY = 1e-9  # error at which methods are compared
METHODS = ("sinkhorn", "newton", "exact", "ours")

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    r"""The way of a method.

    Attributes
    ----------
    reason : Reason
        Why it ended: NONFINITE says that the plan overflowed.
    work : ndarray
        Iterations of Sinkhorn or CG; passes over the plan of the library's method.
    gamma : ndarray
        Regularisation, which the library's method lowers on the way.
    error : ndarray
        :math:`\|P 1 - \mu\|_1 + \|P^T 1 - \nu\|_1` over the mass.
    seconds : ndarray
        Time.
    violation : ndarray
        Largest entry of both residuals, as in the paper; empty for the library's method.
    measured : ndarray
        What was measured of each plan.
    """

    reason: Reason
    work: Vector
    gamma: Vector
    error: Vector
    seconds: Vector
    violation: Vector
    measured: Vector

    def work_to(self, error: float = ACCURACY) -> float:
        """Return the work until the error was this small, or infinity."""
        there = (self.error <= error) & (self.gamma == self.gamma[-1])
        return float(np.min(self.work[there], initial=np.inf))

    def steps_between(self, first: float, last: float) -> int:
        """Return the steps from one error to another, or all if that is never reached."""
        before, after = self.error <= first, self.error <= last
        return int(np.argmax(after) - np.argmax(before)) if after.any() else self.error.size

    def arrays(self, name: str) -> dict[str, Any]:
        """Return what figures draw, under names that start with ``name``."""
        kept = ("work", "error", "seconds", "violation", "measured")
        return {f"{name}_{key}": getattr(self, key) for key in kept}


def trace_published(
    method: str,
    problem: Problem,
    gamma: float,
    *,
    tol: float,
    most: int = 20_000,
    measure: Callable[[Vector], tuple[float, ...]] | None = None,
) -> Trace:
    """Run a method of the paper until no entry of the marginals is off by ``tol``.

    ``"newton"`` has the published limit for CG, ``"exact"`` none. ``most`` work ends any.
    """
    states = _states(method, problem, gamma, tol)
    lines: list[tuple[float, ...]] = []
    reason = None
    while reason is None:
        state = next(states)
        off = np.abs(np.concatenate([state.rows - problem.mu, state.columns - problem.nu]))
        violation = float(np.max(off))
        error = float(np.sum(off) / np.sum(problem.mu))
        measured = () if measure is None else measure(state.plan())
        lines.append((state.work, error, state.seconds, violation, *measured))
        if not np.isfinite(error):
            reason = Reason.NONFINITE
        elif violation < tol:
            reason = Reason.CONVERGED
        elif state.work >= most:
            reason = Reason.MAXITER
    work, errors, seconds, violations, *more = np.array(lines).T
    gammas = np.full_like(work, gamma)
    return Trace(reason, work, gammas, errors, seconds, violations, np.array(more))


def trace_of(solution: TransportSolution) -> Trace:
    """Return the way of the library's method."""
    history = solution.history
    mass = float(np.sum(solution.masses[0]))
    return Trace(
        reason=solution.reason,
        work=np.array([stage.passes for stage in history], float),
        gamma=np.array([stage.reg for stage in history]),
        error=np.array([stage.error for stage in history]) / mass,
        seconds=np.array([stage.seconds for stage in history]),
        violation=np.empty(0),
        measured=np.empty(0),
    )


def trace_all(
    problem: Problem, gamma: float, *, tol: float, methods: Sequence[str] = METHODS
) -> dict[str, Trace]:
    """Run several methods, the library's to ``ACCURACY``."""
    traces = {}
    for name in methods:
        if name == "ours":
            solution = sinkhorn_newton(problem.C, problem.mu, problem.nu, reg=gamma, tol=ACCURACY)
            traces[name] = trace_of(solution)
        else:
            traces[name] = trace_published(name, problem, gamma, tol=tol)
    return traces


def _states(method: str, problem: Problem, gamma: float, tol: float) -> Iterator[State]:
    if method == "sinkhorn":
        return sinkhorn_states(problem.C, problem.mu, problem.nu, gamma)
    cap = published_cap(*problem.C.shape) if method == "newton" else None
    return newton_states(problem.C, problem.mu, problem.nu, gamma, tol=tol, cap=cap)
