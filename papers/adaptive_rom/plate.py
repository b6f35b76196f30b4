r"""A plate under antiplane shear that creeps where it is hot: the high-fidelity model.

The displacement u out of the plane obeys

.. math:: \nabla \cdot \sigma = 0, \qquad \sigma = \nabla u - p, \qquad
          \dot p = A(\theta)\, |\sigma|^{n-1} \sigma,

with the temperature :math:`\theta(x, t)` and Norton's law of creep, :math:`A = A_0 e^{a \theta}`.
The plate is held at the left edge and pulled at the right one. In a step of the implicit Euler
method the stress has the direction of :math:`\tau = \nabla u - p_{old}`, and its length s solves
:math:`s + \Delta t A s^n = |\tau|`. Bilinear elements with four Gauss points; Newton's method.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import spsolve

from resolvent.arrays import Array

__all__ = ["Plate", "State", "creep"]

EXPONENT = 4
COLD, SENSITIVITY = 1e-2, 6.0  # A where the temperature is 0, and how it grows
NEWTON_TOL = 1e-10


class State(NamedTuple):
    """Displacement (N,), stress and creep strain (Q, 2) at quadrature points."""

    u: Array
    stress: Array
    creep: Array


@dataclass(frozen=True)
class Plate:
    """A square of ``cells`` times ``cells`` elements and a time step."""

    cells: int
    dt: float

    @cached_property
    def points(self) -> Array:
        """Quadrature points (Q, 2)."""
        corners = np.stack(np.meshgrid(*2 * [np.arange(self.cells)], indexing="ij"), axis=-1)
        gauss = (0.5 + np.array([-1, 1]) / np.sqrt(12))[:, None]
        inside = np.stack(np.meshgrid(gauss, gauss, indexing="ij"), axis=-1).reshape(1, 4, 2)
        return np.asarray((corners.reshape(-1, 1, 2) + inside).reshape(-1, 2) / self.cells)

    @cached_property
    def weights(self) -> Array:
        """Quadrature weights (Q,), of sum 1."""
        return np.full(4 * self.cells**2, 1 / (4 * self.cells**2))

    @cached_property
    def gradient(self) -> Array:
        """Sparse (2 Q, N): both components of the gradient at each point, one after the other."""
        n = self.cells
        cell = np.floor(self.points * n).astype(int)
        s, t = (self.points * n - cell).T
        rows, columns, values = [], [], []
        q = np.arange(len(s))
        for i, j in np.ndindex(2, 2):
            across, along = (s if i else 1 - s), (t if j else 1 - t)
            node = (cell[:, 0] + i) * (n + 1) + cell[:, 1] + j
            rows += [2 * q, 2 * q + 1]
            columns += [node, node]
            values += [(2 * i - 1) * n * along, (2 * j - 1) * n * across]
        every = [np.concatenate(x) for x in (values, rows, columns)]
        B = scipy.sparse.csr_array((every[0], (every[1], every[2])))
        return B[:, n + 1 :]  # the first row of nodes is held

    @cached_property
    def load(self) -> Array:
        """Unit traction on the right edge."""
        f = np.zeros((self.cells + 1) ** 2)
        edge = np.full(self.cells + 1, 1 / self.cells)
        edge[[0, -1]] /= 2
        f[-self.cells - 1 :] = edge
        return f[self.cells + 1 :]

    def at_rest(self) -> State:
        """Return the state without stress."""
        zero = np.zeros((len(self.weights), 2))
        return State(np.zeros(self.gradient.shape[1]), zero, zero)

    def step(self, old: State, temperature: Array, traction: float) -> State:
        """Solve one time step."""
        B, w = self.gradient, np.repeat(self.weights, 2)
        u, f = old.u, traction * self.load
        while True:
            strain = (B @ u).reshape(-1, 2)
            stress, tangent = creep(strain, old.creep, temperature, self.dt)
            r = f - B.T @ (w * stress.ravel())
            if np.linalg.norm(r) <= NEWTON_TOL * np.linalg.norm(self.load):
                return State(u, stress, strain - stress)
            blocks = np.arange(len(tangent) + 1)
            D = scipy.sparse.bsr_array((self.weights[:, None, None] * tangent, blocks[:-1], blocks))
            u = u + spsolve((B.T @ (D @ B)).tocsc(), r)


def creep(strain: Array, old: Array, temperature: Array, dt: float) -> tuple[Array, Array]:
    """Return stress (q, 2) after a step, and its derivative (q, 2, 2) with respect to strain."""
    trial = strain - old
    length = np.linalg.norm(trial, axis=1)
    c = dt * COLD * np.exp(SENSITIVITY * temperature)
    s = np.minimum(length, (length / c) ** (1 / EXPONENT))  # from above: Newton stays there
    for _ in range(30):
        left = s + c * s**EXPONENT - length
        s = s - left / (1 + c * EXPONENT * s ** (EXPONENT - 1))
        if np.all(np.abs(left) <= 1e-13 * (length + 1e-300)):
            break
    along = 1 / (1 + c * EXPONENT * s ** (EXPONENT - 1))
    across = np.where(length > 0, s / np.where(length > 0, length, 1), 1)
    n = trial / np.where(length > 0, length, 1)[:, None]
    tangent = across[:, None, None] * np.eye(2)
    tangent = tangent + (along - across)[:, None, None] * n[:, :, None] * n[:, None, :]
    return across[:, None] * trial, tangent
