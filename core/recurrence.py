r"""What an iterative method is made of: a generator of states.

``steps(A, r, target)`` solves :math:`A d = r` from :math:`d = 0` and yields a `State` after each
step or chunk of steps; ``r`` is its own to overwrite. It knows nothing of tolerances met, histories
or limits: they are `resolvent.drive`'s.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array
from resolvent.operators import Operator
from resolvent.results import Reason

__all__ = ["Counted", "State", "Steps", "Target", "at", "code"]

_REASONS = list(Reason)


def code(reason: Reason) -> int:
    """Return the number by which a recurrence names its trouble; 0, CONVERGED, is none."""
    return _REASONS.index(reason)


def at(x: Array) -> Callable[[], Array]:
    """Return the ``x`` of a `State` whose iterate is at hand, and isn't changed any more."""
    return lambda: x


class State(NamedTuple):
    """What a recurrence yields.

    Attributes
    ----------
    x : callable
        ``() -> array``: the correction ``d`` now, called only when it is wanted and before the
        next step, which may overwrite it.
    norms : array
        Residual norms by the recurrence: ``(k,)``, or ``(s, k)`` for the ``s`` steps since the
        last state; for a vector ``()`` or ``(s,)``.
    trouble : int or array
        The `code` of what went wrong in each column. Such a column must stand still at its last
        finite iterate.
    claim : bool
        The recurrence can't improve ``d`` any more.
    monotone : bool
        The norms never grow, so that no earlier iterate need be kept.
    """

    x: Callable[[], Array]
    norms: Array
    trouble: Any = 0
    claim: bool = False
    monotone: bool = False


class Target(NamedTuple):
    """What a round is asked for.

    Attributes
    ----------
    tolerance : ndarray
        Residual norm wanted for each column of ``r``.
    budget : int
        Steps left.
    every : int
        A state is wanted at least every so many steps.
    """

    tolerance: NDArray[np.float64]
    budget: int
    every: int


class Counted:
    """An operator that counts its products."""

    def __init__(self, A: Operator, count: list[int] | None = None) -> None:
        self.operator = A
        self.kernel = A.kernel
        self._count = [0] if count is None else count

    def __matmul__(self, x: Array) -> Array:
        self._count[0] += 1
        return self.operator.product(x)

    @property
    def H(self) -> "Counted":
        """The adjoint, counted in the same place."""
        return Counted(self.operator.H, self._count)

    @property
    def matvecs(self) -> int:
        """Products so far, with the operator and its adjoint."""
        return self._count[0]

    def spent(self, products: int) -> None:
        """Count products that a compiled loop made by itself."""
        self._count[0] += products


Steps: TypeAlias = Callable[[Counted, Array, Target], Iterator[State]]
