"""The door of batches of transport problems: costs, marginals and regularisation that fit."""

import math
from typing import Any, NamedTuple

import numpy as np

from resolvent.arrays import Array, Namespace, device_of, enter

__all__ = ["Batch", "transport_batch"]

_LARGEST = 1e300


class Batch(NamedTuple):
    """Problems past the door, in float64, with one batch axis.

    Attributes
    ----------
    xp : namespace
        Array API namespace.
    shape : tuple of int
        Batch axes of the user.
    given : (..., n, m) array
        The costs in the dtype of the user.
    costs : (p, n, m) array
        The costs.
    a, b : (p, n), (p, m) array
        Marginals of sum 1.
    mass : (p,) array
        The sum they were given with.
    reg : (p,) array
        Regularisation.
    """

    xp: Namespace
    shape: tuple[int, ...]
    given: Array
    costs: Array
    a: Array
    b: Array
    mass: Array
    reg: Array


def transport_batch(costs: Any, a: Any, b: Any, reg: Any) -> Batch:
    """Check and adapt the arguments of solvers of batches.

    Raises
    ------
    TypeError, ValueError
        Shapes that don't fit, NaN, negative weights, no mass, different masses, mass all of whose
        pairs are forbidden, ``reg`` that isn't positive, or numbers that overflow.
    """
    given = enter(matrix=False, finite=False, costs=costs).arrays[0]
    reg = reg.item() if isinstance(reg, np.generic) else reg
    weights = {name: w for name, w in {"a": a, "b": b}.items() if w is not None}
    entered = enter(matrix=False, finite=False, costs=given, reg=reg, **weights)
    xp = entered.xp
    if given.ndim < 2 or 0 in given.shape[-2:] or not xp.isdtype(given.dtype, "real floating"):
        raise ValueError(
            f"costs must be real matrices (..., n, m), got shape {tuple(given.shape)} of "
            f"{given.dtype}"
        )
    costs, reg, *rest = (xp.astype(x, xp.float64, copy=False) for x in entered.arrays)
    weights = dict(zip(weights, rest, strict=True))
    *shape, n, m = costs.shape
    problems = math.prod(shape)
    if tuple(reg.shape) not in ((), tuple(shape)) or not bool(xp.all((reg > 0) & (reg < math.inf))):
        raise ValueError(
            f"reg must be positive, one number or {tuple(shape)}, got {reg!r} of shape "
            f"{tuple(reg.shape)}"
        )
    costs = xp.reshape(costs, (problems, n, m))
    reg = xp.reshape(xp.broadcast_to(reg, tuple(shape)), (problems,))
    forbids = _forbids(xp, costs, reg)
    a, first = _marginals(xp, "a", weights.get("a"), tuple(shape), n, costs)
    b, second = _marginals(xp, "b", weights.get("b"), tuple(shape), m, costs)
    if bool(xp.any(xp.abs(first - second) > math.sqrt(entered.unit) * first)):
        raise ValueError("a and b must have the same mass: scale one of them")
    if forbids:
        _refuse_stranded(xp, costs, a, b)
    return Batch(xp, tuple(shape), given, costs, a, b, first, reg)


def _forbids(xp: Namespace, costs: Array, reg: Array) -> bool:
    """Refuse costs that are no numbers or too large, and tell whether some pairs are forbidden."""
    lowest, highest = xp.min(costs, axis=(1, 2)), xp.max(costs, axis=(1, 2))
    forbids = bool(xp.any(highest == math.inf))
    if forbids:
        finite = xp.where(costs < math.inf, costs, lowest[:, None, None])
        highest = xp.max(finite, axis=(1, 2))
    size = xp.where(highest > -lowest, highest, -lowest)
    if not bool(xp.all((lowest > -math.inf) & (highest < math.inf))):
        raise ValueError("costs has NaN, minus infinity or no finite entry")
    if not bool(xp.all((size < _LARGEST) & (size / _LARGEST < reg))):
        raise ValueError(f"costs and costs / reg must be below {_LARGEST:g}")
    return forbids


def _marginals(
    xp: Namespace, name: str, weights: Any, shape: tuple[int, ...], size: int, costs: Array
) -> tuple[Array, Array]:
    """Return weights of sum 1, and their sums before."""
    problems = costs.shape[0]
    if weights is None:
        one = xp.ones((problems, size), dtype=costs.dtype, device=device_of(costs))
        return one / size, one[:, 0]
    if tuple(weights.shape) not in ((size,), (*shape, size)):
        raise ValueError(
            f"{name} must be weights {(size,)} or {(*shape, size)}, got shape "
            f"{tuple(weights.shape)}"
        )
    weights = xp.reshape(xp.broadcast_to(weights, (*shape, size)), (problems, size))
    if not bool(xp.all((weights >= 0) & (weights < math.inf))):
        raise ValueError(f"{name} has NaN, an infinite or a negative weight")
    mass = xp.sum(weights, axis=1)
    if not bool(xp.all(mass > 0)):
        raise ValueError(f"{name} has no mass")
    return weights / mass[:, None], mass


def _refuse_stranded(xp: Namespace, costs: Array, a: Array, b: Array) -> None:
    """Refuse mass that has nowhere to go."""
    allowed = costs < math.inf
    rows = xp.any(allowed & (b > 0)[:, None, :], axis=2) | (a == 0)
    columns = xp.any(allowed & (a > 0)[:, :, None], axis=1) | (b == 0)
    for name, reached in (("a", rows), ("b", columns)):
        if not bool(xp.all(reached)):
            raise ValueError(f"costs forbids every pair of an atom that {name} gives mass")
