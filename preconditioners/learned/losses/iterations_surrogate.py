r"""A smooth count of the steps that an iteration takes until its residual is small enough.

The steps until :math:`r_k \le \delta`, for residuals that fall, are as many as there are residuals
above :math:`\delta`. Each of them counts for a sigmoid of its distance to the tolerance instead:

.. math::

    \tilde N = \sum_k \sigma(a (\log r_k - \log \delta)), \qquad \sigma(y) = 1 / (1 + e^{-y}),

so that the count has a derivative. For residuals :math:`r_0 \mu^k`, long histories and a small
:math:`h = a \log \mu^{-1}` the derivative by :math:`r_0` is :math:`1 / (r_0 \log \mu^{-1})`: a
residual at the start that is smaller by a factor saves the steps in which the iteration gains that
factor. By Poisson's summation formula this is right up to the relative
:math:`2 \sum_j y_j / \sinh y_j`, :math:`y_j = 2 \pi^2 j / h`: below :math:`10^{-3}` for
:math:`h \le 1.8`. For a larger h, a sharp count of a fast iteration, it swings with the place of
the residuals, of which hardly any may lie near the tolerance.

Source: S. Arisaka and Q. Li, Principled acceleration of iterative numerical methods using machine
learning, ICML (2023), arXiv 2206.08594, who train by the number of iterations.
Differs from the source in: the sum of sigmoids is ours.
"""

from math import inf, isfinite, log
from typing import Any

from resolvent.arrays import Array, namespace_of

__all__ = ["iterations_surrogate"]


def iterations_surrogate(history: Any, tol: float, *, sharpness: float) -> tuple[Array, Array]:
    r"""Return a smooth count of the residuals above a tolerance, and its derivative.

    Parameters
    ----------
    history : (K,) or (batch, K) array_like
        Residual norms :math:`r_0, \dots, r_{K-1}` of an iteration, not negative.
    tol : float
        The tolerance :math:`\delta > 0`.
    sharpness : float
        The number :math:`a > 1`: residuals within a factor :math:`e^{1/a}` of the tolerance
        count in part.

    Returns
    -------
    value : () or (batch,) array
        The count. It is at most K: for an iteration that has not arrived after K steps the rest
        is not seen.
    slope : array
        Derivative by the history, of its shape; zero where the residual is zero or infinite.

    Raises
    ------
    ValueError
        A history that is empty, negative or NaN or has more than two dimensions; a tolerance that
        is not positive; a sharpness that is not above 1, for which the derivative is unbounded.

    Notes
    -----
    Array API: any library and device, in the dtype of the history. Cost: one exponential and one
    logarithm an entry.

    If residuals rise again above the tolerance, all of them count, though the iteration had
    ended before.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.preconditioners.learned import iterations_surrogate
    >>> history = 0.5 ** np.arange(20)  # at most 0.02 from the sixth step on
    >>> value, slope = iterations_surrogate(history, 0.02, sharpness=50)
    >>> round(float(value), 3), slope.shape
    (6.0, (20,))
    """
    xp = namespace_of(history)
    r = xp.asarray(history)
    if not xp.isdtype(r.dtype, "real floating"):
        r = xp.astype(r, xp.float64)
    if r.ndim not in (1, 2) or r.shape[-1] == 0:
        raise ValueError(f"history must be (K,) or (batch, K) with K > 0, got {tuple(r.shape)}")
    if not bool(xp.all(r >= 0)):
        raise ValueError("history must hold norms, got a negative entry or NaN")
    if not 0 < tol < inf:
        raise ValueError(f"tol must be positive, got {tol}")
    if not (sharpness > 1 and isfinite(sharpness)):
        raise ValueError(f"sharpness must be above 1, got {sharpness}")
    positive = xp.where(r > 0, r, xp.ones_like(r))
    y = xp.where(r > 0, sharpness * (xp.log(positive) - log(tol)), xp.full_like(r, -inf))
    e = xp.exp(-xp.abs(y))  # at most 1: neither side overflows
    count = xp.where(y >= 0, 1 / (1 + e), e / (1 + e))
    return xp.sum(count, axis=-1), sharpness * e / (1 + e) ** 2 / positive
