r"""Pressure of a fluid around solids: the Poisson equation on those cells of a grid that are free.

Each cell balances the flow through its faces. None goes through the face of a solid (Neumann), and
outside the grid the pressure is zero (Dirichlet). So a row has -1 for each neighbour that is fluid,
and on the diagonal the number of faces that are not solid:

.. math:: (A p)_i = \sum_{j \text{ fluid}} (p_i - p_j) + \sum_{\text{outer faces}} p_i .

The mesh width is one and is not divided out.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from resolvent.linalg.gallery.spectra import Rng

__all__ = ["pressure_poisson", "random_solids"]

Shape = Sequence[int]


def pressure_poisson(fluid: ArrayLike) -> sparse.csr_array:
    r"""Return the Laplacian of the fluid cells, symmetric positive semidefinite.

    It is definite if every fluid region touches the boundary of the grid; `random_solids` makes
    sure of it.

    Parameters
    ----------
    fluid : (m, n) array_like of bool
        Which cells are not solid. Those that are fluid are the unknowns, numbered in C order.

    Returns
    -------
    (k, k) csr_array
        In double precision, k the number of fluid cells.

    Raises
    ------
    ValueError
        ``fluid`` is not a plane array of truth values, or no cell is fluid.

    Examples
    --------
    A solid in the middle of the right edge:

    >>> pressure_poisson([[True, True], [True, False]]).toarray()
    array([[ 4., -1., -1.],
           [-1.,  3.,  0.],
           [-1.,  0.,  3.]])
    """
    cells = np.asarray(fluid)
    if cells.ndim != 2 or cells.dtype != np.bool_:
        raise ValueError(
            f"fluid must be (m, n) truth values, got shape {cells.shape} of {cells.dtype}"
        )
    if not cells.any():
        raise ValueError("fluid must be true in at least one cell")
    count = int(cells.sum())
    number = np.full(cells.shape, -1)
    number[cells] = np.arange(count)
    diagonal, pairs = np.zeros(count), []
    for side in ((0, 1), (0, -1), (1, 1), (1, -1)):
        beside = _shifted(number, *side)[cells]
        diagonal += beside != -1
        pairs.append((np.flatnonzero(beside >= 0), beside[beside >= 0]))
    rows, columns = (np.concatenate(part) for part in zip(*pairs, strict=True))
    neighbours = sparse.coo_array((np.ones(rows.size), (rows, columns)), shape=(count, count))
    return sparse.csr_array(sparse.diags_array(diagonal) - neighbours)


def random_solids(shape: Shape, *, solids: int = 4, rng: Rng) -> NDArray[np.bool_]:
    r"""Return which cells of a grid are fluid around random discs and boxes.

    Radii and half sides are between 1/32 and 1/8 of the shorter side of the grid. Fluid that is
    shut off from the boundary becomes solid.

    Parameters
    ----------
    shape : (int, int)
        Cells per axis, at least one.
    solids : int
        Discs and boxes, half of each on average; they may overlap.
    rng : numpy.random.Generator or int
        Source of randomness, or its seed. The same seed gives the same solids on finer grids.

    Raises
    ------
    ValueError
        ``shape`` is not two positive numbers, or ``solids`` is negative.

    Examples
    --------
    >>> fluid = random_solids((64, 64), rng=0)
    >>> fluid.shape, bool(0.5 < fluid.mean() < 1)
    ((64, 64), True)
    >>> bool(random_solids((8, 8), solids=0, rng=0).all())
    True
    """
    if len(shape) != 2 or min(shape) < 1:
        raise ValueError(f"shape must be two positive numbers, got {tuple(shape)}")
    if solids < 0:
        raise ValueError(f"solids must not be negative, got {solids}")
    rng = np.random.default_rng(rng)
    middles = [np.arange(n) + 0.5 for n in shape]
    solid = np.zeros(tuple(shape), dtype=bool)
    for _ in range(solids):
        across, along = (
            np.abs(at - rng.random() * n) for at, n in zip(middles, shape, strict=True)
        )
        half = rng.uniform(1 / 32, 1 / 8, 2) * min(shape)
        if rng.random() < 0.5:
            solid |= across[:, None] ** 2 + along**2 < half[0] ** 2
        else:
            solid |= (across[:, None] < half[0]) & (along < half[1])
    return _open(~solid)


def _shifted(number: NDArray[np.int64], axis: int, by: int) -> NDArray[np.int64]:
    """Return the numbers of the neighbours; outside of the grid there is -2."""
    padded = np.pad(number, 1, constant_values=-2)
    return np.asarray(np.roll(padded, by, axis=axis)[1:-1, 1:-1])


def _open(fluid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the fluid cells that are connected to the boundary of the grid."""
    from scipy.ndimage import label

    regions, _ = label(np.pad(fluid, 1, constant_values=True))
    return np.asarray(fluid & (regions == regions[0, 0])[1:-1, 1:-1])
