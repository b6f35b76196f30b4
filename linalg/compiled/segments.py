"""Sums over segments: ``out[s]`` is the sum of ``x[order[k]]`` over the entries ``k`` of ``s``."""

from numba import njit, prange

__all__ = ["segment_sums"]


@njit(cache=True, parallel=True, nogil=True, error_model="numpy")
def segment_sums(x, order, starts, out, parts):  # type: ignore[no-untyped-def]
    """Write the sums of rows of ``x`` (m, h) to ``out`` (n, h), in the order of the entries."""
    n, width = out.shape
    for t in prange(parts):
        for s in range(t * n // parts, (t + 1) * n // parts):
            for c in range(width):
                out[s, c] = 0
            for k in range(starts[s], starts[s + 1]):
                row = order[k]
                for c in range(width):
                    out[s, c] += x[row, c]
