r"""ChebCB: a contextual bandit that fits the loss of each arm by a Chebyshev series.

The loss of an arm is taken for a smooth function of the context c in [a, b], and fitted by
:math:`\hat y_i(c) = \sum_{j < m} \theta_{ij} T_j(2 (c - a)/(b - a) - 1)` in the least-squares
sense, with the coefficients in the box that Lipschitz functions of the range seen so far lie in,
:math:`|\theta_0| \le K` and :math:`|\theta_j| \le 2 (K - \min\ell)/j` for the largest loss K. The
arm of the least prediction is drawn, but for the probabilities

.. math::

    p_i = \frac{1}{d + \eta\, (\hat y_i - \min \hat y)}, \qquad
    \eta = 2 t \sqrt{\frac{d\, t}{R + 2 \alpha^2 t}}

of the d - 1 others: inverse gap weighting. Here R is the sum of the squared errors of all
predictions, and :math:`\alpha` bounds the error of the best series of degree m - 1. Predictions
are measured in units of K times :math:`N = 2 + 4 (K - \min\ell)(1 + \log m)/K`.

The regret against the best arm for each context is sublinear in the number of rounds.

Cost: a round costs :math:`O(d m + m^3)`.

Failure modes: a loss that jumps with the context; contexts outside of [a, b], which count as the
nearest end.

Source: M. Khodak, E. Chow, M.-F. Balcan and A. Talwalkar, Learning to relax, ICLR 2024,
arXiv 2310.02246; inverse gap weighting is D. J. Foster and A. Rakhlin's SquareCB, ICML 2020,
arXiv 2002.04926.
Differs from the source in: the sums of squares of each arm are kept instead of its history, so that
a round costs the same at the end as at the beginning.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from resolvent.solvers.tuning.learner import Learner, require_interval

__all__ = ["ChebyshevBandit"]


@dataclass(frozen=True)
class ChebyshevBandit:
    """ChebCB.

    Attributes
    ----------
    degree : int
        Of the Chebyshev series, m - 1.

    Raises
    ------
    ValueError
        ``degree`` is negative.

    Examples
    --------
    The best parameter grows with the context:

    >>> from resolvent.solvers import ParameterBandit
    >>> bandit = ParameterBandit([1, 2, 3], ChebyshevBandit(degree=2), interval=(0, 1), rng=0)
    >>> for context in 200 * [0.0, 0.5, 1.0]:
    ...     bandit.observe((bandit.suggest(context) - 1 - 2 * context) ** 2)
    >>> [int(bandit.probabilities(context).argmax()) for context in (0.0, 0.5, 1.0)]
    [0, 1, 2]
    """

    degree: int = 5
    name: ClassVar[str] = "cheb-cb"
    contextual: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.degree < 0:
            raise ValueError(f"degree must not be negative, got {self.degree}")

    def learner(self, arms: int, interval: tuple[float, float] | None) -> Learner:
        """Start to learn."""
        return _Regression(arms, require_interval(interval, self.name), self.degree + 1)


class _Regression:
    def __init__(self, arms: int, interval: tuple[float, float], terms: int) -> None:
        self.interval = interval
        self.gram = np.zeros((arms, terms, terms))
        self.moments = np.zeros((arms, terms))
        self.theta = np.zeros((arms, terms))
        self.played = np.zeros(arms, dtype=bool)
        self.rounds = 0
        self.least, self.largest = np.inf, 0.0
        self.errors = 0.0  # sum of squares, of predictions
        self.box = np.zeros(terms)

    def probabilities(self, context: float | None) -> NDArray[np.float64]:
        d, predicted = len(self.theta), self.theta @ self.features(context)
        best = int(np.argmin(predicted))
        gap = predicted - predicted[best]
        p = 1 / (d + self.rate() * gap)
        p[best] = 0
        p[best] = 1 - np.sum(p)
        return np.asarray(p)

    def learn(self, arm: int, loss: float, _: float, context: float | None) -> None:
        f = self.features(context)
        self.errors += (self.theta[arm] @ f - loss) ** 2
        self.gram[arm] += np.outer(f, f)
        self.moments[arm] += loss * f
        self.played[arm] = True
        self.rounds += 1
        if not self.least <= loss <= self.largest:
            self.least, self.largest = min(self.least, loss), max(self.largest, loss)
            spread = self.largest - self.least
            j = np.arange(1, self.box.size)
            self.box = np.concatenate([[self.largest], 2 * spread / j])
            for i in np.flatnonzero(self.played).tolist():
                self.fit(i)
        else:
            self.fit(arm)

    def features(self, context: float | None) -> NDArray[np.float64]:
        a, b = self.interval
        x = 2 * (float(context or 0.0) - a) / (b - a) - 1
        angle = np.arccos(min(max(x, -1.0), 1.0))
        return np.asarray(np.cos(np.arange(self.box.size) * angle))

    def fit(self, arm: int) -> None:
        """Least squares of least norm, in the box."""
        squares, V = np.linalg.eigh(self.gram[arm])
        kept = squares > squares[-1] * squares.size * np.finfo(float).eps
        singular, V = np.sqrt(squares[kept]), V[:, kept]
        right = (V.T @ self.moments[arm]) / singular
        theta = V @ (right / singular)
        if np.any(np.abs(theta) > self.box):
            box = np.maximum(self.box, 1e-12 * self.largest)
            if self.largest > 0:
                theta = lsq_linear(singular[:, None] * V.T, right, (-box, box), method="bvls").x
        self.theta[arm] = theta

    def rate(self) -> float:
        """Return eta for losses in their own units."""
        d, m, t = *self.theta.shape, self.rounds
        if not t or not self.largest:
            return 0.0
        spread = self.largest - self.least
        unit = self.largest * (2 + 4 * spread / self.largest * (1 + np.log(m)))
        alpha = (np.pi + 2 / np.pi * np.log(2 * m + 1)) / (2 * unit * (m + 1)) * spread
        errors = self.errors / unit**2 + 2 * alpha**2 * t
        return float(2 * t * np.sqrt(d * t / errors) / unit) if errors else np.finfo(float).max
