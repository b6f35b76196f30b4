"""Cells of a grid that are fluid: vectors of unknowns, images, and random smooth solutions."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.fft import dstn

from resolvent.arrays import Array, device_of, namespace_of, take

__all__ = ["FluidGrid", "sine_mixtures"]

_LOW_HALF = 9.0  # the weight of its modes


@dataclass(frozen=True, eq=False)
class FluidGrid:
    """A grid of cells; the unknowns of a vector are the fluid ones, in C order.

    Attributes
    ----------
    fluid : (m, n) ndarray of bool
        Which cells are fluid.
    """

    fluid: NDArray[np.bool_]

    @classmethod
    def of(cls, mask: ArrayLike, unknowns: int) -> "FluidGrid":
        """Return the grid of a mask.

        Raises
        ------
        ValueError
            The mask is not a plane array of truth values, or has not as many fluid cells as there
            are unknowns.
        """
        fluid = np.asarray(mask)
        if fluid.ndim != 2 or fluid.dtype != np.bool_:
            raise ValueError(
                f"mask must be (m, n) truth values, got shape {fluid.shape} of {fluid.dtype}"
            )
        if int(fluid.sum()) != unknowns:
            raise ValueError(
                f"mask must be true for the {unknowns} unknowns of A, got {int(fluid.sum())} cells"
            )
        return cls(fluid)

    def check_neighbours(self, A: Any) -> None:
        """Raise ValueError if a sparse matrix joins unknowns whose cells don't touch.

        Nothing is known of other operators, nor checked.
        """
        if not sparse.issparse(A):
            return
        entries = A.tocoo()
        ends = np.stack([entries.row, entries.col])[:, entries.data != 0]
        rows, columns = np.divmod(self._cells[ends], self.fluid.shape[1])
        apart = np.maximum(np.abs(rows[0] - rows[1]), np.abs(columns[0] - columns[1])) > 1
        if apart.any():
            i, j = ends[:, np.argmax(apart)]
            raise ValueError(
                f"A joins the unknowns {i} and {j}, whose cells don't touch in a grid of shape "
                f"{self.fluid.shape}: the shape or mask is not that of A"
            )

    @cached_property
    def solid(self) -> NDArray[np.float32]:
        """The image ``(1, 1, m, n)`` that is one in solid cells."""
        return (~self.fluid)[None, None].astype(np.float32)

    @cached_property
    def _cells(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.fluid)

    @cached_property
    def _unknowns(self) -> NDArray[np.intp]:
        """For each cell its unknown, or for a solid one their number."""
        numbers = np.full(self.fluid.size, self._cells.size)
        numbers[self._cells] = np.arange(self._cells.size)
        return numbers

    def images(self, vectors: Array) -> Array:
        """Return vectors (cells, k) as images (1, k, m, n), zero in solids."""
        xp = namespace_of(vectors)
        zero = xp.zeros((1, vectors.shape[1]), dtype=vectors.dtype, device=device_of(vectors))
        flat = take(xp.concat([vectors, zero], axis=0), self._unknowns)
        return xp.reshape(flat.T, (1, vectors.shape[1], *self.fluid.shape))

    def vectors(self, images: Array) -> Array:
        """Return the fluid cells of images (1, k, m, n) as vectors (cells, k)."""
        flat = namespace_of(images).reshape(images, (images.shape[1], -1))
        return take(flat.T, self._cells)


def sine_mixtures(
    grid: FluidGrid, count: int, largest_power: float, rng: np.random.Generator
) -> NDArray[Any]:
    r"""Return random solutions (cells, count), sums of the eigenvectors of the box without solids.

    The coefficient of a mode with eigenvalue :math:`\lambda` is normal, times 9 in the lower half
    of the spectrum, over :math:`\lambda^{1 + s}`, with s uniform between 0 and ``largest_power``
    for each solution. Without solids and with s = 0, right-hand sides are mixtures of eigenvectors
    that have the weights 9 and 1, as in the source of
    `resolvent.preconditioners.learned.deep_conjugate_direction`.
    """
    m, n = grid.fluid.shape
    across, along = (np.sin(np.arange(1, k + 1) * np.pi / (2 * k + 2)) ** 2 for k in (m, n))
    values = across[:, None] + along
    weights = np.where(values <= np.median(values), _LOW_HALF, 1.0)
    powers = 1 + rng.uniform(0, largest_power, (count, 1, 1))
    coefficients = rng.standard_normal((count, m, n)) * weights / values**powers
    return np.asarray(grid.vectors(dstn(coefficients, type=1, axes=(1, 2))[None]))
