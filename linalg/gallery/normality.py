r"""Dense random matrices with prescribed eigenvalues, from normal to as far as one likes.

For a real dtype, complex eigenvalues come as adjacent pairs ``a + ib, a - ib`` with ``b > 0``,
each a block :math:`\begin{pmatrix} a & b \\ -b & a \end{pmatrix}` of the block diagonal D.
Accuracy and batches are as in `spectra`, except that rounding moves the eigenvalues of a
non-normal matrix by more: by the condition of its eigenvectors more, if they are a basis.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from resolvent.linalg.gallery.spectra import Rng, adjoint, double, finite, floating, haar, logspaced

__all__ = ["diagonalizable", "nonnormal", "normal"]


def normal(eigenvalues: ArrayLike, *, rng: Rng, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    r"""Return a normal matrix :math:`A = Q D Q^*` with given eigenvalues.

    Parameters
    ----------
    eigenvalues : (..., n) array_like
        Real or complex; for a real dtype in adjacent conjugate pairs, ``b > 0`` first.
    rng, dtype
        As in `haar`.

    Raises
    ------
    ValueError
        ``eigenvalues`` are not finite, or not paired for a real dtype.

    Examples
    --------
    >>> A = normal([1 + 2j, 1 - 2j, 3], rng=0)
    >>> bool(np.allclose(A @ A.T, A.T @ A))
    True
    """
    return nonnormal(eigenvalues, 0, rng=rng, dtype=dtype)


def nonnormal(
    eigenvalues: ArrayLike, departure: float, *, rng: Rng, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    r"""Return :math:`A = Q (D + N) Q^*` with given departure from normality.

    N is random and strictly (block) upper triangular. Henrici's departure is
    :math:`(\lVert A \rVert_F^2 - \sum |\lambda_i|^2)^{1/2} = \lVert N \rVert_F`.

    Parameters
    ----------
    eigenvalues, rng, dtype
        As in `normal`.
    departure : float
        The Frobenius norm of N.

    Raises
    ------
    ValueError
        ``departure`` is negative or not finite, or positive where N has no entries.

    Examples
    --------
    >>> A = nonnormal([1, 2, 3], 10, rng=0)
    >>> f"{np.sqrt(np.sum(A**2) - 14):.6f}"
    '10.000000'
    """
    dtype = floating(dtype)
    D = _block_diagonal(eigenvalues, dtype)
    free = np.triu(np.ones(D.shape, bool), 1) & (D == 0)
    if not 0 <= departure < np.inf or (departure and not np.all(np.any(free, axis=(-2, -1)))):
        raise ValueError(
            f"departure must be finite and nonnegative, and 0 where N has no entries (n = 1); "
            f"got {departure}"
        )
    rng = np.random.default_rng(rng)
    Q = haar(D.shape, rng=rng, dtype=D.dtype)
    if departure:
        N = np.where(free, rng.standard_normal(D.shape), 0)
        D = D + N * (departure / np.linalg.norm(N, axis=(-2, -1), keepdims=True))
    return np.asarray(Q @ D @ adjoint(Q), dtype)


def diagonalizable(
    eigenvalues: ArrayLike, condition: float, *, rng: Rng, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    r"""Return :math:`A = V \Lambda V^{-1}` with given condition :math:`\kappa_2(V)`.

    Computed without an inverse as :math:`U S B S^{-1} U^*`, with
    :math:`B = W \Lambda W^*` from `normal`, U unitary, S diagonal and `logspaced`; so
    :math:`V = U S W`.

    Parameters
    ----------
    eigenvalues, rng, dtype
        As in `normal`.
    condition : float
        Condition number of V in the 2-norm.

    Raises
    ------
    ValueError
        ``condition`` is below 1, or as in `normal`.

    Examples
    --------
    >>> A = diagonalizable([1, 2, 3], 1e3, rng=0)
    >>> np.sort(np.linalg.eigvals(A)).round(6)
    array([1., 2., 3.])
    """
    dtype = floating(dtype)
    rng = np.random.default_rng(rng)
    B = normal(eigenvalues, rng=rng, dtype=double(dtype))
    U = haar(B.shape, rng=rng, dtype=B.dtype)
    s = logspaced(B.shape[-1], condition)
    return np.asarray(U @ (s[:, None] * B / s) @ adjoint(U), dtype)


def _block_diagonal(eigenvalues: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
    lam = finite("eigenvalues", eigenvalues)
    i = np.arange(lam.shape[-1])
    D = np.zeros((*lam.shape, i.size), double(dtype))
    if dtype.kind == "c":
        D[..., i, i] = lam
        return D
    upper, lower = lam[..., :-1], lam[..., 1:]
    first = (upper.imag > 0) & (lower == np.conj(upper))
    if 2 * np.count_nonzero(first) != np.count_nonzero(lam.imag):
        raise ValueError(
            "eigenvalues for a real dtype must be real or adjacent pairs a + ib, a - ib with b > 0"
        )
    b = np.where(first, upper.imag, 0)
    D[..., i, i] = lam.real
    D[..., i[:-1], i[1:]] = b
    D[..., i[1:], i[:-1]] = -b
    return D
