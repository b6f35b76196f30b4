r"""Square matrices in the forms that compiled loops multiply by, each a named tuple.

- `CSR`, any sparse matrix;
- `Diagonals` and `SymmetricDiagonals`, few diagonals: no index is read, and of a symmetric matrix
  the upper half only;
- `Stencil`, constant coefficients on a box: no matrix is read at all.
"""

from typing import Any, NamedTuple

__all__ = ["CSR", "Diagonals", "Stencil", "SymmetricDiagonals", "has_form"]


class CSR(NamedTuple):
    """Compressed sparse rows, square."""

    indptr: Any
    indices: Any
    data: Any


class Diagonals(NamedTuple):
    """``A[i, i + offsets[d]] = values[d n + i]``, nothing where ``i + offsets[d]`` is outside.

    ``unroll`` is an array with as many dimensions as there are diagonals: the only way to tell
    numba a number when it compiles.
    """

    offsets: Any
    values: Any
    unroll: Any


class SymmetricDiagonals(NamedTuple):
    """`Diagonals` of the upper half: ``offsets[0] = 0``, the others are positive."""

    offsets: Any
    values: Any
    unroll: Any


class Stencil(NamedTuple):
    """Centre and the neighbours ``(before, after)`` on each axis of a box in C order."""

    shape: Any
    centre: Any
    neighbours: Any


def has_form(A: Any, form: type) -> bool:
    """Tell whether the numba type ``A`` is that of a named tuple ``form``."""
    return getattr(A, "instance_class", None) is form
