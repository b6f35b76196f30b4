r"""A symmetric matrix scaled to unit diagonal, as edges of a graph.

Networks see :math:`\hat A = S A S` with :math:`S = \mathrm{diag}(A)^{-1/2}`, so that no scaling of
the rows and columns of A changes what they make of it. A factor :math:`\hat L` of
:math:`\hat A` gives :math:`L = S^{-1} \hat L` of A. Zeros that are stored count as none.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.preconditioners.learned.networks.graph_net import Edges
from resolvent.preconditioners.learned.networks.segments import Segments
from resolvent.preconditioners.sparse_rows import real_diagonal, sparse_rows

__all__ = ["LowerTriangle", "ScaledMatrix", "scaled_matrix"]


@dataclass(frozen=True, eq=False)
class LowerTriangle:
    """The pattern of a lower triangular matrix, diagonal included, sorted by row and column.

    Values of its entries are arrays (m,) of any library.
    """

    rows: Segments
    columns: Segments

    @cached_property
    def diagonal(self) -> NDArray[np.bool_]:
        """Which entries are on the diagonal."""
        diagonal: NDArray[np.bool_] = self.rows.group == self.columns.group
        return diagonal

    @property
    def edges(self) -> Edges:
        """Messages from columns to rows."""
        return Edges(to=self.rows, of=self.columns)

    def product(self, values: Array, x: Array) -> Array:
        """Return ``L x``."""
        return self.rows.sum(values * self.columns.take(x))

    def adjoint(self, values: Array, y: Array) -> Array:
        """Return ``L^T y``."""
        return self.columns.sum(values * self.rows.take(y))

    def matrix(self, values: NDArray[Any]) -> sparse.csr_array:
        """Return L, on the host."""
        n = self.rows.groups
        return sparse.csr_array((values, self.columns.group, self.rows.starts), shape=(n, n))


@dataclass(frozen=True, eq=False)
class ScaledMatrix:
    """What networks see of a matrix.

    Attributes
    ----------
    matrix : (n, n) csr_array
        The scaled matrix, in double precision.
    scale : (n,) ndarray
        The diagonal of S.
    pattern : LowerTriangle
        Where the lower triangle has entries.
    lower : (m,) ndarray
        Which they are.
    dtype : dtype
        Of the matrix that was scaled: double or single precision.
    """

    matrix: sparse.csr_array
    scale: NDArray[np.float64]
    pattern: LowerTriangle
    lower: NDArray[np.float64]
    dtype: np.dtype[Any]

    def product(self, x: Array) -> Array:
        """Return the scaled matrix times a vector of any library."""
        xp = namespace_of(x)
        strict = np.where(self.pattern.diagonal, 0.0, self.lower)
        lower, strict = (xp.asarray(e, device=device_of(x)) for e in (self.lower, strict))
        return self.pattern.product(lower, x) + self.pattern.adjoint(strict, x)


def scaled_matrix(A: Any, *, builder: str) -> ScaledMatrix:
    """Scale a symmetric matrix with positive diagonal.

    Raises
    ------
    TypeError, ValueError, NotPositiveDefiniteError
        As `resolvent.preconditioners.ichol`; complex matrices are refused.
    """
    rows = sparse_rows(A, builder=builder, instead="jacobi and chebyshev")
    if rows.dtype.kind == "c":
        raise TypeError(f"{builder} needs a real A; ichol takes complex matrices")
    dtype, rows = rows.dtype, rows.astype(np.float64)
    rows.eliminate_zeros()
    scale = 1 / np.sqrt(real_diagonal(rows, builder=builder))
    data = rows.data * np.repeat(scale, np.diff(rows.indptr)) * scale[rows.indices]
    matrix = sparse.csr_array((data, rows.indices, rows.indptr), shape=rows.shape)
    low = sparse.coo_array(sparse.tril(matrix, format="csr"))
    n = rows.shape[0]
    i, j = (low.coords[axis].astype(np.int64) for axis in (0, 1))
    pattern = LowerTriangle(Segments(i, n), Segments(j, n))
    return ScaledMatrix(matrix, scale, pattern, low.data, dtype)
