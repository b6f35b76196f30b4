r"""The door of every solver of :math:`A x = b`: one namespace, one device, one working dtype."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import array_api_compat
import numpy as np
from scipy import sparse

from resolvent.arrays import Array, Namespace, enter
from resolvent.operators import Operator, as_operator, keeping_dtype
from resolvent.preconditioners.preconditioner import Preconditioner, as_preconditioner

__all__ = ["LinearSystem", "linear_system"]


class LinearSystem(NamedTuple):
    """A system past the door.

    Attributes
    ----------
    xp : namespace
        Array API namespace of the vectors.
    A : Operator
        The matrix.
    b : (m,) or (m, k) array
        Right-hand sides, finite, in the dtype of the computation.
    x0 : array or None
        Initial guess in that dtype.
    M : Preconditioner or None
        Approximate inverse; None is the identity.
    """

    xp: Namespace
    A: Operator
    b: Array
    x0: Array | None
    M: Preconditioner | None


def linear_system(
    A: Any, b: Any, *, M: Any = None, x0: Any = None, square: bool = True
) -> LinearSystem:
    """Check and adapt the arguments that all solvers share.

    The dtype of the computation is the common one of ``A`` and ``b``, made complex if ``M`` is.

    Raises
    ------
    TypeError, ValueError
        Shapes that don't fit, several array libraries or devices, NaN or infinity.
    """
    given = {"b": b} if x0 is None else {"b": b, "x0": x0}
    entered = enter(matrix=False, **given)
    xp, (b, *rest) = entered.xp, entered.arrays
    if b.ndim not in (1, 2) or b.shape[1:] == (0,):
        raise ValueError(f"b must be of shape (n,) or (n, k) with k > 0, got {tuple(b.shape)}")
    A = as_operator(A, like=b)
    if square and A.shape[0] != A.shape[1]:
        raise ValueError(f"A must be square, got shape {A.shape}; use lsqr or lsmr")
    given_M, M = M, None if M is None else as_preconditioner(M, like=b)
    dtype = _common_dtype(xp, A, M, b)
    if b.dtype != dtype:
        b, *rest = (xp.astype(x, dtype) for x in (b, *rest))
    x0 = rest[0] if rest else None
    wanted = (A.shape[1], *b.shape[1:])
    if x0 is not None and tuple(x0.shape) != wanted:
        raise ValueError(f"x0 must be of shape {wanted}, got {tuple(x0.shape)}")
    if M is not None and array_api_compat.is_array_api_obj(given_M) and given_M.dtype != dtype:
        M = as_preconditioner(xp.astype(given_M, dtype), like=b)
    M = None if M is None else keeping_dtype(M, "M")
    if A.dtype != b.dtype and array_api_compat.is_array_api_obj(A.matrix):
        A = as_operator(xp.astype(A.matrix, b.dtype))
    if A.matrix is None or A.dtype != b.dtype:
        A = keeping_dtype(A, "A")
    return LinearSystem(xp, _with_kernel(A, b), b, x0, M)


def _common_dtype(xp: Namespace, A: Operator, M: Preconditioner | None, b: Array) -> Any:
    # M may be of lower or higher precision than the system: only its being complex counts
    complex_M = M is not None and M.is_complex
    if A.dtype == b.dtype and not complex_M:
        return b.dtype
    names = {str(A.dtype).rpartition(".")[2], str(b.dtype).rpartition(".")[2]}
    double = not names.isdisjoint({"float64", "complex128"})
    if complex_M or any("complex" in name for name in names):
        return xp.complex128 if double else xp.complex64
    return xp.float64 if double else b.dtype


def _with_kernel(A: Operator, b: Array) -> Operator:
    if A.kernel is not None or type(b) is not np.ndarray or not sparse.issparse(A.matrix):
        return A
    if A.shape[0] != A.shape[1] or A.matrix.dtype.kind != "f" or b.dtype.kind != "f":
        return A
    recognise, multiply = _compiled()
    form = recognise(A.matrix, b.dtype)

    def product(x: Array) -> Array:
        return multiply(form, x) if x.ndim == 1 else A.product(x)

    return Operator(A.shape, A.dtype, product, A.adjoint, A.matrix, form)


@cache
def _compiled() -> tuple[Callable[..., Any], Callable[..., Array]]:
    """Load what compiles, on first use; an import costs a microsecond even when it is over."""
    from resolvent.linalg.compiled.products import multiply
    from resolvent.linalg.compiled.recognise import recognise

    return recognise, multiply
