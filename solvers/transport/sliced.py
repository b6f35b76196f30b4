r"""The sliced Wasserstein distance by random lines, with control variates of known mean.

.. math:: SW_p^p = \mathrm E_\theta W_p^p(\theta^T x, \theta^T y)
          \approx \bar W - \gamma^T (\bar C - \mathrm E\,C), \quad
          \gamma = \mathrm{Cov}(C, C)^{-1} \mathrm{Cov}(C, W)

For Gaussians on a line :math:`W_2^2` is :math:`(\mu_1 - \mu_2)^2 + (\sigma_1 - \sigma_2)^2`. With
means :math:`m` and covariances :math:`S` of the points, it lies between two quadratic forms of
:math:`\theta`, whose means over the sphere are traces:

* ``"lower"``: :math:`C = (\theta^T (m_1 - m_2))^2`, of mean :math:`|m_1 - m_2|^2 / d`;
* ``"upper"``: :math:`C = (\theta^T (m_1 - m_2))^2 + \theta^T (S_1 + S_2)\, \theta`, of mean
  :math:`(|m_1 - m_2|^2 + \mathrm{tr}\, S_1 + \mathrm{tr}\, S_2) / d`;
* ``"both"``: the two terms of the upper one, each with its own coefficient.

The least squares fit of W by 1 and C gives the estimate and its standard error at once.

Cost: a product with the points and two sorts for each line, :math:`O((n + m)(d + \log(n + m)))`;
control variates add :math:`O(n + m)`.

Failure modes: the fitted coefficients bias the estimate by a share of the standard error that
vanishes as :math:`1 / \sqrt L` for L lines; with some ten lines the standard error is too small by
up to a half. Control variates that W doesn't follow gain nothing.

Source: Nguyen and Ho, Sliced Wasserstein estimation with control variates (ICLR 2024), arXiv
2305.00402. Departures: both terms at once, and the standard error.
"""

import math
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, device_of, to_host
from resolvent.solvers.transport.projections import (
    Measures,
    Seed,
    directions,
    enter_measures,
    take_rows,
)

__all__ = ["SlicedWasserstein", "sliced_wasserstein"]

Control: TypeAlias = Literal["lower", "upper", "both", "none"]
Host: TypeAlias = NDArray[np.float64]

# the control variates in terms of the two quadratic forms
_CONTROLS: dict[str, NDArray[np.float64]] = {
    "none": np.empty((2, 0)),
    "lower": np.array([[1.0], [0.0]]),
    "upper": np.array([[1.0], [1.0]]),
    "both": np.eye(2),
}
_CONSTANT = 100  # what varies by less than so many eps of itself only varies by rounding
_COLLINEAR = 1e-6  # forms at a smaller angle are one


class SlicedWasserstein(NamedTuple):
    """An estimate, how wrong it is likely to be, and what it would be without control variates.

    Attributes
    ----------
    value : float
        The estimate of the distance to the power p.
    standard_error : float
        Standard deviation of ``value`` over the choice of lines; 0 on a line.
    plain : float
        The mean over the same lines.
    plain_error : float
        Standard deviation of ``plain``.
    projections : int
        Lines used; on a line 1.
    """

    value: float
    standard_error: float
    plain: float
    plain_error: float
    projections: int

    @property
    def variance_ratio(self) -> float:
        """The variance over that of the plain mean: the share of lines that suffices now."""
        return (self.standard_error / self.plain_error) ** 2 if self.plain_error else 1.0


def sliced_wasserstein(
    x: Any,
    y: Any,
    a: Any = None,
    b: Any = None,
    *,
    p: float = 2,
    projections: int = 200,
    control: Control | None = "both",
    rng: Seed = None,
) -> SlicedWasserstein:
    r"""Estimate :math:`SW_p^p`, the mean :math:`W_p^p` of projections onto random lines.

    Parameters
    ----------
    x, y : (n, d), (m, d) array_like
        Points; ``(n,)`` and ``(m,)`` on a line, where the value is exact.
    a, b : (n,), (m,) array_like, optional
        Weights of equal sum, not negative; uniform ones of sum 1 if omitted.
    p : float
        At least 1. The control variates are the same for all p.
    projections : int
        Number of lines, at least 2 more than there are coefficients to fit.
    control : {"both", "lower", "upper", "none"}
        Control variates; None is ``"none"``.
    rng : numpy.random.Generator or int, optional
        Source of the directions, or its seed.

    Returns
    -------
    SlicedWasserstein
        The value with its standard error, and the plain mean with its own.

    Raises
    ------
    TypeError, ValueError
        Shapes that don't fit, NaN, negative weights, different masses, ``p`` below 1, too few
        projections or an unknown control.

    Notes
    -----
    Array API: any library and device; projections in the precision of the points, statistics in
    double. A seed means the same directions everywhere. The value may be slightly negative if the
    distance is far below its standard error.

    Examples
    --------
    >>> import numpy as np
    >>> x, shift = np.random.default_rng(0).standard_normal((100, 3)), np.array([3.0, 0.0, 0.0])
    >>> found = sliced_wasserstein(x, x + shift, control="lower", rng=0)
    >>> round(found.value, 12), found.standard_error < 1e-12 < found.plain_error
    (3.0, True)
    """
    measures = enter_measures(x, y, a, b)
    if not 1 <= p < math.inf:
        raise ValueError(f"p must be at least 1 and finite, got {p!r}")
    name = "none" if control is None else control
    if name not in _CONTROLS:
        raise ValueError(f"control must be one of {list(_CONTROLS)}, got {control!r}")
    least = 2 + _CONTROLS[name].shape[1]
    if projections < least and measures.dimension > 1:
        raise ValueError(f"control={name!r} needs at least {least} projections, got {projections}")
    W, forms, means = _sample(measures, p, projections, rng)
    plain, plain_error = _intercept(W, np.empty((len(W), 0)), np.empty(0), measures.eps)
    mixing = _CONTROLS[name]
    value, error = _intercept(W, forms @ mixing, means @ mixing, measures.eps)
    scale = measures.mass * measures.unit**p
    return SlicedWasserstein(
        scale * value, scale * error, scale * plain, scale * plain_error, len(W)
    )


