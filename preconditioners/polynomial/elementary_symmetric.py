r"""Elementary symmetric polynomials, of numbers and of their power sums.

.. math::

    e_k(\lambda) = \sum_{i_1 < \dots < i_k} \lambda_{i_1} \cdots \lambda_{i_k} , \qquad
    k e_k = \sum_{i=1}^k (-1)^{i-1} e_{k-i} t_i , \quad t_i = \sum_j \lambda_j^i .

From nonnegative numbers all sums are of nonnegative terms: the result is right to n eps. Newton's
identities, on the right, subtract: where a few of the numbers dominate, :math:`e_k` is much smaller
than its terms, and as many digits are lost.

Cost: :math:`O(n d)` operations from n numbers, :math:`O(d^2)` from d power sums; on the host, in
double precision.

Failure modes: numbers of both signs may cancel, and then the result is not right to n eps; large
ones overflow, which division of nonnegative ones by their sum prevents. `newton_identities` returns
a bound of the error of each :math:`e_k`, and one below its bound says nothing.

Source: N. Doikov, A. Rodomanov, Polynomial preconditioning for gradient methods, ICML 2023, arXiv
2301.13194, whose preconditioner is `resolvent.preconditioners.symmetric_polynomial`.
"""

from operator import index

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["elementary_symmetric", "newton_identities"]


def elementary_symmetric(x: ArrayLike, degree: int) -> NDArray[np.float64]:
    r"""Return :math:`e_0, \dots, e_d` of the numbers ``x``.

    Parameters
    ----------
    x : (n,) array_like
        Real numbers, in any order.
    degree : int
        The largest degree d; beyond n there are zeros.

    Returns
    -------
    (degree + 1,) ndarray
        :math:`e_0 = 1, e_1, \dots, e_d`.

    Raises
    ------
    ValueError
        ``x`` is not a vector or ``degree`` is negative.

    Notes
    -----
    O(n d) operations. Overflows where :math:`e_d` does: scale ``x`` by its sum.

    Examples
    --------
    >>> elementary_symmetric([1, 2, 3], 3)
    array([ 1.,  6., 11.,  6.])
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 1 or index(degree) < 0:
        raise ValueError(f"x must be a vector and degree >= 0, got {x.shape} and {degree}")
    e = np.zeros(degree + 1)
    e[0] = 1
    for number in x:
        e[1:] += number * e[:-1].copy()
    return e


def newton_identities(
    power_sums: ArrayLike,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Return :math:`e_0, \dots, e_d` from :math:`t_1, \dots, t_d`, and bounds of their errors.

    The bounds are those of the rounding of the power sums and of the sums here, to first order.

    Examples
    --------
    >>> newton_identities([6, 14, 36])[0]
    array([ 1.,  6., 11.,  6.])
    """
    t = np.asarray(power_sums, dtype=np.float64)
    unit = np.finfo(np.float64).eps
    e, errors = np.ones(t.size + 1), np.zeros(t.size + 1)
    for k in range(1, t.size + 1):
        before, sums = e[k - 1 :: -1], t[:k]
        signs = (-1.0) ** np.arange(k)
        e[k] = np.sum(signs * before * sums) / k
        terms = np.sum(np.abs(before * sums))
        errors[k] = (np.sum(errors[k - 1 :: -1] * np.abs(sums)) + (k + 1) * unit * terms) / k
    return e, errors
