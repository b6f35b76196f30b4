"""A parameter of anything, learned online from what its use costs."""

from bisect import insort
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers.tuning.chebyshev_bandit import ChebyshevBandit
from resolvent.solvers.tuning.learner import BanditKind
from resolvent.solvers.tuning.tsallis_inf import BinnedTsallisINF, TsallisINF

__all__ = ["KINDS", "ParameterBandit"]

KINDS: Mapping[str, BanditKind] = {
    kind.name: kind for kind in (TsallisINF(), BinnedTsallisINF(), ChebyshevBandit())
}


class ParameterBandit:
    r"""Learn which of some parameters costs least, over a sequence of similar instances.

    For each instance, `suggest` names a parameter to try, and `observe` is told what it cost:
    iterations, seconds, or whatever is to be small in total. The bandit knows nothing of what it
    tunes: the relaxation parameter of SOR, the degree of a polynomial, the restart of GMRES.

    Parameters
    ----------
    grid : sequence
        The parameters to choose from. Learning takes the longer, the more there are.
    kind : {"tsallis-inf", "tsallis-inf-cb", "cheb-cb"} or configured kind
        How to learn: `resolvent.solvers.tuning.tsallis_inf.TsallisINF` finds the best single
        parameter; with a context, `resolvent.solvers.tuning.tsallis_inf.BinnedTsallisINF` the best
        one for each of a few ranges of the context, and
        `resolvent.solvers.tuning.chebyshev_bandit.ChebyshevBandit` the best one as a smooth
        function of it.
    interval : (a, b) tuple of float, optional
        Where the contexts lie; the contextual kinds need it.
    lowest : float
        A lower bound of all costs; what counts as a loss is the cost above it.
    cap : float, optional
        A cost above ``cap`` times the median of the costs before counts as that, so that rare
        catastrophes don't drown the differences. Not capped by default.
    rng : numpy.random.Generator or seed, optional
        For the draws; independent of what generates the contexts, or the two correlate.

    Raises
    ------
    ValueError
        An empty grid, an unknown kind, a missing or empty interval, or a cap that isn't above one.

    Notes
    -----
    On the host, in double precision; the modules of the kinds have their formulas and what a round
    costs.

    Failure modes: some ten instances for each parameter are needed before learning pays; a few
    enormous costs drown the others unless there is a ``cap``.

    Source: M. Khodak, E. Chow, M.-F. Balcan and A. Talwalkar, Learning to relax: setting solver
    parameters across a sequence of linear system instances, ICLR 2024, arXiv 2310.02246.

    Examples
    --------
    >>> bandit = ParameterBandit([1.0, 1.5, 1.9], rng=0)
    >>> for _ in range(500):
    ...     omega = bandit.suggest()
    ...     bandit.observe(10 + 100 * abs(omega - 1.5))
    >>> int(bandit.probabilities().argmax())
    1
    """

    def __init__(
        self,
        grid: Sequence[Any] | NDArray[Any],
        kind: str | BanditKind = "tsallis-inf",
        *,
        interval: tuple[float, float] | None = None,
        lowest: float = 0.0,
        cap: float | None = None,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        self.grid = tuple(grid)
        if not self.grid:
            raise ValueError("grid must have at least one parameter")
        if cap is not None and not cap > 1:
            raise ValueError(f"cap must be above one, got {cap}")
        self.kind = _kind(kind)
        self.lowest, self.cap = lowest, cap
        self._learner = self.kind.learner(len(self.grid), interval)
        self._rng = np.random.default_rng(rng)
        self._pending: tuple[int, float, float | None] | None = None
        self._costs: list[float] = []  # sorted

    def suggest(self, context: float | None = None) -> Any:
        """Return the parameter to use on the next instance.

        Parameters
        ----------
        context : float, optional
            What is known of the instance; the contextual kinds need it, the others ignore it.

        Raises
        ------
        ValueError
            A contextual kind without a finite context.
        """
        p = self.probabilities(context)
        arm = int(np.searchsorted(np.cumsum(p), self._rng.random()))
        arm = min(arm, len(p) - 1)  # the sum may be a rounding error below one
        self._pending = arm, float(p[arm]), context
        return self.grid[arm]

    def observe(self, cost: float) -> None:
        """Learn from what the last suggestion cost.

        Parameters
        ----------
        cost : float
            Finite; of a failed solve what it took before it failed, or more.

        Raises
        ------
        ValueError
            A cost that is not finite, or below ``lowest``.
        RuntimeError
            There is no suggestion that waits for its cost.
        """
        if self._pending is None:
            raise RuntimeError("observe needs a suggestion before it: call suggest")
        if not self.lowest <= cost < np.inf:
            raise ValueError(f"cost must be finite and at least lowest = {self.lowest}, got {cost}")
        arm, probability, context = self._pending
        self._pending = None
        self._learner.learn(arm, self._capped(float(cost)) - self.lowest, probability, context)

    def probabilities(self, context: float | None = None) -> NDArray[np.float64]:
        """Return with which probability `suggest` would draw each parameter now.

        Raises
        ------
        ValueError
            As `suggest`.
        """
        if self.kind.contextual and (context is None or not np.isfinite(context)):
            raise ValueError(f"kind {self.kind.name!r} needs a finite context, got {context}")
        return self._learner.probabilities(context)

    def _capped(self, cost: float) -> float:
        if self.cap is None:
            return cost
        half = len(self._costs) // 2
        median = self._costs[half] if self._costs else np.inf
        insort(self._costs, cost)
        return min(cost, max(self.cap * median, self.lowest))


def _kind(kind: str | BanditKind) -> BanditKind:
    found = KINDS.get(kind) if isinstance(kind, str) else kind
    if found is None or isinstance(found, type) or not hasattr(found, "learner"):
        raise ValueError(
            f"kind must be one of {[*KINDS]} or a configured kind of resolvent.solvers.tuning, "
            f"got {kind!r}"
        )
    return found
