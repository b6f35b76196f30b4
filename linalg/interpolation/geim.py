"""The generalized empirical interpolation method: sensors instead of points."""

from typing import Any

from resolvent.linalg.interpolation.eim import eim
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.linalg.interpolation.residual import Norm

__all__ = ["geim"]


def geim(
    f: Any,
    functionals: Any,
    *,
    tol: float = 1e-8,
    atol: float = 0.0,
    max_terms: int | None = None,
    norm: str | Norm = "sup",
) -> EmpiricalInterpolant:
    r"""Choose sensors and parameters greedily: `eim` with functionals instead of point values.

    .. math:: \mu_k = \arg\max_\mu \|R_{k-1}(\cdot; \mu)\|, \quad
              \sigma_k = \arg\max_\sigma |\sigma(R_{k-1}(\cdot; \mu_k))|, \quad
              q_k = \frac{R_{k-1}(\cdot; \mu_k)}{\sigma_k(R_{k-1}(\cdot; \mu_k))} .

    Parameters
    ----------
    f : (N, n) array_like
        Fields, one in each column, real or complex.
    functionals : (K, N) array_like
        One sensor in each row, for example a local average: it measures ``functionals @ field``.
    tol, atol, max_terms, norm
        As of `eim`; the norm is that of the fields.

    Returns
    -------
    EmpiricalInterpolant
        Its ``points`` are rows of ``functionals``, and it is called with what those measure.

    Raises
    ------
    ValueError, TypeError
        As `eim`.

    Notes
    -----
    STAGNATED also means that no sensor sees what is left. With the identity it is `eim`.

    Source: Y. Maday and O. Mula, A generalized empirical interpolation method: application of
    reduced basis techniques to data assimilation, Springer INdAM Series 4 (2013), 221-235.

    Examples
    --------
    >>> import numpy as np
    >>> x, mu = np.linspace(0, 1, 200), np.linspace(1, 10, 100)
    >>> averages = np.kron(np.eye(20), np.full((1, 10), 0.1))  # of ten neighbours each
    >>> found = geim(1 / (1 + np.outer(x, mu)), averages, tol=1e-6)
    >>> new = 1 / (1 + 3.21 * x)
    >>> bool(np.max(np.abs(found((averages @ new)[found.points]) - new)) < 1e-5)
    True
    """
    return eim(f, functionals=functionals, tol=tol, atol=atol, max_terms=max_terms, norm=norm)
