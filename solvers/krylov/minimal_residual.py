r"""Cycles of the Arnoldi process, restarted with the true residual: what GMRES and FGMRES share."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Protocol

from resolvent.arrays import Array, namespace_of
from resolvent.recurrence import Counted, State, code
from resolvent.results import Reason
from resolvent.solvers.krylov.arnoldi import Arnoldi
from resolvent.solvers.krylov.scaled import Scaled
from resolvent.vectors import Inner

__all__ = ["Search", "check_restart", "cycles", "stalled"]

_LEAST_PROGRESS = 1e-6  # of the residual norm in a cycle: at this rate a digit takes 2e6 cycles


class Search(Protocol):
    """How a cycle turns basis vectors into directions, and coordinates into a correction."""

    def direction(self, v: Array) -> Array:
        """Return ``z`` for the newest basis vector."""

    def correction(self, basis: Arnoldi) -> Array:
        """Return the combination of directions with the smallest residual."""


def cycles(A: Counted, r: Array, *, search: Any, restart: int, inner: Inner) -> Iterator[State]:
    """Yield the states of ``A d = r``, with a new ``search()`` for each cycle."""
    xp = namespace_of(r)
    scaled = Scaled(A, inner)
    x = xp.zeros_like(r)
    while True:
        basis, way = Arnoldi(r, restart, inner), search()
        for step in range(1, restart + 1):
            basis.extend(scaled @ way.direction(basis.last))
            norms = basis.residual_norm
            trouble = stalled(norms, basis.beta) if step == restart else 0
            yield State(partial(_iterate, scaled, x, way, basis), norms, trouble, monotone=True)
        d = way.correction(basis)
        x = x + d
        r = r - scaled @ d


def _iterate(scaled: Scaled, x: Array, way: Search, basis: Arnoldi) -> Array:
    return scaled.factor * (x + way.correction(basis))


def stalled(norms: Array, beta: Array) -> Array:
    """Return the trouble of a cycle that ends where it began."""
    xp = namespace_of(norms)
    return xp.astype(norms > (1 - _LEAST_PROGRESS) * beta, xp.int64) * code(Reason.STAGNATED)


def check_restart(restart: int, n: int) -> int:
    """Return the length of a cycle, no more than ``n``.

    Raises
    ------
    ValueError
        ``restart`` is below 1.
    """
    if restart < 1:
        raise ValueError(f"restart must be at least 1, got {restart}")
    return max(1, min(restart, n))
