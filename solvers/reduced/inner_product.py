r"""Inner products :math:`(u, v)_X = u^H X v`, and the norms of residuals that belong to them.

A residual ``r`` is a functional; its norm is that of its Riesz representer,

.. math:: \|r\|_{X'} = \max_v \frac{|r^H v|}{\|v\|_X} = \|X^{-1} r\|_X = (r^H X^{-1} r)^{1/2} .
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from resolvent.arrays import Array, adjoint, device_of, eps, namespace_of
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.factorisations import cholesky
from resolvent.linalg.interpolation.values import times
from resolvent.linalg.norms import column_norms, column_scales
from resolvent.linalg.structure import is_hermitian
from resolvent.operators import as_operator
from resolvent.solvers.reduced.terms import of_precision
from resolvent.vectors import inner

__all__ = ["InnerProduct", "adapt_inner_product", "gram_schmidt", "norms"]

_DEPENDENT = 10  # eps; a column of which less is left is a combination of the others


class InnerProduct(Protocol):
    """The product of a Hermitian positive definite X, factorised once.

    Norms neither over- nor underflow: vectors are scaled before they are squared.
    """

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """That of X, none for the identity."""
        ...

    def times(self, V: Array) -> Array:
        """Return ``X V``."""
        ...

    def riesz(self, P: Array) -> Array:
        """Return ``X^{-1} P``."""
        ...

    def dual_norms(self, P: Array) -> Array:
        """Return the dual norm of each column."""
        ...


@dataclass(frozen=True)
class Euclidean:
    """X is the identity."""

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """None."""
        return ()

    def times(self, V: Array) -> Array:
        """Return V."""
        return V

    def riesz(self, P: Array) -> Array:
        """Return P."""
        return P

    def dual_norms(self, P: Array) -> Array:
        """Return Euclidean norms."""
        return column_norms(namespace_of(P), P)


@dataclass(frozen=True, eq=False)
class Dense:
    """X is an array, and ``W`` the inverse of its Cholesky factor: ``X^{-1} = W^H W``."""

    X: Array
    W: Array

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """That of X."""
        return (self.X.dtype,)

    def times(self, V: Array) -> Array:
        """Return ``X V``."""
        return times(self.X, V)

    def riesz(self, P: Array) -> Array:
        """Return ``W^H W P``."""
        return times(adjoint(namespace_of(P), self.W), times(self.W, P))

    def dual_norms(self, P: Array) -> Array:
        """Return norms of ``W P``: no square of a norm is formed by a difference."""
        xp = namespace_of(P)
        scales = column_scales(xp, P)
        return scales * column_norms(xp, times(self.W, P / scales))


@dataclass(frozen=True, eq=False)
class Sparse:
    """X is a SciPy matrix, and ``factors`` its LU factorisation."""

    X: Any
    factors: Any

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """That of X."""
        return (self.X.dtype,)

    def times(self, V: NDArray[Any]) -> NDArray[Any]:
        """Return ``X V``."""
        return np.asarray(self.X @ V)

    def riesz(self, P: NDArray[Any]) -> NDArray[Any]:
        """Return ``X^{-1} P``."""
        own = self.X.dtype
        P = np.ascontiguousarray(P)
        if P.dtype.kind == "c" and own.kind == "f":
            both = np.concatenate([P.real, P.imag], axis=1).astype(own)
            Z = self.factors.solve(both) if both.size else both
            columns = P.shape[1]
            return np.asarray(Z[:, :columns] + 1j * Z[:, columns:]).astype(P.dtype)
        return np.asarray(self.factors.solve(P.astype(own)) if P.size else P)

    def dual_norms(self, P: NDArray[Any]) -> NDArray[Any]:
        """Return ``sqrt(P^H X^{-1} P)``; the absolute value guards from rounding alone."""
        scales = column_scales(namespace_of(P), P)
        P = P / scales
        return np.asarray(scales * np.sqrt(np.abs(inner(P, self.riesz(P)))))


def adapt_inner_product(X: Any, like: Array) -> InnerProduct:
    """Check and factorise X in the precision of ``like``; None is the identity.

    Raises
    ------
    ValueError
        X is not square, not of the order of ``like``, or not Hermitian.
    TypeError
        X is of another array library, or an operator without entries.
    NotPositiveDefiniteError
        X has an eigenvalue that is not positive.
    """
    if X is None:
        return Euclidean()
    matrix = as_operator(X, like=like, name="X").matrix
    if matrix is None:
        raise TypeError("X must be a dense array or a SciPy sparse matrix: it is factorised")
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"X must be square, got shape {tuple(matrix.shape)}")
    return _sparse(matrix, like) if sparse.issparse(matrix) else _dense(matrix, like)


def gram_schmidt(by: InnerProduct, Q: Array, Z: Array) -> tuple[Array, Array]:
    """Orthonormalise the columns of Z against Q and each other, each twice.

    Returns Q with the new columns, and R with ``Z = Q R`` but for rounding. A column that depends
    on those before it adds none.
    """
    xp = namespace_of(Z)
    dtype, rank, count = xp.result_type(Q, Z, *by.dtypes), Q.shape[1], Z.shape[1]
    Z = xp.astype(Z, dtype)
    # all at once: columns are appended in place
    Q = xp.concat([xp.astype(Q, dtype), xp.zeros_like(Z)], axis=1)
    R = xp.zeros((rank + count, count), dtype=dtype, device=device_of(Z))
    for j in range(count):
        z, basis = Z[:, j : j + 1], Q[:, :rank]
        lengths = [float(norms(by, z)[0])]
        for _ in range(2):
            h = adjoint(xp, basis) @ by.times(z)
            z = z - basis @ h
            R[:rank, j] += h[:, 0]
            lengths.append(float(norms(by, z)[0]))
        before, once, twice = lengths
        # what the second projection halves was rounding of the first (Kahan and Parlett)
        if twice > _DEPENDENT * eps(xp, dtype) * before and 2 * twice > once:
            Q[:, rank] = z[:, 0] / twice
            R[rank, j] = twice
            rank += 1
    return Q[:, :rank], R[:rank, :]


def norms(by: InnerProduct, V: Array) -> Array:
    """Return the norms ``sqrt(v^H X v)``; the absolute value guards from rounding."""
    xp = namespace_of(V)
    scales = column_scales(xp, V)
    V = V / scales
    XV = by.times(V)
    return scales * xp.sqrt(xp.abs(inner(xp.astype(V, XV.dtype), XV)))


def _dense(X: Array, like: Array) -> Dense:
    xp = namespace_of(X)
    X = xp.astype(X, of_precision(xp, X.dtype, like.dtype))
    if not is_hermitian(xp, X):
        raise ValueError("X must be symmetric (Hermitian if complex); it is not")
    L = cholesky(xp, X)
    if L is None:
        raise NotPositiveDefiniteError("X must be positive definite; its Cholesky factor fails")
    return Dense(X, xp.linalg.inv(L))


def _sparse(X: Any, like: Array) -> Sparse:
    X = X.astype(of_precision(namespace_of(like), X.dtype, like.dtype)).tocsc()
    if abs(X - X.conj().T).max() > 10 * np.finfo(X.dtype).eps * abs(X).max():
        raise ValueError("X must be symmetric (Hermitian if complex); it is not")
    if not np.all(X.diagonal().real > 0):
        raise NotPositiveDefiniteError("X must be positive definite; its diagonal is not positive")
    # without exchanges of rows: L D L^H, whose pivots have the signs of the eigenvalues
    try:
        options = {"SymmetricMode": True}
        factors = splu(X, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
    except RuntimeError as error:
        if "singular" not in str(error):
            raise
        factors = None
    symmetric = factors is not None and np.array_equal(factors.perm_r, factors.perm_c)
    if not symmetric or not np.all(factors.U.diagonal().real > 0):
        raise NotPositiveDefiniteError("X must be positive definite; a pivot is not positive")
    return Sparse(X, factors)
