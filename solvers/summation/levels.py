"""Skeletons and translations for the levels of a box, built once and kept for every set of points.

A homogeneous kernel needs one skeleton for cells of all sizes. Any other needs one for each size,
found when a tree first has cells of that size that take part in an expansion.
"""

from typing import Any

from resolvent.solvers.summation.kernels import Kernel
from resolvent.solvers.summation.reference_cell import Precision, ReferenceCell, reference_cell
from resolvent.solvers.summation.translations import Across, across, upward

__all__ = ["Levels"]

_FAR = 64.0  # sides, for a homogeneous kernel


class Levels:
    """What is known of cells of side ``side / 2^level``, for one kernel and precision."""

    def __init__(self, kernel: Kernel, dim: int, side: float, precision: Precision) -> None:
        self.kernel, self.dim, self.side, self.precision = kernel, dim, side, precision
        self._cells: dict[tuple[int, bool], ReferenceCell] = {}
        self._across: dict[int, Across] = {}
        self._upward: dict[tuple[int, bool], list[Any]] = {}

    def in_box(self, side: float) -> "Levels":
        """Return the levels of another box, with all that they have in common."""
        other = Levels(self.kernel, self.dim, side, self.precision)
        if self.kernel.degree is not None or side == self.side:
            other._cells, other._across, other._upward = self._cells, self._across, self._upward
        return other

    def kind(self, level: int) -> int:
        """Return the key of what cells of a level share."""
        return 0 if self.kernel.degree is not None else level

    def unit(self, level: int) -> float:
        """Return the length that is one for the skeleton of a level."""
        return self.side * 0.5**level if self.kernel.degree is not None else 1.0

    def factor(self, level: int) -> float:
        """Return what one is in potentials, in the units of the skeleton of a level."""
        degree = self.kernel.degree
        return float(self.unit(level) ** degree) if degree is not None else 1.0

    def cell(self, level: int, transposed: bool = False) -> ReferenceCell:
        """Return the skeleton of sources, or with ``transposed`` that of targets."""
        key = self.kind(level), transposed and not self.kernel.is_symmetric
        if key not in self._cells:
            if self.kernel.degree is not None:
                side, extent = 1.0, _FAR
            else:
                side, extent = self.side * 0.5**level, self.side
            self.kernel.require_smooth(self.side * 0.5**level)
            self._cells[key] = reference_cell(
                self.kernel, self.dim, side, extent, self.precision, transposed=key[1]
            )
        return self._cells[key]

    def across(self, level: int) -> Across:
        """Return the matrices of all offsets between cells of a level."""
        key = self.kind(level)
        if key not in self._across:
            side = 1.0 if self.kernel.degree is not None else self.side * 0.5**level
            target, source = self.cell(level, True), self.cell(level)
            tol = self.precision.translation * min(source.slack, target.slack)
            self._across[key] = across(self.kernel, self.dim, target, source, side, tol)
        return self._across[key]

    def upward(self, level: int, transposed: bool = False) -> list[Any]:
        """Return the matrices from the children of a cell of this level to itself."""
        key = self.kind(level), transposed and not self.kernel.is_symmetric
        if key not in self._upward:
            homogeneous = self.kernel.degree is not None
            units = (1.0, 0.5) if homogeneous else (self.side * 0.5**level, 1.0)
            parent, child = self.cell(level, transposed), self.cell(level + 1, transposed)
            self._upward[key] = upward(
                self.kernel, self.dim, parent, child, units, transposed=key[1]
            )
        return self._upward[key]

    @property
    def cells(self) -> dict[tuple[int, bool], ReferenceCell]:
        """Every skeleton there is, by level (0 for all of a homogeneous kernel) and side."""
        return self._cells
