r"""The Schur complement :math:`D_c - P^T D_r^{-1} P` of a sparse plan, one triangle."""

from numba import njit

__all__ = ["schur_complement"]


@njit(cache=True, nogil=True, error_model="numpy")
def schur_complement(indptr, indices, data, rows, S):  # type: ignore[no-untyped-def]
    """Subtract ``P^T diag(1 / rows) P`` from the lower triangle of ``S``; columns are in order."""
    for i in range(rows.size):
        for k in range(indptr[i], indptr[i + 1]):
            part, line = data[k] / rows[i], S[indices[k]]
            for other in range(indptr[i], k + 1):
                line[indices[other]] -= part * data[other]
