r"""The reciprocal diagonal, :math:`M = \mathrm{diag}(A)^{-1}`, on every array library.

It undoes a bad scaling of the unknowns. For Hermitian positive definite A with at most q entries
in a row, no diagonal scaling has a condition number q times smaller.

Cost: n divisions at setup, n multiplications an application, and n numbers to store.

Failure modes: of no use where the diagonal is constant.

Source: A. van der Sluis, Condition numbers and equilibration of matrices, Numer. Math. 14 (1969),
14-23, doi 10.1007/BF02165096.
"""

from typing import Any

import array_api_compat
import numpy as np

from resolvent.arrays import Array, conj, enter, is_numpy, namespace_of
from resolvent.errors import SingularMatrixError
from resolvent.operators import Operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.vectors import real

__all__ = ["jacobi"]


def jacobi(A: Any) -> Preconditioner:
    r"""Return the reciprocal diagonal as a preconditioner.

    Parameters
    ----------
    A : (n, n) array_like or sparse matrix
        Dense in any array library, or sparse of SciPy or cupyx.

    Returns
    -------
    Preconditioner
        ``is_spd`` tells whether the diagonal is real and positive. It applies to arrays of the
        library and on the device of A.

    Raises
    ------
    TypeError
        ``A`` is known by its products only.
    ValueError
        ``A`` is not square, or its diagonal is not finite.
    SingularMatrixError
        A diagonal entry is zero, or too small for its reciprocal.

    Notes
    -----
    ``M @ r`` takes ``(n,)`` and ``(n, k)``, in the precision of r. Setup reads a few flags to the
    host, an application nothing.

    Examples
    --------
    >>> import numpy as np
    >>> jacobi([[2.0, 1.0], [1.0, 4.0]]) @ np.ones(2)
    array([0.5 , 0.25])
    """
    diagonal = _diagonal(A)
    xp = namespace_of(diagonal)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        inverse = 1 / diagonal
    if not bool(xp.all(xp.isfinite(diagonal))):
        raise ValueError("the diagonal of A has NaN or infinite entries")
    broken = xp.logical_not(xp.isfinite(inverse))
    if bool(xp.any(broken)):
        i = int(xp.argmax(xp.astype(broken, xp.int64)))
        raise SingularMatrixError(f"the diagonal entry of row {i} is zero or too small to invert")
    return Preconditioner(
        (diagonal.shape[0],) * 2,
        inverse.dtype,
        lambda r: _scale(inverse, r),
        lambda r: _scale(conj(xp, inverse), r),
        kernel=_kernel(inverse) if is_numpy(xp) else None,
        is_spd=_is_positive(xp, diagonal),
    )


def _diagonal(A: Any) -> Array:
    """Return the diagonal in a floating-point dtype."""
    if isinstance(A, Operator) and A.matrix is not None:
        A = A.matrix
    sparse, dense = hasattr(A, "tocsr"), array_api_compat.is_array_api_obj(A)
    if not sparse and not dense:
        if hasattr(A, "__matmul__") or callable(A):
            kind = type(A).__name__
            raise TypeError(f"jacobi needs the entries of A, got {kind}; take chebyshev")
        A = np.asarray(A)
    if len(A.shape) != 2:
        raise ValueError(f"A must be a matrix (n, n), got shape {tuple(A.shape)}")
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"A must be square, got shape {tuple(A.shape)}")
    diagonal = A.diagonal() if sparse else namespace_of(A).linalg.diagonal(A)
    return enter(matrix=False, finite=False, A=diagonal).arrays[0]


def _is_positive(xp: Any, diagonal: Array) -> bool:
    if xp.isdtype(diagonal.dtype, "complex floating"):
        if bool(xp.any(xp.imag(diagonal) != 0)):
            return False
        diagonal = real(xp, diagonal)
    return bool(xp.all(diagonal > 0))


def _kernel(inverse: Array) -> Any:
    from resolvent.linalg.compiled.forms import Diagonal

    return Diagonal(inverse)


def _scale(inverse: Array, r: Array) -> Array:
    """Return ``diag(inverse) r`` in the precision of ``r``."""
    entered = enter(matrix=False, finite=False, r=r)
    xp, (r,) = entered.xp, entered.arrays
    weights = in_precision_of(r, inverse)
    return r * (weights if r.ndim == 1 else xp.expand_dims(weights, axis=1))


def in_precision_of(r: Array, x: Array) -> Array:
    """Return ``x`` in the precision of ``r``, and complex if it was."""
    xp = namespace_of(r)
    single = xp.finfo(r.dtype).bits == 32
    if xp.isdtype(x.dtype, "complex floating"):
        dtype = xp.complex64 if single else xp.complex128
    else:
        dtype = xp.float32 if single else xp.float64
    return x if x.dtype == dtype else xp.astype(x, dtype)
