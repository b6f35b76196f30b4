"""When an iteration that may diverge is called off, and how fast one that ran contracted."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, eps
from resolvent.recurrence import code
from resolvent.results import Reason, Solution
from resolvent.solvers.krylov.curvature import mark

__all__ = ["DIVERGED", "StationaryInfo", "contraction", "diverging", "growth", "with_contraction"]

DIVERGED = code(Reason.DIVERGED)


@dataclass(frozen=True)
class StationaryInfo:
    """How an iteration with a fixed contraction went.

    Attributes
    ----------
    contraction : float
        Factor by which a step changed the residual norm, on the mean of the second half of the
        steps and for the worst column: above 1 the iteration diverges, close below 1 it is slow,
        and NaN if there were no steps.
    """

    contraction: float


def growth(xp: Namespace, dtype: Any) -> float:
    """Return by how much a residual norm may grow before the iteration is called off."""
    return 1 / eps(xp, dtype)


def diverging(xp: Namespace, trouble: Array, norms: Array, first: Array, dtype: Any) -> Array:
    """Name the divergence of columns whose residual norms grew beyond all bounds."""
    return mark(xp, trouble, xp.logical_not(norms <= growth(xp, dtype) * first), Reason.DIVERGED)


def contraction(history: NDArray[np.floating[Any]]) -> float:
    """Return the worst column's mean change of the residual norm a step, over the second half.

    Examples
    --------
    >>> contraction(np.array([8.0, 4.0, 1.0, 0.5, 0.25]))
    0.5
    """
    columns = np.asarray(history).reshape(len(history), -1).T
    return float(max((_rate(column) for column in columns), default=np.nan))


def _rate(norms: NDArray[np.floating[Any]]) -> float:
    changes = np.flatnonzero(np.diff(norms))
    last = int(changes[-1]) + 1 if changes.size else 0  # a column that is done stands still
    begin = last // 2
    if last == 0 or norms[begin] == 0:
        return np.nan
    with np.errstate(over="ignore"):
        return float((norms[last] / norms[begin]) ** (1 / (last - begin)))


def with_contraction(solution: Solution) -> Solution:
    """Return the solution with a `StationaryInfo`."""
    return replace(solution, info=StationaryInfo(contraction(solution.history)))
