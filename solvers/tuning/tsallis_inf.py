r"""Tsallis-INF: follow the regularised leader, with the Tsallis entropy of order 1/2.

With the importance-weighted losses :math:`k_i` so far, their mean loss s, and d arms, round t draws
from

.. math::

    p = \arg\min_{p \in \Delta} \; \frac{k^T p}{s} - \frac{4}{\eta} \sum_i \sqrt{p_i}
    \quad\Longleftrightarrow\quad
    p_i = \frac{4}{\eta^2 (k_i/s - x)^2}, \quad \sum_i p_i = 1, \quad \eta = \frac{2}{\sqrt t},

and adds :math:`\ell/p_i` to :math:`k_i` after the loss :math:`\ell` of the arm that was drawn. The
regret against the best fixed arm is :math:`O(\sqrt{d t})` losses, whatever the sequence of losses.

The multiplier x is found by Newton's method. :math:`F(x) = \sum p_i - 1` is convex and increasing
up to its pole at :math:`\min k/s`. At :math:`\min k/s - 2/\eta` the largest :math:`p_i` is one, so
that F is not negative, and from there the steps decrease to the root. The published code starts at
-1 instead: if that lies left of the root, the first step may go beyond the pole, to another branch,
and the arms are then drawn from a wrong distribution.

Cost: some ten passes over the arms a round.

Failure modes: a few enormous losses drown the others (`resolvent.solvers.ParameterBandit` can cap
them); a sequence of some ten instances for each arm is needed before it pays.

Sources: J. Zimmert and Y. Seldin, Tsallis-INF: an optimal algorithm for stochastic and adversarial
bandits, JMLR 22 (2021), arXiv 1807.07623; M. Khodak, E. Chow, M.-F. Balcan and A. Talwalkar,
Learning to relax, ICLR 2024, arXiv 2310.02246.
Differs from the source in: the start of Newton's method.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers.tuning.learner import Learner, require_interval

__all__ = ["BinnedTsallisINF", "TsallisINF"]

NewtonStart = Literal["safe", "published"]
_SAFE_STEPS, _PUBLISHED_STEPS = 60, 20


@dataclass(frozen=True)
class TsallisINF:
    """Tsallis-INF for instances of which nothing is known.

    Attributes
    ----------
    newton_start : {"safe", "published"}
        Where Newton's method for the multiplier begins; "published" takes 20 steps from -1, and
        draws uniformly if they leave the real numbers.

    Raises
    ------
    ValueError
        ``newton_start`` is neither.

    Examples
    --------
    >>> from resolvent.solvers import ParameterBandit
    >>> bandit = ParameterBandit([1, 2, 3], TsallisINF(), rng=0)
    >>> for _ in range(300):
    ...     bandit.observe(abs(bandit.suggest() - 2))
    >>> int(bandit.probabilities().argmax())
    1
    """

    newton_start: NewtonStart = "safe"
    name: ClassVar[str] = "tsallis-inf"
    contextual: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.newton_start not in ("safe", "published"):
            raise ValueError(
                f"newton_start must be 'safe' or 'published', got {self.newton_start!r}"
            )

    def learner(self, arms: int, _: tuple[float, float] | None = None) -> Learner:
        """Start to learn."""
        return _Leader(arms, self.newton_start)


@dataclass(frozen=True)
class BinnedTsallisINF:
    """A Tsallis-INF of its own for each of ``bins`` parts of the interval of contexts.

    Attributes
    ----------
    bins : int
        Parts of the same length; a context outside of the interval belongs to the nearest.
    newton_start : {"safe", "published"}
        As in `TsallisINF`.

    Raises
    ------
    ValueError
        ``bins`` is below 1.

    Examples
    --------
    The best parameter is 1 for small contexts and 3 for large ones:

    >>> from resolvent.solvers import ParameterBandit
    >>> bandit = ParameterBandit([1, 2, 3], BinnedTsallisINF(bins=2), interval=(0, 1), rng=0)
    >>> for context in 300 * [0.2, 0.8]:
    ...     bandit.observe(abs(bandit.suggest(context) - (1 if context < 0.5 else 3)))
    >>> [int(bandit.probabilities(context).argmax()) for context in (0.2, 0.8)]
    [0, 2]
    """

    bins: int = 5
    newton_start: NewtonStart = "safe"
    name: ClassVar[str] = "tsallis-inf-cb"
    contextual: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.bins < 1:
            raise ValueError(f"bins must be at least 1, got {self.bins}")
        TsallisINF(self.newton_start)

    def learner(self, arms: int, interval: tuple[float, float] | None) -> Learner:
        """Start to learn in each bin."""
        interval = require_interval(interval, self.name)
        kind = TsallisINF(self.newton_start)
        return _Binned([kind.learner(arms) for _ in range(self.bins)], interval)


class _Leader:
    def __init__(self, arms: int, newton_start: NewtonStart) -> None:
        self.losses = np.zeros(arms)  # importance-weighted
        self.total = 0.0
        self.rounds = 0
        self.newton_start = newton_start

    def probabilities(self, _: float | None = None) -> NDArray[np.float64]:
        mean = self.total / self.rounds if self.total else 1.0
        scaled, eta = self.losses / mean, 2 / np.sqrt(self.rounds + 1)
        if self.newton_start == "safe":
            return safe_distribution(scaled, eta)
        return published_distribution(scaled, eta)

    def learn(self, arm: int, loss: float, probability: float, _: float | None = None) -> None:
        self.losses[arm] += loss / probability
        self.total += loss
        self.rounds += 1


class _Binned:
    def __init__(self, learners: list[Learner], interval: tuple[float, float]) -> None:
        self.learners, self.interval = learners, interval

    def probabilities(self, context: float | None) -> NDArray[np.float64]:
        return self._of(context).probabilities(None)

    def learn(self, arm: int, loss: float, probability: float, context: float | None) -> None:
        self._of(context).learn(arm, loss, probability, None)

    def _of(self, context: float | None) -> Learner:
        a, b = self.interval
        bins = len(self.learners)
        place = bins * (float(context or 0.0) - a) / (b - a)
        return self.learners[int(min(max(place, 0), bins - 1))]


def safe_distribution(k: NDArray[np.float64], eta: float) -> NDArray[np.float64]:
    """Return the ``p`` of the scaled losses ``k``, by Newton's method from the safe side."""
    x = np.min(k) - 2 / eta
    for _ in range(_SAFE_STEPS):
        root = 2 / (eta * (k - x))  # of p
        p = root * root
        step = (np.sum(p) - 1) / (eta * np.sum(p * root))
        if step <= 1e-12 * abs(x):
            break
        x -= step
    return p / np.sum(p)


def published_distribution(k: NDArray[np.float64], eta: float) -> NDArray[np.float64]:
    """Return what the published code draws from: 20 Newton steps from -1, on whatever branch."""
    x = -1.0
    with np.errstate(all="ignore"):
        for _ in range(_PUBLISHED_STEPS):
            p = 4 / (eta * (k - x)) ** 2
            x -= (np.sum(p) - 1) / (eta * np.sum(p**1.5))
        p = p / np.sum(p)
    return p if np.all(np.isfinite(p)) else np.full(k.size, 1 / k.size)
