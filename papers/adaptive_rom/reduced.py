r"""The reduced model: few modes, few quadrature points, and an indicator that needs no more.

The displacement is a combination of modes, :math:`u = V c`. The integrals of the reduced equations

.. math:: \sum_q w_q\, \sigma(x_q) \cdot \nabla V_i(x_q) = f_i

are sums over few points with new weights, which are found by non-negative matching pursuit so that
they integrate the work of all modes of the stress on all modes of the displacement.

The material law gives the stress at these points. The modes of the stress that fit best there
("gappy POD") give it everywhere, and what they miss at the points is the indicator: a stress that
the material law produces and that no combination of stresses seen so far can be.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from resolvent.arrays import Array
from resolvent.linalg import GappyInterpolant, nnomp
from resolvent.papers.adaptive_rom.plate import Plate, State, creep

__all__ = ["ReducedPlate", "ReducedState", "works"]

STEPS = 30  # of Newton's method at most


class ReducedState(NamedTuple):
    """Coefficients (r,), stress and creep strain (m, 2) at the reduced points."""

    c: Array
    stress: Array
    creep: Array


@dataclass(frozen=True, eq=False)
class ReducedPlate:
    """Modes of the displacement (N, r), of stress and creep (2 Q, .), points and weights (m,)."""

    plate: Plate
    V: Array
    stress_modes: Array
    creep_modes: Array
    points: Array
    weights: Array

    @classmethod
    def of(cls, plate: Plate, modes: tuple[Array, Array, Array], tol: float) -> Self:
        """Find points and weights for orthonormal modes of displacement, stress and creep."""
        V, Z, Y = modes
        J, b = works(plate, (V, Z))
        rule = nnomp(J, b, tol=tol).raise_if_failed()
        return cls(plate, V, Z, Y, rule.indices, rule.weights)

    def enriched(self, found: State, tol: float) -> Self:
        """Return the model that knows one more state."""
        fields = found.u, found.stress.ravel(), found.creep.ravel()
        modes = self.V, self.stress_modes, self.creep_modes
        return self.of(self.plate, tuple(map(with_mode, modes, fields)), tol)

    @cached_property
    def entries(self) -> Array:
        """Where the components at the points are in a field (2 Q,)."""
        return (2 * self.points[:, None] + np.arange(2)).ravel()

    @cached_property
    def strains(self) -> Array:
        """Gradients (m, 2, r) of the modes at the points."""
        return (self.plate.gradient @ self.V)[self.entries].reshape(len(self.points), 2, -1)

    @cached_property
    def load(self) -> Array:
        """Reduced unit traction."""
        return self.V.T @ self.plate.load

    @cached_property
    def whole_stress(self) -> GappyInterpolant:
        """The way from the stress at the points to the whole field."""
        return GappyInterpolant.of(self.stress_modes, self.entries)

    @cached_property
    def whole_creep(self) -> GappyInterpolant:
        """The same for the creep strain."""
        return GappyInterpolant.of(self.creep_modes, self.entries)

    def at_rest(self) -> ReducedState:
        """Return the state without stress."""
        zero = np.zeros((len(self.points), 2))
        return ReducedState(np.zeros(self.V.shape[1]), zero, zero)

    def step(self, old: ReducedState, temperature: Array, traction: float) -> ReducedState:
        """Solve one time step; ``temperature`` is that at the points."""
        c, f = old.c, traction * self.load
        for _ in range(STEPS):
            strain = self.strains @ c
            stress, tangent = creep(strain, old.creep, temperature, self.plate.dt)
            r = f - np.einsum("q,qa,qai->i", self.weights, stress, self.strains)
            if np.linalg.norm(r) <= 1e-10 * np.linalg.norm(self.load):
                break
            weighted = self.weights[:, None, None] * tangent
            K = np.einsum("qai,qab,qbj->ij", self.strains, weighted, self.strains, optimize=True)
            c = c + np.linalg.solve(K, r)
        return ReducedState(c, stress, strain - stress)

    def restrict(self, found: State) -> ReducedState:
        """Return what this model keeps of a state."""
        return ReducedState(self.V.T @ found.u, found.stress[self.points], found.creep[self.points])

    def whole(self, found: ReducedState) -> State:
        """Return the state everywhere, stress and creep from their modes."""
        stress = self.whole_stress(found.stress.ravel()).reshape(-1, 2)
        return State(self.V @ found.c, stress, self.whole_creep(found.creep.ravel()).reshape(-1, 2))

    def indicator(self, found: ReducedState) -> float:
        """Return what the modes of the stress miss at the points, relative to the stress there."""
        seen = found.stress.ravel()
        w = np.repeat(np.sqrt(self.weights), 2)
        missed = seen - self.whole_stress(seen)[self.entries]
        return float(np.linalg.norm(w * missed) / np.linalg.norm(w * seen))


def works(plate: Plate, modes: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the works of modes of stress on modes of displacement, and their integrals.

    Columns are quadrature points; the last row, for the volume, is as long as all others together.
    """
    V, Z = modes
    BV = (plate.gradient @ V).reshape(-1, 2, V.shape[1])
    work = np.einsum("qai,qas->isq", BV, Z.reshape(-1, 2, Z.shape[1]))
    J = work.reshape(-1, len(plate.weights))
    volume = np.full((1, J.shape[1]), np.linalg.norm(J @ plate.weights))
    J = np.concatenate([J, volume])
    return J, J @ plate.weights


def with_mode(modes: Array, field: Array) -> Array:
    """Return orthonormal modes and what they leave of a field, scaled to length 1."""
    left = field - modes @ (modes.T @ field)
    left = left - modes @ (modes.T @ left)
    size = np.linalg.norm(left)
    if size <= 1e-8 * np.linalg.norm(field):
        return modes
    return np.concatenate([modes, (left / size)[:, None]], axis=1)
