r"""Sparse non-negative least squares by non-negative orthogonal matching pursuit.

.. math:: \min_{x \ge 0} \|J x - b\|_2 \quad\text{with few entries of } x \text{ above zero}

A step adds the column that points most along the residual, :math:`\max_j a_j^T r` for
:math:`a_j = J_j / \|J_j\|`, and solves least squares on the columns kept. Where that makes a weight
negative, the weights go towards it as far as the first zero, that column leaves, and least squares
is solved anew (the active set of Lawson and Hanson). The residual falls in every step. A weight
that contributes less than a thousandth of the tolerance counts as zero.

Where no column points along the residual, :math:`J^T r \le 0`, the optimum over all
:math:`x \ge 0` is reached, which is the one that `scipy.optimize.nnls` finds. In rounding
:math:`\alpha = \max_j a_j^T r` is never that exact, and where columns are nearly parallel much of a
residual may be left at a small :math:`\alpha`. So columns are tried as long as one of them lowers
the residual, and that ``b`` is not in the cone of the columns is only said with a proof: for unit
``b`` and all x

.. math:: \|J x - b\| \ge \|r\| - \frac{\alpha}{\|r\|} \sum_j x_j \|J_j\| ,

which is above the tolerance unless the parts :math:`x_j \|J_j\|` add up to more than 10 000.

Empirical cubature is this with a row of ``J`` for each integrand and a column for each quadrature
point: the x above zero are the points and the weights of a reduced rule that stays positive.

Cost: a product with :math:`J^T` a step, and :math:`O(mk)` for a QR factorisation of the k columns
kept, updated as columns come and go. The product runs where ``J`` lives. The factorisation is host
work in double precision: a column and a residual of m numbers travel each step, ``J`` never does.

Failure modes: greedy choices are not the sparsest ones. Nearly parallel columns make large
condition numbers, not large weights: non-negative weights of unit columns that point to one side
cannot cancel.

Sources: Lawson and Hanson, Solving Least Squares Problems (1974), chapter 23; Bruckstein, Elad and
Zibulevsky, On the uniqueness of nonnegative sparse solutions to underdetermined systems of
equations, IEEE Trans. Inf. Theory 54 (2008); Hernández, Caicedo and Ferrer, Dimensional
hyper-reduction of nonlinear finite element models via empirical cubature, Comput. Methods Appl.
Mech. Engrg. 313 (2017).
"""

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Entered, Namespace, device_of, enter, eps, take, to_host
from resolvent.linalg.factorisations import require_in_range
from resolvent.linalg.nonnegative_least_squares.active_set import ActiveSet
from resolvent.linalg.norms import column_norms, column_scales, nonzero
from resolvent.results import Outcome, Reason

__all__ = ["SparseWeights", "nnomp"]

_EPS = float(np.finfo(float).eps)
_ROUNDING = 4  # sums of m products are wrong by some 4 sqrt(m) eps of the norms
_ATTEMPTS = 100  # columns that rounding keeps from lowering the residual, in one step
_NEGLIGIBLE = 1e-3  # weights of unit columns below this part of the tolerance count as zeros
_LARGEST_SUM = 1e4  # of weights of unit columns: columns cancel in larger ones of a unit vector

