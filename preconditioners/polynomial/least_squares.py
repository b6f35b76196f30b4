r"""The polynomial whose residual is smallest in the mean, without a lower end of the spectrum.

It minimises

.. math::

    \int_0^b \lambda^{-1/2} (b - \lambda)^{1/2} (1 - \lambda p(\lambda))^2 \, d\lambda .

At the minimum :math:`\pi = 1 - \lambda p` is orthogonal to :math:`\lambda q` for every q of degree
d: it is the orthogonal polynomial of degree d + 1 to the weight
:math:`\lambda^{1/2} (b - \lambda)^{1/2}`, a Chebyshev polynomial of the second kind,

.. math::

    \pi(\lambda) = \frac{U_{d+1}(1 - 2\lambda/b)}{d + 2} .

Their three terms give the recurrence of `polynomial` the coefficients

.. math::

    \alpha_k = \frac{4 (k + 1)}{(k + 2) b} , \qquad \beta_k = \frac{k}{k + 2} .

Since :math:`|\pi| < 1` inside of the interval, p is positive there: nothing need be known of
small eigenvalues.

Failure modes: an eigenvalue at b or above. For even d p is positive on all of
:math:`(0, \infty)`, but large there; for odd d it is zero at b and negative beyond: M is
indefinite, which `cg` sees by :math:`r^H M r \le 0`. By default b has a margin.

Cost: d products; with no upper end given, ten at setup.

Sources: O. G. Johnson, C. A. Micchelli, G. Paul, Polynomial preconditioners for conjugate gradient
calculations, SIAM J. Numer. Anal. 20 (1983), doi 10.1137/0720025; Y. Saad, Practical use of
polynomial preconditionings for the conjugate gradient method, SIAM J. Sci. Stat. Comput. 6 (1985),
doi 10.1137/0906059.

Differs from the sources in: the closed form of the recurrence, no quadrature.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.spectral_interval import SpectralInterval
from resolvent.preconditioners.polynomial.polynomial import (
    PolynomialInfo,
    degree_of,
    polynomial,
    positive_spectrum,
)
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["LeastSquaresInfo", "least_squares_polynomial"]


@dataclass(frozen=True, eq=False)
class LeastSquaresInfo(PolynomialInfo):
    """What `least_squares_polynomial` used.

    Attributes
    ----------
    upper : float
        The upper end b.
    estimate : SpectralInterval or None
        The Lanczos steps it comes from.
    """

    upper: float
    estimate: SpectralInterval | None


def least_squares_polynomial(
    A: Any, degree: int, upper: float | None = None, *, rng: Rng | None = None
) -> Preconditioner:
    r"""Return the least-squares polynomial of :math:`[0, b]` as a preconditioner.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Hermitian positive definite.
    degree : int
        Degree d of the polynomial, the products of an application. Even ones stay positive
        definite even if ``upper`` is too small.
    upper : float, optional
        Above the largest eigenvalue; by default an estimate from ten Lanczos steps, with a margin.
    rng : numpy.random.Generator or int, optional
        Source of the random start of these steps, or its seed.

    Returns
    -------
    Preconditioner
        ``is_spd`` is True: p is positive inside of the interval. ``info`` is a `LeastSquaresInfo`.

    Raises
    ------
    NotPositiveDefiniteError
        The Lanczos steps have found a negative eigenvalue.
    TypeError, ValueError
        ``A`` is not square, or not Hermitian where ``upper`` is wanted; ``degree`` is negative;
        ``upper`` is not positive and finite.

    See Also
    --------
    chebyshev : smaller residuals where the smallest eigenvalue is known.

    Notes
    -----
    Array API: any library and device that A works on. ``M @ r`` takes ``(n,)`` and ``(n, k)``, in
    the precision of r, and is complex if A is. Real SciPy matrices run in a compiled loop for
    ``(n,)``.
    The Lanczos steps are taken where the entries of A live, or on NumPy if they are not known: give
    ``upper`` then for an operator on a device.

    Examples
    --------
    >>> import numpy as np
    >>> M = least_squares_polynomial(np.diag([1.0, 2.0]), 1, upper=4)
    >>> M @ np.ones(2)  # (4 - x) 4 / 12
    array([1.        , 0.66666667])
    """
    degree = degree_of(degree)
    estimate = None
    if upper is None:
        estimate = positive_spectrum(A, rng)
        upper = estimate.upper
    if not 0 < upper < np.inf:
        raise ValueError(f"upper must be positive and finite, got {upper}")
    k = np.arange(degree + 1)
    rows = [4 * (k + 1) / (k + 2) / upper, k / (k + 2), 0 * k]
    info = LeastSquaresInfo(np.stack(rows, axis=1), float(upper), estimate)
    return polynomial(A, info, is_spd=True)
