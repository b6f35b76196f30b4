r"""Minibatch couplings: which points of two batches belong together.

Every point of ``x0`` gets a partner in ``x1``: by the permutation that is optimal for the squared
distance, or drawn from its row of the entropic plan,

.. math:: \Pr(\sigma(i) = j) = n P_{ij}, \quad
          P_{ij} = e^{(f_i + g_j - |x_i - y_j|^2) / \varepsilon}

with uniform marginals, so that pairs have the distribution of the plan. Flow matching trains on
such pairs instead of independent ones.

Cost: :math:`n^2 d` flops for the distances; then `batched_sinkhorn`, or SciPy's
:math:`O(n^3)` assignment for each batch.

Failure modes: those of `batched_sinkhorn`; rows of a plan sum to one even where it did not
converge, so partners are drawn all the same, and the columns are off by ``marginal_errors``.

Source: Pooladian et al., Multisample flow matching: straightening flows with minibatch couplings
(2023), arXiv 2304.14772; Tong et al., Improving and generalizing flow-based generative models with
minibatch optimal transport (2023), arXiv 2302.00482.
"""

import math
import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from resolvent.arrays import Array, Namespace, device_of, enter, to_host
from resolvent.results import Outcome, Reason
from resolvent.solvers.transport.batched_sinkhorn import batched_sinkhorn

__all__ = ["Couplings", "couple"]

_SHARE = 0.05  # of the mean cost, for the regularisation


@dataclass(frozen=True, eq=False, repr=False)
class Couplings(Outcome):
    r"""Partners of the points of a batch of batches, and how far their plans are off.

    Attributes
    ----------
    partners : (..., n) array of int64
        ``x0[..., i, :]`` belongs to ``x1[..., partners[..., i], :]``.
    costs : (..., n) array
        Squared distances of the pairs.
    reason : Reason
        The gravest of the reasons.
    reasons : (...) ndarray of Reason
        Why the iteration ended for each batch.
    marginal_errors : (...) ndarray
        L1 error of both marginals of the plan, of mass 1; 0 if it is exact. On the host.
    iterations : (...) ndarray
        Steps for each batch; 0 if the plan is exact. On the host.
    seconds : float
        Wall-clock time.
    """

    partners: Array
    costs: Array
    reason: Reason
    reasons: NDArray[np.object_]
    marginal_errors: NDArray[np.float64]
    iterations: NDArray[np.int64]
    seconds: float

    def __repr__(self) -> str:
        return (
            f"Couplings({self.reason.name}, {self.reasons.size} batches, marginal errors up to "
            f"{self.marginal_errors.max(initial=0):.1e}, {self.seconds:.2g} s)"
        )


