r"""From a plan with almost the right marginals to a feasible one.

Rows that are too heavy are scaled down, then columns; what is missing is added as
:math:`(a - P 1)(b - P^T 1)^T / \|a - P 1\|_1`. The plan moves by at most twice its L1 error.

Cost: four passes over the plan. Failure modes: none; forbidden pairs may get mass.

Source: Altschuler, Weed and Rigollet, Near-linear time approximation algorithms for optimal
transport via Sinkhorn iteration (2017), arXiv 1705.09634.
"""

import numpy as np

from resolvent.arrays import Array, Namespace, enter

__all__ = ["round_to_marginals"]


def round_to_marginals(P: Array, a: Array, b: Array) -> Array:
    """Return a plan close to ``P`` with the marginals ``a`` and ``b``.

    Parameters
    ----------
    P : (n, m) array_like
        A plan without negative entries.
    a, b : (n,), (m,) array_like
        Marginals of equal sum, not negative.

    Returns
    -------
    (n, m) array
        Feasible up to rounding.

    Raises
    ------
    ValueError
        Shapes that don't fit, a negative entry, different masses.

    Notes
    -----
    Array API: any library and device, in its own precision.

    Examples
    --------
    >>> P = round_to_marginals([[0.5, 0.1], [0.0, 0.3]], [0.6, 0.4], [0.5, 0.5])
    >>> P.sum(axis=1), P.sum(axis=0)
    (array([0.6, 0.4]), array([0.5, 0.5]))
    """
    entered = enter(matrix=False, P=P, a=a, b=b)
    xp, (P, a, b) = entered.xp, entered.arrays
    if P.ndim != 2 or a.shape != P.shape[:1] or b.shape != P.shape[1:]:
        raise ValueError(f"P {P.shape}, a {a.shape} and b {b.shape} don't fit")
    if any(bool(xp.any(x < 0)) for x in (P, a, b)):
        raise ValueError("P, a and b must not be negative")
    mass = float(xp.sum(a))
    if abs(float(xp.sum(b)) - mass) > np.sqrt(entered.unit) * mass:
        raise ValueError(f"a has the mass {mass:g} and b {float(xp.sum(b)):g}")
    P = P * _at_most_one(xp, a, xp.sum(P, axis=1))[:, None]
    P = P * _at_most_one(xp, b, xp.sum(P, axis=0))[None, :]
    left, right = a - xp.sum(P, axis=1), b - xp.sum(P, axis=0)
    left, right = xp.where(left > 0, left, 0 * left), xp.where(right > 0, right, 0 * right)
    missing = xp.sum(left)
    left = left / xp.where(missing > 0, missing, xp.ones_like(missing))
    return entered.leave(P + left[:, None] * right[None, :])


def _at_most_one(xp: Namespace, wanted: Array, found: Array) -> Array:
    heavy = found > wanted
    return xp.where(heavy, wanted / xp.where(heavy, found, xp.ones_like(found)), 1 + 0 * wanted)
