"""Entropic optimal transport, certified: every solution bounds the exact cost from both sides."""

from resolvent.solvers.transport.barycenter import TransportBarycenter, barycenter
from resolvent.solvers.transport.batched_sinkhorn import BatchedTransport, batched_sinkhorn
from resolvent.solvers.transport.bures import bures_distance, bures_geodesic, bures_map
from resolvent.solvers.transport.bures_barycenter import BuresBarycenter, bures_barycenter
from resolvent.solvers.transport.costs import GridCost, PointCost
from resolvent.solvers.transport.couplings import Couplings, couple
from resolvent.solvers.transport.derivatives import (
    TransportGradients,
    TransportTangents,
    transport_jvp,
    transport_vjp,
)
from resolvent.solvers.transport.divergence import SinkhornDivergence, sinkhorn_divergence
from resolvent.solvers.transport.exact import ExactTransport, exact_transport
from resolvent.solvers.transport.riesz import RieszGradient, RieszMMD, riesz_mmd, riesz_mmd_gradient
from resolvent.solvers.transport.rounding import round_to_marginals
from resolvent.solvers.transport.semi_dual import LegendreTransform, semidual
from resolvent.solvers.transport.sinkhorn import sinkhorn
from resolvent.solvers.transport.sinkhorn_newton import sinkhorn_newton
from resolvent.solvers.transport.sinkhorn_newton_sparse import sinkhorn_newton_sparse
from resolvent.solvers.transport.sliced import SlicedWasserstein, sliced_wasserstein
from resolvent.solvers.transport.solution import Stage, TransportSolution

__all__ = [
    "BatchedTransport",
    "BuresBarycenter",
    "Couplings",
    "ExactTransport",
    "GridCost",
    "LegendreTransform",
    "PointCost",
    "RieszGradient",
    "RieszMMD",
    "SinkhornDivergence",
    "SlicedWasserstein",
    "Stage",
    "TransportBarycenter",
    "TransportGradients",
    "TransportSolution",
    "TransportTangents",
    "barycenter",
    "batched_sinkhorn",
    "bures_barycenter",
    "bures_distance",
    "bures_geodesic",
    "bures_map",
    "couple",
    "exact_transport",
    "riesz_mmd",
    "riesz_mmd_gradient",
    "round_to_marginals",
    "semidual",
    "sinkhorn",
    "sinkhorn_divergence",
    "sinkhorn_newton",
    "sinkhorn_newton_sparse",
    "sliced_wasserstein",
    "transport_jvp",
    "transport_vjp",
]
