r"""The Arnoldi process :math:`A V_m = V_{m+1} \bar H_m` of any square matrix.

Each product is orthogonalised twice by classical Gram-Schmidt, and the process ends where what is
left of it is rounding.

Source: W. E. Arnoldi, Quart. Appl. Math. 9 (1951), doi 10.1090/qam/42792.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, eps, namespace_of, to_host
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.start import start
from resolvent.vectors import scaled_norm

__all__ = ["arnoldi"]


def arnoldi(
    A: Any, v: Any = None, *, steps: int, rng: Rng | None = None
) -> tuple[Array, NDArray[Any]]:
    r"""Return an orthonormal basis of the Krylov space of A and v, and the Hessenberg matrix.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Known by its products.
    v : (n,) array_like, optional
        Start; by default random, where the entries of A are known to live (else on NumPy).
    steps : int
        Dimension m of the space; fewer are taken where the space is invariant sooner.
    rng : numpy.random.Generator or int, optional
        Source of the random start, or its seed.

    Returns
    -------
    V : (n, m) array
        The basis.
    H : (m + 1, m) ndarray
        Upper Hessenberg, on the host in double precision; its last row is zero where the space is
        invariant.

    Raises
    ------
    TypeError, ValueError
        As `resolvent.linalg.lanczos`, but any square A will do.

    Examples
    --------
    >>> V, H = arnoldi(np.array([[0.0, 1.0], [-1.0, 0.0]]), [1.0, 0.0], steps=5)
    >>> H
    array([[ 0., -1.],
           [ 1.,  0.],
           [ 0.,  0.]])
    """
    A, v, steps = start(A, v, steps, rng)
    xp = namespace_of(v)
    is_complex = xp.isdtype(v.dtype, "complex floating")
    basis = xp.empty((steps, v.shape[0]), dtype=v.dtype, device=device_of(v))
    H = np.zeros((steps + 1, steps), np.complex128 if is_complex else np.float64)
    for j in range(steps):
        basis[j, ...] = v
        V = basis[: j + 1, ...]
        dual = xp.conj(V) if is_complex else V
        w = A @ v
        before = scaled_norm(w)[1]
        for _ in range(2):
            h = dual @ w
            w = w - h @ V
            H[: j + 1, j] += to_host(h)
        length = scaled_norm(w)[1]
        if not math.isfinite(before + length):
            raise ValueError("A makes NaN or infinity of a finite vector")
        if length <= 8 * math.sqrt(v.shape[0]) * eps(xp, v.dtype) * before:
            return V.T, H[: j + 2, : j + 1]
        H[j + 1, j] = length
        v = w / length
    return basis.T, H
