r"""Families of systems: heat, Poisson and wave equations on random meshes, and a synthetic one.

All three equations have a conductivity c that varies, :math:`c = e^g` with a smooth Gaussian field
g of variance one and correlation length 0.1, and are zero on the boundary of the unit square or
cube. With stiffness K and mass M of linear elements the matrices are

======== ============================= =====================================================
poisson  :math:`K`
heat     :math:`M + \Delta t K`        a step of the implicit Euler method, 0.01
wave     :math:`M + \Delta t^2 K / 4`  a step of Newmark's method, average acceleration, 0.1
======== ============================= =====================================================

The synthetic family is :math:`B B^T + 10^{-3} I` with random sparse B.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.linalg.gallery import random_mesh, simplicial_mass, simplicial_stiffness

__all__ = ["EQUATIONS", "FIRST_TEST", "meshed", "synthetic"]

FIRST_TEST = 10_000  # seeds of training are below 1000
WAVES, CORRELATION = 200, 0.1
SHIFT = 1e-3

EQUATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "poisson": lambda K, _: K,
    "heat": lambda K, M: M + 1e-2 * K,
    "wave": lambda K, M: M + 0.25 * 0.1**2 * K,
}


def meshed(equation: str, shape: list[int], seed: int) -> sparse.csr_array:
    """Return a matrix of one of the equations on a random mesh, boundary nodes eliminated."""
    rng = np.random.default_rng(seed)
    mesh = random_mesh(shape, rng=rng)
    c = np.exp(_field(mesh.centroids, rng))
    K = simplicial_stiffness(mesh.points, mesh.cells, c)
    M = simplicial_mass(mesh.points, mesh.cells)
    inside = mesh.inside
    return sparse.csr_array(EQUATIONS[equation](K, M)[inside][:, inside])


def synthetic(n: int, density: float, seed: int) -> sparse.csr_array:
    """Return a matrix of the synthetic family; ``density`` is that of B."""
    rng = np.random.default_rng(seed)
    draws = int(density * n**2)
    places = rng.integers(n, size=(2, draws))
    B = sparse.coo_array((rng.standard_normal(draws), tuple(places)), shape=(n, n)).tocsr()
    A = B @ B.T
    return sparse.csr_array((A + A.T) / 2 + SHIFT * sparse.eye_array(n))


def _field(points: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a Gaussian field at points: waves with Gaussian wave vectors and random phases."""
    vectors = rng.standard_normal((points.shape[1], WAVES)) / CORRELATION
    phases = rng.uniform(0, 2 * np.pi, WAVES)
    return np.asarray(np.cos(points @ vectors + phases).sum(axis=1) * np.sqrt(2 / WAVES))
