"""Entropic optimal transport, certified: every solution bounds the exact cost from both sides."""

from resolvent.solvers.transport.costs import GridCost, PointCost
from resolvent.solvers.transport.derivatives import (
    TransportGradients,
    TransportTangents,
    transport_jvp,
    transport_vjp,
)
from resolvent.solvers.transport.exact import ExactTransport, exact_transport
from resolvent.solvers.transport.rounding import round_to_marginals
from resolvent.solvers.transport.sinkhorn import sinkhorn
from resolvent.solvers.transport.sinkhorn_newton import sinkhorn_newton
from resolvent.solvers.transport.solution import Stage, TransportSolution

__all__ = [
    "ExactTransport",
    "GridCost",
    "PointCost",
    "Stage",
    "TransportGradients",
    "TransportSolution",
    "TransportTangents",
    "exact_transport",
    "round_to_marginals",
    "sinkhorn",
    "sinkhorn_newton",
    "transport_jvp",
    "transport_vjp",
]
