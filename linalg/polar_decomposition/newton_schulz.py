r"""Polar factor by Newton-Schulz iteration, products only.

Cubic: ``X <- X (3I - XᴴX)/2``. Quintic: ``X <- X (15I - 10 XᴴX + 3 (XᴴX)²)/8``. From
``norm(X) <= 1`` the smallest singular value grows by 1.5 (1.875) a step, so condition ``κ`` takes
about ``log_{1.5} κ + 4`` steps. Singular values that are zero stay zero.

Cost: for m by n with ``n <= m`` a cubic step takes ``4 m n²`` flops, a quintic one ``2 n³`` more.

Source: Björck and Bowie (1971); Higham, Functions of Matrices (2008), section 8.3.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from resolvent.arrays import Array, Namespace, adjoint, eps
from resolvent.errors import ConvergenceError
from resolvent.linalg.norms import frobenius, identity_like, nonzero, singular_bound
from resolvent.linalg.odd_minimax import check_parameters

__all__ = ["NewtonSchulz", "finish", "odd_step"]

_MAX_STEPS = 100
_COEFFICIENTS = {3: (1.5, -0.5), 5: (15 / 8, -10 / 8, 3 / 8)}


@dataclass(frozen=True)
class NewtonSchulz:
    """Newton-Schulz iteration.

    Parameters
    ----------
    degree : {3, 5}
        Degree of the polynomial of a step.
    steps : int, optional
        Number of steps; None iterates until ``norm(I - XᴴX)`` is at rounding level.
    """

    degree: Literal[3, 5] = 5
    steps: int | None = None

    name: ClassVar[str] = "newton-schulz"

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_parameters(None, self.degree, self.steps)

    def unitary(self, xp: Namespace, A: Array) -> Array:
        """Return the polar factor of a tall or square ``A`` of full rank, or an approximation."""
        alpha = singular_bound(xp, A)
        X = A / nonzero(xp, alpha)
        if self.steps is not None:
            for _ in range(self.steps):
                X = odd_step(X, adjoint(xp, X) @ X, _COEFFICIENTS[self.degree])
            return X
        return finish(xp, X, self.degree)


def finish(xp: Namespace, X: Array, degree: int = 3) -> Array:
    """Iterate from singular values in ``(0, sqrt(3))`` until ``norm(I - XᴴX)`` is rounding noise.

    Raises
    ------
    ConvergenceError
        A singular value stays away from 1.
    """
    identity = identity_like(xp, X)
    for _ in range(_MAX_STEPS):
        gram = adjoint(xp, X) @ X
        distance = float(xp.max(frobenius(xp, identity - gram)))
        X = odd_step(X, gram, _COEFFICIENTS[degree])
        # the step just taken squares this distance
        if distance <= eps(xp, X.dtype) ** 0.5:
            return X
    raise ConvergenceError(
        "Newton-Schulz did not settle: the matrix is close to rank-deficient; use method='svd'"
    )


def odd_step(X: Array, gram: Array, coefficients: tuple[float, ...]) -> Array:
    """Return ``X (a I + b G + c G²)`` for ``G = XᴴX``."""
    a, b, *rest = coefficients
    H = b * gram
    if rest:
        H = H + rest[0] * (gram @ gram)
    return a * X + X @ H
