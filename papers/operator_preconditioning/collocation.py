r"""Poisson's equation :math:`-u'' = f`, :math:`u(\pm 1) = 0` by a network and Gauss points."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from resolvent.papers.operator_preconditioning.tangent_gram import weighted_rows
from resolvent.papers.operator_preconditioning.tanh_network import TanhNetwork

__all__ = ["Collocation"]

ENDS = np.array([-1.0, 1.0])
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Collocation:
    r"""The physics-informed loss :math:`\tfrac12 \|r(\theta)\|^2` of a network.

    The solution is :math:`\sin \pi x`, the boundary has the weight 1.
    """

    network: TanhNetwork
    points: int

    @cached_property
    def rule(self) -> tuple[Vector, Vector]:
        """Points and weights of the Gauss rule."""
        x, weights = np.polynomial.legendre.leggauss(self.points)
        return x, weights

    def residual(self, theta: Vector) -> Vector:
        """Return r, weighted."""
        x, weights = self.rule
        interior = -self.network.derivative(theta, x, 2) - np.pi**2 * np.sin(np.pi * x)
        boundary = self.network.derivative(theta, ENDS, 0)
        return np.asarray(weighted_rows(interior, weights, boundary, 1.0))

    def tangent(self, theta: Vector) -> Vector:
        """Return F, the derivative of r by the parameters."""
        x, weights = self.rule
        interior = -self.network.tangent(theta, x, 2)
        boundary = self.network.tangent(theta, ENDS, 0)
        return np.asarray(weighted_rows(interior, weights, boundary, 1.0))

    def error(self, theta: Vector) -> float:
        r"""Return the :math:`L^2` error of u; the solution has the norm 1."""
        x, weights = self.rule
        off = self.network.derivative(theta, x, 0) - np.sin(np.pi * x)
        return float(np.sqrt(weights @ off**2))
