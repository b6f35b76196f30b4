r"""Dense random matrices with a prescribed spectrum.

Each is assembled from its factorisation with Haar-distributed factors, in double precision, and
rounded once to ``dtype``. So what is prescribed is met to about
:math:`n \varepsilon \lVert A \rVert_2`: small eigenvalues hold absolutely, not relatively.

A spectrum of shape ``(..., n)`` gives a batch ``(..., n, n)`` with independent factors. A real
``dtype`` gives real matrices and orthogonal factors, a complex one complex and unitary ones.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = ["haar", "hermitian", "logspaced", "psd", "spd", "with_singular_values"]

Rng: TypeAlias = np.random.Generator | int


def logspaced(n: int, condition: float) -> NDArray[np.float64]:
    r"""Return ``n`` numbers :math:`\kappa^{-k/(n-1)}`, from 1 down to ``1 / condition``.

    Raises
    ------
    ValueError
        ``condition`` is below 1.

    Examples
    --------
    >>> logspaced(3, 1e4)
    array([1.e+00, 1.e-02, 1.e-04])
    """
    if not condition >= 1:
        raise ValueError(f"condition must be at least 1, got {condition}")
    return np.geomspace(1, 1 / condition, n)


def haar(shape: tuple[int, ...], *, rng: Rng, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    r"""Return matrices with orthonormal columns, uniform with respect to Haar measure.

    The Q factor of a Gaussian matrix, its columns turned so that R has a positive diagonal:
    without that the distribution would depend on the sign convention of the QR routine.

    Parameters
    ----------
    shape : tuple of int
        ``(..., m, n)`` with ``m >= n``.
    rng : numpy.random.Generator or int
        Source of randomness, or its seed.
    dtype : dtype
        float32, float64, complex64 or complex128.

    Raises
    ------
    ValueError
        There are more columns than rows, or ``dtype`` is none of the four.

    Examples
    --------
    >>> Q = haar((4, 2), rng=0)
    >>> bool(np.allclose(Q.T @ Q, np.eye(2)))
    True
    """
    dtype = floating(dtype)
    if len(shape) < 2 or shape[-2] < shape[-1]:
        raise ValueError(f"shape must be (..., m, n) with m >= n, got {shape}")
    rng = np.random.default_rng(rng)
    G = rng.standard_normal(shape)
    if dtype.kind == "c":
        G = G + 1j * rng.standard_normal(shape)
    Q, R = np.linalg.qr(G)
    r = np.linalg.diagonal(R)
    return np.asarray(Q * (r / np.abs(r))[..., None, :], dtype)


def hermitian(spectrum: ArrayLike, *, rng: Rng, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    r"""Return :math:`A = Q \Lambda Q^*`, exactly symmetric or Hermitian, with given eigenvalues.

    Parameters
    ----------
    spectrum : (..., n) array_like
        Real eigenvalues.
    rng, dtype
        As in `haar`.

    Raises
    ------
    ValueError
        ``spectrum`` is not real and finite, or ``dtype`` is refused by `haar`.

    Examples
    --------
    >>> A = hermitian([-1, 2, 5], rng=0, dtype=np.complex128)
    >>> np.linalg.eigvalsh(A).round(12)
    array([-1.,  2.,  5.])
    """
    dtype = floating(dtype)
    lam = _real("spectrum", spectrum)
    Q = haar((*lam.shape, lam.shape[-1]), rng=rng, dtype=double(dtype))
    A = Q * lam[..., None, :] @ adjoint(Q)
    return np.asarray((A + adjoint(A)) / 2, dtype)


def psd(spectrum: ArrayLike, *, rng: Rng, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    r"""Return `hermitian` with a nonnegative spectrum, whose zeros make the matrix singular.

    The zeros are met to rounding only: some may come out as small negative eigenvalues.

    Raises
    ------
    ValueError
        ``spectrum`` has a negative entry, or as in `hermitian`.

    Examples
    --------
    >>> int(np.linalg.matrix_rank(psd([0, 0, 1, 3], rng=0)))
    2
    """
    if np.any(_real("spectrum", spectrum) < 0):
        raise ValueError("spectrum must not be negative anywhere")
    return hermitian(spectrum, rng=rng, dtype=dtype)


def spd(spectrum: ArrayLike, *, rng: Rng, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    r"""Return `hermitian` with a positive spectrum.

    Raises
    ------
    ValueError
        ``spectrum`` has an entry that is not positive, or as in `hermitian`.

    Examples
    --------
    >>> A = spd(logspaced(8, 1e6), rng=0)
    >>> f"{np.linalg.cond(A):.0e}"
    '1e+06'
    >>> spd(np.ones((5, 3)), rng=0).shape
    (5, 3, 3)
    """
    if np.any(_real("spectrum", spectrum) <= 0):
        raise ValueError("spectrum must be positive everywhere")
    return hermitian(spectrum, rng=rng, dtype=dtype)


def with_singular_values(
    singular_values: ArrayLike,
    shape: tuple[int, int] | None = None,
    *,
    rng: Rng,
    dtype: DTypeLike = np.float64,
) -> NDArray[Any]:
    r"""Return :math:`A = U \Sigma V^*` with given singular values: any shape, any rank.

    Parameters
    ----------
    singular_values : (..., r) array_like
        Nonnegative singular values; where ``shape`` has room for more, those are zero and the
        matrix is rank-deficient.
    shape : (m, n), optional
        Rows and columns, both at least ``r``; by default ``(r, r)``.
    rng, dtype
        As in `haar`.

    Raises
    ------
    ValueError
        ``singular_values`` are not real, finite and nonnegative, or ``shape`` has no room.

    Examples
    --------
    >>> A = with_singular_values([3, 2], (5, 4), rng=0)
    >>> np.linalg.svd(A, compute_uv=False).round(12)
    array([3., 2., 0., 0.])
    """
    dtype = floating(dtype)
    s = _real("singular_values", singular_values)
    *batch, r = s.shape
    m, n = (r, r) if shape is None else shape
    if np.any(s < 0):
        raise ValueError("singular_values must not be negative anywhere")
    if min(m, n) < r:
        raise ValueError(f"shape {shape} has no room for {r} singular values")
    rng = np.random.default_rng(rng)
    U = haar((*batch, m, r), rng=rng, dtype=double(dtype))
    V = haar((*batch, n, r), rng=rng, dtype=double(dtype))
    return np.asarray(U * s[..., None, :] @ adjoint(V), dtype)


def floating(dtype: DTypeLike) -> np.dtype[Any]:
    """Return ``dtype`` if it is one of the four that the library computes in."""
    if np.dtype(dtype) not in (np.float32, np.float64, np.complex64, np.complex128):
        raise ValueError(f"dtype must be single or double, real or complex; got {np.dtype(dtype)}")
    return np.dtype(dtype)


def double(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return float64 or complex128."""
    return np.result_type(dtype, np.float64)


def adjoint(A: NDArray[Any]) -> NDArray[Any]:
    """Return the conjugate transpose of the last two axes."""
    return np.asarray(np.conj(A.mT))


def finite(name: str, values: ArrayLike) -> NDArray[Any]:
    """Return ``values`` as an array of finite numbers with at least one axis."""
    x = np.asarray(values)
    if x.ndim < 1 or x.dtype.kind not in "iufc" or not np.all(np.isfinite(x)):
        raise ValueError(f"{name} must be finite numbers (..., n), got {x.dtype} of {x.shape}")
    return x


def _real(name: str, values: ArrayLike) -> NDArray[np.float64]:
    x = finite(name, values)
    if x.dtype.kind == "c":
        raise ValueError(f"{name} must be real, got {x.dtype}")
    return x.astype(np.float64)