_ADVICE = {
    Reason.MAXITER: "max_terms were chosen before the tolerance was met; raise it or loosen tol",
    Reason.INCONSISTENT: (
        "no weights x >= 0 meet the tolerance: b is not in the cone of the columns; loosen tol or "
        "add columns"
    ),
    Reason.STAGNATED: (
        "no column lowers the residual in this precision; loosen tol, use a higher precision, or "
        "add columns in case that b is not in their cone"
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class SparseWeights(Outcome):
    r"""Non-negative weights, most of them zero.

    Attributes
    ----------
    x : (N,) array
        All weights, on the device and in the precision of ``J``.
    indices : (k,) ndarray of int
        Where ``x`` is above zero, ascending, on the host.
    weights : (k,) array
        ``x`` there.
    residual_norm : float
        :math:`\|J x - b\|`, recomputed at exit.
    history : ndarray
        Residual norms, the first before any step.
    iterations : int
        Columns that came, those that left again among them.
    reason : Reason
        CONVERGED; MAXITER for ``max_terms``; INCONSISTENT where no x >= 0 meets the tolerance
        without parts ``x_j ||J_j||`` that are 10 000 times ``b``; STAGNATED where no column lowers
        the residual, and whether that is due to rounding is not known.
    """

    x: Array
    indices: NDArray[np.intp]
    weights: Array
    residual_norm: float
    history: NDArray[np.float64]
    iterations: int
    reason: Reason

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return _ADVICE.get(self.reason, self.reason.advice)

    def __repr__(self) -> str:
        return (
            f"SparseWeights({self.reason.name} with {self.indices.size} of {self.x.shape[0]} "
            f"weights, residual norm {self.residual_norm:.1e})"
        )


def nnomp(J: Any, b: Any, *, tol: float = 1e-6, max_terms: int | None = None) -> SparseWeights:
    r"""Return few non-negative weights ``x`` with :math:`\|J x - b\| \le tol \|b\|`.

    Parameters
    ----------
    J : (m, N) array_like
        Real or complex; columns that are zero or occur twice do no harm.
    b : (m,) array_like
        What the columns are to add up to; of any size, its norm may be beyond the range.
    tol : float
        Relative tolerance; 0 asks for the optimum.
    max_terms : int, optional
        Largest number of positive weights.

    Returns
    -------
    SparseWeights
        Indices, weights, residual and the reason why it ended; ``raise_if_failed()`` for those who
        want an exception.

    Raises
    ------
    ValueError
        Shapes that don't fit, NaN or infinite entries, a negative ``tol`` or ``max_terms``.
    TypeError
        Arrays of several libraries, a dtype that is not numeric, or ``max_terms`` is not a whole
        number.
    UntrustedResultError
        A weight is beyond the range of the dtype.

    Notes
    -----
    Array API; of float32 data the weights are float32, and computed in double precision. The
    weights are real: of complex data real and imaginary parts are rows of their own.

    Cost: :math:`O(mN)` a step, see the top of the file.

    Examples
    --------
    Simpson's rule is what integrates cubic polynomials with 3 of these 5 points or fewer:

    >>> import numpy as np
    >>> points = np.linspace(0, 1, 5)
    >>> rule = nnomp([points**0, points, points**2, points**3], [1, 1 / 2, 1 / 3, 1 / 4], tol=1e-12)
    >>> rule.converged, rule.indices.tolist(), rule.weights.round(6).tolist()
    (True, [0, 2, 4], [0.166667, 0.666667, 0.166667])
    """
    entered = _enter(J, b, tol, max_terms)
    xp, (J, b) = entered.xp, entered.arrays
    if xp.isdtype(J.dtype, "complex floating"):
        J, b = (xp.concat([xp.real(x), xp.imag(x)]) for x in (J, b))
    m, N = J.shape
    # the columns and b in units of powers of two, whose norms neither over- nor underflow
    units, unit = column_scales(xp, J), column_scales(xp, b[:, None])
    J, b = J / units, b / unit
    norms, y = nonzero(xp, column_norms(xp, J)), to_host(b).astype(np.float64)
    length = float(np.linalg.norm(y))
    fit = ActiveSet.empty(y / (length or 1.0), max(_NEGLIGIBLE * tol, _floor(m)))
    history, largest = [fit.norm], 0.0
    while fit.norm > tol and len(fit.indices) != max_terms:
        larger, largest = _next(xp, J, norms, fit)
        if larger is None:
            break
        fit = larger
        history.append(fit.norm)

    order = np.argsort(fit.indices)
    indices = np.array(fit.indices, dtype=np.intp)[order]
    powers = np.frexp(to_host(unit))[1] - np.frexp(to_host(take(units, indices)))[1]
    x, scale = np.zeros(N), float(unit[0])
    with np.errstate(over="ignore"):
        parts = fit.weights[order] * length / to_host(take(norms, indices))
        x[indices] = np.ldexp(parts, powers)
        x = require_in_range(xp, _on_device(xp, x, J))
        weights = take(x, indices)
        parts = np.ldexp(to_host(weights).astype(np.float64), -powers)
        left = b - take(J, indices, axis=1) @ _on_device(xp, parts, J)
        true = float(xp.linalg.vector_norm(left))
        sizes = scale * (length * np.array(history))
    return SparseWeights(
        x=entered.leave(x),
        indices=indices,
        weights=entered.leave(weights),
        residual_norm=scale * true,
        history=sizes,
        iterations=len(history) - 1,
        reason=_reason(fit, true <= tol * length, tol, max_terms, largest),
    )


def _enter(J: Any, b: Any, tol: float, max_terms: int | None) -> Entered:
    entered = enter(matrix=False, J=J, b=b)
    J, b = entered.arrays
    if J.ndim != 2 or tuple(b.shape) != (J.shape[0],):
        shapes = f"{tuple(J.shape)} and {tuple(b.shape)}"
        raise ValueError(f"J must be (m, N) and b (m,), got the shapes {shapes}")
    if not tol >= 0:
        raise ValueError(f"tol must be at least 0, got {tol}")
    if not isinstance(max_terms, Integral | None):
        raise TypeError(f"max_terms must be a whole number, got {max_terms!r}")
    if max_terms is not None and max_terms < 0:
        raise ValueError(f"max_terms must be at least 0, got {max_terms}")
    return entered


def _next(xp: Namespace, J: Array, norms: Array, fit: ActiveSet) -> tuple[ActiveSet | None, float]:
    """Return the fit with the best column that lowers the residual, None if there is none.

    With it comes an upper bound of what columns point along the residual.
    """
    if 0 in J.shape:
        return None, 0.0
    along = (J.mT @ _on_device(xp, fit.residual, J)) / norms
    rounding = _floor(J.shape[0]) + _ROUNDING * eps(xp, J.dtype) * fit.norm
    largest = max(0.0, float(xp.max(along))) + rounding
    numbers = xp.arange(J.shape[1], device=device_of(J))
    for _ in range(_ATTEMPTS if len(fit.indices) < min(J.shape) else 0):
        j = int(xp.argmax(along))
        if not float(along[j]) > 0:
            break
        column = to_host(J[:, j]).astype(np.float64)
        larger = fit.with_column(j, column / np.linalg.norm(column))
        if larger is not None:
            return larger, largest
        along = xp.where(numbers == j, xp.zeros_like(along), along)
    return None, largest


def _on_device(xp: Namespace, x: NDArray[np.float64], like: Array) -> Array:
    return xp.astype(xp.asarray(x, device=device_of(like)), like.dtype)


def _floor(m: int) -> float:
    """Return the rounding error of a residual relative to b."""
    return _ROUNDING * math.sqrt(m) * _EPS


def _reason(
    fit: ActiveSet, is_met: bool, tol: float, max_terms: int | None, largest: float
) -> Reason:
    if is_met:
        return Reason.CONVERGED
    if fit.norm > tol and len(fit.indices) == max_terms:
        return Reason.MAXITER
    nearest = fit.norm - largest * _LARGEST_SUM / fit.norm if fit.norm > 0 else 0.0
    return Reason.INCONSISTENT if nearest > tol else Reason.STAGNATED
