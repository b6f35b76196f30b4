r"""The inner product :math:`u^H W v`: orthonormal columns in it, and coordinates without it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import array_api_compat

from resolvent.arrays import Array, Namespace, adjoint, device_of, enter, eps, namespace_of
from resolvent.linalg.factorisations import cholesky
from resolvent.linalg.norms import identity_like
from resolvent.linalg.structure import is_hermitian
from resolvent.linalg.triangular import solve_triangular
from resolvent.operators import Operator, as_operator, keeping_dtype
from resolvent.vectors import real

__all__ = ["InnerProduct", "as_inner_product", "flatten", "orthonormalize", "pointwise_weights"]

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
        ``W`` doesn't fit the rows of ``S``, is not finite, or weights are not positive.
    """
    if W is None:
        return InnerProduct()
    xp, N = namespace_of(S), S.shape[0]
    if isinstance(W, list | tuple) or (array_api_compat.is_array_api_obj(W) and W.ndim == 1):
        return InnerProduct(weights=_weights(xp, W, S))
    operator = keeping_dtype(as_operator(W, like=S, name="W"), "W")
    if operator.shape != (N, N):
        raise ValueError(f"W must be of shape {(N, N)} or ({N},), got {operator.shape}")
    if array_api_compat.is_array_api_obj(operator.matrix) and not is_hermitian(xp, operator.matrix):
        raise ValueError("W must be symmetric (Hermitian if complex); it is not")
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
    is_sparse = hasattr(matrix, "tocsr")
    diagonal = matrix.diagonal() if is_sparse else xp.linalg.diagonal(matrix)
    return _weights(xp, real(xp, diagonal), S)


def _weights(xp: Namespace, W: Any, S: Array) -> Array:
    if not array_api_compat.is_array_api_obj(W):
        W = xp.asarray(W, device=device_of(S))
    entered = enter(matrix=False, W=W)
    if entered.xp is not xp:
        raise TypeError(f"W must be of {xp.__name__} as S is, got {entered.xp.__name__}")
    (w,) = entered.arrays
    if tuple(w.shape) != (S.shape[0],):
        raise ValueError(f"W must be ({S.shape[0]},) weights or a matrix, got {tuple(w.shape)}")
    if xp.isdtype(w.dtype, "complex floating") or not bool(xp.all(w > 0)):
        raise ValueError("W must be positive, or a positive definite matrix")
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
        ``W`` is not positive definite.
    """
    Q, R = Y, identity_like(xp, Y)
    identity, unit = R, eps(xp, Y.dtype)
    for _ in range(_ROUNDS):
        G = adjoint(xp, Q) @ (Q if W is None else W @ Q)
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
