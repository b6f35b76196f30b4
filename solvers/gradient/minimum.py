"""What a gradient method returns: one frozen `Minimum`, the sibling of `resolvent.Solution`."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array
from resolvent.errors import ConvergenceError
from resolvent.results import Reason

__all__ = ["Minimum"]


@dataclass(frozen=True, eq=False, repr=False)
class Minimum:
    r"""The outcome of the minimisation of a smooth convex function f.

    Attributes
    ----------
    x : (n,) array
        The iterate with the smallest gradient, on the device of ``x0``.
    reason : Reason
        Why the iteration ended.
    advice : str
        What was seen and what to do about it, more specific than ``reason.advice``.
    iterations : int
        Steps taken.
    evaluations : int
        Points at which f was asked for its value and gradient.
    value : float
        f(x).
    gradient_norm : float
        :math:`\|\nabla f(x)\|`, evaluated and not updated. It certifies the value: if f is
        strongly convex with :math:`\mu`, then
        :math:`f(x) - f^* \le \|\nabla f(x)\|^2 / (2 \mu)`.
    history : ndarray
        Gradient norms, the first before any step, on the host.
    values : ndarray
        The values of f at the same points.
    L : float
        The smoothness constant of the last step, given or found.
    restarts : int
        How often the momentum was dropped.
    seconds : float
        Wall-clock time.

    Examples
    --------
    >>> import numpy as np
    >>> Minimum(np.ones(3), Reason.MAXITER, "raise maxiter", 7, 8, 1.5, 0.25)
    Minimum(MAXITER after 7 iterations, value 1.5, gradient norm 2.5e-01, 8 evaluations, 0 s)
    """

    x: Array
    reason: Reason
    advice: str
    iterations: int
    evaluations: int
    value: float
    gradient_norm: float
    history: NDArray[np.floating[Any]] = field(default_factory=lambda: np.empty(0))
    values: NDArray[np.floating[Any]] = field(default_factory=lambda: np.empty(0))
    L: float = 0.0
    restarts: int = 0
    seconds: float = 0.0

    @property
    def converged(self) -> bool:
        """Whether the gradient met the tolerance."""
        return self.reason is Reason.CONVERGED

    def raise_if_failed(self) -> Self:
        """Return this minimum if it converged.

        Raises
        ------
        ConvergenceError
            With the reason and the advice.
        """
        if self.converged:
            return self
        raise ConvergenceError(f"{self.reason.name}: {self.advice} ({self!r})")

    def __repr__(self) -> str:
        return (
            f"Minimum({self.reason.name} after {self.iterations} iterations, "
            f"value {self.value:.10g}, gradient norm {self.gradient_norm:.1e}, "
            f"{self.evaluations} evaluations, {self.seconds:.2g} s)"
        )
