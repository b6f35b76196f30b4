r"""A general square matrix with its diagonal scaled to one, as edges of a graph.

Networks see :math:`\hat A = R A C` with :math:`C = \mathrm{diag}(s)`,
:math:`R = \mathrm{diag}(\pm s)`: for a nonzero diagonal entry :math:`s_i = |a_{ii}|^{-1/2}`, and
the sign makes it one. No symmetric scaling of A and no sign of a row then changes what they make
of it. Where the diagonal is zero, :math:`s_i = (\max_j |a_{ij}| \max_j |a_{ji}|)^{-1/4}`, for which
a lone entry off the diagonal would become one. Zeros that are stored count as none.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.preconditioners.learned.networks.graph_net import Edges
from resolvent.preconditioners.learned.networks.segments import Segments
from resolvent.preconditioners.sparse_rows import sparse_rows

__all__ = ["ScaledRows", "scaled_rows"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScaledRows:
    """What networks see of a matrix that need not be symmetric.

    Attributes
    ----------
    matrix : (n, n) csr_array
        The scaled matrix, in double precision, with all of its diagonal stored.
    left, right : (n,) ndarray
        The diagonals of R and C.
    dtype : dtype
        Of the matrix that was scaled: double or single precision.
    """

    matrix: sparse.csr_array
    left: Vector
    right: Vector
    dtype: np.dtype[Any]

    @cached_property
    def edges(self) -> Edges:
        """Messages from columns to rows."""
        n, columns = self.matrix.shape[0], self.matrix.indices.astype(np.int64)
        rows = np.repeat(np.arange(n), np.diff(self.matrix.indptr))
        return Edges(to=Segments(rows, n), of=Segments(columns, n))

    @cached_property
    def side(self) -> NDArray[np.int64]:
        """Where entries are: -1 below, 0 on, 1 above the diagonal."""
        side: NDArray[np.int64] = np.sign(self.edges.of.group - self.edges.to.group)
        return side


def scaled_rows(A: Any, *, builder: str) -> ScaledRows:
    """Scale a real square matrix.

    Raises
    ------
    TypeError, ValueError
        As `resolvent.preconditioners.ilu`; complex matrices are refused.
    SingularMatrixError
        A row or a column is zero.
    """
    rows = sparse_rows(A, builder=builder, instead="jacobi and gmres_polynomial")
    if rows.dtype.kind == "c":
        raise TypeError(f"{builder} needs a real A; ilu takes complex matrices")
    dtype, rows = rows.dtype, rows.astype(np.float64)
    rows.eliminate_zeros()
    diagonal, largest = rows.diagonal(), np.zeros((2, rows.shape[0]))
    for name, ends, most in zip(("row", "column"), rows.tocoo().coords, largest, strict=True):
        np.maximum.at(most, ends, np.abs(rows.data))
        if not np.all(most > 0):
            raise SingularMatrixError(f"{name} {int(np.argmin(most))} of A is zero")
    size = np.where(diagonal == 0, np.prod(np.sqrt(largest), axis=0), np.abs(diagonal))
    right = 1 / np.sqrt(size)
    left = np.where(diagonal < 0, -right, right)
    data = rows.data * np.repeat(left, np.diff(rows.indptr)) * right[rows.indices]
    return ScaledRows(_with_diagonal(rows, data), left, right, dtype)


def _with_diagonal(rows: sparse.csr_array, data: Vector) -> sparse.csr_array:
    """Return other entries of the same places, and zeros where the diagonal is not stored."""
    n = rows.shape[0]
    i = np.concatenate([np.repeat(np.arange(n), np.diff(rows.indptr)), np.arange(n)])
    j = np.concatenate([rows.indices, np.arange(n)])
    return sparse.coo_array((np.concatenate([data, np.zeros(n)]), (i, j)), rows.shape).tocsr()
