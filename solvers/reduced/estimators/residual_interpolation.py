r"""The estimator by interpolation of its own square: all digits, from a few residuals.

The square of the residual's norm is linear in the products of its factors,

.. math:: \|r(\mu)\|_{X'}^2 = \sum_p g_p F_p(\mu), \quad
          F = (|z_1|^2, \dots, \mathrm{Re}\,\bar z_1 z_2, \mathrm{Im}\,\bar z_1 z_2, \dots) .

If :math:`F(\mu) = \sum_r \lambda_r F(\mu_r)` then the same holds for the squares: known ones at
:math:`\mu_r`, evaluated from the residuals themselves, give those at all ``mu`` and nothing cancels
any more: they are all small. Parameters and as many products are chosen by the empirical
interpolation method; far fewer than there are products are enough.

The products are scaled to a maximum of one over the training parameters. Without, those of late
basis vectors are below rounding beside the first ones, the choice ends before it has seen them, and
where the residuals are small the weights are wrong.

Source: F. Casenave, A. Ern and T. Lelièvre, Accurate and online-efficient evaluation of the a
posteriori error bound in the reduced basis method, ESAIM: M2AN 48 (2014),
doi 10.1051/m2an/2013097, arXiv 1212.0970.

Differs from the source in: the scaling, the parts of complex products, and what is said of the
error.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, conj, device_of, eps, namespace_of, take
from resolvent.linalg.interpolation.eim import eim
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.linalg.norms import column_scales, nonzero
from resolvent.solvers.reduced.estimators.estimator import ResidualNorm, TrainingFactors
from resolvent.solvers.reduced.residual import ResidualPieces

__all__ = ["InterpolatedResidual"]

_ROUNDING = 50  # eps; pivots relative to the first
_CHECKS = 8  # parameters left out, by which the interpolation is judged
_SHARE = 4  # and no more than one of so many
_LARGEST = 2**30  # bytes of the table of products


@dataclass(frozen=True, eq=False)
class Products:
    """Selected products ``conj(z_p) z_q`` of ``z / scale``, real or imaginary part of each."""

    p: NDArray[np.intp]
    q: NDArray[np.intp]
    imaginary: NDArray[np.bool_]
    scale: Array

    @classmethod
    def all(cls, factors: Array, *, scaled: bool) -> "Products":
        """Name all different products; complex factors have imaginary parts too."""
        xp = namespace_of(factors)
        p, q = np.triu_indices(factors.shape[0])
        imaginary = np.zeros(p.size, dtype=bool)
        if xp.isdtype(factors.dtype, "complex floating"):
            mixed = p < q
            p, q = np.concatenate([p, p[mixed]]), np.concatenate([q, q[mixed]])
            imaginary = np.concatenate([imaginary, np.ones(int(mixed.sum()), dtype=bool)])
        largest = xp.max(xp.abs(factors), axis=1)
        # of all one, so that nothing is out of range
        same = xp.ones_like(largest) * nonzero(xp, xp.max(largest))
        return cls(p, q, imaginary, nonzero(xp, largest) if scaled else same)

    def take(self, points: NDArray[np.intp]) -> "Products":
        """Select."""
        return replace(self, p=self.p[points], q=self.q[points], imaginary=self.imaginary[points])

    def __call__(self, factors: Array) -> Array:
        """Return the products (count, k), real."""
        xp, device = namespace_of(factors), device_of(factors)
        z = factors / self.scale[:, None]
        left, right = take(z, self.p), take(z, self.q)
        both = conj(xp, left) * right
        if not xp.isdtype(both.dtype, "complex floating"):
            return both
        imaginary = xp.asarray(self.imaginary, device=device)[:, None]
        return xp.where(imaginary, xp.imag(both), xp.real(both))


@dataclass(frozen=True, eq=False)
class InterpolatedResidual:
    r"""Holds the chosen products, their interpolant, and squares of residual norms.

    Online ``O(s²)`` for each parameter, ``s`` being the number of terms; offline ``s`` residuals
    and as many as are left out to check, and EIM on an array of ``m (m + 1) / 2`` products (``m²``
    of complex factors) by the training parameters.

    Attributes
    ----------
    products : Products
        Those at the magic points.
    interpolant : EmpiricalInterpolant
        Of all products over the training parameters that were not left out.
    params : (s,) ndarray of int
        Numbers of the magic parameters among the training parameters.
    norms : (s,) array
        Residual norms at the magic parameters.
    noise : (s,) array
        What rounding leaves of them.
    gap : array ()
        Root of the largest deviation of a square at training parameters that were left out: a
        measurement, and no bound.
    scaled : bool
        Whether the products are scaled.
    """

    products: Products
    interpolant: EmpiricalInterpolant
    params: NDArray[np.intp]
    norms: Array
    noise: Array
    gap: Array
    scaled: bool

    @classmethod
    def of(
        cls, pieces: ResidualPieces, training: TrainingFactors, *, scaled: bool = True
    ) -> "InterpolatedResidual":
        """Choose products and parameters, and evaluate the residuals there.

        Raises
        ------
        ValueError
            There are fewer than four training parameters: none can be left out, by which the
            interpolation is judged. Or a table of all products would take more than a gigabyte.
        """
        factors = training()
        if factors is None or factors.shape[1] < _SHARE:
            raise ValueError(
                f"the estimator 'eim' chooses among training parameters, and leaves out one of "
                f"{_SHARE} to judge itself: pass at least {_SHARE} as train=, or take "
                "estimator='orthonormal'"
            )
        xp = namespace_of(factors)
        numbers, others = _split(factors.shape[1])
        kept, left_out = take(factors, numbers, axis=1), take(factors, others, axis=1)
        _require_room(kept)
        everything = Products.all(factors, scaled=scaled)
        table = everything(kept)
        found = eim(table, tol=_ROUNDING * eps(xp, table.dtype))
        chosen = take(kept, found.params, axis=1)
        norms, noise = pieces.norms(chosen), pieces.floor(chosen)
        products = everything.take(found.points)
        scale, at_checks = _scale(norms), pieces.norms(left_out)
        known = (norms / scale) ** 2 @ found.weights(products(left_out))
        gap = scale * xp.sqrt(xp.max(xp.abs((at_checks / scale) ** 2 - known)))
        return cls(products, found, numbers[found.params], norms, noise, gap, scaled)

    @property
    def terms(self) -> int:
        """Number of residuals that are stored."""
        return int(self.norms.shape[0])

    def extend(self, pieces: ResidualPieces, training: TrainingFactors) -> "InterpolatedResidual":
        """Choose anew."""
        return self.of(pieces, training, scaled=self.scaled)

    def truncate(self, pieces: ResidualPieces, training: TrainingFactors) -> "InterpolatedResidual":
        """Choose anew."""
        return self.of(pieces, training, scaled=self.scaled)

    def __call__(self, factors: Array) -> ResidualNorm:
        """Return the norms for factors (m, k); the sign of a square lost to rounding is ignored."""
        xp = namespace_of(factors)
        weights = self.interpolant.weights(self.products(factors))
        sizes = xp.abs(weights)
        unit, scale = eps(xp, self.norms.dtype), _scale(self.norms)
        squares, noise = (self.norms / scale) ** 2, (self.noise / scale) ** 2
        floor = scale * xp.sqrt((unit * squares + noise) @ sizes)
        missed = self.gap * xp.ones_like(floor)
        return ResidualNorm(scale * xp.sqrt(xp.abs(squares @ weights)), floor, missed)


def _split(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which parameters to choose from, and which to leave out."""
    checks = min(_CHECKS, count // _SHARE)
    # in the middle of equal parts
    left_out = (np.arange(checks) * count + count // 2) // max(checks, 1)
    return np.setdiff1d(np.arange(count), left_out), left_out


def _scale(norms: Array) -> Array:
    """Return a power of two near the largest, ()."""
    return column_scales(namespace_of(norms), norms[:, None])[0]


def _require_room(factors: Array) -> None:
    """Refuse a table of products that would fill the memory."""
    m, n = factors.shape
    xp = namespace_of(factors)
    is_complex = xp.isdtype(factors.dtype, "complex floating")
    count = m * m if is_complex else m * (m + 1) // 2
    size = count * n * xp.finfo(factors.dtype).bits // 8
    if size > _LARGEST:
        raise ValueError(
            f"the estimator 'eim' would tabulate {count} products at {n} parameters, "
            f"{size / 2**30:.1f} GiB, at every greedy step: take estimator='orthonormal', fewer "
            "training parameters or fewer terms"
        )