def _sample(measures: Measures, p: float, projections: int, rng: Seed) -> tuple[Host, Host, Host]:
    """Return the cost along every line, the two quadratic forms there, and their means."""
    xp, a, b = measures.xp, measures.a, measures.b
    centre = a @ measures.x, b @ measures.y
    difference = centre[0] - centre[1]
    x, y = measures.x - centre[0], measures.y - centre[1]
    costs, forms = [], []
    for theta in directions(measures, projections, rng):
        shift = theta @ difference
        u, v = theta @ x.T, theta @ y.T
        costs.append(to_host(_line_costs(xp, u + shift[:, None], v, a, b, p)))
        forms.append([to_host(form) for form in (shift**2, u**2 @ a + v**2 @ b)])
    squares = xp.sum(difference**2), a @ xp.sum(x**2, axis=1) + b @ xp.sum(y**2, axis=1)
    means = np.array([float(square) for square in squares]) / measures.dimension
    stacked = np.concatenate(forms, axis=1, dtype=np.float64).T
    return np.concatenate(costs, dtype=np.float64), stacked, means


def _line_costs(xp: Namespace, u: Array, v: Array, a: Array, b: Array, p: float) -> Array:
    r"""Return :math:`W_p^p` for rows of coordinates."""
    n, m = u.shape[1], v.shape[1]
    if n == m and bool(xp.all(a == a[0])) and bool(xp.all(b == b[0])):
        return xp.mean(_power(xp.abs(xp.sort(u, axis=1) - xp.sort(v, axis=1)), p), axis=1)
    (u, A), (v, B) = _quantiles(xp, u, a), _quantiles(xp, v, b)
    levels = xp.concat([A, B], axis=1)
    order = xp.argsort(levels, axis=1, stable=True)
    levels = take_rows(xp, levels, order)
    lengths = levels - xp.concat([xp.zeros_like(levels[:, :1]), levels[:, :-1]], axis=1)
    of_u = xp.astype(order < n, order.dtype)
    # between two levels each quantile is the first whose own level has not been passed
    i = xp.cumulative_sum(of_u, axis=1) - of_u
    j = xp.arange(n + m, dtype=order.dtype, device=device_of(order)) - i
    gap = take_rows(xp, u, xp.clip(i, max=n - 1)) - take_rows(xp, v, xp.clip(j, max=m - 1))
    return xp.sum(xp.astype(lengths, u.dtype) * _power(xp.abs(gap), p), axis=1)


def _quantiles(xp: Namespace, u: Array, weights: Array) -> tuple[Array, Array]:
    """Return sorted coordinates, and the cumulative weights in double precision."""
    order = xp.argsort(u, axis=1)
    weights = xp.reshape(xp.take(weights, xp.reshape(order, (-1,)), axis=0), order.shape)
    return take_rows(xp, u, order), xp.cumulative_sum(weights, axis=1, dtype=xp.float64)


def _power(gap: Array, p: float) -> Array:
    return gap * gap if p == 2 else gap**p


def _intercept(W: Host, C: Host, means: Host, eps: float) -> tuple[float, float]:
    """Return the least squares fit of W by 1 and C where C is at its mean, and its standard error.

    A control variate that is constant up to rounding is left out.
    """
    average, drift = np.mean(W), np.mean(C, axis=0)
    residual, centred = W - average, C - drift
    norms = np.linalg.norm(centred, axis=0)
    varies = norms > _CONSTANT * eps * np.linalg.norm(C, axis=0)
    U, s, Vt = np.linalg.svd(centred[:, varies] / norms[varies], full_matrices=False)
    free = s > _COLLINEAR
    fit = U[:, free].T @ residual
    residual = residual - U[:, free] @ fit
    lever = Vt[free] @ ((drift - means)[varies] / norms[varies]) / s[free]
    freedom = max(len(W) - 1 - len(fit), 1)  # on a line there is no residual
    variance = residual @ residual / freedom * (1 / len(W) + lever @ lever)
    return float(average - lever @ fit), math.sqrt(variance)
