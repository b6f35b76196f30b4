r"""Incomplete LU factorisation, with zero fill or with a threshold.

Zero fill, ILU(0): :math:`A = (I + L)(D + U) + E`, where L and U have the pattern of A, and E
vanishes on it. Threshold, ILUT: SuperLU's factorisation with partial pivoting, which drops small
entries and keeps the fill within a multiple of A's.

Cost: setup of ILU(0) about that of ten products with A. An application reads each factor once.

Failure modes: a zero on the diagonal, as in a saddle-point matrix, stops ILU(0); the threshold
version pivots. Both can be far from stable: then ``norm(M @ r)`` is huge, and a diagonal shift of
A helps.

Sources: J. A. Meijerink and H. A. van der Vorst, Math. Comp. 31 (1977), 148-162,
doi 10.1090/S0025-5718-1977-0438681-4; X. S. Li and M. Shao, A supernodal approach to incomplete LU
factorization with partial pivoting, ACM Trans. Math. Software 37 (2011), article 43,
doi 10.1145/1916461.1916467.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spilu

from resolvent.errors import SingularMatrixError
from resolvent.preconditioners.factorisations.factors import factored, on_host
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import sparse_rows, strict_triangles

__all__ = ["LUInfo", "ilu"]


@dataclass(frozen=True)
class LUInfo:
    """What `ilu` found out: ``nnz``, the entries of both factors together."""

    nnz: int


def ilu(A: Any, *, drop_tol: float | None = None, fill: float = 10.0) -> Preconditioner:
    r"""Return the incomplete LU preconditioner of a square matrix.

    Parameters
    ----------
    A : (n, n) sparse matrix or array_like
        Real or complex.
    drop_tol : float, optional
        Threshold, relative to the largest entry of a column; without it the factors have the
        pattern of A, entries stored as zeros included.
    fill : float
        With a threshold: the factors have at most about ``fill`` times as many entries as A.

    Returns
    -------
    Preconditioner
        Not known to be definite. ``info`` is a `LUInfo`.

    Raises
    ------
    TypeError
        ``A`` is on a device, or known by its products only.
    ValueError
        ``A`` is not square and finite; ``drop_tol`` is negative, or ``fill`` below 1.
    SingularMatrixError
        A pivot is zero; without a threshold its row is named.

    See Also
    --------
    ichol : for Hermitian positive definite matrices.

    Notes
    -----
    On the host, in the precision of A. ``M @ r`` takes ``(n,)`` and ``(n, k)``. The threshold
    version calls `scipy.sparse.linalg.spilu`, and compiled solver loops don't know it.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import gallery
    >>> A = gallery.poisson(50) + np.diag(np.ones(49), 1)  # tridiagonal: the factors are complete
    >>> b = np.ones(50)
    >>> [bool(np.linalg.norm(b - A @ (M @ b)) < 1e-12) for M in (ilu(A), ilu(A, drop_tol=0.0))]
    [True, True]
    """
    if drop_tol is not None and not 0 <= drop_tol < np.inf:
        raise ValueError(f"drop_tol must be a finite number, not negative, got {drop_tol}")
    if not 1 <= fill < np.inf:
        raise ValueError(f"fill must be at least 1, got {fill}")
    rows = sparse_rows(A, builder="ilu", instead="jacobi and gmres_polynomial")
    return _zero_fill(rows) if drop_tol is None else _threshold(rows, drop_tol, fill)


def _zero_fill(A: sparse.csr_array) -> Preconditioner:
    from resolvent.linalg.compiled.incomplete import lu_zero_fill

    n = A.shape[0]
    row = np.repeat(np.arange(n), np.diff(A.indptr))
    middle = np.flatnonzero(A.indices == row)
    if middle.size < n:
        first = np.setdiff1d(np.arange(n), row[middle])[0]
        raise SingularMatrixError(f"A has no entry on the diagonal of row {first}; {_ADVICE}")
    factors, d = np.empty_like(A.data), np.empty(n, dtype=A.dtype)
    broken = lu_zero_fill(A.indptr, A.indices, A.data, middle, factors, d)
    if broken >= 0:
        raise SingularMatrixError(
            f"the pivot of row {broken} is zero to working precision; {_ADVICE}"
        )
    L, U = strict_triangles(sparse.csr_array((factors, A.indices, A.indptr), shape=A.shape))
    return factored(L, 1 / d, U, is_spd=None, info=LUInfo(nnz=A.nnz))


_ADVICE = "reorder A, add to its diagonal, or pass drop_tol, which pivots"


def _threshold(A: sparse.csr_array, drop_tol: float, fill: float) -> Preconditioner:
    try:
        lu = spilu(A.tocsc(), drop_tol=drop_tol, fill_factor=fill)
    except RuntimeError as error:
        raise SingularMatrixError(f"the incomplete factorisation broke down: {error}") from error
    return Preconditioner(
        A.shape,
        A.dtype,
        lambda r: on_host(lu.solve, A.dtype, r),
        lambda r: on_host(lambda x: lu.solve(x, trans="H"), A.dtype, r),
        info=LUInfo(nnz=lu.nnz),
    )
