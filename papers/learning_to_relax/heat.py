"""Conjugate gradients with SSOR in an implicit simulation of heat with varying diffusion."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent import Solution
from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners import ssor
from resolvent.solvers import TunedSSOR, cg
from resolvent.solvers.tuning import BanditKind, BinnedTsallisINF

__all__ = ["BANDITS", "FIXED", "GRID", "Heat", "heat"]

RTOL = 1e-8
MAXITER = 10_000
GRID = np.linspace(1.0, 1.95, 20)
FIXED = ("1.0", "1.3", "1.5", "1.75", "1.95")
BANDITS: dict[str, str | BanditKind] = {
    "tsallis": "tsallis-inf",
    "binned": BinnedTsallisINF(bins=6),
    "cheb": "cheb-cb",
}

Vector = NDArray[np.float64]
Solve = Callable[[Any, Vector, Vector, float], Solution]


class Heat:
    r"""Crank-Nicolson steps of :math:`u_t = \kappa(t) \Delta u + f` on the unit square.

    :math:`\kappa = \max(0.1 \sin 2\pi t, -10 \sin 2\pi t)`; the source f is a bump that circles
    round the centre, and at first u is a bump there.
    """

    def __init__(self, nx: int, dt: float) -> None:
        self.dt, side = dt, np.arange(1, nx) / nx
        self.points = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1).reshape(-1, 2)
        self.stiffness = sparse.csr_array(nx**2 * gallery.poisson((nx - 1, nx - 1)))
        self.identity = sparse.eye_array(len(self.points), format="csr")
        self.initial = bump(self.points, np.array([0.5, 0.5]), 0.25)

    def system(self, step: int, u: Vector) -> tuple[Any, Vector, float]:
        """Return matrix, right-hand side and diffusion of a step."""
        t = (step + 0.5) * self.dt
        kappa = diffusion(t)
        half = (0.5 * kappa * self.dt) * self.stiffness
        angle = 16 * np.pi * t
        centre = 0.5 + 0.25 * np.array([np.cos(angle), np.sin(angle)])
        source = 32 * bump(self.points, centre, 0.125)
        return self.identity + half, u - half @ u + self.dt * source, kappa


def diffusion(t: float) -> float:
    """Return kappa."""
    wave = np.sin(2 * np.pi * t)
    return float(max(0.1 * wave, -10 * wave))


def bump(points: Vector, centre: Vector, radius: float) -> Vector:
    """Return a smooth function that is 1 in the centre and 0 beyond the radius."""
    square = np.sum((points - centre) ** 2, axis=-1) / radius**2
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(1 - 1 / (1 - np.minimum(square, 1))))


def heat(
    xp: Namespace,  # noqa: ARG001
    rng: np.random.Generator,
    progress: Progress,
    *,
    sizes: list[int],
    steps: int,
    stop: float,
    every: int,
) -> Results:
    r"""Simulate with every policy for omega, and count the iterations of CG.

    Each step starts from the last one, and stops at :math:`\|r\| \le 10^{-8} \|b\|`. The best
    omega of the grid is looked up every few steps, on the way of the simulation that uses it.

    Scalars, at the largest size: ``<policy>``, iterations a step, where the policy is ``cg``
    without preconditioner, a fixed omega, a bandit or ``optimal``; ``best_fixed`` of those;
    ``<bandit>_over_cg``, ``<bandit>_over_best_fixed`` and ``<bandit>_over_optimal``.
    Arrays: ``totals`` (policy, size), ``policies``, ``sizes``; at the largest size ``contour``
    (step, omega), the iterations of ``looked_up`` steps, ``best_omegas`` there, ``omegas_<bandit>``
    at each step, and ``diffusion``.
    """
    policies = ["cg", *(f"fixed_{omega}" for omega in FIXED), *BANDITS, "optimal"]
    totals = np.empty((len(policies), len(sizes)))
    arrays: dict[str, Any] = {}
    for (k, nx), (row, policy) in progress(
        [(size, named) for size in enumerate(sizes) for named in enumerate(policies)]
    ):
        problem = Heat(nx, stop / steps)
        looked = Lookup(every)
        solve = solver_of(policy, looked, rng)
        u, omegas, total = problem.initial, np.empty(steps), 0
        for step in range(steps):
            solution = solve(*problem.system(step, u)[:2], u, diffusion((step + 0.5) * problem.dt))
            u, total = solution.x, total + solution.iterations
            if policy in BANDITS:
                omegas[step] = solution.info.omega
        totals[row, k] = total / steps
        if policy in BANDITS:
            arrays[f"omegas_{policy}"] = omegas
        if policy == "optimal":
            arrays |= {"contour": np.array(looked.counts), "best_omegas": np.array(looked.omegas)}
    kappa = [diffusion((step + 0.5) * stop / steps) for step in range(steps)]
    arrays |= {"totals": totals, "policies": np.array(policies), "sizes": sizes}
    arrays |= {"diffusion": kappa, "looked_up": np.arange(0, steps, every)}

    scalars = dict(zip(policies, totals[:, -1].tolist(), strict=True))
    scalars["best_fixed"] = min(scalars[f"fixed_{omega}"] for omega in FIXED)
    for name in BANDITS:
        for other in ("cg", "best_fixed", "optimal"):
            scalars[f"{name}_over_{other}"] = scalars[name] / scalars[other]
    return Results(scalars, arrays)


class Lookup:
    """CG with the best omega of the grid, found by trying all of them every few steps."""

    def __init__(self, every: int) -> None:
        self.every, self.step = every, 0
        self.counts: list[list[int]] = []
        self.omegas: list[float] = []

    def __call__(self, A: Any, b: Vector, u: Vector, _: float) -> Solution:
        if self.step % self.every == 0:
            counts = [preconditioned(A, b, u, omega).iterations for omega in GRID]
            least = np.flatnonzero(np.equal(counts, min(counts)))
            self.counts.append(counts)
            self.omegas.append(float(GRID[least[[0, -1]]].mean()))
        self.step += 1
        return preconditioned(A, b, u, self.omegas[-1])


def preconditioned(A: Any, b: Vector, u: Vector, omega: float) -> Solution:
    """Solve with SSOR, backward sweep first as the published code."""
    return cg(A, b, M=ssor(A, omega, order="backward"), x0=u, rtol=RTOL, maxiter=MAXITER)


def solver_of(policy: str, lookup: Lookup, rng: np.random.Generator) -> Solve:
    """Return how a policy solves a step."""
    if policy == "cg":
        return lambda A, b, u, _: cg(A, b, x0=u, rtol=RTOL, maxiter=MAXITER)
    if policy == "optimal":
        return lookup
    if policy in BANDITS:
        tuned = TunedSSOR(
            GRID.tolist(), BANDITS[policy], interval=(0.0, 10.0), order="backward", rng=rng
        )
        return lambda A, b, u, kappa: tuned.solve(
            A, b, x0=u, context=kappa, rtol=RTOL, maxiter=MAXITER
        )
    omega = float(policy.removeprefix("fixed_"))
    return lambda A, b, u, _: preconditioned(A, b, u, omega)
