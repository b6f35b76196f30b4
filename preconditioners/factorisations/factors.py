r"""Application of two sparse triangular factors, :math:`M^{-1} = (I + L) D (I + U)`.

Cost: one pass over the factors, two dependent sweeps that run on one core unless the matrix is
ordered by colours; see `resolvent.linalg.compiled.triangular`.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["factored", "on_host"]

Host = NDArray[Any]


def factored(
    L: sparse.csr_array,
    inverse: Host,
    U: sparse.csr_array,
    *,
    is_spd: bool | None,
    info: Any,
    upper_first: bool = False,
) -> Preconditioner:
    r"""Return :math:`M = (I + U)^{-1} \mathrm{diag}(inverse) (I + L)^{-1}`.

    ``L`` and ``U`` are strictly triangular with sorted rows; with ``upper_first`` they change
    places: :math:`M = (I + L)^{-1} \mathrm{diag}(inverse) (I + U)^{-1}`.
    """
    from resolvent.linalg.compiled.apply import applied
    from resolvent.linalg.compiled.forms import Factors
    from resolvent.linalg.compiled.triangular import lower_triangle, upper_triangle

    lower, upper = lower_triangle(L), upper_triangle(U)
    form = Factors(upper, inverse, lower) if upper_first else Factors(lower, inverse, upper)

    @cache
    def adjoint() -> Preconditioner:
        return factored(
            sparse.csr_array(U.conj().T),
            inverse.conj(),
            sparse.csr_array(L.conj().T),
            is_spd=is_spd,
            info=info,
            upper_first=upper_first,
        )

    return Preconditioner(
        L.shape,
        L.dtype,
        lambda r: on_host(lambda x: applied(form, x), L.dtype, r),
        lambda r: adjoint() @ r,
        kernel=form,
        is_spd=is_spd,
        info=info,
    )


def on_host(product: Any, dtype: Any, r: Host) -> Host:
    """Apply a product for contiguous arrays of ``dtype`` to any NumPy ``r``, in its precision.

    A real product takes the real and imaginary parts of a complex ``r`` as columns.

    Raises
    ------
    TypeError
        ``r`` is an array of another library.
    """
    if not isinstance(r, np.ndarray):
        raise TypeError(
            f"this preconditioner runs on the host and can't take a {type(r).__module__} array; "
            "jacobi, chebyshev and the other polynomials run on devices"
        )
    dtype = np.dtype(dtype)
    single = r.dtype.char in "fF"
    if r.dtype.kind == "c" and dtype.kind == "f":
        pairs = np.ascontiguousarray(r, dtype=np.result_type(dtype, np.complex64))
        y = product(pairs.view(dtype).reshape(r.shape[0], 2 * r[:1].size))
        y = np.ascontiguousarray(y).view(pairs.dtype).reshape(r.shape)
    else:
        y = product(np.require(r, dtype, ["C", "W"]))
    if y.dtype.kind == "c":
        return np.asarray(y, dtype=np.complex64 if single else np.complex128)
    return np.asarray(y, dtype=np.float32 if single else np.float64)
