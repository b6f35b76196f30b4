r"""Discretised differential operators on boxes, as SciPy CSR arrays.

A shape ``(n1, ..., nd)`` counts the unknowns per axis, numbered in C order; the mesh width is one
and is not divided out, so that :math:`-\Delta` in one dimension is the stencil ``[-1, 2, -1]``.
The unknown is zero one mesh width beyond the box (Dirichlet).
"""

from collections.abc import Sequence
from math import prod
from operator import index
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from resolvent.linalg.gallery.spectra import Rng

__all__ = [
    "convection_diffusion",
    "diffusion",
    "gaussian_field",
    "helmholtz",
    "lognormal_diffusion",
    "poisson",
    "two_phase_diffusion",
]

Shape: TypeAlias = int | Sequence[int]


def diffusion(coefficient: ArrayLike) -> sparse.csr_array:
    r"""Return finite volumes for :math:`-\nabla \cdot (c \nabla u)`, symmetric positive definite.

    :math:`A = \sum_i D_i^T W_i D_i` with the differences :math:`D_i` across the faces normal to
    axis :math:`i`, and on the diagonal of :math:`W_i` the harmonic means
    :math:`2 / (1/c_- + 1/c_+)` of the two cells at each face. Cells beyond the box have the
    coefficient of their neighbour inside.

    Parameters
    ----------
    coefficient : (n1, ..., nd) array_like
        Positive coefficient of each cell.

    Raises
    ------
    ValueError
        ``coefficient`` is not positive and finite, or has no cells.

    Examples
    --------
    >>> diffusion([1, 1, 3]).toarray()
    array([[ 2. , -1. ,  0. ],
           [-1. ,  2.5, -1.5],
           [ 0. , -1.5,  4.5]])
    """
    c = np.asarray(coefficient, dtype=np.float64)
    if c.ndim < 1 or c.size < 1 or not np.all((c > 0) & np.isfinite(c)):
        raise ValueError("coefficient must be an array of positive finite numbers, one per cell")
    A = sparse.csr_array((c.size, c.size))
    for axis, n in enumerate(c.shape):
        resistance = np.moveaxis(1 / c, axis, 0)
        resistance = np.concatenate([resistance[:1], resistance, resistance[-1:]])
        W = np.moveaxis(2 / (resistance[:-1] + resistance[1:]), 0, axis)
        difference = sparse.diags_array([1.0, -1.0], offsets=[0, -1], shape=(n + 1, n))
        D = _along(axis, c.shape, difference)
        A = A + D.T @ sparse.diags_array(W.ravel()) @ D
    return A.tocsr()


def poisson(shape: Shape) -> sparse.csr_array:
    r"""Return the Laplacian :math:`-\Delta`, e.g. the 5-point stencil in two dimensions.

    The eigenvalues are :math:`\sum_i 4 \sin^2\frac{k_i \pi}{2 (n_i + 1)}`,
    :math:`k_i = 1, \dots, n_i`.

    Parameters
    ----------
    shape : int or sequence of int
        Unknowns per axis, any number of axes.

    Raises
    ------
    ValueError
        ``shape`` has an entry below 1, or none.

    Examples
    --------
    >>> poisson(3).toarray()
    array([[ 2., -1.,  0.],
           [-1.,  2., -1.],
           [ 0., -1.,  2.]])
    """
    return diffusion(np.ones(_shape(shape)))


def gaussian_field(shape: Shape, *, correlation: float = 0.1, rng: Rng) -> NDArray[np.float64]:
    r"""Return a smooth periodic Gaussian field of mean zero and variance one.

    White noise convolved with a Gaussian, so that the covariance at distance :math:`r` is
    :math:`\exp(-r^2 / (2 \ell^2))` where the correlation length :math:`\ell` is well above the
    mesh width and well below the box.

    Parameters
    ----------
    shape : int or sequence of int
        Cells per axis.
    correlation : float
        Correlation length over the length of the first axis.
    rng : numpy.random.Generator or int
        Source of randomness, or its seed.

    Raises
    ------
    ValueError
        ``shape`` has an entry below 1, or ``correlation`` is negative.

    Examples
    --------
    >>> gaussian_field((8, 8), rng=0).shape
    (8, 8)
    """
    shape = _shape(shape)
    if not correlation >= 0:
        raise ValueError(f"correlation must not be negative, got {correlation}")
    noise = np.random.default_rng(rng).standard_normal(shape)
    frequencies = np.meshgrid(*map(np.fft.fftfreq, shape), indexing="ij")
    squared = np.sum(np.square(frequencies), axis=0)
    smoother = np.exp(-((np.pi * correlation * shape[0]) ** 2) * squared)
    field = np.fft.ifftn(smoother * np.fft.fftn(noise)).real
    return np.asarray(field / np.sqrt(np.mean(smoother**2)))


