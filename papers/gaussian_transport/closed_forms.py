r"""Entropic transport between Gaussians in closed form, for the cost :math:`|x - y|^2`.

With the regulariser :math:`\varepsilon \, \mathrm{KL}(P \,|\, a \otimes b)` the optimal plan is a
Gaussian; its cross-covariance ``C`` solves :math:`C^2 + (\varepsilon/2) C = A B`, because the
gradient of :math:`-2 \,\mathrm{tr}\, C + \varepsilon I` vanishes, where the mutual information is
:math:`I = \tfrac12 \log\det(I + 2 C / \varepsilon)`. Janati et al. write :math:`\varepsilon = 2
\sigma^2`.
"""

from typing import NamedTuple

import numpy as np

from resolvent.arrays import Array
from resolvent.linalg import sqrtm
from resolvent.solvers.transport import bures_map

__all__ = ["Unbalanced", "cross_covariance", "entropic_cost", "root_form", "unbalanced_plan"]


def cross_covariance(A: Array, B: Array, reg: float) -> Array:
    """Return C, from the ordinary optimal map to a fattened target."""
    fat = B + (reg / 4) ** 2 * np.linalg.inv(A)
    return np.asarray(A @ bures_map(A, (fat + fat.T) / 2) - reg / 4 * np.eye(len(A)))


def root_form(A: Array, B: Array, reg: float) -> Array:
    """Return the same from the principal root of a matrix that is not symmetric."""
    identity = np.eye(len(A))
    return np.asarray(sqrtm(A @ B + (reg / 4) ** 2 * identity) - reg / 4 * identity)


def entropic_cost(A: Array, B: Array, reg: float) -> float:
    """Return the smallest expected cost plus ``reg`` times the mutual information."""
    C = cross_covariance(A, B, reg)
    _, log_det = np.linalg.slogdet(np.eye(len(A)) + 2 / reg * C)
    return float(np.trace(A) + np.trace(B) - 2 * np.trace(C) + reg / 2 * log_det)


class Unbalanced(NamedTuple):
    """A plan on the line between scaled Gaussians: mass, means, covariance, and the objective."""

    mass: float
    mean: Array
    covariance: Array
    value: float


def unbalanced_plan(
    A: float, B: float, shift: float, masses: tuple[float, float], reg: float, rho: float
) -> Unbalanced:
    r"""Return the plan from ``masses[0] N(0, A)`` to ``masses[1] N(shift, B)``.

    The objective is :math:`\langle c, P \rangle + \varepsilon \mathrm{KL}(P | a \otimes b) + \rho
    \mathrm{KL}(P_1 | a) + \rho \mathrm{KL}(P_2 | b)`. Its derivative in the mass of P vanishes,
    which gives the mass and the value from means and covariance.
    """
    widening = (reg + rho) / 2
    shrinking = rho / (reg + rho)
    a, b = (shrinking * widening * S / (S + widening) for S in (A, B))
    C = np.sqrt(a * b / shrinking + (reg / 4) ** 2) - reg / 4
    X, stretch = A + B + widening, 1 + C / widening
    cross = C + stretch * A * B / X
    H = np.array([[stretch * (A - A * A / X), cross], [cross, stretch * (B - B * B / X)]])
    mean = np.array([A / X * shift, shift - B / X * shift])

    moved = mean - np.array([0.0, shift])
    cost = H[0, 0] + H[1, 1] - 2 * H[0, 1] + (mean[0] - mean[1]) ** 2
    divergences = reg * divergence(moved, H, np.diag([A, B])) + rho * (
        divergence(moved[:1], H[:1, :1], np.array([[A]]))
        + divergence(moved[1:], H[1:, 1:], np.array([[B]]))
    )
    log_masses = np.log(masses[0]) + np.log(masses[1])
    mass = np.exp(((reg + rho) * log_masses - cost - divergences) / (reg + 2 * rho))
    constant = reg * masses[0] * masses[1] + rho * (masses[0] + masses[1])
    return Unbalanced(float(mass), mean, H, float(constant - (reg + 2 * rho) * mass))


def divergence(mean: Array, S: Array, reference: Array) -> float:
    """Return KL(N(mean, S) | N(0, reference))."""
    inverse = np.linalg.inv(reference)
    _, log_det = np.linalg.slogdet(inverse @ S)
    return float(np.trace(inverse @ S) - len(S) + mean @ inverse @ mean - log_det) / 2
