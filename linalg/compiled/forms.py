r"""Preconditioners as compiled loops see them: named tuples, so that numba picks the loop by type.

- `Diagonal`, the reciprocals of the diagonal;
- `Factors`, two triangular systems with a diagonal between them;
- `Products`, :math:`M = G_2 G_1` of two sparse matrices.

`resolvent.linalg.compiled.apply` applies them.
"""

from typing import Any, NamedTuple

__all__ = ["Diagonal", "Factors", "Products", "Triangle"]


class Diagonal(NamedTuple):
    """``M = diag(inverse)``."""

    inverse: Any


class Triangle(NamedTuple):
    """A sparse unit triangular matrix, its rows in the order in which they are solved.

    Row ``p`` in that order is ``start + p step``: from the first row down for a lower, from the
    last one up for an upper triangle. ``indptr``, ``indices`` and ``data`` hold the entries off
    the diagonal, the one nearest to it last. Rows ``blocks[b]`` to ``blocks[b + 1]`` in that order
    don't need each other; None where a row needs the one before it as a rule.
    """

    indptr: Any
    indices: Any
    data: Any
    start: int
    step: int
    blocks: Any


class Factors(NamedTuple):
    """``M = second^-1 diag(inverse) first^-1`` with two `Triangle`."""

    first: Any
    inverse: Any
    second: Any


class Products(NamedTuple):
    """``M = second first``, two `CSR` matrices."""

    first: Any
    second: Any
