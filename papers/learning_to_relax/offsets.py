"""SOR on a sequence of shifted Laplacians: fixed parameters, bandits, and the best for each."""

from collections.abc import Callable
from copy import deepcopy
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers import ParameterBandit, sor
from resolvent.solvers.tuning import BanditKind, BinnedTsallisINF, TsallisINF, optimal_omega

__all__ = ["BANDITS", "FIXED", "GRID", "offsets"]

SIDE = 10
RTOL = 1e-8
MAXITER = 10_000
GRID = np.linspace(1.0, 1.95, 20)
CONTEXTS = (-0.15, 0.65)
BINS = 5
FIXED = ("1.0", "1.2", "1.4", "1.6", "1.8")
BANDITS: dict[str, str | BanditKind] = {
    "tsallis_published": TsallisINF("published"),
    "tsallis": TsallisINF(),
    "binned_published": BinnedTsallisINF(BINS, "published"),
    "binned": BinnedTsallisINF(BINS),
    "cheb": "cheb-cb",
}


def offsets(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    beta: list[float],
    count: int,
    trials: int,
) -> Results:
    r"""Solve ``count`` systems :math:`(A + c I) x = b` by SOR, with every policy for omega.

    A is the five-point Laplacian on 10 by 10 points, c is :math:`-0.15 + 0.6 B` with a Beta
    variable B, and b is Gaussian given that its norm is at most 10. The cost of an instance is
    the number of iterations to :math:`\|r_k\| \le 10^{-8} \|r_0\|` from :math:`x_0 = 0`.

    Scalars: ``<policy>``, iterations an instance, where the policy is a fixed omega, such as
    ``fixed_1.8``, a bandit or ``optimal``, Young's omega for each instance; ``best_fixed`` of
    those; ``<bandit>_over_best_fixed`` and ``<bandit>_over_optimal``; ``<bandit>_late_...``, the
    same over the last fifth of the instances; ``<bandit>_gain``, the cost with the published Newton
    start over that with the safe one.
    Array: ``costs`` (policy, instance), mean over trials; ``policies``.
    """
    policies = [f"fixed_{omega}" for omega in FIXED] + [*BANDITS, "optimal"]
    costs = np.zeros((len(policies), count))
    generators = rng.spawn(trials)
    for generator, (row, policy) in progress(list(product(generators, enumerate(policies)))):
        source = deepcopy(generator)  # every policy of a trial sees the same instances
        shifts, B = instances(source, beta, count)
        choose, learn = policy_of(policy, source)
        for t in range(count):
            cost = iterations(shifts[t], B[t], choose(shifts[t]))
            learn(cost)
            costs[row, t] += cost / trials

    mean = dict(zip(policies, costs.mean(axis=1), strict=True))
    late = dict(zip(policies, costs[:, -count // 5 :].mean(axis=1), strict=True))
    best = min(mean, key=lambda name: mean[name] if name.startswith("fixed") else np.inf)
    scalars = {**mean, "best_fixed": mean[best], "best_fixed_omega": float(best[6:])}
    for name in BANDITS:
        scalars[f"{name}_over_best_fixed"] = mean[name] / mean[best]
        scalars[f"{name}_over_optimal"] = mean[name] / mean["optimal"]
        scalars[f"{name}_late_over_best_fixed"] = late[name] / late[best]
        scalars[f"{name}_late_over_optimal"] = late[name] / late["optimal"]
    for name in ("tsallis", "binned"):
        scalars[f"{name}_gain"] = mean[f"{name}_published"] / mean[name]
    return Results(scalars, {"costs": costs, "policies": np.array(policies)})


def instances(
    rng: np.random.Generator, beta: list[float], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw offsets and right-hand sides."""
    n = SIDE**2
    B = rng.standard_normal((count, n))
    while (long := np.linalg.norm(B, axis=1) > np.sqrt(n)).any():
        B[long] = rng.standard_normal((np.count_nonzero(long), n))
    return -0.15 + 0.6 * rng.beta(beta[0], beta[1], size=count), B


def iterations(shift: float, b: NDArray[np.float64], omega: float) -> int:
    """Return what SOR costs on one instance."""
    A = LAPLACIAN.copy()
    A.setdiag(4 + shift)
    return sor(A, b, omega=omega, rtol=RTOL, maxiter=MAXITER).iterations


def policy_of(
    policy: str, rng: np.random.Generator
) -> tuple[Callable[[float], float], Callable[[float], None]]:
    """Return how a policy chooses omega for an offset, and how it learns from the cost."""
    if policy in BANDITS:
        bandit = ParameterBandit(GRID, BANDITS[policy], interval=CONTEXTS, lowest=1, rng=rng)
        return bandit.suggest, bandit.observe
    if policy == "optimal":
        largest = 4 * np.cos(np.pi / (SIDE + 1))  # of what is off the diagonal
        return lambda shift: float(optimal_omega(largest / (4 + shift))), lambda _: None
    fixed = float(policy.removeprefix("fixed_"))
    return lambda _: fixed, lambda _: None


LAPLACIAN = sparse.csr_array(gallery.poisson((SIDE, SIDE)))
