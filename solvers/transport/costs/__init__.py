"""What a unit of mass pays to move, and the passes over plans that each kind can do."""

from resolvent.solvers.transport.costs.adapt import as_cost
from resolvent.solvers.transport.costs.arrays import ArrayCost
from resolvent.solvers.transport.costs.compiled import CompiledCost, PointCost, StoredCost
from resolvent.solvers.transport.costs.cost import Cost, Products
from resolvent.solvers.transport.costs.grid import GridCost

__all__ = [
    "ArrayCost",
    "CompiledCost",
    "Cost",
    "GridCost",
    "PointCost",
    "Products",
    "StoredCost",
    "as_cost",
]
