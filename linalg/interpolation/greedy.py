"""The greedy choice of parameters and points, for whatever keeps what is left of the fields."""

import numpy as np

from resolvent.arrays import Array, Namespace, device_of, eps, take
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.linalg.interpolation.residual import Residual
from resolvent.results import Reason

__all__ = ["greedy"]


def greedy(
    residual: Residual,
    functionals: Array | None,
    *,
    tol: float,
    atol: float,
    max_terms: int | None,
) -> EmpiricalInterpolant:
    """Eliminate the largest column by its largest entry until a limit is reached."""
    xp = residual.xp
    points: list[int] = []
    params: list[int] = []
    basis: list[Array] = []
    measures: list[Array] = []  # of the basis
    upper: list[Array] = []  # coefficients of the columns chosen
    history: list[float] = []
    settled = None  # points that were chosen
    floor = residual.floor
    while True:
        sizes = residual.sizes()
        history.append(float(sizes.max()))
        sizes[params] = -1  # what is left of them is rounding
        j = int(np.argmax(sizes))
        column, measured = residual.pick(j)
        point = int(xp.argmax(xp.abs(measured)))
        pivot = measured[point]
        size = float(xp.abs(pivot))
        if history[-1] <= max(tol * history[0], atol):
            reason = Reason.CONVERGED
            break
        if sizes[j] <= 0 or size <= floor or point in points:
            reason = Reason.STAGNATED
            break
        if max_terms is not None and len(points) >= max_terms:
            reason = Reason.MAXITER
            break
        upper.append(xp.concat([residual.coefficients(j), pivot[None]]))
        places = xp.arange(measured.shape[0], device=device_of(measured))
        settled = places == point if settled is None else settled | (places == point)
        unit = xp.astype(places == point, measured.dtype)
        measures.append(xp.where(settled, unit, measured / pivot))  # whatever rounding says
        basis.append(measures[-1] if column is measured else column / pivot)
        points.append(point)
        params.append(j)
        residual.eliminate(basis[-1], measures[-1], point)
        floor += 2 * eps(xp, column.dtype) * size
    sampled = _columns(xp, measures, measured)
    return EmpiricalInterpolant(
        points=np.array(points, dtype=np.intp),
        params=np.array(params, dtype=np.intp),
        basis=_columns(xp, basis, column),
        triangle=take(sampled, points),
        upper=_triangle(xp, upper, column),
        history=np.array(history),
        next_point=point if sizes[j] > 0 and size > floor and point not in points else -1,
        floor=floor,
        reason=reason,
        functionals=functionals,
        _next_row=sampled[point, :],
    )


def _columns(xp: Namespace, columns: list[Array], like: Array) -> Array:
    if columns:
        return xp.stack(columns, axis=1)
    return xp.zeros((like.shape[0], 0), dtype=like.dtype, device=device_of(like))


def _triangle(xp: Namespace, columns: list[Array], like: Array) -> Array:
    """Return the upper triangular matrix of columns of growing length."""
    order = len(columns)
    zeros = xp.zeros(order, dtype=like.dtype, device=device_of(like))
    padded = [xp.concat([column, zeros[k + 1 :]]) for k, column in enumerate(columns)]
    return _columns(xp, padded, zeros)
