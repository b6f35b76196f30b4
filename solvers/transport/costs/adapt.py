"""From what a user passes to costs."""

import math
from typing import Any

from resolvent.arrays import enter, is_numpy
from resolvent.solvers.transport.costs.arrays import ArrayCost
from resolvent.solvers.transport.costs.compiled import StoredCost
from resolvent.solvers.transport.costs.cost import Cost

__all__ = ["as_cost"]


def as_cost(cost: Any) -> Cost:
    """Adapt a matrix; costs of the library are returned as they are.

    Raises
    ------
    TypeError, ValueError
        ``cost`` is no real matrix, has NaN or minus infinity, or has no rows or columns.
    """
    if isinstance(cost, Cost):
        return cost
    entered = enter(matrix=False, finite=False, cost=cost)
    xp, (values,) = entered.xp, entered.arrays
    if values.ndim != 2 or 0 in values.shape or not xp.isdtype(values.dtype, "real floating"):
        raise ValueError(
            f"cost must be a real matrix (n, m), got shape {tuple(values.shape)} of {values.dtype}"
        )
    values = xp.astype(values, xp.float64, copy=False)
    stored = StoredCost(values) if is_numpy(xp) else ArrayCost(values, xp)
    if math.isnan(sum(stored.extremes)) or stored.extremes[0] == -math.inf:
        raise ValueError("cost has NaN or minus infinity; plus infinity forbids a pair")
    return stored
