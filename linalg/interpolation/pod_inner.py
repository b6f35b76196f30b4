r"""The inner product :math:`u^H W v`: orthonormal columns in it, and coordinates without it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import array_api_compat

from resolvent.arrays import (
    Array,
    Namespace,
    adjoint,
    device_of,
    enter,
    eps,
    is_finite,
    namespace_of,
)
from resolvent.linalg.factorisations import cholesky
from resolvent.linalg.norms import identity_like
from resolvent.linalg.structure import is_hermitian
from resolvent.linalg.triangular import solve_triangular
from resolvent.operators import Operator, as_operator, keeping_dtype
from resolvent.vectors import real

__all__ = [
    "InnerProduct",
    "as_inner_product",
    "flatten",
    "orthonormalize",
    "pointwise_weights",
    "require_products_in_range",
]

_ROUNDS = 4


@dataclass(frozen=True, eq=False)
class InnerProduct:
    """Positive weights of the entries, an operator, or neither."""

    weights: Array | None = None
    operator: Operator | None = None

    def __matmul__(self, v: Array) -> Array:
        if self.operator is not None:
            return self.operator @ v
        if self.weights is None:
            return v
        return self.weights * v if v.ndim == 1 else self.weights[:, None] * v


def as_inner_product(W: Any, S: Array) -> InnerProduct:
    """Return the inner product of the columns of ``S``.

    Raises
    ------
    TypeError
        ``W`` is of another library, or no matrix, operator or weights.
    ValueError
        ``W`` doesn't fit the rows of ``S`` or is not finite; weights, or the diagonal of a matrix,
        are not positive; or weights are beyond the range of ``S``.
    """
    if W is None:
        return InnerProduct()
    xp, N = namespace_of(S), S.shape[0]
    if isinstance(W, list | tuple) or hasattr(W, "to_numpy"):  # pandas
        W = xp.asarray(enter(matrix=False, W=W).arrays[0], device=device_of(S))
    if array_api_compat.is_array_api_obj(W) and W.ndim == 1:
        return InnerProduct(weights=_weights(xp, W, S))
    operator = keeping_dtype(as_operator(W, like=S, name="W"), "W")
    if operator.shape != (N, N):
        raise ValueError(f"W must be of shape {(N, N)} or ({N},), got {operator.shape}")
    if array_api_compat.is_array_api_obj(operator.matrix) and not is_hermitian(xp, operator.matrix):
        raise ValueError("W must be symmetric (Hermitian if complex); it is not")
    if operator.matrix is not None and not bool(xp.all(_diagonal(xp, operator.matrix) > 0)):
        raise ValueError("W must be positive definite; its diagonal is not positive")
    return InnerProduct(operator=operator)


def pointwise_weights(W: Any, S: Array) -> Array | None:
    """Return positive weights (N,) of the rows of ``S``: the diagonal of a matrix.

    Raises
    ------
    TypeError
        ``W`` is of another library, or an operator without entries.
    ValueError
        As `as_inner_product`.
    """
    inner = as_inner_product(W, S)
    if inner.operator is None:
        return inner.weights
    matrix = inner.operator.matrix
    if matrix is None:
        raise TypeError("W must be weights (N,) or a matrix of known entries: pass its diagonal")
    xp = namespace_of(S)
    return _weights(xp, _diagonal(xp, matrix), S)


def _diagonal(xp: Namespace, matrix: Any) -> Array:
    """Return the real part of the diagonal of a dense or sparse matrix."""
    is_sparse = hasattr(matrix, "tocsr")
    return real(xp, matrix.diagonal() if is_sparse else xp.linalg.diagonal(matrix))


def _weights(xp: Namespace, W: Array, S: Array) -> Array:
    entered = enter(matrix=False, W=W)
    if entered.xp is not xp:
        raise TypeError(f"W must be of {xp.__name__} as S is, got {entered.xp.__name__}")
    (w,) = entered.arrays
    if tuple(w.shape) != (S.shape[0],):
        raise ValueError(f"W must be ({S.shape[0]},) weights or a matrix, got {tuple(w.shape)}")
    if xp.isdtype(w.dtype, "complex floating") or not bool(xp.all(w > 0)):
        raise ValueError("W must be positive, or a positive definite matrix")
    info = xp.finfo(S.dtype)
    if not bool(xp.all((w >= float(info.smallest_normal)) & (w <= float(info.max)))):
        raise ValueError(
            f"W must be within the range of {S.dtype}, but its entries are from "
            f"{float(xp.min(w)):.1e} to {float(xp.max(w)):.1e}: scale it"
        )
    return xp.astype(w, xp.abs(S[:0, :0]).dtype)


def flatten(W: InnerProduct, S: Array) -> tuple[Array, Operator | None, Callable[[Array], Array]]:
    r"""Return data, operator or None, and the way back, where that is the Euclidean problem.

    With :math:`W = L L^H` the data are :math:`L^H S`, and vectors come back by
    :math:`L^{-H}`. An operator is left alone unless ``S`` is wide, where its entries
    are no more than those of ``S``.

    Raises
    ------
    ValueError
        ``W`` is not positive definite.
    """
    xp, (N, n) = namespace_of(S), S.shape
    if W.weights is not None:
        root = xp.sqrt(W.weights)[:, None]
        return root * S, None, lambda U: U / root
    if W.operator is None or n <= N:
        return S, W.operator, _as_is
    L = _definite_factor(xp, W.operator @ xp.eye(N, dtype=S.dtype, device=device_of(S)))
    upper = adjoint(xp, L)
    return upper @ S, None, lambda U: solve_triangular(xp, upper, U)


def orthonormalize(xp: Namespace, Y: Array, W: Operator | None) -> tuple[Array, Array]:
    r"""Return ``Q`` and ``R`` with :math:`Y = Q R` and :math:`Q^H W Q = I` to rounding.

    Cholesky factors of the Gram matrix, again until it is the identity; where columns are close
    to dependent Householder's factorisation first.

    Raises
    ------
    ValueError
        ``W`` is not positive definite, or leaves the range.
    """
    Q, R = Y, identity_like(xp, Y)
    identity, unit = R, eps(xp, Y.dtype)
    for _ in range(_ROUNDS):
        G = adjoint(xp, Q) @ (Q if W is None else W @ Q)
        require_products_in_range(W, G)
        if float(xp.max(xp.abs(G - identity))) <= 10 * unit * max(1, Y.shape[1]) ** 0.5:
            return Q, R
        L = cholesky(xp, G)
        if L is None or not _is_well_conditioned(xp, L, G):
            Q, T = xp.linalg.qr(Q)
            R = T @ R
            if W is None:
                return Q, R
            L = _definite_factor(xp, adjoint(xp, Q) @ (W @ Q))
        upper = adjoint(xp, L)
        Q = Q @ solve_triangular(xp, upper, identity)
        R = upper @ R
    return Q, R


def require_products_in_range(W: Operator | None, G: Array) -> None:
    """Raise a ValueError if a Gram matrix in ``W`` is not finite."""
    if W is not None and not is_finite(G):
        raise ValueError(f"W leaves the range of {G.dtype} in products with the data: scale it")


def _is_well_conditioned(xp: Namespace, L: Array, G: Array) -> bool:
    """Tell whether little of each column is in the span of those before it."""
    left = xp.abs(xp.linalg.diagonal(L)) ** 2
    return bool(xp.all(left > 1e-4 * xp.abs(xp.linalg.diagonal(G))))


def _definite_factor(xp: Namespace, G: Array) -> Array:
    L = cholesky(xp, 0.5 * (G + adjoint(xp, G)))
    if L is None:
        raise ValueError("W must be positive definite; it is not to working precision")
    return L


def _as_is(U: Array) -> Array:
    return U
