r"""Polar factor by a composition of optimal odd polynomials, products only.

``X <- X h_t(XᴴX)`` with the polynomials of `resolvent.linalg.odd_minimax`: among all compositions
of that degree and length the one with the smallest worst error on ``[lower, 1]``. Half the steps
of Newton-Schulz; singular values below ``lower`` are raised but do not arrive at 1.

Cost: as a Newton-Schulz step of the same degree.

Source: Amsel, Persson, Musco, Gower, The Polar Express (2025), arXiv 2505.16932.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from resolvent.arrays import Array, Namespace, adjoint, eps
from resolvent.errors import SingularMatrixError
from resolvent.linalg.factorisations import smallest_singular_bound
from resolvent.linalg.norms import nonzero, singular_bound
from resolvent.linalg.odd_minimax import check_parameters, composition
from resolvent.linalg.polar_decomposition.newton_schulz import odd_step

__all__ = ["Minimax"]


@dataclass(frozen=True)
class Minimax:
    """Composition of minimax odd polynomials.

    Parameters
    ----------
    lower : float, optional
        Lower bound of the smallest singular value relative to the bound of the largest; None
        computes one from an inverse.
    degree : {3, 5}
        Degree of the polynomial of a step.
    steps : int, optional
        Number of steps; None takes as many as reach working accuracy on ``[lower, 1]``.
    """

    lower: float | None = None
    degree: Literal[3, 5] = 5
    steps: int | None = None

    name: ClassVar[str] = "minimax"

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_parameters(self.lower, self.degree, self.steps)

    def unitary(self, xp: Namespace, A: Array) -> Array:
        """Return the polar factor of a tall or square ``A`` of full rank, or an approximation."""
        alpha = singular_bound(xp, A)
        X = A / nonzero(xp, alpha)
        lower = self.lower
        if lower is None:
            square = X if A.shape[-2] == A.shape[-1] else xp.linalg.qr(X)[1]
            lower = min(smallest_singular_bound(xp, square), 1.0)
        if lower == 0:
            raise SingularMatrixError("the matrix has not full rank: use method='svd'")
        schedule = composition(lower, degree=self.degree, tolerance=eps(xp, A.dtype))
        for coefficients in schedule[: self.steps]:
            X = odd_step(X, adjoint(xp, X) @ X, coefficients)
        return X
