r"""Compositions of odd polynomials that are optimal approximations of 1 on ``[lower, 1]``.

The matrix sign, the polar factor and, through them, square roots are limits of
``x <- p_t(x)`` with odd ``p_t`` that pull every singular value to 1. Taking for ``p_t`` the minimax
polynomial on the interval ``[l_t, u_t]`` where the values still lie is optimal for the whole
composition; the next interval is ``[p_t(l_t), 2 - p_t(l_t)]`` because the error equioscillates.

- Degree 3 has a closed form: ``p(x) = β (3 αx - (αx)³) / 2`` with ``α = sqrt(3 / (u² + l u + l²))``
  and ``β = 4 / (2 + l u (l + u) α³)``.
- Degree 5 is found by Remez exchange on four points ``l < q < r < u``.

`composition` puts a cushion under ``l_t`` that keeps ``p(x)/x`` from nearly vanishing at ``u_t``.

Source: Amsel, Persson, Musco, Gower, The Polar Express (2025), arXiv 2505.16932; degree 3 also in
Grishina, Smirnov, Rakhuba (2025), arXiv 2506.10935. The coefficients are computed here, not
tabulated.
"""

import math
from functools import lru_cache

import numpy as np

__all__ = ["check_parameters", "composition", "optimal_odd"]

_CUSHION = 0.02407327424182761  # smallest l/u handed to the quintic exchange: keeps u p(x)/x > 0.22
_NEARLY_ONE = 5e-6  # for l/u beyond 1 - this, Taylor coefficients are exact to rounding
_MAX_STEPS = 60


def check_parameters(lower: float | None, degree: int, steps: int | None) -> None:
    """Raise ValueError for parameters that no composition has."""
    if lower is not None and not 0 < lower <= 1:
        raise ValueError(f"lower must be in (0, 1], got {lower}")
    if degree not in (3, 5):
        raise ValueError(f"degree must be 3 or 5, got {degree}")
    if steps is not None and steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")


def optimal_odd(lower: float, upper: float, degree: int) -> tuple[float, ...]:
    """Return the coefficients ``(a, b[, c])`` of the odd minimax approximation of 1.

    Parameters
    ----------
    lower, upper : float
        Interval with ``0 < lower <= upper``.
    degree : {3, 5}
        Degree of ``a x + b x³ (+ c x⁵)``.

    Returns
    -------
    tuple of float
        Coefficients from the lowest power up.

    Examples
    --------
    >>> a, b = optimal_odd(1.0, 1.0, 3)
    >>> round(a, 12), round(b, 12)
    (1.5, -0.5)
    """
    if not 0 < lower <= upper:
        raise ValueError(f"the interval needs 0 < lower <= upper, got [{lower}, {upper}]")
    if degree == 3:
        alpha = math.sqrt(3 / (upper**2 + lower * upper + lower**2))
        beta = 4 / (2 + lower * upper * (lower + upper) * alpha**3)
        return 1.5 * alpha * beta, -0.5 * alpha**3 * beta
    if degree == 5:
        return _optimal_quintic(lower, upper)
    raise ValueError(f"degree must be 3 or 5, got {degree}")


def _optimal_quintic(lower: float, upper: float) -> tuple[float, ...]:
    left = lower / upper
    if left >= 1 - _NEARLY_ONE:
        a, b, c = 15 / 8, -10 / 8, 3 / 8
    else:
        q, r = (3 * left + 1) / 4, (left + 3) / 4
        error = math.inf
        for _ in range(100):
            points = np.array([left, q, r, 1.0])
            system = np.stack([points, points**3, points**5, [1, -1, 1, -1]], axis=1)
            a, b, c, found = map(float, np.linalg.solve(system, np.ones(4)))
            if abs(found - error) <= 1e-15:
                break
            error = found
            root = math.sqrt(max(9 * b * b - 20 * a * c, 0.0))  # 0 up to rounding as left -> 1
            q, r = (math.sqrt((-3 * b + sign * root) / (10 * c)) for sign in (-1, 1))
    return a / upper, b / upper**3, c / upper**5


@lru_cache(maxsize=256)
def composition(
    lower: float, *, degree: int = 5, tolerance: float = 2.0**-52
) -> tuple[tuple[float, ...], ...]:
    """Return the coefficients of every step that takes ``[lower, 1]`` to within ``tolerance`` of 1.

    Parameters
    ----------
    lower : float
        Smallest value to be mapped to 1, in ``(0, 1]``.
    degree : {3, 5}
        Degree of each step.
    tolerance : float
        Stop once the whole interval is that close to 1.

    Returns
    -------
    tuple of tuple of float
        One coefficient tuple per step.

    Examples
    --------
    >>> steps = composition(1e-3)
    >>> len(steps)
    8
    >>> [round(c, 6) for c in steps[0]]
    [8.287212, -23.595887, 17.300387]
    """
    check_parameters(lower, degree, None)
    low, high = lower, 1.0
    steps: list[tuple[float, ...]] = []
    while 1 - low > tolerance and len(steps) < _MAX_STEPS:
        floor = max(low, _CUSHION * high) if degree == 5 else low
        coefficients = optimal_odd(floor, high, degree)
        if floor > low:  # the cushioned polynomial is smallest at low, largest at high: re-centre
            centre = (_value(coefficients, low) + _value(coefficients, high)) / 2
            coefficients = tuple(c / centre for c in coefficients)
        low = _value(coefficients, low)
        high = 2 - low
        steps.append(coefficients)
    return tuple(steps)


def _value(coefficients: tuple[float, ...], x: float) -> float:
    return sum(c * x ** (2 * k + 1) for k, c in enumerate(coefficients))
