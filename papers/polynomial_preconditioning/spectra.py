r"""Spectra with and without outliers, and what theory says of the condition after preconditioning.

With eigenvalues :math:`\lambda_1 \ge \dots \ge \lambda_n` of B, the polynomial
:math:`P_\tau` has on the i-th eigenvector the eigenvalue :math:`e_\tau(\lambda_{-i})`, the
elementary symmetric polynomial of all the others. So

.. math::

    \operatorname{cond}(B P_\tau)
    = \frac{\lambda_1\, e_\tau(\lambda_{-1})}{\lambda_n\, e_\tau(\lambda_{-n})}
    \le \frac{1}{\lambda_n} \sum_{i > \tau} \lambda_i .

The inequality: in :math:`\lambda_1 e_\tau(\lambda_{-1})` exchange the smallest factor
:math:`\lambda_j` of each term, of index :math:`j > \tau`, for :math:`\lambda_1`: what is left is
a term of :math:`e_\tau(\lambda_{-n})`, each of them at most once for each j.

So :math:`\tau` outliers are cut, but not down to the condition
:math:`\lambda_{\tau+1}/\lambda_n` of the rest: up to :math:`n - \tau` times as much is left.

In floating point :math:`P_\tau` is the difference of terms as large as
:math:`\lambda_1^\tau`. Already a rounding of :math:`\lambda_1` by a factor
:math:`1 + \varepsilon` changes its eigenvalue there, relatively, by about

.. math::

    \varepsilon \lambda_1^\tau / e_\tau(\lambda_{-1}) .

Where that is not small no arrangement of the computation saves positive definiteness: the degree
is too high for the outliers.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.preconditioners import elementary_symmetric

__all__ = [
    "SPECTRA",
    "chebyshev_condition",
    "predicted_condition",
    "resolution",
    "spectrum",
    "tail_bound",
]

SPECTRA: dict[str, list[float]] = {
    "two_outliers": [1e6, 1e4],
    "four_outliers": [1e6, 1e4, 1e3, 1e2],
    "no_outliers": [],
}


def spectrum(outliers: list[float], n: int) -> NDArray[np.float64]:
    """Return ``n`` eigenvalues, the outliers first, the rest evenly from 1 down to 1/2."""
    return np.concatenate([outliers, np.linspace(1, 0.5, n - len(outliers))])


def predicted_condition(eigenvalues: NDArray[Any], degree: int) -> float:
    """Return the condition of ``B P`` by the formula."""
    first, last = (elementary_symmetric(np.delete(eigenvalues, i), degree)[degree] for i in (0, -1))
    return float(eigenvalues[0] / eigenvalues[-1] * (first / last))


def tail_bound(eigenvalues: NDArray[Any], degree: int) -> float:
    """Return the sum of all but the first eigenvalues over the last one."""
    return float(np.sum(eigenvalues[degree:]) / eigenvalues[-1])


def resolution(eigenvalues: NDArray[Any], degree: int) -> float:
    """Return how much rounding changes the smallest eigenvalue of P, relatively."""
    smallest = elementary_symmetric(eigenvalues[1:], degree)[degree]
    return float(np.finfo(np.float64).eps * eigenvalues[0] ** degree / smallest)


def chebyshev_condition(eigenvalues: NDArray[Any], degree: int) -> float:
    """Return the condition that the Chebyshev polynomial of the interval promises."""
    condition = eigenvalues[0] / eigenvalues[-1]
    left = 1 / math.cosh((degree + 1) * math.acosh((condition + 1) / (condition - 1)))
    return float((1 + left) / (1 - left))
