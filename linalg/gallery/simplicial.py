r"""Linear finite elements on triangles and tetrahedra, as SciPy CSR arrays.

A cell is a simplex with :math:`d + 1` of the nodes as corners: an interval, a triangle, a
tetrahedron. The functions :math:`\phi_i` are continuous, linear in each cell, one at node i and
zero at the others. With the edges :math:`E = (p_1 - p_0, \dots, p_d - p_0)` of a cell as rows, the
columns of :math:`E^{-1}` are the gradients of :math:`\phi_1, \dots, \phi_d`, and the gradients of
all corners add up to zero. With the volume :math:`V = |\det E| / d!` the integrals over a cell are

.. math:: \int \nabla\phi_i \cdot \nabla\phi_j = V\, g_i \cdot g_j, \qquad
    \int \phi_i \phi_j = \frac{V (1 + \delta_{ij})}{(d + 1)(d + 2)}.

Cost: all cells at once, :math:`O(d^3)` flops and :math:`(d + 1)^2` numbers each.

Failure modes: the flatter a cell, the larger its gradients and the condition of the matrix; the
cells of `resolvent.linalg.gallery.random_mesh` are not flat. An obtuse angle makes an entry
positive off the diagonal: these need not be M-matrices.

Source: P. G. Ciarlet, The Finite Element Method for Elliptic Problems (1978), sections 2.2 and 4.1.
"""

from math import factorial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

__all__ = ["simplicial_mass", "simplicial_stiffness"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def simplicial_stiffness(
    points: ArrayLike, cells: ArrayLike, coefficient: ArrayLike = 1.0
) -> sparse.csr_array:
    r"""Return :math:`K_{ij} = \int c\, \nabla\phi_i \cdot \nabla\phi_j` of linear elements.

    Symmetric to the last digit and positive semidefinite. Constants are in the kernel: keep the
    rows and columns of nodes without a Dirichlet condition, ``K[inside][:, inside]``.

    Parameters
    ----------
    points : (n, d) array_like
        Coordinates of the nodes.
    cells : (m, d + 1) array_like of int
        Corners of each cell, in any order.
    coefficient : (m,) array_like or float
        The number c in each cell, not negative.

    Returns
    -------
    (n, n) csr_array
        In double precision, on the host.

    Raises
    ------
    ValueError
        Arrays have the wrong shapes or numbers that are not finite, a corner is not a node, a cell
        has no volume, or ``coefficient`` is negative.

    Examples
    --------
    >>> simplicial_stiffness([[0.0], [0.5], [1.0]], [[0, 1], [1, 2]]).toarray()
    array([[ 2., -2.,  0.],
           [-2.,  4., -2.],
           [ 0., -2.,  2.]])
    """
    points, cells, edges, volumes = _cells(points, cells)
    inside = np.linalg.inv(edges)
    gradients = np.concatenate([-inside.sum(axis=2, keepdims=True), inside], axis=2)
    weights = volumes * _coefficient(coefficient, len(cells))
    local = weights[:, None, None] * (gradients.transpose(0, 2, 1) @ gradients)
    return _assembled(local, cells, len(points))


def simplicial_mass(
    points: ArrayLike, cells: ArrayLike, coefficient: ArrayLike = 1.0
) -> sparse.csr_array:
    r"""Return :math:`M_{ij} = \int c\, \phi_i \phi_j` of linear elements.

    Symmetric to the last digit, and positive definite if each node is in a cell with positive c.

    Parameters
    ----------
    points, cells, coefficient
        As in `simplicial_stiffness`.

    Returns
    -------
    (n, n) csr_array
        In double precision, on the host. All entries add up to the volume, if c is one.

    Raises
    ------
    ValueError
        As in `simplicial_stiffness`.

    Examples
    --------
    >>> M = simplicial_mass([[0, 0], [2, 0], [0, 2]], [[0, 1, 2]])
    >>> (6 * M).toarray()
    array([[2., 1., 1.],
           [1., 2., 1.],
           [1., 1., 2.]])
    """
    points, cells, _, volumes = _cells(points, cells)
    corners = cells.shape[1]
    weights = volumes * _coefficient(coefficient, len(cells)) / (corners * (corners + 1))
    local = weights[:, None, None] * (np.ones((corners, corners)) + np.eye(corners))
    return _assembled(local, cells, len(points))


def _cells(points: ArrayLike, cells: ArrayLike) -> tuple[Floats, Ints, Floats, Floats]:
    """Return points, cells, edges (m, d, d) and volumes (m,), checked."""
    points, corners = np.asarray(points, dtype=np.float64), np.asarray(cells)
    if points.ndim != 2 or points.shape[1] < 1 or not np.all(np.isfinite(points)):
        raise ValueError(f"points must be (n, d) finite numbers, got the shape {points.shape}")
    n, d = points.shape
    if corners.ndim != 2 or corners.shape[1] != d + 1 or corners.dtype.kind not in "iu":
        raise ValueError(
            f"cells must be (m, {d + 1}) integers for points in {d} dimensions, "
            f"got the shape {corners.shape} of {corners.dtype}"
        )
    if np.any((corners < 0) | (corners >= n)):
        raise ValueError(f"cells must have corners from 0 to {n - 1}")
    edges = points[corners[:, 1:]] - points[corners[:, :1]]
    volumes = np.abs(np.linalg.det(edges)) / factorial(d)
    if not np.all(volumes > 0):
        raise ValueError(f"cells must have a volume; {int(np.argmin(volumes))} has none")
    return points, corners.astype(np.int64), edges, volumes


def _coefficient(coefficient: ArrayLike, cells: int) -> Floats:
    c = np.asarray(coefficient, dtype=np.float64)
    if c.shape not in ((), (cells,)) or not np.all((c >= 0) & np.isfinite(c)):
        raise ValueError(
            f"coefficient must be a number, or one for each of the {cells} cells, finite and not "
            f"negative, got the shape {c.shape}"
        )
    return np.broadcast_to(c, (cells,))


def _assembled(local: Floats, cells: Ints, n: int) -> sparse.csr_array:
    """Add up the matrices (m, d + 1, d + 1) of the cells."""
    corners = cells.shape[1]
    row, column = np.repeat(cells, corners, axis=1).ravel(), np.tile(cells, corners).ravel()
    A = sparse.coo_array((local.ravel(), (row, column)), shape=(n, n)).tocsr()
    return ((A + A.T) / 2).tocsr()
