r"""Sound scattered by a kite with an absorbing surface, by a boundary integral equation.

.. math:: \Delta u + k^2 u = 0 \text{ outside}, \quad
          \partial_\nu u + i k \lambda u = 0 \text{ on the kite}, \quad
          u = e^{i k d \cdot x} + u^s

with the impedance (admittance) :math:`\lambda \ge 0`, 0 for a hard wall, and outgoing
:math:`u^s`. Green's formula and its normal derivative, added with the weight i/k (Burton and
Miller, Proc. R. Soc. A 323 (1971), doi 10.1098/rspa.1971.0097), give for u on the curve

.. math:: \left[ I - K - \tfrac{i}{k} T + \lambda (I + K' - i k S) \right] u
          = 2 (1 - d \cdot \nu) e^{i k d \cdot x},

which has one solution for every k. The parameters are k, the angle of d, and λ.

With the singularities of Y_0 and Y_1 taken out, which do not depend on k, all entries are linear in
smooth functions of (k, r), the `FEATURES`; the limits for r to 0 are the functions on the diagonal.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0, j1, y0, y1

from resolvent.linalg.gallery import HelmholtzNystrom, helmholtz_nystrom, kite
from resolvent.solvers.reduced import NonintrusiveSystem, SnapshotExpansion, Training

__all__ = ["Scattering", "draw"]

Vector = NDArray[np.float64]
Matrix = NDArray[np.complex128]

RANGES = (1.0, 3.0), (0.0, 2 * np.pi), (0.0, 1.5)
SAMPLES = 80
CLOSE = 1e-8


def draw(rng: np.random.Generator, number: int) -> Vector:
    """Return random parameters (number, 3): wavenumber, angle of incidence, impedance."""
    return np.stack([rng.uniform(*bounds, number) for bounds in RANGES], axis=1)


class Scattering:
    """The large problem on ``nodes`` unknowns, as a code that hands out matrices and vectors.

    Equations are weighted by arc length, which makes Galerkin's projection that in L2.
    """

    def __init__(self, nodes: int) -> None:
        self.problem: HelmholtzNystrom = helmholtz_nystrom(kite, nodes // 2)

    @property
    def weights(self) -> Vector:
        """Weights of arc length: the diagonal of the inner product."""
        return self.problem.weights

    def matrix_at(self, mu: Vector) -> Matrix:
        """Return the weighted matrix."""
        (k, _, admittance), p = mu, self.problem
        identity = np.eye(len(p.speed))
        hard = identity - p.double_layer(k) - 1j / k * p.hypersingular(k)
        soft = identity + p.adjoint_double_layer(k) - 1j * k * p.single_layer(k)
        return np.asarray(p.weights[:, None] * (hard + admittance * soft))

    def rhs_at(self, mu: Vector) -> Matrix:
        """Return the weighted right-hand side."""
        return self.rhs_entries(np.arange(len(self.weights)), mu)

    def rhs_entries(self, where: NDArray[np.intp], mu: Vector) -> Matrix:
        """Return some entries of it."""
        k, angle, _ = mu
        d, p = np.array([np.cos(angle), np.sin(angle)]), self.problem
        wave = np.exp(1j * k * (d @ p.points[:, where]))
        return np.asarray(2 * p.weights[where] * (1 - d @ p.normals[:, where]) * wave)

    def far_field_at(self, mu: Vector, angles: Vector) -> Matrix:
        """Return the matrix (directions, N) from surface pressures to the far field."""
        k, _, admittance = mu
        return self.problem.far_field_matrix(k, angles, coupling=-k * admittance)

    def system(
        self, params: Vector, *, tol: float = 0.0, max_terms: int | None = None
    ) -> NonintrusiveSystem:
        """Return the expansion of the problem in a few of its matrices and vectors."""
        return NonintrusiveSystem(
            self.matrix_at,
            self.rhs_at,
            params=params,
            features=FEATURES,
            points=np.maximum(np.linspace(0, self._diameter, SAMPLES), CLOSE),
            rhs_features=self.rhs_entries,
            rhs_points=np.arange(len(self.weights)),
            tol=tol,
            max_terms=max_terms,
        )

    def far_field_expansion(self, params: Vector, *, tol: float) -> SnapshotExpansion:
        """Return the expansion of the far field in a few of its matrices."""
        half = float(np.max(np.hypot(*self.problem.points)))
        return SnapshotExpansion.fit(
            FAR_FEATURES,
            np.linspace(-half, half, SAMPLES),
            Training.of(params),
            tol=tol,
            max_terms=None,
        )

    @property
    def _diameter(self) -> float:
        x, y = self.problem.points
        return float(np.max(np.hypot(np.subtract.outer(x, x), np.subtract.outer(y, y))))


def _regular_y0(r: Vector, k: float) -> Vector:
    return np.asarray(y0(k * r) - 2 / np.pi * np.log(r) * j0(k * r))


def _regular_y1(r: Vector, k: float) -> Vector:
    return np.asarray(k * r * (y1(k * r) - 2 / np.pi * np.log(r) * j1(k * r)))


def _times(scale: Any, g: Any) -> Any:
    return lambda x, mu: scale(mu[0], mu[2]) * g(x, mu[0])


def _j0(r: Vector, k: float) -> Vector:
    return np.asarray(j0(k * r))


def _j1(r: Vector, k: float) -> Vector:
    return np.asarray(k * r * j1(k * r))


FEATURES = [
    *(_times(lambda k, _a: 1 / k, g) for g in (_j0, _regular_y0)),
    *(_times(lambda k, _a: k, g) for g in (_j0, _regular_y0)),
    *(_times(lambda _k, _a: 1.0, g) for g in (_j1, _regular_y1)),
    *(_times(lambda k, a: a * k, g) for g in (_j0, _regular_y0)),
    *(_times(lambda _k, a: a, g) for g in (_j1, _regular_y1)),
]
FAR_FEATURES = [
    _times(scale, g)
    for scale in (lambda k, _a: k**0.5, lambda k, a: a * k**0.5)
    for g in (lambda s, k: np.cos(k * s), lambda s, k: np.sin(k * s))
]