def lognormal_diffusion(
    shape: Shape, *, sigma: float, rng: Rng, correlation: float = 0.1
) -> sparse.csr_array:
    r"""Return `diffusion` with the coefficient :math:`e^{\sigma g}`, g from `gaussian_field`.

    Parameters
    ----------
    shape, correlation, rng
        As in `gaussian_field`.
    sigma : float
        Standard deviation of the logarithm of the coefficient.

    Raises
    ------
    ValueError
        As in `gaussian_field`.

    Examples
    --------
    >>> A = lognormal_diffusion((4, 4), sigma=2, rng=0)
    >>> A.shape, bool(np.all(np.linalg.eigvalsh(A.toarray()) > 0))
    ((16, 16), True)
    """
    return diffusion(np.exp(sigma * gaussian_field(shape, correlation=correlation, rng=rng)))


def two_phase_diffusion(
    shape: Shape, *, contrast: float, rng: Rng, correlation: float = 0.1
) -> sparse.csr_array:
    r"""Return `diffusion` in a medium of two phases of conductivity 1 and ``contrast``.

    The second phase is where a `gaussian_field` is positive: half of the box on average.

    Parameters
    ----------
    shape, correlation, rng
        As in `gaussian_field`.
    contrast : float
        Positive conductivity of the second phase.

    Raises
    ------
    ValueError
        ``contrast`` is not positive; or as in `gaussian_field`.

    Examples
    --------
    >>> two_phase_diffusion((4, 4), contrast=1e6, rng=0).shape
    (16, 16)
    """
    if not contrast > 0:
        raise ValueError(f"contrast must be positive, got {contrast}")
    field = gaussian_field(shape, correlation=correlation, rng=rng)
    return diffusion(np.where(field > 0, contrast, 1.0))


def convection_diffusion(shape: Shape, *, peclet: float | Sequence[float]) -> sparse.csr_array:
    r"""Return :math:`-\Delta u + v \cdot \nabla u` with first-order upwind differences.

    A nonsymmetric M-matrix for every velocity. In one dimension its eigenvalues are
    :math:`2 + |v| - 2\sqrt{1 + |v|}\,\cos\frac{k\pi}{n+1}`: real, and ill-conditioned.

    Parameters
    ----------
    shape : int or sequence of int
        Unknowns per axis.
    peclet : float or sequence of float
        Mesh Peclet number (velocity times mesh width over diffusivity) of each axis, or one
        number for all.

    Raises
    ------
    ValueError
        ``shape`` has an entry below 1, or ``peclet`` not one number per axis.

    Examples
    --------
    >>> convection_diffusion(3, peclet=10).toarray()
    array([[ 12.,  -1.,   0.],
           [-11.,  12.,  -1.],
           [  0., -11.,  12.]])
    """
    shape = _shape(shape)
    velocity = np.asarray(peclet, dtype=np.float64)
    if velocity.shape not in ((), (len(shape),)) or not np.all(np.isfinite(velocity)):
        raise ValueError(f"peclet must be one number or {len(shape)} numbers, got {peclet}")
    A = poisson(shape)
    for axis, (n, v) in enumerate(zip(shape, np.broadcast_to(velocity, len(shape)), strict=True)):
        stencil = [min(-v, 0.0), abs(v), min(v, 0.0)]
        upwind = sparse.diags_array(stencil, offsets=[-1, 0, 1], shape=(n, n))
        A = A + _along(axis, shape, upwind)
    return A.tocsr()


def helmholtz(shape: Shape, *, wavenumber: float) -> sparse.csr_array:
    r"""Return :math:`-\Delta - k^2`, indefinite once :math:`k` exceeds the lowest frequency.

    Where the first axis has length 1, the mesh width is :math:`h = 1 / (n_1 + 1)` and the
    matrix is ``poisson(shape)`` :math:`- (k h)^2 I`; on the unit cube it is indefinite for
    :math:`k > \pi \sqrt d`, up to discretisation.

    Parameters
    ----------
    shape : int or sequence of int
        Unknowns per axis.
    wavenumber : float
        The number :math:`k`.

    Raises
    ------
    ValueError
        ``shape`` has an entry below 1.

    Examples
    --------
    >>> A = helmholtz((9, 9), wavenumber=10)
    >>> int(np.sum(np.linalg.eigvalsh(A.toarray()) < 0))
    6
    """
    shape = _shape(shape)
    shift = (wavenumber / (shape[0] + 1)) ** 2
    return (poisson(shape) - shift * sparse.eye_array(prod(shape))).tocsr()


def _shape(shape: Shape) -> tuple[int, ...]:
    sizes = tuple(map(index, np.atleast_1d(shape).tolist()))
    if not sizes or min(sizes) < 1:
        raise ValueError(f"shape must be positive integers, got {shape}")
    return sizes


def _along(axis: int, shape: tuple[int, ...], T: sparse.sparray) -> sparse.csr_array:
    """Return the operator that applies ``T`` along one axis of arrays of ``shape``."""
    before, after = sparse.eye_array(prod(shape[:axis])), sparse.eye_array(prod(shape[axis + 1 :]))
    return sparse.kron(sparse.kron(before, T), after, format="csr")
