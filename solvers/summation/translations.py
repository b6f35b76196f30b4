r"""Translations between skeletons, as small matrices of the ranks after recompression.

In coefficients ``w`` of sources and ``l`` of targets, for cells of side ``h``:

- up, child to parent: :math:`V_p^H F_p^{-1} K(X_p, c + Y_c) V_c`;
- across, by an offset ``o``: :math:`\bar V'^H K(o h + Y', Y) V`;
- down, parent to child: the transpose of up, of the cells for targets.

A homogeneous kernel has one cell: lengths are in units of ``h``, and ``l`` in units of
:math:`h^a`, so all levels share their matrices. Across, singular values fall quickly: the further
the offset, the smaller the leading block that is kept.
"""

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers.compiled.summation_translate import PANEL
from resolvent.solvers.summation.kernels import Kernel
from resolvent.solvers.summation.reference_cell import ReferenceCell

__all__ = ["Across", "across", "octants", "offset_index", "offsets_of", "upward"]

Matrix = NDArray[Any]

_STEP = 8  # of the sizes of blocks
_SHARE = 0.05  # of the tolerance that single precision may use up
_REACH = 3  # of parents that touch, children are at most three cells apart


def offsets_of(dim: int) -> NDArray[np.int64]:
    """Return the offsets (n, 3) of pairs that are translated, 316 in space and 40 in the plane."""
    line = range(-_REACH, _REACH + 1)
    every = np.array([(*o, 0)[:3] for o in product(line, repeat=dim)], dtype=np.int64)
    return np.asarray(every[np.max(np.abs(every), axis=1) > 1])


def offset_index(offsets: NDArray[np.int64], dim: int) -> NDArray[np.int64]:
    """Return the positions of offsets (n, 3) among all."""
    every = offsets_of(dim)
    table = np.full((2 * _REACH + 1,) * 3, -1, dtype=np.int64)
    table[tuple((every + _REACH).T)] = np.arange(len(every))
    return np.asarray(table[tuple((offsets + _REACH).T)])


def octants(dim: int) -> NDArray[np.int64]:
    """Return the corners (2^dim, 3) of children in their parent."""
    return np.array([(*o, 0)[:3] for o in product((0, 1), repeat=dim)], dtype=np.int64)


def upward(
    kernel: Kernel,
    dim: int,
    parent: ReferenceCell,
    child: ReferenceCell,
    units: tuple[float, float],
    *,
    transposed: bool = False,
) -> list[Matrix]:
    """Return the matrix of each octant; ``units`` are the sides of the parent and of the skeleton.

    The child's skeleton is scaled by the last of them.
    """
    side, scale = units
    shifts = np.zeros((2**dim, 3))
    shifts[:, :dim] = (octants(dim)[:, :dim] - 0.5) * (side / 2)
    matrices = []
    for shift in shifts:
        near = shift + scale * child.near
        K = kernel(np, near, parent.far).T if transposed else kernel(np, parent.far, near)
        matrices.append(parent.projection @ (K @ child.basis))
    return matrices


class Across(NamedTuple):
    """Matrices of all offsets, in two summands: ``scale * (main + rest)``.

    ``main`` is a leading block to be applied in double precision. In ``rest`` that block is zero;
    what is left is so small that single precision loses nothing of the tolerance.
    """

    main: list[Matrix]
    rest: list[Matrix]
    scale: float

    def matrices(self) -> list[Matrix]:
        """Return the sums."""
        every = []
        for main, rest in zip(self.main, self.rest, strict=True):
            C = self.scale * rest
            C[: len(main), : len(main)] += self.scale * main
            every.append(C)
        return every


def across(
    kernel: Kernel, dim: int, target: ReferenceCell, source: ReferenceCell, side: float, tol: float
) -> Across:
    """Return the matrix of every offset, accurate to ``tol`` in the Frobenius norm of the largest.

    Of each a leading block is kept.
    """
    every = [
        target.basis.T @ (kernel(np, side * offset + target.near, source.near) @ source.basis)
        for offset in offsets_of(dim)
    ]
    scale = max(float(np.linalg.norm(C)) for C in every) or 1.0
    main, rest = [], []
    for C in every:
        C /= scale
        outer, inner = _leading(C, tol), _leading(C, _SHARE * tol / float(np.finfo(np.float32).eps))
        outer = max(outer, inner)
        main.append(C[:inner, :inner].copy())
        C[:inner, :inner] = 0
        rest.append(np.ascontiguousarray(C[: -(-outer // PANEL) * PANEL, :outer]))
    return Across(main, rest, scale)


def _leading(C: Matrix, allowed: float) -> int:
    """Return the size of the leading block that leaves out entries of at most this norm."""
    squares = np.abs(C) ** 2
    size = 0
    while size < len(C) and np.sqrt(squares[size:].sum() + squares[:size, size:].sum()) > allowed:
        size += _STEP
    return size
