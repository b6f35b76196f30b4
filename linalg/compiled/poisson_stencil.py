"""Compare a CSR matrix with a stencil of constant coefficients, up to the first difference."""

from numba import njit

__all__ = ["follows_stencil"]


@njit(cache=True, nogil=True, error_model="numpy")
def follows_stencil(indptr, indices, data, strides, lengths, couplings, diagonal, tolerance):  # type: ignore[no-untyped-def]
    """Tell whether every entry is ``diagonal``, or the coupling of its axis inside the box."""
    for i in range(indptr.shape[0] - 1):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            if i == j:
                want = diagonal
            else:
                distance, first = abs(j - i), min(i, j)
                axis = 0
                while axis < strides.shape[0] and strides[axis] != distance:
                    axis += 1
                if axis == strides.shape[0]:
                    return False
                if (first // distance) % lengths[axis] == lengths[axis] - 1:
                    return False
                want = couplings[axis]
            if not abs(data[k] - want) <= tolerance:
                return False
    return True
