r"""Sine-transform preconditioners of symmetric Toeplitz matrices.

The matrices that the sine transform of type I, :math:`S_{jk} = \sqrt{2/(n+1)} \sin(jk\pi/(n+1))`,
diagonalises form the algebra tau. Of a symbol f it takes

    tau(f) = S diag(f(theta_1), ..., f(theta_n)) S,    theta_j = j pi / (n+1)

For :math:`f(\theta) = t_0 + 2 \sum_{k=1}^{n-1} t_k \cos k\theta`, the symbol of T itself, that is
the natural tau matrix T - H, where H is the Hankel matrix with first column
:math:`(t_2, \dots, t_{n-1}, 0, 0)` and last column its reverse. The second difference is its own
tau matrix.

Cost: O(n log n) setup, two sine transforms for each application.

Failure modes: the partial sum f of a positive symbol may be negative where the symbol is close to
zero; ``is_spd`` is False then, and the symbol in closed form is the better argument. The grid
never contains 0, so a zero of the symbol there does not make tau(f) singular: it is why the
number of steps stays flat where that of a circulant grows.

Sources: D. Bini and F. Di Benedetto, A new preconditioner for the parallel solution of positive
definite Toeplitz systems, SPAA 1990, 220-223, doi 10.1145/97444.97688; S. Serra, Superlinear PCG
methods for symmetric Toeplitz systems, Math. Comp. 68 (1999), 793-803.
"""

from collections.abc import Callable
from functools import partial
from operator import index
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from resolvent.arrays import to_host
from resolvent.linalg.toeplitz import ToeplitzOperator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.structured import transforms
from resolvent.preconditioners.structured.diagonalized import diagonalized

__all__ = ["tau"]

Symbol = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def tau(A: ToeplitzOperator | Symbol, *, n: int | None = None) -> Preconditioner:
    r"""Return the inverse of the tau matrix of a symmetric Toeplitz matrix or of a symbol.

    Parameters
    ----------
    A : ToeplitzOperator or callable
        A real symmetric Toeplitz matrix, or its symbol :math:`f(\theta)`: real numbers for an
        array of angles in :math:`(0, \pi)`.
    n : int, optional
        Order of the matrix; needed with a symbol.

    Returns
    -------
    Preconditioner
        ``is_spd`` tells whether the samples of the symbol are positive. ``info`` is a `Spectrum`:
        extreme absolute samples.

    Raises
    ------
    TypeError
        ``A`` is neither a Toeplitz operator nor a function, or is complex.
    ValueError
        ``A`` is not symmetric, ``n`` is missing or not its order, or a sample is not finite.
    SingularMatrixError
        A sample of the symbol is zero.

    See Also
    --------
    circulant : for Toeplitz matrices that are not symmetric.

    Notes
    -----
    The n coefficients are read to the host once. ``M @ r`` takes real and complex ``(n,)`` and
    ``(n, k)`` of any array library, and keeps their precision.

    Examples
    --------
    >>> import numpy as np
    >>> M = tau(lambda theta: 2 - 2 * np.cos(theta), n=3)  # the second difference
    >>> np.round(M @ np.array([1.0, 0.0, 0.0]), 12)
    array([0.75, 0.5 , 0.25])
    """
    if isinstance(A, ToeplitzOperator):
        samples, noise = _of_toeplitz(A)
        if n not in (None, samples.size):
            raise ValueError(f"n = {n} is not the order {samples.size} of A")
    elif callable(A):
        if n is None or index(n) < 1:
            raise ValueError(f"n must be the order of the matrix of a symbol, got {n}")
        samples = np.asarray(A(np.pi * np.arange(1, n + 1) / (n + 1)))
        if samples.shape != (n,) or samples.dtype.kind not in "fiu":
            raise ValueError(
                f"the symbol A must return {n} real numbers, got {samples.dtype} of shape "
                f"{samples.shape}"
            )
        noise = 0.0
    else:
        raise TypeError(
            "A must be a resolvent.linalg.toeplitz_operator or a function of the angle, got "
            f"{type(A).__name__}"
        )
    sine = partial(transforms.sine, axes=(0,))
    return diagonalized(
        "tau(A)",
        samples,
        box=samples.shape,
        dtype=samples.dtype if samples.dtype.kind == "f" else np.dtype(np.float64),
        forward=sine,
        inverse=sine,
        noise=noise,
        hermitian=True,
        advice="add a shift to A, or pass its symbol in closed form",
    )


def _of_toeplitz(T: ToeplitzOperator) -> tuple[NDArray[Any], float]:
    """Return the samples of the symbol of T, and a bound of their rounding errors."""
    t = to_host(T.column)
    if t.dtype.kind == "c":
        raise TypeError("tau needs a real symmetric A; of a complex one take circulant")
    if T.shape[0] != T.shape[1] or np.any(t != to_host(T.row)):
        raise ValueError("tau needs a symmetric A; pass its symmetric part, or take circulant")
    padded = np.concatenate([t, np.zeros(2, t.dtype)])
    return scipy.fft.dct(padded, type=1)[1:-1], transforms.rounding(padded)
