r"""Factorised sparse approximate inverse.

    M = G^H G,    G lower triangular with a given pattern, diag(G A G^H) = 1

Among all matrices of the pattern, up to a diagonal scaling, G minimises the Frobenius norm of
:math:`I - G C` with Cholesky's factor :math:`A = C C^H`, which is never formed: row i needs only
the entries of A on its own pattern. It also minimises Kaporin's condition number
:math:`\mathrm{tr}(G A G^H / n)^n / \det(G A G^H)`.

Cost: for m entries in a row O(m^3) setup a row, all rows at once. An application is two sparse
products: no sweep, so both cores work.

Failure modes: none for positive definite A; otherwise a row without a positive definite block
raises. In the number of steps it is weaker than `ichol` of the same pattern.

Source: L. Yu. Kolotilina and A. Yu. Yeremin, Factorized sparse approximate inverse
preconditionings I: theory, SIAM J. Matrix Anal. Appl. 14 (1993), 45-58, doi 10.1137/0614004.
"""

from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError
from resolvent.preconditioners.factorisations.factors import on_host
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import real_diagonal, sparse_rows

__all__ = ["fsai"]


def fsai(A: Any, *, power: int = 1, pattern: Any = None) -> Preconditioner:
    r"""Return the factorised sparse approximate inverse of a positive definite matrix.

    Parameters
    ----------
    A : (n, n) sparse matrix or array_like
        Hermitian positive definite, real or complex.
    power : int
        G has the pattern of the lower triangle of :math:`|A|^{power}`; 0 is Jacobi's.
    pattern : (n, n) sparse matrix or array_like, optional
        The pattern instead, of which the lower triangle is read; the diagonal is added.

    Returns
    -------
    Preconditioner
        Positive definite. ``matrix`` is None; ``info`` is the SciPy matrix G.

    Raises
    ------
    TypeError
        ``A`` is on a device, or known by its products only.
    ValueError
        ``A`` is not square, finite and Hermitian; ``power`` is negative; the shape of ``pattern``
        is not that of A.
    NotPositiveDefiniteError
        A principal submatrix of A, that of the named row, is not positive definite.

    Notes
    -----
    On the host, in the precision of A. ``M @ r`` takes ``(n,)`` and ``(n, k)``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import gallery
    >>> A = gallery.poisson((8, 8))
    >>> G = fsai(A, power=2).info
    >>> bool(np.allclose((G @ A @ G.T).diagonal(), 1))
    True
    """
    from resolvent.linalg.compiled.apply import applied
    from resolvent.linalg.compiled.approximate_inverse import inverse_rows
    from resolvent.linalg.compiled.forms import Products
    from resolvent.linalg.compiled.matrix_forms import CSR

    if index(power) < 0:
        raise ValueError(f"power must not be negative, got {power}")
    rows = sparse_rows(A, builder="fsai", instead="jacobi and chebyshev")
    real_diagonal(rows, builder="fsai")
    starts, columns = _pattern(rows, power, pattern)
    entries, broken = np.empty(columns.size, dtype=rows.dtype), np.empty(64, dtype=np.int64)
    inverse_rows(rows.indptr, rows.indices, rows.data, starts, columns, entries, broken)
    if np.any(broken >= 0):
        raise NotPositiveDefiniteError(
            "A is not positive definite on the pattern of row "
            f"{np.min(broken[broken >= 0])}; ilu takes indefinite matrices"
        )
    G = sparse.csr_array((entries, columns, starts), shape=rows.shape)
    GH = G.conj().T.tocsr()
    form = Products(*(CSR(T.indptr, T.indices, T.data) for T in (G, GH)))

    def product(r: NDArray[Any]) -> NDArray[Any]:
        return on_host(lambda x: applied(form, x), rows.dtype, r)

    return Preconditioner(
        rows.shape, rows.dtype, product, product, kernel=form, is_spd=True, info=G
    )


def _pattern(A: sparse.csr_array, power: int, pattern: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the pattern of G as row starts and sorted columns."""
    n = A.shape[0]
    if pattern is None:
        ones = sparse.csr_array((np.ones(A.nnz, dtype=bool), A.indices, A.indptr), shape=A.shape)
        S = sparse.eye_array(n, dtype=bool, format="csr")
        for _ in range(power):
            S = S @ ones
    else:
        S = sparse.csr_array(pattern)
        if S.shape != A.shape:
            raise ValueError(f"pattern must be of shape {A.shape}, got {S.shape}")
        S = sparse.csr_array((np.ones(S.nnz, dtype=bool), S.indices, S.indptr), shape=S.shape)
    S = sparse.tril(S + sparse.eye_array(n, dtype=bool, format="csr"), format="csr")
    S.sort_indices()
    kind = A.indptr.dtype
    return S.indptr.astype(kind, copy=False), S.indices.astype(kind, copy=False)
