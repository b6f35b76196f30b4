r"""The rows of a sparse :math:`G` with :math:`G A G^H` close to the identity.

Row i solves on its pattern S, whose last entry is i, :math:`C^H g = e` with the Cholesky factor
:math:`C C^H = A_{SS}`; then :math:`g^H A_{SS} g = 1`.
"""

import numpy as np
from numba import njit, prange

__all__ = ["inverse_rows"]

_CHUNKS = 64  # of the rows, shared evenly between the threads


@njit(cache=True, nogil=True, error_model="numpy", parallel=True)
def inverse_rows(indptr, indices, data, starts, pattern, G, broken):  # type: ignore[no-untyped-def]
    """Fill ``G``, the conjugate rows on the sorted pattern ``starts, pattern``.

    ``broken`` (64,) receives the first row of each chunk whose block is not positive definite,
    else -1.
    """
    n = starts.size - 1
    longest = 0
    for i in range(n):
        longest = max(longest, starts[i + 1] - starts[i])
    for chunk in prange(_CHUNKS):
        C = np.empty((longest, longest), dtype=data.dtype)
        broken[chunk] = -1
        for i in range(chunk * n // _CHUNKS, (chunk + 1) * n // _CHUNKS):
            S = pattern[starts[i] : starts[i + 1]]
            _gather(indptr, indices, data, S, C)
            if not _cholesky(C, S.size):
                broken[chunk] = i
                break
            _last_column(C, S.size, G[starts[i] : starts[i + 1]])


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(indptr, indices, data, S, C):  # type: ignore[no-untyped-def]
    """Copy the lower triangle of the rows and columns S."""
    for a in range(S.size):
        k, last = indptr[S[a]], indptr[S[a] + 1]
        for b in range(a + 1):
            while k < last and indices[k] < S[b]:
                k += 1
            C[a, b] = data[k] if k < last and indices[k] == S[b] else 0


@njit(cache=True, nogil=True, error_model="numpy")
def _cholesky(C, m):  # type: ignore[no-untyped-def]
    """Factor in place; tell whether the matrix is positive definite to working precision."""
    tolerance = 10 * np.finfo(C.dtype).eps
    for a in range(m):
        diagonal = C[a, a].real
        for b in range(a):
            total = C[a, b]
            for c in range(b):
                total -= C[a, c] * np.conj(C[b, c])
            C[a, b] = total / C[b, b]
        pivot = diagonal
        for b in range(a):
            pivot -= (C[a, b] * np.conj(C[a, b])).real
        if not pivot > tolerance * diagonal:
            return False
        C[a, a] = np.sqrt(pivot)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _last_column(C, m, g):  # type: ignore[no-untyped-def]
    """Solve ``C^H x = e`` for the last unit vector; leave conj(x) in g."""
    g[m - 1] = 1 / C[m - 1, m - 1]
    for a in range(m - 2, -1, -1):
        total = g.dtype.type(0)
        for b in range(a + 1, m):
            total -= C[b, a] * g[b]
        g[a] = total / C[a, a]
