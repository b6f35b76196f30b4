r"""Dense structured matrices: Toeplitz, :math:`A_{ij} = t_{i-j}`, by entries or by name."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["grcar", "kms", "toeplitz"]


def toeplitz(column: ArrayLike, row: ArrayLike | None = None) -> NDArray[Any]:
    r"""Return the dense Toeplitz matrix with a given first column and first row.

    Parameters
    ----------
    column : (..., m) array_like
        First column.
    row : (..., n) array_like, optional
        First row, whose first entry is not used; by default ``conj(column)``, so that a column
        with a real first entry gives a Hermitian matrix.

    Returns
    -------
    (..., m, n) ndarray

    Raises
    ------
    ValueError
        ``column`` or ``row`` is a scalar, or their batches differ.

    Examples
    --------
    >>> toeplitz([1, 2, 3], [1, 8, 9])
    array([[1, 8, 9],
           [2, 1, 8],
           [3, 2, 1]])
    """
    c = np.asarray(column)
    r = np.conj(c) if row is None else np.asarray(row)
    if c.ndim < 1 or r.ndim < 1 or c.shape[:-1] != r.shape[:-1]:
        raise ValueError(
            f"column and row must be vectors of one batch, got shapes {c.shape} and {r.shape}"
        )
    t = np.concatenate([r[..., :0:-1], c], axis=-1)
    m, n = c.shape[-1], r.shape[-1]
    return t[..., np.arange(m)[:, None] - np.arange(n) + max(n - 1, 0)]


def kms(n: int, rho: float) -> NDArray[np.float64]:
    r"""Return the matrix :math:`\rho^{|i-j|}` of Kac, Murdock and Szego: SPD for ``|rho| < 1``.

    It is the covariance of an autoregressive process of order one. Its symbol
    :math:`(1 - \rho^2) / (1 - 2\rho\cos\theta + \rho^2)` bounds the eigenvalues by
    :math:`(1 - |\rho|) / (1 + |\rho|)` and its reciprocal; the inverse is tridiagonal.

    Raises
    ------
    ValueError
        ``rho`` is not between -1 and 1.

    Examples
    --------
    >>> kms(3, 0.5)
    array([[1.  , 0.5 , 0.25],
           [0.5 , 1.  , 0.5 ],
           [0.25, 0.5 , 1.  ]])
    """
    if not -1 < rho < 1:
        raise ValueError(f"rho must be between -1 and 1, got {rho}")
    return toeplitz(float(rho) ** np.arange(n))


def grcar(n: int) -> NDArray[np.float64]:
    r"""Return the Grcar matrix: -1 below, 1 on and on three diagonals above the main one.

    Well-conditioned, but with eigenvalues that react strongly to perturbations: a usual test of
    methods for nonsymmetric matrices.

    Examples
    --------
    >>> grcar(4)
    array([[ 1.,  1.,  1.,  1.],
           [-1.,  1.,  1.,  1.],
           [ 0., -1.,  1.,  1.],
           [ 0.,  0., -1.,  1.]])
    """
    return np.eye(n) - np.eye(n, k=-1) + sum(np.eye(n, k=k) for k in (1, 2, 3))
