r"""The classical estimator: a quadratic form with the Gram matrix of the residual's pieces.

.. math:: \|r\|_{X'}^2 = z^H G z, \qquad G = P^H X^{-1} P .

Its terms are of the size of the data and cancel down to the square of the norm: rounding leaves
``eps`` of the terms in the square, and the root of that, half of the digits, in the norm. It is
here for comparison, and for where eight digits are enough.

Sources: C. Prud'homme, D. V. Rovas, K. Veroy, L. Machiels, Y. Maday, A. T. Patera and G. Turinici,
J. Fluids Eng. 124 (2002), 70-80, doi 10.1115/1.1448332; what rounding leaves of it: F. Casenave,
C. R. Math. 350 (2012), 539-542.
"""

from dataclasses import dataclass

from resolvent.arrays import Array, adjoint, conj, eps, namespace_of
from resolvent.linalg.interpolation.values import times
from resolvent.linalg.norms import column_scales
from resolvent.solvers.reduced.estimators.estimator import ResidualNorm, TrainingFactors
from resolvent.solvers.reduced.residual import ResidualPieces
from resolvent.vectors import real

__all__ = ["GramResidual"]

_ROUNDINGS = 4  # of each term: its entry of G, two products and a sum


@dataclass(frozen=True, eq=False)
class GramResidual:
    """Holds ``G`` (m, m) and the noise of the pieces (m,); online ``O(m²)`` for each parameter.

    Pieces are divided by powers of two near their norms, ``scales`` (m,), before they are squared.
    """

    gram: Array
    noise: Array
    scales: Array

    @classmethod
    def of(cls, pieces: ResidualPieces, training: TrainingFactors) -> "GramResidual":
        """Start from pieces."""
        return cls(pieces.columns[:0, :0], pieces.noise[:0], pieces.noise[:0]).extend(
            pieces, training
        )

    def extend(self, pieces: ResidualPieces, training: TrainingFactors) -> "GramResidual":  # noqa: ARG002
        """Append rows and columns: one solution with X for each new piece."""
        P, known = pieces.columns, self.gram.shape[0]
        xp = namespace_of(P)
        sizes = column_scales(xp, pieces.by.dual_norms(P[:, known:])[None, :])
        scales = xp.concat([self.scales, xp.astype(sizes, self.scales.dtype)])
        P = P / scales
        new = times(adjoint(xp, P), pieces.by.riesz(P[:, known:]))
        top = xp.concat([xp.astype(self.gram, new.dtype), new[:known, :]], axis=1)
        bottom = xp.concat([adjoint(xp, new[:known, :]), new[known:, :]], axis=1)
        return GramResidual(xp.concat([top, bottom]), pieces.noise / scales, scales)

    def truncate(self, pieces: ResidualPieces, training: TrainingFactors) -> "GramResidual":  # noqa: ARG002
        """Keep the rows and columns of the pieces."""
        m = pieces.noise.shape[0]
        return GramResidual(self.gram[:m, :m], self.noise[:m], self.scales[:m])

    def __call__(self, factors: Array) -> ResidualNorm:
        """Return the norms for factors (m, k); the sign of a square lost to rounding is ignored."""
        xp = namespace_of(factors)
        factors = factors * self.scales[:, None]
        largest = column_scales(xp, factors)
        factors = factors / largest
        square = xp.sum(conj(xp, factors) * times(self.gram, factors), axis=0)
        sizes = xp.abs(factors)
        terms = xp.sum(sizes * (xp.abs(self.gram) @ sizes), axis=0)
        floor = xp.sqrt(_ROUNDINGS * eps(xp, terms.dtype) * terms + (self.noise @ sizes) ** 2)
        value = xp.sqrt(xp.abs(real(xp, square)))
        return ResidualNorm(largest * value, largest * floor, xp.zeros_like(floor))
