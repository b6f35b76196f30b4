"""``X Y + Y X = Q`` for Hermitian positive definite X by odd polynomials, products only.

The sign of ``[[X, Q], [0, -X]]`` by cubic polynomials ``a x + b x³``, which keep the block form:
``C <- a C + b (B²C - BCB + CB²)``, ``B <- a B + b B³`` from ``B = X/c``, ``C = Q/c``, ``c =
norm(X²)_F^{1/2}``; ``Y = C/2``.

Source: Song, Sebe, Wang, Fast Differentiable Matrix Square Root (ICLR 2022), arXiv 2201.08663,
for Newton-Schulz with 8 steps. Differs in: scaled per matrix, not per batch; and the minimax
polynomials, which at the same number of products are right where the 8 published steps are wrong
by half (condition 1e4 of X²).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace, eps
from resolvent.linalg.factorisations import is_positive_definite, smallest_singular_bound
from resolvent.linalg.lyapunov.method import singular
from resolvent.linalg.norms import frobenius
from resolvent.linalg.odd_minimax import check_parameters, composition

__all__ = ["SignMinimax", "SignNewtonSchulz"]


@dataclass(frozen=True)
class SignNewtonSchulz:
    """By the Newton-Schulz polynomial ``(3x - x³)/2``, as published: 6 products a step.

    Parameters
    ----------
    steps : int, optional
        Number of steps: 8 as published, far too few beyond condition 1e2 of ``X²``. None takes
        as many as the smallest eigenvalue needs, bounded from below by one inverse.
    """

    steps: int | None = None

    name: ClassVar[str] = "newton-schulz"
    hermitian: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the steps."""
        check_parameters(None, 3, self.steps)

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``, or an approximation when the steps are few."""
        B, c = _scaled(xp, X)
        steps = self.steps or _steps_to_settle(xp, B)
        return _cubic_steps(B, Q / c, ((1.5, -0.5),) * steps)


@dataclass(frozen=True)
class SignMinimax:
    """By the cubic polynomials that are optimal for the spectrum: 6 products a step.

    Parameters
    ----------
    steps : int, optional
        Take only the first steps, for a product-by-product comparison; None takes all.
    """

    steps: int | None = None

    name: ClassVar[str] = "minimax"
    hermitian: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the steps."""
        check_parameters(None, 3, self.steps)

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``, or an approximation when the steps are few."""
        B, c = _scaled(xp, X)
        lower = min(smallest_singular_bound(xp, B), 1.0)
        if lower == 0:
            raise singular()
        schedule = composition(lower, degree=3, tolerance=eps(xp, X.dtype))
        return _cubic_steps(B, Q / c, schedule[: self.steps])


def _scaled(xp: Namespace, X: Array) -> tuple[Array, Array]:
    """Return ``X/c`` and ``c = norm(X²)_F^{1/2}`` of positive definite matrices."""
    if not is_positive_definite(xp, X):
        raise singular()
    c = xp.sqrt(frobenius(xp, X @ X))
    return X / c, c


def _steps_to_settle(xp: Namespace, B: Array) -> int:
    """Count the Newton-Schulz steps of the smallest eigenvalue of ``B`` to 1, as numbers."""
    x, steps = smallest_singular_bound(xp, B), 0
    if x == 0:
        raise singular()
    while 1 - x > eps(xp, B.dtype):
        x, steps = 0.5 * x * (3 - x * x), steps + 1
    return steps


def _cubic_steps(B: Array, C: Array, schedule: Sequence[tuple[float, ...]]) -> Array:
    for t, (a, b) in enumerate(schedule):
        square = B @ B
        C = a * C + b * (square @ C + C @ square - B @ C @ B)
        if t + 1 < len(schedule):
            B = a * B + b * (B @ square)
    return 0.5 * C
