r"""Derivatives of the square root and of the inverse square root, from the root itself.

``X = A^{1/2}``: ``X dX + dX X = dA``. ``X = A^{-1/2}``: ``X dX + dX X = -X² dA X²``. Products
with the Jacobian (jvp) and with its adjoint (vjp) are one Lyapunov equation each; for a Hermitian
``X`` the divisors ``s_i + s_j`` keep repeated eigenvalues harmless, unlike ``1/(λ_i - λ_j)`` of a
differentiated eigendecomposition.

The adjoint is that of ``<G, E> = Re tr(Gᴴ E)``: for real matrices the gradient, for complex ones
the convention of torch (conjugate for JAX).

Source: Higham, Functions of Matrices (2008), section 6.1; Song, Sebe, Wang (ICLR 2022), arXiv
2201.08663, for the backward pass by a Lyapunov equation.
"""

from typing import Any

from resolvent.arrays import Array, Entered, adjoint, enter
from resolvent.linalg.factorisations import require_in_range
from resolvent.linalg.lyapunov.functions import solve_entered
from resolvent.linalg.lyapunov.method import LyapunovMethod
from resolvent.linalg.structure import require_square

__all__ = ["inv_sqrtm_jvp", "inv_sqrtm_vjp", "sqrtm_jvp", "sqrtm_vjp"]


def sqrtm_jvp(X: Any, E: Any, *, method: str | LyapunovMethod = "auto") -> Array:
    r"""Return the derivative of ``sqrtm`` at ``A = X²`` in the direction ``E``.

    Parameters
    ----------
    X : array_like (..., n, n)
        The root ``A^{1/2}``.
    E : array_like (..., n, n)
        Direction ``dA``.
    method : str or method
        Solver of the Lyapunov equation, see `resolvent.linalg.solve_lyapunov`.

    Returns
    -------
    array (..., n, n)
        ``dX`` with ``X dX + dX X = E``.

    Raises
    ------
    SingularMatrixError
        ``A`` is singular: the square root has no derivative there.
    ValueError, TypeError
        As `solve_lyapunov`.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import sqrtm_jvp
    >>> sqrtm_jvp(np.array([[3.0]]), np.array([[1.0]]))  # d sqrt(9) = 1 / (2 * 3)
    array([[0.16666667]])
    """
    entered = _enter_pair("E", X, E)
    xp, (X, E) = entered.xp, entered.arrays
    return _leave(entered, solve_entered(xp, X, E, method))


def sqrtm_vjp(X: Any, G: Any, *, method: str | LyapunovMethod = "auto") -> Array:
    r"""Return the gradient with respect to ``A`` of a loss with gradient ``G`` at ``sqrtm(A)``.

    Parameters
    ----------
    X : array_like (..., n, n)
        The root ``A^{1/2}``.
    G : array_like (..., n, n)
        Gradient with respect to the root. Need not be symmetric.
    method : str or method
        Solver of the Lyapunov equation, see `resolvent.linalg.solve_lyapunov`.

    Returns
    -------
    array (..., n, n)
        ``Y`` with ``Xᴴ Y + Y Xᴴ = G``.

    Raises
    ------
    SingularMatrixError
        ``A`` is singular: the square root has no derivative there.
    ValueError, TypeError
        As `solve_lyapunov`.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import sqrtm_vjp
    >>> sqrtm_vjp(np.diag([1.0, 2.0]), np.eye(2))  # of tr sqrtm(A) at diag(1, 4)
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    entered = _enter_pair("G", X, G)
    xp, (X, G) = entered.xp, entered.arrays
    return _leave(entered, solve_entered(xp, adjoint(xp, X), G, method))


def inv_sqrtm_jvp(X: Any, E: Any, *, method: str | LyapunovMethod = "auto") -> Array:
    r"""Return the derivative of ``inv_sqrtm`` at ``A = X^{-2}`` in the direction ``E``.

    Parameters and errors are those of `sqrtm_jvp`, with ``X = A^{-1/2}``; the result solves
    ``X dX + dX X = -X² E X²``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import inv_sqrtm_jvp
    >>> inv_sqrtm_jvp(np.array([[0.5]]), np.array([[1.0]]))  # d 4^(-1/2) = -4^(-3/2) / 2
    array([[-0.0625]])
    """
    entered = _enter_pair("E", X, E)
    xp, (X, E) = entered.xp, entered.arrays
    inverse = X @ X
    return _leave(entered, solve_entered(xp, X, -(inverse @ E @ inverse), method))


def inv_sqrtm_vjp(X: Any, G: Any, *, method: str | LyapunovMethod = "auto") -> Array:
    r"""Return the gradient with respect to ``A`` of a loss with gradient ``G`` at ``inv_sqrtm(A)``.

    Parameters and errors are those of `sqrtm_vjp`, with ``X = A^{-1/2}``; the result is
    ``-(X²)ᴴ Y (X²)ᴴ`` with ``Xᴴ Y + Y Xᴴ = G``.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import inv_sqrtm_vjp
    >>> inv_sqrtm_vjp(np.array([[0.5]]), np.array([[1.0]]))
    array([[-0.0625]])
    """
    entered = _enter_pair("G", X, G)
    xp, (X, G) = entered.xp, entered.arrays
    X = adjoint(xp, X)
    inverse = X @ X
    return _leave(entered, -(inverse @ solve_entered(xp, X, G, method) @ inverse))


def _enter_pair(name: str, X: Any, E: Any) -> Entered:
    entered = enter(**{"X": X, name: E})
    X, E = entered.arrays
    require_square("X", X)
    if E.shape[-2:] != X.shape[-2:]:
        raise ValueError(
            f"{name} must have the order of X, {tuple(X.shape[-2:])}, got shape {tuple(E.shape)}"
        )
    return entered


def _leave(entered: Entered, result: Array) -> Array:
    return entered.leave(require_in_range(entered.xp, result))
