r"""Batches of small entropic transport problems, solved together, each to its own end.

.. math:: P_{ij} = e^{(f_i + g_j - C_{ij}) / \varepsilon}, \quad P 1 = a, \quad P^T 1 = b

for every matrix of costs in an array ``(..., n, m)``. On NumPy a compiled loop keeps the plan of a
problem in the cache of one core: Sinkhorn's iteration takes no exponentials there, and where it is
slow Newton's method takes its place. Other libraries run Sinkhorn's iteration in the log domain on
all problems at once.

Cost: on NumPy about 2 n m flops for a step of Sinkhorn's iteration and
:math:`n m^2 + m^3 / 3` for one of Newton's; else one exponential an entry and step.

Failure modes: off NumPy the number of steps grows without bound as the regularisation falls;
MAXITER then tells. Potentials are rounded, which changes the plan by about
``eps max|costs| / reg`` of itself: a smaller ``tol`` ends as STAGNATED. Forbidden pairs may leave
no plan with these marginals: STAGNATED or MAXITER.

Source: Cuturi, Sinkhorn distances (2013), arXiv 1306.0895; Newton's method on the semi-dual after
Cuturi and Peyré (2016), arXiv 1503.02533.
"""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, is_numpy, namespace_of
from resolvent.drive import worst
from resolvent.results import Outcome, Reason
from resolvent.solvers.transport.batches import transport_batch
from resolvent.solvers.transport.lockstep import plan_of, sinkhorn_in_lockstep

__all__ = ["BatchedTransport", "batched_sinkhorn"]


@dataclass(frozen=True, eq=False, repr=False)
class BatchedTransport(Outcome):
    r"""Potentials of a batch of entropic transport problems, and how far their plans are off.

    Attributes
    ----------
    f, g : (..., n), (..., m) array
        Potentials in units of the cost, float64; minus infinity where there is no mass.
    reg : (...) array
        The regularisation :math:`\varepsilon` of each problem.
    reason : Reason
        The gravest of the reasons.
    reasons : (...) ndarray of Reason
        Why each problem ended.
    marginal_errors : (...) ndarray
        :math:`\|P 1 - a\|_1 + \|P^T 1 - b\|_1`, as a share of the mass, recomputed at exit from
        ``f`` and ``g``; on the host.
    iterations : (...) ndarray
        Steps that each problem took, Sinkhorn's and Newton's; on the host.
    seconds : float
        Wall-clock time.
    costs : (..., n, m) array
        What was solved.

    Examples
    --------
    >>> solution = batched_sinkhorn([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 2.0], [9.0, 0.0]]], reg=0.1)
    >>> solution.reasons == Reason.CONVERGED
    array([ True,  True])
    """

    f: Array
    g: Array
    reg: Array
    reason: Reason
    reasons: NDArray[np.object_]
    marginal_errors: NDArray[np.float64]
    iterations: NDArray[np.int64]
    seconds: float
    costs: Array

    def plan(self) -> Array:
        """Return the plans ``(..., n, m)`` in the dtype of the costs."""
        xp = namespace_of(self.costs)
        costs = xp.astype(self.costs, xp.float64, copy=False)
        if not is_numpy(xp):
            P = plan_of(xp, costs, self.f, self.g, self.reg)
            return xp.astype(P, self.costs.dtype, copy=False)
        from resolvent.solvers.compiled.small_transport import small_plans

        n, m = costs.shape[-2:]
        flat = costs.reshape(self.reg.size, n, m), self.f.reshape(-1, n), self.g.reshape(-1, m)
        P = small_plans(*flat, self.reg.reshape(-1)).reshape(costs.shape)
        return P.astype(self.costs.dtype, copy=False)

    def __repr__(self) -> str:
        return (
            f"BatchedTransport({self.reason.name}, {self.reasons.size} problems, marginal errors "
            f"up to {self.marginal_errors.max(initial=0):.1e}, {self.seconds:.2g} s)"
        )


def batched_sinkhorn(
    costs: Any,
    a: Any = None,
    b: Any = None,
    *,
    reg: Any,
    tol: float = 1e-6,
    maxiter: int = 10_000,
) -> BatchedTransport:
    r"""Solve a batch of entropic transport problems.

    Each minimises :math:`\langle C, P \rangle + \varepsilon \sum P (\log P - 1)` over plans with
    the marginals ``a`` and ``b``.

    Parameters
    ----------
    costs : (..., n, m) array_like
        Costs of each problem; plus infinity forbids a pair.
    a, b : (..., n), (..., m) array_like, optional
        Mass of either side, not negative, of equal sum; one for all problems if without batch axes,
        uniform if not given.
    reg : float or (...) array_like
        The regularisation :math:`\varepsilon`, in units of the cost, for all problems or for each.
    tol : float
        Converged means
        :math:`\|P 1 - a\|_1 + \|P^T 1 - b\|_1 \le tol \|b\|_1`.
    maxiter : int
        Largest number of steps for a problem.

    Returns
    -------
    BatchedTransport
        Potentials, plans, and errors and reasons of each problem.

    Raises
    ------
    TypeError, ValueError
        Arguments that don't fit together; NaN; negative weights; different masses; mass that has
        nowhere to go; costs beyond 1e300, or beyond that many ``reg``.

    Notes
    -----
    Array API: any library and device; in float64 whatever the dtype of the costs, which is that of
    the plans. NumPy arrays are solved by a compiled loop on all threads.

    Examples
    --------
    >>> solution = batched_sinkhorn([[[0.0, 1.0], [1.0, 0.0]]], reg=0.1)
    >>> solution.converged, solution.plan().round(3).tolist()
    (True, [[[0.5, 0.0], [0.0, 0.5]]])
    """
    began = time.perf_counter()
    if not tol > 0 or maxiter < 1:
        raise ValueError(f"tol and maxiter must be positive, got {tol!r} and {maxiter!r}")
    batch = transport_batch(costs, a, b, reg)
    xp, arguments = batch.xp, (batch.costs, batch.a, batch.b, batch.reg, tol, maxiter)
    if is_numpy(xp):
        from resolvent.solvers.compiled.small_transport import solve_small

        f, g, errors, iterations = solve_small(*arguments)
    else:
        f, g, errors, iterations = sinkhorn_in_lockstep(xp, *arguments)
    f = f + (batch.reg * xp.log(batch.mass))[:, None]
    reasons = np.full(errors.shape, Reason.STAGNATED)
    reasons[iterations >= maxiter] = Reason.MAXITER
    reasons[~np.isfinite(errors)] = Reason.NONFINITE
    reasons[errors <= tol] = Reason.CONVERGED
    shape = batch.shape
    return BatchedTransport(
        f=xp.reshape(f, (*shape, f.shape[1])),
        g=xp.reshape(g, (*shape, g.shape[1])),
        reg=xp.reshape(batch.reg, shape),
        reason=worst(reasons),
        reasons=reasons.reshape(shape),
        marginal_errors=errors.reshape(shape),
        iterations=iterations.reshape(shape),
        seconds=time.perf_counter() - began,
        costs=batch.given,
    )
