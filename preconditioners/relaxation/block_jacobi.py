r"""Inverses of the blocks on the diagonal, all of one size in one batched product.

    M = sum_i R_i^T (R_i A R_i^T)^{-1} R_i

where :math:`R_i` picks the rows of block i, and each row belongs to one block. Natural blocks are
the unknowns of one node or cell.

Cost: for blocks of order m, O(n m^2) setup, and m n numbers to store and to read.

Failure modes: a singular block raises. For positive definite A all blocks are positive definite,
and M improves on Jacobi's in that the condition number is the smallest, up to a factor of the
number of blocks, that any block-diagonal scaling reaches.

Source: J. W. Demmel, The condition number of equivalence transformations that block diagonalize
matrix pencils, SIAM J. Numer. Anal. 20 (1983), 599-610, doi 10.1137/0720040.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import index
from typing import Any

import array_api_compat
import numpy as np
from numpy.linalg import LinAlgError
from numpy.typing import ArrayLike, NDArray

from resolvent.arrays import Array, Namespace, adjoint, device_of, enter, eps, namespace_of
from resolvent.errors import SingularMatrixError
from resolvent.operators import Operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.relaxation.jacobi import in_precision_of

__all__ = ["block_jacobi"]


def block_jacobi(
    A: Any, *, block_size: int | None = None, blocks: Iterable[ArrayLike] | None = None
) -> Preconditioner:
    r"""Return the inverse of the block diagonal of A.

    Parameters
    ----------
    A : (n, n) array_like or sparse matrix
        Dense in any array library, or sparse of SciPy or cupyx.
    block_size : int, optional
        Consecutive rows in a block; the last block may be smaller.
    blocks : iterable of 1-D integer arrays, optional
        The rows of each block instead; each row in exactly one.

    Returns
    -------
    Preconditioner
        ``is_spd`` tells whether every block is Hermitian and positive definite. It applies to
        arrays of the library and on the device of A.

    Raises
    ------
    TypeError
        ``A`` is known by its products only; both or none of ``block_size`` and ``blocks``.
    ValueError
        ``A`` is not square or not finite; the blocks don't hold every row once.
    SingularMatrixError
        A block is singular to working precision; its first row is named.

    Notes
    -----
    ``M @ r`` takes ``(n,)`` and ``(n, k)``, in the precision of r. Hermitian positive definite
    blocks are inverted by Cholesky's factorisation, so that the inverses are Hermitian.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.diag([1.0, 2.0, 4.0]) + np.diag([1.0, 1.0], -1)
    >>> block_jacobi(A, block_size=2) @ np.array([1.0, 3.0, 4.0])
    array([1., 1., 1.])
    """
    if isinstance(A, Operator) and A.matrix is not None:
        A = A.matrix
    sparse, dense = hasattr(A, "tocsr"), array_api_compat.is_array_api_obj(A)
    if not sparse and not dense and (hasattr(A, "__matmul__") or callable(A)):
        raise TypeError(f"block_jacobi needs the entries of A, got {type(A).__name__}")
    shape = tuple(A.shape) if sparse or dense else np.shape(A)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"A must be square, got shape {shape}")
    parts = _partition(shape[0], block_size, blocks)
    if sparse:
        groups = _sparse_blocks(A.tocoo(), parts)
    else:
        groups = _dense_blocks(enter(A=A).arrays[0], parts)
    order = np.concatenate([part.ravel() for part in parts])
    inverses = [_invert(group, part[:, 0]) for group, part in zip(groups, parts, strict=True)]
    xp, device = namespace_of(inverses[0][0]), device_of(inverses[0][0])
    natural = bool(np.all(order == np.arange(order.size)))
    apply = _BlockDiagonal(
        [inverse for inverse, _ in inverses],
        None if natural else xp.asarray(order, device=device),
        None if natural else xp.asarray(np.argsort(order), device=device),
    )
    return Preconditioner(
        shape,
        inverses[0][0].dtype,
        apply,
        apply.adjoint,
        is_spd=all(positive for _, positive in inverses),
    )


def _partition(n: int, block_size: int | None, blocks: Any) -> list[NDArray[np.int64]]:
    """Return index arrays ``(blocks, m)``, one for each block order m."""
    if (block_size is None) == (blocks is None):
        raise TypeError("pass either block_size or blocks")
    if block_size is not None:
        if index(block_size) < 1:
            raise ValueError(f"block_size must be positive, got {block_size}")
        m = min(index(block_size), max(n, 1))
        whole = n // m * m
        parts = [np.arange(whole).reshape(-1, m), np.arange(whole, n).reshape(1, -1)]
        return [part for part in parts if part.size] or parts[:1]
    lists = [np.asarray(block) for block in blocks]
    if not all(block.ndim == 1 and block.dtype.kind in "iu" for block in lists if block.size):
        raise ValueError("blocks must be 1-D arrays of row numbers")
    lists = [block.astype(np.int64) for block in lists if block.size]
    rows = np.sort(np.concatenate(lists)) if lists else np.arange(0)
    if not np.array_equal(rows, np.arange(n)):
        raise ValueError(
            f"blocks must hold each of the rows 0 to {n - 1} once; overlapping ones are for "
            "additive_schwarz"
        )
    sizes = sorted({block.size for block in lists})
    return [np.stack([block for block in lists if block.size == m]) for m in sizes] or [
        np.empty((0, 1), dtype=np.int64)
    ]


def _dense_blocks(A: Array, parts: list[NDArray[np.int64]]) -> list[Array]:
    xp, n = namespace_of(A), A.shape[0]
    flat = xp.reshape(A, (-1,))
    groups = []
    for part in parts:
        places = part[:, :, None] * n + part[:, None, :]
        at = xp.asarray(places.ravel(), device=device_of(A))
        groups.append(xp.reshape(xp.take(flat, at, axis=0), places.shape))
    return groups


def _sparse_blocks(A: Any, parts: list[NDArray[np.int64]]) -> list[Array]:
    """Return the blocks of a COO matrix of SciPy or, on its device, of cupyx."""
    xp = namespace_of(A.data)
    (data,) = enter(matrix=False, A=A.data).arrays
    n, first = A.shape[0], 0
    # for each row: its block, its place in the block
    owner, place = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    for part in parts:
        owner[part] = first + np.arange(part.shape[0])[:, None]
        place[part] = np.arange(part.shape[1])
        first += part.shape[0]
    owner, place = xp.asarray(owner), xp.asarray(place)
    block = owner[A.row]
    inside = block == owner[A.col]
    block, data = block[inside], data[inside]
    i, j = place[A.row[inside]], place[A.col[inside]]
    groups, first = [], 0
    for part in parts:
        count, m = part.shape
        mine = (block >= first) & (block < first + count)
        at = ((block[mine] - first) * m + i[mine]) * m + j[mine]
        flat = xp.zeros(count * m * m, dtype=data.dtype)
        xp.add.at(flat, at, data[mine])
        groups.append(flat.reshape(count, m, m))
        first += count
    return groups


def _invert(blocks: Array, first_rows: NDArray[np.int64]) -> tuple[Array, bool]:
    """Return the inverses, and whether all blocks are Hermitian positive definite."""
    xp = namespace_of(blocks)
    if bool(xp.all(blocks == adjoint(xp, blocks))):
        factor = _quietly(xp.linalg.cholesky, blocks)
        if factor is not None:
            inverse = xp.linalg.inv(factor)
            return _regular(xp, blocks, adjoint(xp, inverse) @ inverse, first_rows), True
    inverse = _quietly(xp.linalg.inv, blocks)
    if inverse is None:
        for k in range(blocks.shape[0]):
            if _quietly(xp.linalg.inv, blocks[k, ...]) is None:
                raise _singular(first_rows[k])
    return _regular(xp, blocks, inverse, first_rows), False


def _quietly(function: Any, blocks: Array) -> Array | None:
    """Return None where a library raises, or returns NaN, for a block that has no result."""
    try:
        result = function(blocks)
    except (LinAlgError, RuntimeError):  # torch raises a RuntimeError
        return None
    xp = namespace_of(blocks)
    return result if bool(xp.all(xp.isfinite(result))) else None


def _regular(xp: Namespace, blocks: Array, inverse: Array, first_rows: Any) -> Array:
    if blocks.shape[0]:
        norms = [xp.max(xp.sum(xp.abs(x), axis=-2), axis=-1) for x in (blocks, inverse)]
        singular = xp.logical_not(norms[0] * norms[1] * eps(xp, blocks.dtype) < 1)
        if bool(xp.any(singular)):
            raise _singular(first_rows[int(xp.argmax(xp.astype(singular, xp.int64)))])
    return inverse


def _singular(row: int) -> SingularMatrixError:
    return SingularMatrixError(
        f"the block that begins with row {row} is singular to working precision"
    )


@dataclass(frozen=True, eq=False)
class _BlockDiagonal:
    """Inverse blocks by order; the permutation to them and back, None for the natural one."""

    inverses: list[Array]
    order: Array | None
    back: Array | None

    def __call__(self, r: Array) -> Array:
        entered = enter(matrix=False, finite=False, r=r)
        xp, (x,) = entered.xp, entered.arrays
        if self.order is not None:
            x = xp.take(x, self.order, axis=0)
        pieces, first, columns = [], 0, 1 if x.ndim == 1 else x.shape[1]
        for inverse in self.inverses:
            count, m, _ = inverse.shape
            piece = xp.reshape(x[first : first + count * m, ...], (count, m, columns))
            y = in_precision_of(x, inverse) @ piece
            pieces.append(xp.reshape(y, (count * m, *x.shape[1:])))
            first += count * m
        y = pieces[0] if len(pieces) == 1 else xp.concat(pieces, axis=0)
        return y if self.back is None else xp.take(y, self.back, axis=0)

    def adjoint(self, r: Array) -> Array:
        xp = namespace_of(r)
        inverses = [adjoint(xp, inverse) for inverse in self.inverses]
        return _BlockDiagonal(inverses, self.order, self.back)(r)
