r"""The two methods that the paper compares, as in the code that its authors published.

``C`` are the costs, ``mu`` and ``nu`` the marginals, ``gamma`` the regularisation, ``K`` is
:math:`e^{-C / \gamma}` and ``P`` the plan. Newton's unknowns ``z`` are both potentials over
``gamma``, one after the other: :math:`P_{ij} = e^{z_i + z_{n + j}} K_{ij}`.

Source: https://github.com/dirloren/sinkhornnewton
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers import cg

__all__ = ["State", "newton_states", "published_cap", "sinkhorn_states"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class State:
    r"""Where a method stands.

    Attributes
    ----------
    work : int
        Iterations so far, in Newton's method those of CG: each is a product with the plan and one
        with its transpose.
    rows, columns : ndarray
        Marginals of the plan.
    seconds : float
        Time so far, without what is done between the states.
    plan : callable
        Makes the plan.
    """

    work: int
    rows: Vector
    columns: Vector
    seconds: float
    plan: Callable[[], Vector]


def sinkhorn_states(C: Vector, mu: Vector, nu: Vector, gamma: float) -> Iterator[State]:
    """Yield the states of the Sinkhorn-Knopp iteration on the kernel, which may overflow."""
    seconds, began, work = 0.0, perf_counter(), 0
    K = np.exp(-C / gamma)
    v, w = np.ones_like(mu), np.ones_like(nu)
    Kw, Kv = K @ w, K.T @ v
    rows, columns = v * Kw, w * Kv
    while True:
        seconds += perf_counter() - began
        yield State(work, rows, columns, seconds, partial(_scaled, v, K, w))
        began = perf_counter()
        with np.errstate(all="ignore"):
            v = mu / Kw
            Kv = K.T @ v
            w = nu / Kv
            Kw = K @ w
            rows, columns = v * Kw, w * Kv
        work += 1


def published_cap(n: int, m: int) -> int:
    """Return how many iterations of CG a Newton step has at most in the published code."""
    return max(round((n + m) / 24), 10)


def newton_states(
    C: Vector, mu: Vector, nu: Vector, gamma: float, *, tol: float, cap: int | None
) -> Iterator[State]:
    """Yield the states of Newton's method, its equation solved by CG with Jacobi's preconditioner.

    CG starts from the step before, and stops at ``tol`` relative to the right-hand side or after
    ``cap`` iterations. No step is ever shortened.
    """
    seconds, began, work = 0.0, perf_counter(), 0
    n = mu.size
    target = np.concatenate([mu, nu])
    z, step = np.zeros_like(target), np.zeros_like(target)
    while True:
        with np.errstate(over="ignore"):
            P = np.exp(z[:n, None] + z[n:] - C / gamma)
            rows, columns = P.sum(axis=1), P.sum(axis=0)
        seconds += perf_counter() - began
        yield State(work, rows, columns, seconds, P.copy)
        began = perf_counter()
        marginals = np.concatenate([rows, columns])
        solution = cg(
            _hessian(P, marginals),
            target - marginals,
            M=_jacobi(marginals),
            x0=step,
            rtol=tol,
            maxiter=cap,
        )
        work += solution.iterations
        # the potentials are known up to a constant that goes from one to the other
        constant = (np.sum(solution.x[:n]) - np.sum(solution.x[n:])) / target.size
        step = solution.x - np.where(np.arange(target.size) < n, constant, -constant)
        z = z + step


def _scaled(v: Vector, K: Vector, w: Vector) -> Vector:
    return np.asarray(v[:, None] * K * w)


def _hessian(P: Vector, marginals: Vector) -> Callable[[Vector], Any]:
    n = len(P)
    return lambda x: marginals * x + np.concatenate([P @ x[n:], P.T @ x[:n]])


def _jacobi(diagonal: Vector) -> Callable[[Vector], Any]:
    return lambda r: r / (diagonal + 1e-12)