def couple(
    x0: Any,
    x1: Any,
    *,
    method: Literal["sinkhorn", "exact"] = "sinkhorn",
    reg: Any = None,
    tol: float = 1e-6,
    maxiter: int = 10_000,
    rng: np.random.Generator | int | None = None,
) -> Couplings:
    r"""Give every point of ``x0`` a partner in ``x1`` by optimal transport of squared distances.

    Parameters
    ----------
    x0, x1 : (..., n, d) array_like
        Batches of points; each is coupled for itself.
    method : {"sinkhorn", "exact"}
        Draw partners from the entropic plan, or take the optimal permutation.
    reg : float or (...) array_like, optional
        Regularisation of the plan, in units of the squared distance; a twentieth of the mean
        squared distance of each batch if not given.
    tol, maxiter
        Of the plan, as in `batched_sinkhorn`.
    rng : numpy.random.Generator or int, optional
        What draws the partners, one number for each point, or its seed.

    Returns
    -------
    Couplings
        Partners, and the certificate of the plans.

    Raises
    ------
    TypeError, ValueError
        Points that don't fit together, NaN or infinity, an unknown method, or what
        `batched_sinkhorn` refuses.

    Notes
    -----
    Array API: any library and device; plans in float64. A seed draws the same numbers everywhere.
    ``"exact"`` solves on the host.

    Examples
    --------
    >>> x0, x1 = [[0.0], [1.0], [2.0]], [[2.1], [0.1], [1.1]]
    >>> couple(x0, x1, method="exact").partners
    array([1, 2, 0])
    >>> couple(x0, x1, reg=0.01, rng=0).partners
    array([1, 2, 0])
    """
    began = time.perf_counter()
    if method not in ("sinkhorn", "exact"):
        raise ValueError(f"method must be 'sinkhorn' or 'exact', got {method!r}")
    entered = enter(x0=x0, x1=x1)
    xp, (x0, x1) = entered.xp, entered.arrays
    if x0.shape != x1.shape or 0 in x0.shape[-2:] or not xp.isdtype(x0.dtype, "real floating"):
        raise ValueError(
            f"x0 and x1 must be real points (..., n, d) of one shape, got {tuple(x0.shape)} and "
            f"{tuple(x1.shape)} of {x0.dtype}"
        )
    costs = _squared_distances(xp, *(xp.astype(x, xp.float64, copy=False) for x in (x0, x1)))
    shape = tuple(x0.shape[:-2])
    if method == "exact":
        partners, reason = _assignments(xp, costs), Reason.CONVERGED
        reasons = np.full(shape, Reason.CONVERGED)
        errors, iterations = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    else:
        solution = batched_sinkhorn(
            costs, reg=_share(xp, costs) if reg is None else reg, tol=tol, maxiter=maxiter
        )
        partners = _draw(xp, solution.plan(), np.random.default_rng(rng))
        reason, reasons = solution.reason, solution.reasons
        errors, iterations = solution.marginal_errors, solution.iterations
    return Couplings(
        partners=partners,
        costs=entered.leave(xp.sum((x0 - _partners_of(xp, x1, partners)) ** 2, axis=-1)),
        reason=reason,
        reasons=reasons,
        marginal_errors=errors,
        iterations=iterations,
        seconds=time.perf_counter() - began,
    )


def _squared_distances(xp: Namespace, x: Array, y: Array) -> Array:
    """By one product; points are taken relative to their mean, so that little cancels."""
    middle = xp.mean(x, axis=-2, keepdims=True)
    x, y = x - middle, y - middle
    squares = xp.sum(x * x, axis=-1)[..., :, None] + xp.sum(y * y, axis=-1)[..., None, :]
    costs = squares - 2 * (x @ y.mT)
    return xp.where(costs > 0, costs, xp.zeros_like(costs))


def _share(xp: Namespace, costs: Array) -> Array:
    mean = xp.mean(costs, axis=(-2, -1))
    return xp.where(mean > 0, _SHARE * mean, xp.ones_like(mean))


def _draw(xp: Namespace, plan: Array, generator: np.random.Generator) -> Array:
    """Draw from each row by the inverse of its cumulative sums."""
    below = xp.cumulative_sum(plan, axis=-1)
    uniform = xp.asarray(generator.random(plan.shape[:-1]), device=device_of(plan))
    levels = uniform * below[..., -1]
    found = xp.sum(xp.astype(below <= levels[..., None], xp.int64), axis=-1)
    last = xp.full_like(found, plan.shape[-1] - 1)
    return xp.where(found < last, found, last)


def _assignments(xp: Namespace, costs: Array) -> Array:
    *shape, n, _ = costs.shape
    matrices = to_host(costs).reshape(-1, n, n)
    partners = np.array([linear_sum_assignment(matrix)[1] for matrix in matrices], dtype=np.int64)
    return xp.asarray(partners.reshape(*shape, n), device=device_of(costs))


def _partners_of(xp: Namespace, x: Array, partners: Array) -> Array:
    """Return ``x[..., partners, :]``."""
    *shape, n, d = x.shape
    first = n * xp.arange(math.prod(shape), dtype=partners.dtype, device=device_of(x))
    which = xp.reshape(partners, (-1, n)) + first[:, None]
    flat = xp.take(xp.reshape(x, (-1, d)), xp.reshape(which, (-1,)), axis=0)
    return xp.reshape(flat, tuple(x.shape))
