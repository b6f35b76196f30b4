r"""The problems to be reduced: diffusion on a line, and on a square of four materials."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array
from resolvent.solvers.reduced import AffineSystem

__all__ = ["diffusion", "exact_solution", "least_conductivity", "thermal_block"]


def diffusion(elements: int) -> tuple[AffineSystem, Any]:
    r"""Return :math:`-u'' + \mu u = 1` on (0, 1), zero at both ends, and the product of H1_0.

    Linear elements of length ``h``, integrated exactly.
    """
    h, n = 1 / elements, elements - 1
    stiffness, mass = tridiagonal(n, -1 / h, 2 / h), tridiagonal(n, h / 6, 4 * h / 6)
    system = AffineSystem([stiffness, mass], np.full(n, h), lambda mus: [1, mus[:, 0]])
    return system, stiffness


def exact_solution(elements: int, mu: float) -> NDArray[np.float64]:
    """Return the solution of the differential equation at the nodes."""
    x, root = np.arange(1, elements) / elements, np.sqrt(mu)
    return np.asarray((1 - np.cosh(root * (x - 0.5)) / np.cosh(root / 2)) / mu)


def thermal_block(cells: int) -> tuple[AffineSystem, Any]:
    r"""Return heat conduction in a square of 2 x 2 materials, and the product of H1_0.

    Two opposite materials conduct as one, the others as :math:`\mu_1` and :math:`\mu_2`; one source
    everywhere, zero on the boundary. Bilinear elements on ``cells x cells`` squares, exactly.
    """
    left = np.arange(cells) < cells / 2
    quarters = {}
    for i, across in enumerate((left, ~left)):
        for j, up in enumerate((left, ~left)):
            (Kx, Mx), (Ky, My) = (line(cells, part) for part in (across, up))
            quarters[i, j] = sparse.kron(Kx, My) + sparse.kron(Mx, Ky)
    terms = [quarters[0, 0] + quarters[1, 1], quarters[0, 1], quarters[1, 0]]
    rhs = np.full((cells - 1) ** 2, 1 / cells**2)
    system = AffineSystem(terms, rhs, lambda mus: [1, mus[:, 0], mus[:, 1]])
    return system, sum(terms[1:], start=terms[0])


def least_conductivity(mus: Array) -> Array:
    """Return the coercivity constant of the thermal block in H1_0: the least conductivity."""
    return np.minimum(mus.min(axis=1), 1)


def tridiagonal(n: int, off: float, diagonal: float) -> Any:
    """Return a symmetric Toeplitz matrix of three diagonals."""
    bands = [np.full(n - 1, off), np.full(n, diagonal), np.full(n - 1, off)]
    return sparse.diags_array(bands, offsets=[-1, 0, 1], format="csr")


def line(cells: int, inside: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Return stiffness and mass of linear elements on the cells that are inside."""
    h, weight = 1 / cells, inside.astype(float)
    diagonal, off = weight[:-1] + weight[1:], weight[1:-1]
    matrices = []
    for own, neighbour in ((1 / h, -1 / h), (h / 3, h / 6)):
        bands = [neighbour * off, own * diagonal, neighbour * off]
        matrices.append(sparse.diags_array(bands, offsets=[-1, 0, 1], format="csr"))
    stiffness, mass = matrices
    return stiffness, mass
