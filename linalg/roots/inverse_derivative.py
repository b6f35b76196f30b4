r"""The inverse of the derivative of ``X -> X^q``: solve ``Σ_{j<q} X^j E X^{q-1-j} = R`` for ``E``.

The polynomial ``Σ_j x^j y^{q-1-j}`` factors into ``Π_{k=1..q-1} (x - ω^k y)`` with ``ω =
e^{2πi/q}``, so the map is a product of Sylvester operators, each inverted in the Schur form of
``X`` by back substitution. Without a Schur form (arrays other than NumPy) the map is diagonal in
the eigenvector basis.
"""

import cmath
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy import linalg as lapack

from resolvent.arrays import Array, Namespace, adjoint, is_numpy
from resolvent.linalg.factorisations import eig

__all__ = ["inverse_derivative"]

_Map: TypeAlias = Callable[[Array], Array]


def inverse_derivative(xp: Namespace, X: Array, q: int) -> tuple[_Map, _Map]:
    """Return ``E = L^{-1}(R)`` and its adjoint as functions, for complex ``X (..., n, n)``."""
    return _by_schur(X, q) if is_numpy(xp) else _by_eigenvectors(xp, X, q)


def _by_schur(X: Array, q: int) -> tuple[_Map, _Map]:
    forms = {place: lapack.schur(X[place], output="complex") for place in np.ndindex(X.shape[:-2])}
    roots = [cmath.exp(2j * cmath.pi * k / q) for k in range(1, q)]

    def solve(R: Array, transpose: str) -> Array:
        E = np.empty(R.shape, R.dtype)
        for place, (T, Z) in forms.items():
            (trsyl,) = lapack.get_lapack_funcs(("trsyl",), (T,))
            Y = Z.conj().T @ R[place] @ Z
            for root in roots:
                Y, scale, _ = trsyl(
                    T, T.dtype.type(root) * T, Y, trana=transpose, tranb=transpose, isgn=-1
                )
                Y = Y / scale
            E[place] = Z @ Y @ Z.conj().T
        return E

    return (lambda R: solve(R, "N")), (lambda R: solve(R, "C"))


def _by_eigenvectors(xp: Namespace, X: Array, q: int) -> tuple[_Map, _Map]:
    w, V = eig(xp, X)
    sums = sum(w[..., :, None] ** j * w[..., None, :] ** (q - 1 - j) for j in range(q))
    tiny = xp.finfo(X.dtype).smallest_normal ** 0.5  # a singular map shows as a huge one
    sums = xp.where(xp.abs(sums) > tiny, sums, tiny * xp.ones_like(sums))
    W = xp.linalg.inv(V)

    def solve(R: Array) -> Array:
        return V @ ((W @ R @ V) / sums) @ W

    def solve_adjoint(R: Array) -> Array:
        VH, WH = adjoint(xp, V), adjoint(xp, W)
        return WH @ ((VH @ R @ WH) / xp.conj(sums)) @ VH

    return solve, solve_adjoint
