"""What is left of a family of fields as it is eliminated term by term, one column for each field.

An array of any library, an array of NumPy by compiled passes, and fields that are measured by
functionals. Each owns its memory: nothing that the user passed is changed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, eps, namespace_of, to_host
from resolvent.linalg.compiled.elimination import eliminate
from resolvent.linalg.compiled.threads import alone, threads
from resolvent.linalg.norms import column_norms
from resolvent.vectors import scaled_norm

__all__ = [
    "NORMS",
    "ArrayResidual",
    "CompiledResidual",
    "MeasuredResidual",
    "Norm",
    "Residual",
    "measured_sizes",
]

Norm: TypeAlias = Callable[[Array], Array]


def _sup(R: Array) -> Array:
    xp = namespace_of(R)
    return xp.max(xp.abs(R), axis=0)


def _l2(R: Array) -> Array:
    return column_norms(namespace_of(R), R)


NORMS: dict[str, Norm] = {"sup": _sup, "l2": _l2}


class Residual(ABC):
    """The fields less their interpolants.

    Attributes
    ----------
    xp : namespace
        The array library of columns.
    floor : float
        Rounding in what was measured before anything was eliminated.
    """

    xp: Namespace
    floor: float = 0.0

    @abstractmethod
    def sizes(self) -> NDArray[np.float64]:
        """Return the norms of all columns, on the host."""

    @abstractmethod
    def pick(self, j: int) -> tuple[Array, Array]:
        """Return a column, and what is measured of it, among which the next point is chosen."""

    @abstractmethod
    def coefficients(self, j: int) -> Array:
        """Return the coefficients (terms,) with which column ``j`` was eliminated."""

    @abstractmethod
    def eliminate(self, q: Array, measured: Array, point: int) -> None:
        """Subtract ``q`` from all columns, as often as it takes to make ``point`` zero."""


class ArrayResidual(Residual):
    """An array of any library."""

    def __init__(self, xp: Namespace, f: Array, norm: Norm) -> None:
        self.xp = xp
        self.norm = norm
        self.left = f
        self._rows: list[Array] = []

    def sizes(self) -> NDArray[np.float64]:
        """Return the norms of all columns, on the host."""
        return measured_sizes(self.norm, self.left)

    def pick(self, j: int) -> tuple[Array, Array]:
        """Return a column twice: the points are its rows."""
        column = self.xp.asarray(self.left[:, j], copy=True)
        return column, column

    def coefficients(self, j: int) -> Array:
        """Return the coefficients (terms,) with which column ``j`` was eliminated."""
        rows = [row[j : j + 1] for row in self._rows]
        return self.xp.concat(rows) if rows else self.left[:0, j]

    def eliminate(self, q: Array, measured: Array, point: int) -> None:  # noqa: ARG002
        """Subtract ``q`` from all columns, as often as it takes to make ``point`` zero."""
        self.subtract(q, self.xp.asarray(self.left[point, :], copy=True))

    def subtract(self, q: Array, row: Array) -> None:
        """Subtract ``outer(q, row)``."""
        self._rows.append(row)
        self.left = self.left - q[:, None] * row[None, :]


def measured_sizes(norm: Norm, columns: Array) -> NDArray[np.float64]:
    """Return the norms of columns on the host.

    Raises
    ------
    ValueError
        The norm does not return one number for each column, finite and not negative.
    """
    sizes = np.asarray(to_host(norm(columns)))
    count = columns.shape[1]
    if sizes.shape != (count,) or not np.all((sizes >= 0) & (sizes < np.inf)):
        raise ValueError(
            f"norm must return one finite number, not negative, for each of {count} columns; got "
            f"shape {sizes.shape}"
        )
    return sizes.astype(np.float64)


class CompiledResidual(ArrayResidual):
    """An array of NumPy: every elimination is one pass that also measures the columns."""

    def __init__(self, xp: Namespace, f: Array, norm: str) -> None:
        super().__init__(xp, np.array(f, order="C"), NORMS[norm])
        self._sums, self._squares = norm == "l2", norm == "l2" or f.dtype.kind == "c"
        real = self.left.real.dtype
        # sums of many squares are formed in double precision
        self._parts = np.empty((threads(f.size), f.shape[1]), np.float64 if self._sums else real)
        self._sizes = super().sizes()
        self._unit = real.type(scaled_norm(self._sizes)[0])

    def sizes(self) -> NDArray[np.float64]:
        """Return the norms of all columns."""
        return np.array(self._sizes)

    def subtract(self, q: Array, row: Array) -> None:
        """Subtract ``outer(q, row)``."""
        self._rows.append(row)
        with alone(len(self._parts)):
            eliminate(self.left, q, row, self._parts, 1 / self._unit, self._squares, self._sums)
        parts = self._parts.astype(np.float64)
        found = parts.sum(axis=0) if self._sums else parts.max(axis=0)
        self._sizes = self._unit * np.sqrt(found) if self._squares else found


class MeasuredResidual(Residual):
    """Fields of which functionals are measured; both are eliminated with the same coefficients."""

    def __init__(self, fields: ArrayResidual, functionals: Array) -> None:
        xp, f = fields.xp, fields.left
        self.xp = xp
        self.fields, self.measured = fields, ArrayResidual(xp, functionals @ f, NORMS["sup"])
        terms = xp.abs(functionals) @ xp.abs(f)
        self.floor = 2 * eps(xp, f.dtype) * float(xp.max(terms))

    def sizes(self) -> NDArray[np.float64]:
        """Return the norms of all fields, on the host."""
        return self.fields.sizes()

    def pick(self, j: int) -> tuple[Array, Array]:
        """Return a field and its measured values."""
        return self.fields.pick(j)[0], self.measured.pick(j)[0]

    def coefficients(self, j: int) -> Array:
        """Return the coefficients (terms,) with which column ``j`` was eliminated."""
        return self.fields.coefficients(j)

    def eliminate(self, q: Array, measured: Array, point: int) -> None:
        """Subtract ``q`` from all fields, as often as makes what functional ``point`` sees zero."""
        row = self.xp.asarray(self.measured.left[point, :], copy=True)
        self.fields.subtract(q, row)
        self.measured.subtract(measured, row)
