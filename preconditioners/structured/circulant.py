r"""Circulant preconditioners :math:`C_{ij} = c_{(i-j) \bmod n}` of Toeplitz-like matrices.

    strang   c_k = t_k,  -n/2 < k < n/2:  the central diagonals of T, hence its middle row
    chan     c_k = ((n-k) t_k + k t_{k-n}) / n:  the circulant nearest to T in the Frobenius norm

The eigenvalues of C are the Fourier transform of c. Strang's copies the symbol best where it is
smooth; Chan's is positive definite whenever T is, Strang's need not be.

Cost: O(n log n) setup from Toeplitz coefficients (O(n^2) from a dense matrix for Chan's), two
transforms of length n for each application.

Failure modes: where the symbol of T has a zero at 0, as differential operators have, the smallest
eigenvalues of C are wrong. Chan's blur the zero, so that the number of steps grows with n;
Strang's miss few eigenvalues only, but may be zero or negative. `tau` has neither fault for
symmetric T.

Sources: G. Strang, A proposal for Toeplitz matrix calculations, Stud. Appl. Math. 74 (1986),
171-176; T. F. Chan, An optimal circulant preconditioner for Toeplitz systems, SIAM J. Sci. Stat.
Comput. 9 (1988), 766-771, doi 10.1137/0909051.

Differs from the sources in: nonsymmetric and complex T; for even n the coefficient of Strang's
that T has twice, t_{n/2} and t_{-n/2}, is their mean; matrices that are Toeplitz only nearly.
"""

from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, enter, namespace_of, to_host
from resolvent.linalg.toeplitz import ToeplitzOperator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.structured import transforms
from resolvent.preconditioners.structured.diagonalized import diagonalized

__all__ = ["circulant"]


def circulant(A: Any, *, kind: Literal["strang", "chan"] = "strang") -> Preconditioner:
    r"""Return the inverse of a circulant matrix close to ``A``.

    Parameters
    ----------
    A : ToeplitzOperator or (n, n) array_like
        Toeplitz matrix, or a dense matrix that nearly is one: Strang's circulant takes the
        middle row of it, Chan's the means of its wrapped diagonals.
    kind : {"strang", "chan"}
        Which circulant; see the module.

    Returns
    -------
    Preconditioner
        ``is_spd`` is checked: C is Hermitian and its eigenvalues are positive. ``info`` is a
        `Spectrum`: extreme absolute eigenvalues of C.

    Raises
    ------
    ValueError
        ``A`` is not square, or ``kind`` is unknown.
    TypeError
        ``A`` is neither a ``ToeplitzOperator`` nor dense.
    SingularMatrixError
        C has an eigenvalue of zero, e.g. Strang's for the second difference.

    See Also
    --------
    tau : for symmetric Toeplitz matrices.

    Notes
    -----
    The n coefficients are read to the host once. ``M @ r`` takes real and complex ``(n,)`` and
    ``(n, k)`` of any array library, and keeps their precision.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import toeplitz_operator
    >>> M = circulant(toeplitz_operator([4.0, -1.0, 0.0, 0.0, -1.0], [4.0, -1.0, 0.0, 0.0, -1.0]))
    >>> M.is_spd
    True
    >>> np.round(M @ np.ones(5), 12)  # a circulant is its own: 4 - 1 - 1
    array([0.5, 0.5, 0.5, 0.5, 0.5])
    """
    if kind not in ("strang", "chan"):
        raise ValueError(f"kind must be 'strang' or 'chan', got {kind!r}")
    if not isinstance(A, ToeplitzOperator):
        (A,) = enter(A=A).arrays
    if len(A.shape) != 2 or A.shape[0] != A.shape[1] or A.shape[0] < 1:
        raise ValueError(f"A must be square, got shape {tuple(A.shape)}")
    if isinstance(A, ToeplitzOperator):
        below, above = to_host(A.column), to_host(A.row)
        c = _strang(below, above, A.shape[0]) if kind == "strang" else _chan(below, above)
    else:
        c = _strang(*_middle(A), A.shape[0]) if kind == "strang" else _means(A)
    mirrored = np.conj(np.roll(c[::-1], 1))
    hermitian = bool(np.all(np.abs(c - mirrored) <= transforms.rounding(c)))
    eigenvalues = np.fft.fft(c)
    return diagonalized(
        f"{kind.capitalize()}'s circulant",
        eigenvalues.real if hermitian else eigenvalues,
        box=c.shape,
        dtype=c.dtype,
        forward=partial(transforms.fourier, axes=(0,)),
        inverse=partial(transforms.inverse_fourier, axes=(0,)),
        noise=transforms.rounding(c),
        hermitian=hermitian,
        advice="add a shift to A, or take the other kind, or tau",
    )


def _strang(below: NDArray[Any], above: NDArray[Any], n: int) -> NDArray[Any]:
    r"""Return c from the diagonals :math:`t_k` and :math:`t_{-k}` for :math:`0 \le k \le n/2`."""
    half = (n + 1) // 2
    middle = [] if n % 2 else [(below[n // 2] + above[n // 2]) / 2]
    return np.concatenate([below[:half], middle, above[1:half][::-1]]).astype(below.dtype)


def _chan(below: NDArray[Any], above: NDArray[Any]) -> NDArray[Any]:
    """Return c from all diagonals of a Toeplitz matrix."""
    n = below.size
    k = np.arange(1, n)
    wrapped = ((n - k) * below[1:] + k * above[:0:-1]) / n
    return np.concatenate([below[:1], wrapped]).astype(below.dtype)


def _middle(A: Array) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the diagonals through the middle row; that row lacks one of them if n is even."""
    h, row = A.shape[0] // 2, to_host(A[A.shape[0] // 2, :])
    corner = to_host(A[0, h : h + 1])
    return row[h::-1], np.concatenate([row[h:], corner])


def _means(A: Array) -> NDArray[Any]:
    """Return the means of the diagonals of a matrix, wrapped around its edges."""
    xp, n = namespace_of(A), A.shape[0]
    # Row j of [A^T, A^T] from entry j on is column j of A from the diagonal on; reading the rows
    # with length 2n + 1 instead of 2n shifts each by one more.
    twice = xp.reshape(xp.concat([A.T, A.T], axis=1), (-1,))
    skew = xp.reshape(xp.concat([twice, twice[:n]]), (n, 2 * n + 1))[:, :n]
    return to_host(xp.mean(skew, axis=0))
