"""The public function `solve_lyapunov`, and what `resolvent.linalg.roots` needs of it."""

from typing import Any

from resolvent.arrays import Array, Namespace, enter, is_numpy
from resolvent.linalg.factorisations import require_in_range
from resolvent.linalg.lyapunov.eigh import Eigh
from resolvent.linalg.lyapunov.method import LyapunovMethod
from resolvent.linalg.lyapunov.schur import Schur
from resolvent.linalg.lyapunov.sign_newton import SignNewton
from resolvent.linalg.lyapunov.sign_polynomials import SignMinimax, SignNewtonSchulz
from resolvent.linalg.methods import resolve
from resolvent.linalg.structure import examine, require_square

__all__ = ["solve_entered", "solve_lyapunov"]

METHODS: dict[str, LyapunovMethod] = {
    method.name: method
    for method in (
        Eigh(),
        Schur(),
        SignNewton(),
        SignNewtonSchulz(),
        SignMinimax(),
    )
}


def solve_lyapunov(X: Any, Q: Any, *, method: str | LyapunovMethod = "auto") -> Array:
    r"""Solve ``X Y + Y X = Q``.

    Parameters
    ----------
    X : array_like (..., n, n)
        Matrices no two eigenvalues of which add up to zero.
    Q : array_like (..., n, n)
        Right-hand sides, of one dtype, namespace and device with ``X``; leading axes broadcast.
    method : str or method
        "auto", "eigh", "schur", "newton", "newton-schulz", "minimax", or a configured method of
        `resolvent.linalg.lyapunov`. "auto": "eigh" for Hermitian ``X``, otherwise "schur" on NumPy
        and "newton" elsewhere. A method with prescribed steps returns an approximation.

    Returns
    -------
    array (..., n, n)
        ``Y``, in the dtype and on the device of the arguments.

    Raises
    ------
    SingularMatrixError
        Two eigenvalues of ``X`` add up to zero to working precision.
    ConvergenceError
        "newton" met an ``X`` with eigenvalues outside Re z > 0.
    ValueError, TypeError
        Wrong shapes, non-finite entries, an unknown method, "eigh" for a non-Hermitian ``X``.

    Notes
    -----
    Cost: "eigh" ``9 n³`` flops and 4 products; "schur" ``25 n³``; "minimax" 6 products a step,
    about ``0.7 log2 κ(X) + 5`` steps.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import solve_lyapunov
    >>> X, Q = np.array([[2.0, 1.0], [1.0, 2.0]]), np.eye(2)
    >>> Y = solve_lyapunov(X, Q)
    >>> bool(abs(X @ Y + Y @ X - Q).max() < 1e-15)
    True
    """
    entered = enter(X=X, Q=Q)
    xp, (X, Q) = entered.xp, entered.arrays
    require_square("X", X)
    if Q.shape[-2:] != X.shape[-2:]:
        raise ValueError(
            f"Q must have the order of X, {tuple(X.shape[-2:])}, got shape {tuple(Q.shape)}"
        )
    return entered.leave(solve_entered(xp, X, Q, method))


def solve_entered(xp: Namespace, X: Array, Q: Array, method: str | LyapunovMethod) -> Array:
    """Solve for arrays that are past the door: choose the method and check its needs."""
    if 0 in X.shape or 0 in Q.shape:
        return X @ Q  # empty, of the broadcast shape
    hermitian, scale = examine(xp, "X", X)
    if method == "auto":
        method = "eigh" if hermitian else ("schur" if is_numpy(xp) else "newton")
    chosen: LyapunovMethod = resolve(method, METHODS, "solve", "resolvent.linalg.lyapunov")
    if chosen.hermitian and not hermitian:
        raise ValueError(f"method {chosen.name!r} needs a Hermitian X")
    if scale is None:
        return chosen.solve(xp, X, Q)
    return require_in_range(xp, chosen.solve(xp, X / scale, Q) / scale)
