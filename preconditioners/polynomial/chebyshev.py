r"""The polynomial whose residual is smallest on an interval.

On :math:`[a, b]`, :math:`0 < a < b`, with :math:`\theta = (b + a)/2`, :math:`\delta = (b - a)/2`
and :math:`\sigma = \theta/\delta`,

.. math::

    1 - \lambda p(\lambda)
    = \frac{T_{d+1}((\theta - \lambda)/\delta)}{T_{d+1}(\sigma)} , \qquad
    |1 - \lambda p(\lambda)| \le \varepsilon = \frac{1}{T_{d+1}(\sigma)} ,

so that p(A) A has the condition :math:`(1 + \varepsilon)/(1 - \varepsilon)` at most. With
:math:`\rho_k = T_k(\sigma)/T_{k+1}(\sigma)` the recurrence of `polynomial` has

.. math::

    \alpha_k = \frac{2 \rho_k}{\delta}, \quad \beta_k = \rho_k \rho_{k-1}, \quad
    \rho_k = \frac{1}{2\sigma - \rho_{k-1}} , \qquad
    \alpha_0 = \frac1\theta, \quad \rho_0 = \frac1\sigma .

Where a is not known, it need not be small: for :math:`a = b/(d + 1)^2` the residual on the whole of
:math:`(0, a)` is between 0 and 1, and the condition on :math:`[\lambda_{min}, b]` is at most 1.4
times the one with :math:`a = \lambda_{min}`. So of the values that Lanczos leaves open,
:math:`[\theta_1 - \rho_1, \theta_1]`, the one nearest to :math:`b/(d + 1)^2` is taken.

Failure modes: an eigenvalue above b. For even d p is positive on all of :math:`(0, \infty)`, but
the residual grows like :math:`(2\lambda/\delta)^{d+1}` there, and so does the condition. For odd d
p is negative beyond :math:`a + b`: M is indefinite. By default b has a margin (see
`resolvent.linalg.spectral_interval`); a given interval is taken at its word, and it is `cg` that
sees :math:`r^H M r \le 0`. An a that is too large costs steps only.

Cost: d products; with no interval given, ten at setup.

Source: Y. Saad, Iterative Methods for Sparse Linear Systems, 2nd ed., SIAM 2003, section 12.3.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.spectral_interval import SpectralInterval
from resolvent.preconditioners.polynomial.polynomial import (
    PolynomialInfo,
    degree_of,
    polynomial,
    positive_spectrum,
)
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["ChebyshevInfo", "chebyshev"]


@dataclass(frozen=True, eq=False)
class ChebyshevInfo(PolynomialInfo):
    r"""What `chebyshev` used, and what it promises.

    Attributes
    ----------
    interval : tuple of float
        The ends a and b.
    residual : float
        :math:`\varepsilon`, the largest :math:`|1 - \lambda p(\lambda)|` on the interval.
    condition : float
        :math:`(1 + \varepsilon)/(1 - \varepsilon)`, that of p(A) A if the spectrum is inside.
    estimate : SpectralInterval or None
        The Lanczos steps the interval comes from.
    """

    interval: tuple[float, float]
    residual: float
    condition: float
    estimate: SpectralInterval | None


def chebyshev(
    A: Any,
    degree: int,
    interval: tuple[float, float] | None = None,
    *,
    rng: Rng | None = None,
) -> Preconditioner:
    r"""Return the Chebyshev polynomial of an interval as a preconditioner.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Hermitian positive definite.
    degree : int
        Degree d of the polynomial, the products of an application. Even ones stay positive
        definite even if the interval is too short.
    interval : tuple of float, optional
        :math:`0 < a < b`, by default from ten Lanczos steps. All of the spectrum for a solver; the
        upper part, such as b/30 to b, for a smoother.
    rng : numpy.random.Generator or int, optional
        Source of the random start of these steps, or its seed.

    Returns
    -------
    Preconditioner
        ``is_spd`` is True: p is positive on the interval. ``info`` is a `ChebyshevInfo`.

    Raises
    ------
    NotPositiveDefiniteError
        The Lanczos steps have found a negative eigenvalue, or the interval has one.
    TypeError, ValueError
        ``A`` is not square, or not Hermitian where an interval is wanted; ``degree`` is negative;
        ``interval`` is not finite and ascending.

    See Also
    --------
    least_squares_polynomial : needs no lower end.

    Notes
    -----
    Array API: any library and device that A works on. ``M @ r`` takes ``(n,)`` and ``(n, k)``, in
    the precision of r, and is complex if A is. Real SciPy matrices run in a compiled loop for
    ``(n,)``.
    The Lanczos steps are taken where the entries of A live, or on NumPy if they are not known: give
    ``interval`` then for an operator on a device.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.diag([1.0, 2.0, 4.0])
    >>> M = chebyshev(A, 4, (1, 4))
    >>> 1 - np.diag(A) * (M @ np.ones(3))  # at most 1 / T_5(5/3)
    array([ 0.00823031,  0.00816257, -0.00823031])
    """
    degree = degree_of(degree)
    estimate = None
    if interval is None:
        estimate = positive_spectrum(A, rng)
        theta, rho = estimate.ritz[0], estimate.residuals[0]
        b = estimate.upper
        a = min(max(b / (degree + 1) ** 2, theta - rho), max(theta, 0.0)) or b / (degree + 1) ** 2
        interval = float(a), b
    a, b = _checked(interval)
    coefficients, residual = _coefficients(a, b, degree)
    condition = (1 + residual) / (1 - residual) if residual < 1 else math.inf
    info = ChebyshevInfo(coefficients, (a, b), residual, condition, estimate)
    return polynomial(A, info, is_spd=True)


def _checked(interval: tuple[float, float]) -> tuple[float, float]:
    a, b = map(float, interval)
    if not (math.isfinite(a) and math.isfinite(b) and a < b):
        raise ValueError(f"interval must be finite with a < b, got {interval}")
    if a <= 0:
        raise NotPositiveDefiniteError(
            f"the interval {interval} is not positive, and no polynomial is of one sign on both "
            "sides of zero and small; take gmres_polynomial"
        )
    return a, b


def _coefficients(a: float, b: float, degree: int) -> tuple[NDArray[np.float64], float]:
    """Return the recurrence and the largest residual on the interval."""
    theta, delta = (b + a) / 2, (b - a) / 2
    sigma = theta / delta
    rho = 1 / sigma
    rows, residual = [(1 / theta, 0.0, 0.0)], rho
    for _ in range(degree):
        before, rho = rho, 1 / (2 * sigma - rho)
        rows.append((2 * rho / delta, rho * before, 0.0))
        residual *= rho
    return np.array(rows), residual
