r"""The truncated Neumann series of the inverse.

.. math::

    p(A) = \omega \sum_{i=0}^d (I - \omega A)^i , \qquad
    1 - \lambda p(\lambda) = (1 - \omega\lambda)^{d+1} ,

that is :math:`d + 1` Richardson steps from zero. For positive definite A and even d it is positive
definite whatever :math:`\omega > 0`; for odd d only if :math:`\omega \lambda_{max} < 2`.

Cost: d products.

Failure modes: :math:`\omega \lambda_{max} \gg 2` blows the large eigenvalues up, the more so the
higher the degree. Of all polynomials here it gains least for a product: the condition of p(A) A
falls like :math:`1/(d+1)`, that of `chebyshev` like :math:`1/(d+1)^2`. There is no scaling by the
diagonal: of a matrix whose diagonal varies pass :math:`D^{-1/2} A D^{-1/2}`.

Source: P. F. Dubois, A. Greenbaum, G. H. Rodrigue, Approximating the inverse of a matrix for use in
iterative algorithms on vector processors, Computing 22 (1979), doi 10.1007/BF02243566.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvent.linalg.gallery.spectra import Rng
from resolvent.preconditioners.polynomial.polynomial import (
    PolynomialInfo,
    degree_of,
    polynomial,
    positive_spectrum,
)
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["NeumannInfo", "neumann"]


@dataclass(frozen=True, eq=False)
class NeumannInfo(PolynomialInfo):
    r"""What `neumann` used.

    Attributes
    ----------
    omega : float
        The step :math:`\omega`.
    """

    omega: float


def neumann(
    A: Any, degree: int, omega: float | None = None, *, rng: Rng | None = None
) -> Preconditioner:
    r"""Return the truncated Neumann series :math:`\omega \sum_{i \le d} (I - \omega A)^i`.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Hermitian positive definite; with ``omega`` given any matrix for which
        :math:`I - \omega A` has a spectral radius below one.
    degree : int
        Degree d of the polynomial, the products of an application.
    omega : float, optional
        Positive; by default one over an upper estimate of the spectrum, from ten Lanczos steps.
    rng : numpy.random.Generator or int, optional
        Source of the random start of these steps, or its seed.

    Returns
    -------
    Preconditioner
        ``is_spd`` is True if the Lanczos steps spoke for it, None with a given ``omega``, since
        then nobody has looked at A. ``info`` is a `NeumannInfo`.

    Raises
    ------
    NotPositiveDefiniteError
        The Lanczos steps have found a negative eigenvalue.
    TypeError, ValueError
        ``A`` is not square, or not Hermitian where ``omega`` is wanted; ``degree`` is negative;
        ``omega`` is not positive.

    Notes
    -----
    Array API: any library and device that A works on. ``M @ r`` takes ``(n,)`` and ``(n, k)``, in
    the precision of r, and is complex if A is. Real SciPy matrices run in a compiled loop for
    ``(n,)``.
    The Lanczos steps are taken where the entries of A live, or on NumPy if they are not known: give
    ``omega`` then for an operator on a device.

    Examples
    --------
    >>> import numpy as np
    >>> M = neumann(np.diag([1.0, 2.0]), 2, omega=0.5)
    >>> M @ np.ones(2)  # (1 - (1 - omega x)**3) / x
    array([0.875, 0.5  ])
    """
    degree = degree_of(degree)
    is_spd = None
    if omega is None:
        omega = 1 / positive_spectrum(A, rng).upper
        is_spd = True
    if not 0 < omega < np.inf:
        raise ValueError(f"omega must be positive, got {omega}")
    coefficients = np.tile([float(omega), 0.0, 0.0], (degree + 1, 1))
    return polynomial(A, NeumannInfo(coefficients, float(omega)), is_spd=is_spd)
