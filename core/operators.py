"""Whatever can multiply a vector, adapted once: inside, only ``A @ x`` and ``A.H @ x``."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import array_api_compat
import numpy as np

from resolvent.arrays import Array, conj, device_of, enter, is_finite, namespace_of

__all__ = ["Operator", "as_operator", "keeping_dtype"]

Product = Callable[[Array], Array]

_LIBRARIES = {"numpy": "numpy", "scipy": "numpy", "cupyx": "cupy"}


@dataclass(frozen=True, eq=False)
class Operator:
    """A linear map known by its products.

    Attributes
    ----------
    shape : tuple of int
        ``(m, n)``: it maps ``(n,)`` to ``(m,)`` and ``(n, k)`` to ``(m, k)``.
    dtype : dtype
        Of the entries.
    product : callable
        ``x -> A x``.
    adjoint : callable or None
        ``y -> A^H y``, if it is known.
    matrix : array, sparse matrix or None
        The entries, if they are known.
    kernel : object
        The form in which compiled loops apply it, where there is one.
    """

    shape: tuple[int, int]
    dtype: Any
    product: Product
    adjoint: Product | None = None
    matrix: Any = None
    kernel: Any = None

    def __matmul__(self, x: Array) -> Array:
        rows, columns = self.shape
        if x.ndim not in (1, 2) or x.shape[0] != columns:
            raise ValueError(f"an operator of shape {self.shape} can't take shape {tuple(x.shape)}")
        y = self.product(x)
        if tuple(y.shape) != (rows, *x.shape[1:]):
            raise ValueError(
                f"an operator of shape {self.shape} made shape {tuple(y.shape)} "
                f"out of {tuple(x.shape)}"
            )
        return y

    @property
    def is_complex(self) -> bool:
        """Whether the entries are complex."""
        return "complex" in str(self.dtype)

    @property
    def H(self) -> "Operator":
        """The adjoint operator.

        Raises
        ------
        TypeError
            The adjoint is not known.
        """
        if self.adjoint is None:
            raise TypeError(
                "this method needs A.H @ y: pass an A that has .H, or "
                "resolvent.operators.as_operator(A, shape=(m, n), adjoint=...)"
            )
        return Operator(self.shape[::-1], self.dtype, self.adjoint, self.product)


def as_operator(
    A: Any,
    *,
    like: Array | None = None,
    shape: tuple[int, int] | None = None,
    adjoint: Product | None = None,
    name: str = "A",
) -> Operator:
    """Adapt ``A`` to an `Operator`.

    Parameters
    ----------
    A : array, sparse matrix, LinearOperator, object or callable
        A dense matrix; a SciPy or cupyx sparse one, converted to CSR once; any object with
        ``shape``, ``dtype`` and ``@`` (and ``.H`` where the adjoint is needed); or a function
        ``x -> A x``.
    like : array, optional
        The right-hand side, which ``A`` must match in library, device and number of rows.
    shape : tuple of int, optional
        Shape of a function; by default square with the rows of ``like``.
    adjoint : callable, optional
        ``y -> A^H y`` of a function.
    name : str
        What error messages call ``A``.

    Raises
    ------
    TypeError
        ``A`` is nothing of the above, or lives in another array library than ``like``.
    ValueError
        ``A`` is no matrix, has NaN or infinite entries, doesn't have the rows of
        ``like``, or lives on another device.

    Examples
    --------
    >>> import numpy as np
    >>> A = as_operator([[1, 2], [3, 4]])
    >>> A.H @ np.array([1.0, 0.0])
    array([1., 2.])
    >>> as_operator(lambda x: 2 * x, shape=(2, 2)) @ np.ones(2)
    array([2., 2.])
    """
    A = np.asarray(A) if isinstance(A, np.matrix) else A
    _require_one_home(A, like, name)
    if isinstance(A, Operator):
        operator = A
    elif hasattr(A, "tocsr"):
        A = A.tocsr()
        operator = _from_matrix(A if A.dtype.kind in "fc" else A.astype(np.float64), name)
    elif array_api_compat.is_array_api_obj(A):
        operator = _from_matrix(enter(**{name: A}).arrays[0], name)
    elif all(hasattr(A, wanted) for wanted in ("shape", "dtype", "__matmul__")):
        m, n = A.shape
        if adjoint is None and hasattr(A, "H"):
            adjoint = lambda y: A.H @ y  # noqa: E731
        operator = Operator((m, n), A.dtype, lambda x: A @ x, adjoint)
    elif callable(A):
        m, n = _shape_of_function(A, like, shape, name)
        operator = Operator((m, n), np.float64 if like is None else like.dtype, A, adjoint)
    else:
        return as_operator(np.asarray(A), like=like, name=name)
    if like is not None and operator.shape[0] != like.shape[0]:
        raise ValueError(
            f"{name} of shape {operator.shape} doesn't fit a right-hand side of shape "
            f"{tuple(like.shape)}"
        )
    return operator


AnyOperator = TypeVar("AnyOperator", bound=Operator)


def keeping_dtype(A: AnyOperator, name: str) -> AnyOperator:
    """Return ``A`` with products in the dtype of the vector, whatever its own precision.

    Its products raise a TypeError where they are complex and the vector is real.
    """
    adjoint = None if A.adjoint is None else _cast(A.adjoint, name, A.shape[1])
    return replace(A, product=_cast(A.product, name, A.shape[0]), adjoint=adjoint)


def _cast(product: Product, name: str, rows: int) -> Product:
    def cast(x: Array) -> Array:
        y = product(x)
        if not array_api_compat.is_array_api_obj(y):
            raise TypeError(f"{name} @ x must be an array, got {type(y).__name__}")
        if tuple(y.shape) != (rows, *x.shape[1:]):
            raise ValueError(
                f"{name} @ x of x of shape {tuple(x.shape)} must have shape "
                f"{(rows, *x.shape[1:])}, got {tuple(y.shape)}"
            )
        if y.dtype == x.dtype:
            return y
        xp = namespace_of(x)
        if xp.isdtype(y.dtype, "complex floating") and xp.isdtype(x.dtype, "real floating"):
            raise TypeError(f"{name} makes a real vector complex; pass a complex right-hand side")
        return xp.astype(y, x.dtype)

    return cast


def _shape_of_function(A: Any, like: Array | None, shape: Any, name: str) -> tuple[int, int]:
    shape = shape or getattr(A, "shape", None)
    if shape is None:
        if like is None:
            raise TypeError(
                f"{name} is a function of unknown shape: pass "
                f"resolvent.operators.as_operator({name}, shape=(m, n))"
            )
        shape = (like.shape[0], like.shape[0])
    m, n = shape
    return m, n


def _from_matrix(A: Any, name: str) -> Operator:
    if len(A.shape) != 2:
        raise ValueError(f"{name} must be one matrix (m, n), got shape {tuple(A.shape)}")
    if hasattr(A, "tocsr") and not is_finite(A.data):
        raise ValueError(f"{name} has NaN or infinite entries")
    # A^H y = conj(A^T conj(y)) conjugates vectors only and makes no second matrix.
    m, n = A.shape
    return Operator((m, n), A.dtype, lambda x: A @ x, partial(_adjoint_product, A), A)


def _adjoint_product(A: Any, y: Array) -> Array:
    xp = namespace_of(y)
    return conj(xp, A.T @ conj(xp, y))


def _require_one_home(A: Any, like: Array | None, name: str) -> None:
    here, there = _library(A), _library(like)
    if like is None or here is None:
        return
    if here != there:
        if here == "cupy":
            move = f"{name}.get()"
        elif array_api_compat.is_array_api_obj(A):
            move = f"{there}.asarray({name})"
        elif hasattr(A, "tocsr") and there == "cupy":
            move = f"cupyx.scipy.sparse.csr_matrix({name})"
        else:
            move = "a function x -> A x"
        raise TypeError(
            f"{name} is a {type(A).__name__} of {here} and the right-hand side is of {there}; "
            f"pass {move}, or a right-hand side of {here}"
        )
    if array_api_compat.is_array_api_obj(A) and device_of(A) != device_of(like):
        raise ValueError(
            f"{name} is on device {device_of(A)} and the right-hand side on device "
            f"{device_of(like)}; move one of them"
        )


def _library(A: Any) -> str | None:
    # The array library a matrix works with; None for objects and functions, which don't tell.
    known = _LIBRARIES.get(type(A).__module__.partition(".")[0])
    if known is None and array_api_compat.is_array_api_obj(A):
        return str(namespace_of(A).__name__.removeprefix("array_api_compat."))
    return known
