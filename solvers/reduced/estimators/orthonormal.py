r"""The estimator by an orthonormal basis of the residuals: all digits, no large vectors.

.. math:: X^{-1} P = Q R, \quad Q^H X Q = I \quad\Longrightarrow\quad \|r\|_{X'} = \|R z\|_2 .

The residual itself is formed, in the coordinates of ``Q``, before its norm is taken: what cancels
does so in vectors, not in squares, and rounding leaves ``eps`` of the terms in the norm.

Source: A. Buhr, C. Engwer, M. Ohlberger, S. Rave, A numerically stable a posteriori error estimator
for reduced basis approximations of elliptic equations (2014).
"""

from dataclasses import dataclass

from resolvent.arrays import Array, namespace_of
from resolvent.linalg.interpolation.values import times
from resolvent.linalg.norms import column_norms
from resolvent.solvers.reduced.estimators.estimator import ResidualNorm, TrainingFactors
from resolvent.solvers.reduced.inner_product import gram_schmidt
from resolvent.solvers.reduced.residual import ResidualPieces

__all__ = ["OrthonormalResidual"]


@dataclass(frozen=True, eq=False)
class OrthonormalResidual:
    """Holds ``Q`` (N, r), ``R`` (r, m) and the noise of each column (m,); online ``O(m r)``."""

    basis: Array
    coordinates: Array
    noise: Array

    @classmethod
    def of(
        cls, pieces: ResidualPieces, training: TrainingFactors | None = None
    ) -> "OrthonormalResidual":
        """Start from pieces."""
        P = pieces.columns
        return cls(P[:, :0], P[:0, :0], pieces.noise[:0]).extend(pieces, training)

    def extend(
        self,
        pieces: ResidualPieces,
        training: TrainingFactors | None = None,  # noqa: ARG002
    ) -> "OrthonormalResidual":
        """Orthonormalise the new pieces: a solution with X and two projections for each."""
        P, known = pieces.columns, self.coordinates.shape[1]
        xp = namespace_of(P)
        by, added = pieces.by, P[:, known:]
        Q, new = gram_schmidt(by, self.basis, by.riesz(added))
        # by the solution with X, and what was left out as dependent
        wrong = by.dual_norms(added - by.times(Q @ new))
        noise = xp.concat([self.noise, pieces.noise[known:] + wrong])
        old = xp.zeros((Q.shape[1], known), dtype=new.dtype, device=new.device)
        old[: self.basis.shape[1], :] = xp.astype(self.coordinates, new.dtype)
        return OrthonormalResidual(Q, xp.concat([old, new], axis=1), noise)

    def truncate(
        self,
        pieces: ResidualPieces,
        training: TrainingFactors | None = None,  # noqa: ARG002
    ) -> "OrthonormalResidual":
        """Keep the coordinates of the pieces: m columns are in the span of m vectors at most."""
        m = pieces.noise.shape[0]
        rank = min(m, self.basis.shape[1])
        return OrthonormalResidual(
            self.basis[:, :rank], self.coordinates[:rank, :m], self.noise[:m]
        )

    def __call__(self, factors: Array) -> ResidualNorm:
        """Return the norms for factors (m, k)."""
        xp = namespace_of(factors)
        value = column_norms(xp, times(self.coordinates, factors))
        return ResidualNorm(value, self.noise @ xp.abs(factors), xp.zeros_like(value))
