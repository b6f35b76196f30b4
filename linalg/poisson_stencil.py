r"""Recognise the Laplacian with constant coefficients in a sparse matrix.

    A = shift I + sum_i c_i (I x ... x tridiag(-1, 2, -1) x ... x I)    on a box, in C order

The first row belongs to a corner of the box, so it names the whole stencil: its columns are the
strides of the axes and its entries their coefficients. The other rows can only agree. The matrix
is this Laplacian if it has as many entries as the stencil, and every one of them is where, and
what, the stencil says.

Cost: O(1) for most other matrices, by their first row and their number of entries, and until the
first entry that differs for the rest; one pass over the entries, 5 ns each, for a Laplacian.

Failure modes: entries may differ by a few units of rounding, which is what assembly leaves, and a
shift of that size is taken for zero. Permuted unknowns and an axis without coupling hide the
stencil; the answer is then None, never a wrong stencil.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

__all__ = ["PoissonStencil", "poisson_stencil_of"]


class PoissonStencil(NamedTuple):
    """A Laplacian with constant coefficients and Dirichlet ends, numbered in C order.

    Attributes
    ----------
    shape : tuple of int
        Unknowns of each axis, all above 1 unless there is one unknown in all.
    coefficients : tuple of float
        Coefficient of ``[-1, 2, -1]`` along each axis.
    shift : float or complex
        Multiple of the identity.
    """

    shape: tuple[int, ...]
    coefficients: tuple[float, ...]
    shift: complex


def poisson_stencil_of(A: Any) -> PoissonStencil | None:
    """Return the stencil of ``A`` if it is a Laplacian with constant coefficients, else None.

    Parameters
    ----------
    A : object
        A SciPy sparse array or matrix; anything else has no stencil.

    Returns
    -------
    PoissonStencil or None
        The arguments of `resolvent.preconditioners.fast_poisson`, which inverts ``A``.

    Notes
    -----
    Axes of one unknown leave no trace but in the shift: ``(1, n)`` is found as ``(n,)``.

    Examples
    --------
    >>> from resolvent.linalg import gallery
    >>> poisson_stencil_of(gallery.poisson((3, 4)))
    PoissonStencil(shape=(3, 4), coefficients=(1.0, 1.0), shift=0.0)
    >>> poisson_stencil_of(gallery.diffusion([1, 2, 1])) is None
    True
    """
    if not sparse.issparse(A) or A.ndim != 2 or A.shape[0] != A.shape[1] or A.shape[0] < 1:
        return None
    # The stencil is symmetric, so the columns of a CSC matrix do as well as rows.
    A = A if A.format in ("csr", "csc") else A.tocsr()
    if A.dtype.kind not in "fc":
        A = A.astype(np.float64)
    if not A.has_canonical_format:
        A = A.copy()
        A.sum_duplicates()
    n = A.shape[0]
    columns, entries = A.indices[: A.indptr[1]], A.data[: A.indptr[1]]
    columns, entries = columns[entries != 0], entries[entries != 0]
    if columns.size == 0 or columns[0] != 0 or np.any(np.imag(entries[1:])):
        return None
    if n == 1:
        return PoissonStencil((1,), (1.0,), entries[0].item() - 2)
    strides, couplings = columns[1:].astype(np.int64), np.real(entries[1:])
    lengths = np.append(strides[1:], n) // strides if strides.size else strides
    if not _is_box(strides, lengths, n):
        return None
    wanted = n + 2 * np.sum(n - n // lengths)
    if A.nnz != wanted:
        if np.count_nonzero(A.data) != wanted:
            return None
        A = A.copy()
        A.eliminate_zeros()

    from resolvent.linalg.compiled.poisson_stencil import follows_stencil

    rounding = 4 * len(strides) * np.finfo(A.dtype).eps * float(np.max(np.abs(entries)))
    if not follows_stencil(
        A.indptr, A.indices, A.data, strides, lengths, couplings, entries[0], rounding
    ):
        return None
    shift = (entries[0] + 2 * np.sum(couplings)).item()
    return PoissonStencil(
        tuple(lengths[::-1].tolist()),
        tuple((-couplings[::-1]).tolist()),
        shift if abs(shift) > rounding else 0.0,
    )


def _is_box(strides: Any, lengths: Any, n: int) -> bool:
    """Tell whether the strides, in ascending order, are those of an array of n entries."""
    return (
        strides.size > 0
        and strides[0] == 1
        and bool(np.all(lengths > 1))
        and bool(np.all(strides * lengths == np.append(strides[1:], n)))
    )
