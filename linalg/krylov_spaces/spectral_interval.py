r"""Estimates of the ends of the spectrum of a Hermitian matrix from a few Lanczos steps.

With Ritz values :math:`\theta_1 \le \dots \le \theta_m`, their residual norms :math:`\rho_i` and
:math:`\tau = \max |\theta_i|`,

    upper = theta_m + rho_m + (safety - 1) tau,     lower = theta_1 - rho_1

Sure, up to rounding: :math:`\lambda_{min} \le \theta_1` and :math:`\theta_m \le \lambda_{max}`, so
a negative Ritz value proves that A is not positive definite; and some eigenvalue is within
:math:`\rho_i` of :math:`\theta_i`.

Practice: ``upper`` bounds the spectrum, because in the first steps :math:`\rho_m` is much larger
than the error of :math:`\theta_m`, which is of the order of :math:`\rho_m^2` over the gap. There
is no guarantee with a random start: one that is nearly orthogonal to the eigenvector on top hides
it, and no margin helps. ``lower`` is rougher: it is negative for most positive definite matrices
after a few steps, which says that the smallest eigenvalue is not resolved.

Cost: ``steps`` products, three vectors.

Source: Y. Zhou, Y. Saad, M. L. Tiago, J. R. Chelikowsky, Self-consistent-field calculations using
Chebyshev-filtered subspace iteration, J. Comput. Phys. 219 (2006), 172-184,
doi 10.1016/j.jcp.2006.03.017.

Differs from the source in: the residual norm of the last Ritz vector instead of
:math:`\|f_m\|`, and a relative margin on top.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.lanczos import Lanczos, lanczos

__all__ = ["SpectralInterval", "spectral_interval"]


@dataclass(frozen=True, eq=False)
class SpectralInterval:
    """Estimated ends of a spectrum; unpacks to ``lower, upper``.

    Attributes
    ----------
    lower, upper : float
        Ends with their margins; see `resolvent.linalg.krylov_spaces.spectral_interval`.
    ritz : (m,) ndarray
        Ritz values in ascending order, all of them within the spectrum.
    residuals : (m,) ndarray
        Within this distance of a Ritz value there is an eigenvalue.
    process : Lanczos
        The tridiagonal matrix behind it.
    """

    lower: float
    upper: float
    ritz: NDArray[np.float64]
    residuals: NDArray[np.float64]
    process: Lanczos = field(repr=False)

    def __iter__(self) -> Iterator[float]:
        return iter((self.lower, self.upper))

    @property
    def has_negative(self) -> bool:
        """Whether a negative eigenvalue is proven, up to rounding."""
        return bool(self.ritz[0] < -self.process.rounding)


def spectral_interval(
    A: Any,
    v: Any = None,
    *,
    steps: int = 10,
    safety: float = 1.1,
    rng: Rng | None = None,
) -> SpectralInterval:
    r"""Estimate the ends of the spectrum of a Hermitian matrix, the upper one from above.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Hermitian, known by its products.
    v : (n,) array_like, optional
        Start; by default random.
    steps : int
        Products with A at most.
    safety : float
        At least 1; ``safety - 1`` times the largest absolute Ritz value is added on top.
    rng : numpy.random.Generator or int, optional
        Source of the random start, or its seed.

    Returns
    -------
    SpectralInterval
        ``lower, upper = spectral_interval(A)``. Neither is a bound for certain; that
        ``has_negative`` is certain.

    Raises
    ------
    TypeError, ValueError
        As `lanczos`, and for a ``safety`` below 1.

    Notes
    -----
    Array API. Without reorthogonalisation, which changes no Ritz value at the ends.

    Examples
    --------
    >>> from resolvent.linalg.gallery import poisson
    >>> lower, upper = spectral_interval(poisson((40, 40)), rng=0)
    >>> 8 < upper < 9.5  # the largest eigenvalue is just below 8
    True
    >>> spectral_interval(poisson(9) - poisson(9)[0, 0] * np.eye(9), rng=0).has_negative
    True
    """
    if not 1 <= safety < np.inf:
        raise ValueError(f"safety must be at least 1, got {safety}")
    process = lanczos(A, v, steps=steps, reorthogonalize=False, rng=rng)
    values, vectors = process.ritz()
    residuals = process.residual_norm * np.abs(vectors[-1])
    margin = (safety - 1) * np.max(np.abs(values))
    return SpectralInterval(
        lower=float(values[0] - residuals[0]),
        upper=float(values[-1] + residuals[-1] + margin),
        ritz=values,
        residuals=residuals,
        process=process,
    )
