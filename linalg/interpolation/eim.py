r"""The empirical interpolation method (EIM): a basis and points chosen together, greedily.

From :math:`R_0 = f`, a family of fields :math:`f(x; \mu)`, in step ``k``

.. math::

    \mu_k = \arg\max_\mu \|R_{k-1}(\cdot; \mu)\|, \quad
    x_k = \arg\max_x |R_{k-1}(x; \mu_k)|, \quad
    q_k = \frac{R_{k-1}(\cdot; \mu_k)}{R_{k-1}(x_k; \mu_k)}, \quad
    R_k = R_{k-1} - q_k R_{k-1}(x_k; \cdot) .

This is Gaussian elimination, with the maximum norm the one with complete pivoting, broken off when
what is left is small; with other norms the pivot is the largest entry of the largest column. In
place and with a division by the pivot, what is left at the points is exactly zero.

Sources: M. Barrault, Y. Maday, N. C. Nguyen and A. T. Patera, C. R. Math. 339 (2004), 667-672,
doi 10.1016/j.crma.2004.08.006; Y. Maday, N. C. Nguyen, A. T. Patera and G. S. H. Pau, Commun. Pure
Appl. Anal. 8 (2009), 383-404, doi 10.3934/cpaa.2009.8.383; functionals: Y. Maday and O. Mula, A
generalized empirical interpolation method, Springer INdAM Series 4 (2013); norms: F. Casenave,
A. Ern and T. Lelièvre, arXiv 1508.05330.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, enter, is_numpy
from resolvent.linalg.factorisations import require_in_range
from resolvent.linalg.interpolation.greedy import greedy
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.linalg.interpolation.left_looking import FunctionResidual
from resolvent.linalg.interpolation.residual import (
    NORMS,
    ArrayResidual,
    CompiledResidual,
    MeasuredResidual,
    Norm,
)
from resolvent.linalg.interpolation.values import safe_scale

__all__ = ["eim"]


def eim(
    f: Any,
    *,
    points: Any = None,
    params: Sequence[Any] | None = None,
    tol: float = 1e-8,
    atol: float = 0.0,
    max_terms: int | None = None,
    norm: str | Norm = "sup",
    functionals: Any = None,
) -> EmpiricalInterpolant:
    r"""Choose magic points and parameters of a family of fields by the greedy algorithm of EIM.

    Parameters
    ----------
    f : (N, n) array_like or callable
        Row ``i``, column ``j``: :math:`f(x_i; \mu_j)`, real or complex. Or a function
        ``f(points, mu)`` that returns one field (N,): then no array of all fields is stored, and
        every field is computed once for each term.
    points, params : array_like and sequence, for a function only
        What it is called with: all points at once, one parameter at a time.
    tol, atol : float
        Stop when what is left of every field is at most ``max(tol * e_1, atol)`` in the norm,
        where ``e_1`` is the largest norm of the fields.
    max_terms : int, optional
        By default as many as there are points and parameters.
    norm : {'sup', 'l2'} or callable
        By which the next parameter is chosen and the error is measured: the maximum, the Euclidean
        norm over the points, or a function from an (N, n) array to the (n,) norms of its columns.
    functionals : (K, N) array_like, optional
        Sensors: linear functionals among which "points" are chosen, instead of values; see `geim`.

    Returns
    -------
    EmpiricalInterpolant
        On the device and in the dtype of ``f``. Its ``reason`` says why no more terms were taken.

    Raises
    ------
    ValueError
        ``f`` is no matrix or has NaN, infinity or no entries; functionals that don't fit; an
        unknown norm; negative tolerances or ``max_terms``.
    UntrustedResultError
        A pivot leaves the range of the dtype: scale ``f``.
    TypeError
        A function without points and parameters, or points with an array.

    Notes
    -----
    Cost: one pass over a copy of ``f`` for each term, ``2 N n`` flops; of a NumPy array on all
    threads by a compiled loop that also finds the largest column. For functions ``n`` evaluations
    and ``8 N n M`` flops for term M. On a GPU the norms and two numbers are read for each term.
    float16 is computed, and returned, in float32.

    Nothing is chosen twice: the greedy choice ends where what is left can't be told from rounding
    (reason STAGNATED unless the tolerance is met).

    Examples
    --------
    >>> import numpy as np
    >>> x, mu = np.linspace(0, 1, 200), np.linspace(1, 10, 100)
    >>> found = eim(1 / (1 + np.outer(x, mu)), tol=1e-10)
    >>> found
    EmpiricalInterpolant(12 terms, 3.1e-11 of 1.0e+00 left, CONVERGED)
    >>> new = 1 / (1 + 3.21 * x)
    >>> bool(np.max(np.abs(found(new[found.points]) - new)) < 1e-9)
    True
    """
    _require_limits(tol, atol, max_terms)
    if not callable(norm) and norm not in NORMS:
        raise ValueError(f"norm must be 'sup', 'l2' or a function, got {norm!r}")
    if callable(f):
        residual = _of_function(f, points, params, norm, functionals)
        return greedy(residual, None, tol=tol, atol=atol, max_terms=max_terms)
    if points is not None or params is not None:
        raise TypeError("points and params go with a function f; of an array they are its axes")
    named = {"f": f} if functionals is None else {"f": f, "functionals": functionals}
    entered = enter(**named)
    f, *rest = entered.arrays
    _require_family(f)
    scale = safe_scale(entered.xp, f)
    array = _of_array(entered.xp, f if scale == 1 else f / scale, norm)
    found = greedy(
        _measured(array, rest[0]) if rest else array,
        rest[0] if rest else None,
        tol=tol,
        atol=atol / scale,
        max_terms=max_terms,
    )
    if scale == 1:
        return found
    with np.errstate(over="ignore"):
        history = scale * found.history  # a norm may be too large where no entry is
        upper = require_in_range(entered.xp, scale * found.upper)
    return replace(found, upper=upper, history=history, floor=scale * found.floor)


def _require_limits(tol: float, atol: float, max_terms: int | None) -> None:
    if not (tol >= 0 and atol >= 0):
        raise ValueError(f"tol and atol must not be negative, got {tol} and {atol}")
    if max_terms is not None and not hasattr(max_terms, "__index__"):
        raise TypeError(f"max_terms must be a whole number, got {max_terms!r}")
    if max_terms is not None and max_terms < 0:
        raise ValueError(f"max_terms must not be negative, got {max_terms}")


def _require_family(f: Array) -> None:
    if f.ndim != 2 or 0 in f.shape:
        raise ValueError(
            f"f must be fields (N, n) of at least one point and parameter, got {tuple(f.shape)}"
        )


def _of_array(xp: Namespace, f: Array, norm: str | Norm) -> ArrayResidual:
    if is_numpy(xp) and not callable(norm):
        return CompiledResidual(xp, f, norm)
    return ArrayResidual(xp, f, _norm(norm))


def _measured(fields: ArrayResidual, functionals: Array) -> MeasuredResidual:
    points = fields.left.shape[0]
    if functionals.ndim != 2 or functionals.shape[1] != points or functionals.shape[0] == 0:
        raise ValueError(
            f"functionals must have shape (K, {points}), got {tuple(functionals.shape)}"
        )
    return MeasuredResidual(fields, functionals)


def _of_function(
    f: Callable[[Any, Any], Any],
    points: Any,
    params: Sequence[Any] | None,
    norm: str | Norm,
    functionals: Any,
) -> FunctionResidual:
    if points is None or params is None or functionals is not None:
        raise TypeError("a function f needs points and params, and takes no functionals")
    if len(params) == 0:
        raise ValueError("params must have at least one parameter")
    return FunctionResidual(f, points, params, _norm(norm))


def _norm(norm: str | Norm) -> Norm:
    return norm if callable(norm) else NORMS[norm]
