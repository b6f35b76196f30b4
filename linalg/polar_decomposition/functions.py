"""The public functions `polar` and `orthogonalize`."""

from typing import Any, NamedTuple

from resolvent.arrays import Array, Namespace, adjoint, enter
from resolvent.errors import SingularMatrixError
from resolvent.linalg.methods import resolve
from resolvent.linalg.norms import nonzero
from resolvent.linalg.polar_decomposition.gram import GramEigh
from resolvent.linalg.polar_decomposition.method import PolarMethod
from resolvent.linalg.polar_decomposition.minimax import Minimax
from resolvent.linalg.polar_decomposition.newton import Newton
from resolvent.linalg.polar_decomposition.newton_schulz import NewtonSchulz
from resolvent.linalg.polar_decomposition.qdwh import QDWH
from resolvent.linalg.polar_decomposition.svd import SVD

__all__ = ["Polar", "orthogonalize", "polar"]


METHODS: dict[str, PolarMethod] = {
    method.name: method
    for method in (SVD(), GramEigh(), Newton(), QDWH(), NewtonSchulz(), Minimax())
}


class Polar(NamedTuple):
    """``A = U H``: ``U`` with orthonormal columns (rows if wide), ``H`` Hermitian and PSD."""

    U: Array
    H: Array


def polar(A: Any, *, method: str | PolarMethod = "auto") -> Polar:
    r"""Return the polar decomposition ``A = U H``, ``H = (AᴴA)^{1/2}``.

    Parameters
    ----------
    A : array_like (..., m, n)
        Real or complex matrices.
    method : str or method
        "auto", "svd", "eigh", "newton", "qdwh", "newton-schulz", "minimax", or a configured method
        of `resolvent.linalg.polar_decomposition`. All are exact to a few eps, both in the
        orthogonality of ``U`` and in ``norm(A - U H)/norm(A)``, on what they take (but a configured
        method with prescribed steps is an approximation):

        - "svd": every matrix, singular ones too.
        - "eigh": condition up to about ``0.1/sqrt(n eps)``; the fastest there.
        - "newton", "qdwh": full rank, condition up to ``1/eps``.
        - "newton-schulz", "minimax": full rank; products only, more of them the worse the
          condition.

        "auto" takes "eigh", and "svd" where that refuses.

    Returns
    -------
    Polar
        Named pair ``(U, H)`` in the dtype and on the device of ``A``.

    Raises
    ------
    SingularMatrixError
        An iterative method met a rank-deficient matrix.
    ConvergenceError
        An iteration did not settle.
    ValueError, TypeError
        Bad input or an unknown method.

    Notes
    -----
    Cost: "svd" about ``22 n³`` flops, "eigh" ``9 n³`` and 8 products, "newton" ``2 n³`` for each of
    6 to 9 steps, "qdwh" 20 to 30 ``n³``. For ``m < n`` the decomposition of ``Aᴴ`` is used and
    ``U`` has orthonormal rows.

    References
    ----------
    Higham, Functions of Matrices (2008), chapter 8. Method by method in each file.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import polar
    >>> U, H = polar(np.array([[0.0, -2.0], [3.0, 0.0]]))
    >>> bool(np.allclose(U, [[0, -1], [1, 0]]) and np.allclose(H, [[3, 0], [0, 2]]))
    True
    """
    entered = enter(A=A)
    xp, (A,) = entered.xp, entered.arrays
    U = _unitary(xp, A, method)
    H = adjoint(xp, U) @ A
    return Polar(entered.leave(U), entered.leave(0.5 * H + 0.5 * adjoint(xp, H)))


def orthogonalize(
    A: Any, *, method: str | PolarMethod = "newton-schulz", steps: int | None = None
) -> Array:
    r"""Return the nearest matrix with orthonormal columns (rows if wide), or an approximation.

    Parameters
    ----------
    A : array_like (..., m, n)
        Real or complex matrices.
    method : str or method
        As for `polar`. The default needs products only.
    steps : int, optional
        Number of steps of "newton-schulz" or "minimax" (which then takes singular values down to
        1e-3 of the largest for granted); None iterates to working accuracy.

    Returns
    -------
    array (..., m, n)
        ``U``; with few steps its singular values are near, not equal to, 1.

    Raises
    ------
    ConvergenceError, SingularMatrixError
        The matrix is rank-deficient, or so close to it that the iteration did not settle.
    ValueError, TypeError
        Bad input, an unknown method, or steps for a method that takes none.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import orthogonalize
    >>> U = orthogonalize(np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 1.0]]))
    >>> bool(abs(U.T @ U - np.eye(2)).max() < 1e-14)
    True
    """
    if steps is not None:
        if method == "newton-schulz":
            method = NewtonSchulz(steps=steps)
        elif method == "minimax":
            method = Minimax(lower=1e-3, steps=steps)
        else:
            raise ValueError(f"steps= goes with 'newton-schulz' or 'minimax', not {method!r}")
    entered = enter(A=A)
    return entered.leave(_unitary(entered.xp, entered.arrays[0], method))


def _unitary(xp: Namespace, A: Array, method: str | PolarMethod) -> Array:
    if A.shape[-2] < A.shape[-1]:
        return adjoint(xp, _unitary(xp, adjoint(xp, A), method))
    if 0 in A.shape:
        return A
    # the unitary factor does not depend on the scale, but squares of huge and tiny entries do
    A = A / nonzero(xp, xp.max(xp.abs(A), axis=(-2, -1), keepdims=True))
    if method == "auto":
        return _automatic(xp, A)
    chosen: PolarMethod = resolve(
        method, METHODS, "unitary", "resolvent.linalg.polar_decomposition"
    )
    return chosen.unitary(xp, A)


def _automatic(xp: Namespace, A: Array) -> Array:
    try:
        return GramEigh().unitary(xp, A)
    except SingularMatrixError:
        return SVD().unitary(xp, A)
