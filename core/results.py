"""What a solver returns: one frozen `Solution` for the whole library, and why it stopped.

No flag changes a return type and no solver raises in mid-iteration: the best finite iterate is
kept whatever happens, and `Solution.raise_if_failed` turns a failure into an exception for
those who want one.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array
from resolvent.errors import ConvergenceError

__all__ = ["Outcome", "Reason", "Solution"]


class Reason(Enum):
    """Why an iteration ended; the value is advice to the user.

    Examples
    --------
    >>> Reason.MAXITER.advice
    'the iteration limit was reached; raise maxiter or use a better preconditioner'
    """

    CONVERGED = "the residual met the tolerance"
    MAXITER = "the iteration limit was reached; raise maxiter or use a better preconditioner"
    STAGNATED = (
        "the true residual no longer falls; loosen rtol, use a higher precision, a longer restart "
        "or another method"
    )
    INDEFINITE_OPERATOR = "A is not positive definite; use minres, or gmres if A is not Hermitian"
    INDEFINITE_PRECONDITIONER = (
        "M is not positive definite; check that M @ r approximates inv(A) @ r, or use fgmres"
    )
    BREAKDOWN = "the recurrence divided by zero; start from another x0 or use another method"
    DIVERGED = "the residual grew without bound; take a smaller step, or another method"
    NONFINITE = "NaN or infinity appeared; check A and M, or scale the problem"
    TIME_LIMIT = "the time limit was reached; raise it or use a better preconditioner"
    STOPPED_BY_CALLBACK = "the callback asked to stop"
    INCONSISTENT = "b is not in the range of A; minimise the residual with lsqr or lsmr"

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return self.value


class Outcome:
    """What all results of iterations share: the reason why they ended."""

    reason: Reason

    @property
    def converged(self) -> bool:
        """Whether the tolerance was met, by what was computed at exit."""
        return self.reason is Reason.CONVERGED

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return self.reason.advice

    def raise_if_failed(self) -> Self:
        """Return this result if it converged.

        Raises
        ------
        ConvergenceError
            With the reason and its advice.
        """
        if self.converged:
            return self
        raise ConvergenceError(f"{self.reason.name}: {self.advice} ({self!r})")


@dataclass(frozen=True, eq=False, repr=False)
class Solution(Outcome):
    r"""The outcome of an iterative solve of :math:`A x = b`.

    Attributes
    ----------
    x : array
        The best finite iterate, on the device and in the dtype of ``b``.
    reason : Reason
        Why the iteration ended.
    iterations : int
        Steps taken.
    matvecs : int
        Products with ``A`` or its adjoint.
    residual_norm : float or ndarray
        The true :math:`\|b - A x\|`, recomputed at exit; one for each column of ``b``.
    history : ndarray
        Residual norms, the first before any step, on the host.
    seconds : float
        Wall-clock time.
    info : object
        What else the method has to tell; each method documents its own.
    reasons : tuple of Reason
        Why each column of ``b`` ended; ``reason`` is the gravest of them.

    Examples
    --------
    >>> import numpy as np
    >>> sol = Solution(np.ones(3), Reason.MAXITER, 7, 8, 0.25, np.array([1.0, 0.25]), 0.1)
    >>> sol
    Solution(MAXITER after 7 iterations, residual norm 2.5e-01, 8 matvecs, 0.1 s)
    >>> sol.converged
    False
    """

    x: Array
    reason: Reason
    iterations: int
    matvecs: int
    residual_norm: float | NDArray[np.floating[Any]]
    history: NDArray[np.floating[Any]] = field(default_factory=lambda: np.empty(0))
    seconds: float = 0.0
    info: Any = None
    reasons: tuple[Reason, ...] = ()

    def __repr__(self) -> str:
        worst = np.max(self.residual_norm, initial=0.0)
        return (
            f"Solution({self.reason.name} after {self.iterations} iterations, "
            f"residual norm {worst:.1e}, {self.matvecs} matvecs, {self.seconds:.2g} s)"
        )
