r"""Random meshes of triangles or tetrahedra in a box.

Nodes are those of a lattice and the centres of its cells, each moved by a random vector; those on
a face of the box stay in it. Their Delaunay cells are well shaped but for a few: tetrahedra may be
flat although no edge is short. The quality of a cell with edges E is

.. math:: q = |\det E| / \ell^d, \qquad \ell^2 = \text{mean square of its edges},

:math:`\sqrt{1/2}` for a regular tetrahedron. Corners of cells below :math:`q = 0.15` are moved
anew, by nine tenths as far each time, until there are none. Cells without volume, with all
corners in one face of the box, are left out.

Cost: some Delaunay triangulations, in three dimensions about 0.1 s for 5000 nodes each, and ten of
them at a jitter of 0.2.

Source: X.-Y. Li, Spacing control and sliver-free Delaunay mesh, Proc. 9th International Meshing
Roundtable (2000), 295-306 (corners of flat cells are moved at random). Differs from it in: the
nodes to begin with, and the measure of quality.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from resolvent.errors import ConvergenceError
from resolvent.linalg.gallery.differential import Shape
from resolvent.linalg.gallery.spectra import Rng

__all__ = ["SimplicialMesh", "random_mesh"]

_LEAST, _NONE = 0.15, 1e-9  # quality of a good cell, and of one without volume
_SHRINK, _MOST = 0.9, 100


@dataclass(frozen=True, eq=False)
class SimplicialMesh:
    """Points, and cells between them.

    Attributes
    ----------
    points : (n, d) ndarray
        Coordinates of the nodes.
    cells : (m, d + 1) ndarray
        Corners of each cell.
    """

    points: NDArray[np.float64]
    cells: NDArray[np.int64]

    @cached_property
    def centroids(self) -> NDArray[np.float64]:
        """Centres of the cells (m, d)."""
        return np.asarray(self.points[self.cells].mean(axis=1))

    @cached_property
    def inside(self) -> NDArray[np.int64]:
        """Nodes that are not on the boundary: on no face that belongs to one cell only."""
        corners = self.cells.shape[1]
        faces = [self.cells[:, keep] for keep in combinations(range(corners), corners - 1)]
        sides, counts = np.unique(np.sort(np.concatenate(faces)), axis=0, return_counts=True)
        return np.setdiff1d(np.arange(len(self.points)), sides[counts == 1])


def random_mesh(shape: Shape, *, jitter: float = 0.2, rng: Rng) -> SimplicialMesh:
    """Return a random mesh of a box whose first side has length 1.

    Parameters
    ----------
    shape : sequence of two or three int
        Lattice cells along each side; as many nodes as these and their corners.
    jitter : float
        Furthest move along each axis over the width of a lattice cell, from 0 to 0.5.
    rng : numpy.random.Generator or int
        Source of randomness, or its seed.

    Returns
    -------
    SimplicialMesh
        Nodes are numbered along the last axis first, as in a lattice.

    Raises
    ------
    ValueError
        ``shape`` is not two or three positive integers, or ``jitter`` is out of its range.
    ConvergenceError
        There are flat cells after a hundred moves, each nine tenths as far as the one before.

    Examples
    --------
    >>> from resolvent.linalg.gallery.simplicial import simplicial_stiffness
    >>> mesh = random_mesh((8, 8), rng=0)
    >>> K = simplicial_stiffness(mesh.points, mesh.cells)[mesh.inside][:, mesh.inside]
    >>> len(mesh.points), len(mesh.cells), K.shape
    (145, 256, (113, 113))
    """
    sides = np.atleast_1d(shape)
    if sides.shape not in ((2,), (3,)) or sides.dtype.kind != "i" or sides.min() < 1:
        raise ValueError(f"shape must be two or three positive integers, got {shape}")
    if not 0 <= jitter <= 0.5:
        raise ValueError(f"jitter must be from 0 to 0.5, got {jitter}")
    rng = np.random.default_rng(rng)
    lattice = _lattice(sides)
    free = (lattice > 0) & (lattice < sides)
    points, moved = lattice, np.ones(len(lattice), dtype=bool)
    for _ in range(_MOST):
        fresh = lattice + free * rng.uniform(-jitter, jitter, lattice.shape)
        points = np.where(moved[:, None], fresh, points)
        cells = Delaunay(points).simplices.astype(np.int64)
        quality = _quality(points, cells)
        flat = (quality > _NONE) & (quality < _LEAST)
        if not flat.any():
            return SimplicialMesh(points / sides[0], cells[quality > _NONE])
        moved = np.zeros(len(points), dtype=bool)
        moved[cells[flat]] = True
        jitter *= _SHRINK
    raise ConvergenceError(
        f"after {_MOST} moves {flat.sum()} cells are still below a quality of {_LEAST}; "
        "give another rng or a smaller jitter"
    )


def _lattice(sides: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return nodes and centres of a lattice of width one, in lexicographic order."""
    axes = [np.arange(n + 1.0) for n in sides], [np.arange(n) + 0.5 for n in sides]
    grids = [np.stack(np.meshgrid(*each, indexing="ij"), axis=-1) for each in axes]
    return np.unique(np.concatenate([grid.reshape(-1, len(sides)) for grid in grids]), axis=0)


def _quality(points: NDArray[np.float64], cells: NDArray[np.int64]) -> NDArray[np.float64]:
    d = points.shape[1]
    volumes = np.abs(np.linalg.det(points[cells[:, 1:]] - points[cells[:, :1]]))
    i, j = np.triu_indices(d + 1, 1)
    squares = np.sum((points[cells[:, i]] - points[cells[:, j]]) ** 2, axis=2)
    return np.asarray(volumes / np.mean(squares, axis=1) ** (d / 2))
