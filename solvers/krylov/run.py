"""From a system past the door, and a recurrence, to the `Solution`."""

from dataclasses import replace
from typing import Any

import numpy as np

from resolvent.arrays import Array, adjoint, device_of, enter, eps
from resolvent.drive import Callback, Optimal, drive, worst
from resolvent.recurrence import Steps
from resolvent.results import Reason, Solution
from resolvent.solvers.linear_system import LinearSystem
from resolvent.stopping import Stop
from resolvent.vectors import Inner, scaled_norm
from resolvent.vectors import inner as euclidean

__all__ = ["run"]


def run(
    steps: Steps,
    system: LinearSystem,
    *,
    rtol: float,
    atol: float,
    maxiter: int | None,
    callback: Callback | None = None,
    time_limit: float | None = None,
    inner: Inner | None = None,
    optimal: Optimal | None = None,
    nullspace: Any = None,
    info: Any = None,
) -> Solution:
    """Bind the stopping rule and `drive` the recurrence, orthogonally to a null space if given.

    Raises
    ------
    ValueError
        A negative tolerance or limit; a ``nullspace`` that A doesn't annihilate.
    """
    inner = inner or euclidean
    stop = Stop.for_rhs(system.b, rtol=rtol, atol=atol, maxiter=maxiter, inner=inner)
    options: dict[str, Any] = {
        "stop": stop,
        "x0": system.x0,
        "inner": inner,
        "callback": callback,
        "time_limit": time_limit,
        "optimal": optimal,
        "info": info,
    }
    if nullspace is None:
        return drive(steps, system.A, system.b, **options)
    Z = _basis(nullspace, system)
    outside = Z @ (adjoint(system.xp, Z) @ system.b)
    solution = drive(steps, system.A, system.b - outside, **options)
    x = solution.x - Z @ (adjoint(system.xp, Z) @ solution.x)
    parts = [outside] if outside.ndim == 1 else [outside[:, j] for j in range(outside.shape[1])]
    misfit = np.reshape([scaled_norm(part, inner)[1] for part in parts], outside.shape[1:])
    if (misfit <= stop.threshold).all():
        return replace(solution, x=x)
    truth = np.hypot(solution.residual_norm, misfit)
    outside_range = (misfit > stop.threshold).reshape(-1)
    reasons = tuple(
        Reason.INCONSISTENT if bad and reason is Reason.CONVERGED else reason
        for bad, reason in zip(outside_range, solution.reasons, strict=True)
    )
    return replace(
        solution,
        x=x,
        residual_norm=float(truth) if system.b.ndim == 1 else truth,
        reason=worst(reasons),
        reasons=reasons,
    )


def _basis(nullspace: Any, system: LinearSystem) -> Array:
    xp, n = system.xp, system.A.shape[1]
    (Z,) = enter(matrix=False, nullspace=nullspace).arrays
    if Z.shape[0] != n or Z.ndim > 2:
        raise ValueError(f"nullspace must be of shape ({n},) or ({n}, m), got {tuple(Z.shape)}")
    Z = xp.astype(xp.asarray(Z, device=device_of(system.b)), system.b.dtype)
    Z, R = xp.linalg.qr(Z[:, None] if Z.ndim == 1 else Z)
    lengths = xp.abs(xp.linalg.diagonal(R))
    if bool(xp.min(lengths) <= n * eps(xp, Z.dtype) * xp.max(lengths)):
        raise ValueError("nullspace has columns that depend on each other, or are zero")
    # what A does to a vector with entries of all frequencies
    probe = xp.astype(xp.asarray([1.0, -1.0, 2.0], device=device_of(system.b)), Z.dtype)
    probe = xp.take(probe, xp.arange(n, device=device_of(system.b)) % 3, axis=0)
    # by largest entries: the squares of tiny and huge ones are lost
    largest = xp.max(xp.abs(system.A @ probe)) * xp.max(xp.abs(Z))
    if bool(xp.max(xp.abs(system.A @ Z)) > n * eps(xp, Z.dtype) ** 0.75 * largest):
        raise ValueError("nullspace is not in the null space of A: A @ nullspace is not small")
    return Z
