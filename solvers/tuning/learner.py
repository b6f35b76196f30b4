"""What a kind of bandit is: a frozen record of its parameters that starts a learner."""

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["BanditKind", "Learner", "require_interval"]


class Learner(Protocol):
    """The state of one bandit; arms are numbered from 0."""

    def probabilities(self, context: float | None) -> NDArray[np.float64]:
        """Return with which probability each arm is to be tried next; they add up to one."""
        ...

    def learn(self, arm: int, loss: float, probability: float, context: float | None) -> None:
        """Take in the loss, not negative, of an arm that was drawn with a probability."""
        ...


class BanditKind(Protocol):
    """A way to learn which arm costs least.

    Attributes
    ----------
    name : str
        The name that ``kind=`` takes.
    contextual : bool
        Whether it needs to know something of each instance: a number in a known interval.

    Examples
    --------
    A kind that never learns:

    >>> import numpy as np
    >>> from resolvent.solvers import ParameterBandit
    >>> class Uniform:
    ...     name, contextual = "uniform", False
    ...
    ...     def learner(self, arms, interval):
    ...         self.arms = arms
    ...         return self
    ...
    ...     def probabilities(self, context):
    ...         return np.full(self.arms, 1 / self.arms)
    ...
    ...     def learn(self, arm, loss, probability, context):
    ...         pass
    >>> ParameterBandit([1.0, 1.5], Uniform()).probabilities()
    array([0.5, 0.5])
    """

    name: ClassVar[str]
    contextual: ClassVar[bool]

    def learner(self, arms: int, interval: tuple[float, float] | None) -> Learner:
        """Start to learn for so many arms and contexts in the interval."""
        ...


def require_interval(interval: tuple[float, float] | None, name: str) -> tuple[float, float]:
    """Return the ends of the interval of contexts.

    Raises
    ------
    ValueError
        There is none, or it is empty.
    """
    if interval is None:
        raise ValueError(f"kind {name!r} needs interval=(a, b), in which the contexts lie")
    a, b = (float(end) for end in interval)
    if not -np.inf < a < b < np.inf:
        raise ValueError(f"interval must be (a, b) with a < b, got {interval}")
    return a, b
