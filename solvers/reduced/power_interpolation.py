r"""Limits of powers of a parametrised matrix, from their values at few parameters.

For symmetric positive semidefinite terms and positive coefficients,

.. math:: A_\mu = \sum_{q=1}^Q \alpha_q(\mu) A_q = R^{1/2} (I - E_\mu) R^{1/2}, \qquad
          E_\mu = \sum_q c_q(\mu) B_q, \quad c_q = 1 - \alpha_q / \alpha^*_q,

with a reference :math:`R = \sum_q \alpha^*_q A_q` that is never formed, and :math:`\sum_q B_q = I`.
The powers of ``E`` are polynomials in ``c``, with one matrix for each multi-index:

.. math:: E_\mu^k = \sum_{|i| = k} c(\mu)^i W_i, \qquad
          A_\mu^{-1} = R^{-1/2} \sum_i c(\mu)^i W_i\, R^{-1/2}.

So weights with :math:`c(\mu)^i = \sum_j \lambda_j(\mu) c(\mu_j)^i` for the multi-indices that count
carry over to whatever is a limit of powers: the inverse and the logarithm of the determinant at
``mu`` are these combinations of those at few :math:`\mu_j`. Empirical interpolation of the function
:math:`(\mu, i) \mapsto c(\mu)^i` chooses them.

**Why monomials without multinomial coefficients.** A multi-index stands for many words, but
:math:`\sum_q z_q B_q` is a contraction wherever all :math:`|z_q| = 1` (write it as :math:`V^H D V`
with an isometry), and ``W_i`` is a Fourier coefficient of its powers. Parseval:

.. math:: \sum_{|i| = k} W_i W_i^H \preceq I, \qquad
          \Big\| \sum_{|i|=k} r_i W_i \Big\| \le \Big( \sum_{|i|=k} |r_i|^2 \Big)^{1/2} .

With :math:`\rho = \max_q |c_q(\mu)|` the powers left out are at most
:math:`\sum_{k>K} \|E^k\| \le \rho^{K+1}/(1-\rho)`. These two are the error bound.

**Homogeneity.** :math:`(s A)^{-1} = A^{-1}/s` and :math:`\log\det(sA) = n \log s + \log\det A`:
parameters are divided by the mean of their coefficients first, which takes one dimension away.

Failure modes: coefficients of very different relative sizes bring :math:`\rho` close to one; the
multi-indices, ``binomial(K + Q, Q)``, are too many beyond a few terms, and are sampled then.

Source: F. Casenave, N. Akkari, A. Charles, C. Rey, Nonintrusive approximation of parametrized
limits of matrix power algorithms, arXiv 1710.02488. The scaling by a reference for each term, the
homogeneity and the bound are ours.
"""

from dataclasses import dataclass, replace
from math import ceil, log
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, eps, namespace_of, take
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.interpolation.eim import eim
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.results import Outcome, Reason
from resolvent.solvers.reduced.affine import Coefficients
from resolvent.solvers.reduced.monomial_norms import norms_of_all
from resolvent.solvers.reduced.multi_indices import MultiIndices, monomials, multi_indices
from resolvent.solvers.reduced.shifted_coefficients import (
    ShiftedCoefficients,
    as_parameters,
    column,
)

__all__ = ["PowerError", "PowerInterpolation", "power_interpolation"]


class PowerError(NamedTuple):
    """A bound on an error in its parts, each an array (n,) with one entry for each parameter.

    Attributes
    ----------
    interpolation : array
        Powers up to the degree, which the weights don't reproduce exactly.
    tail : array
        Powers beyond the degree; infinite where their series diverges.
    rounding : array
        Rounding in the weighted sum, an estimate. Errors of the black box come on top of it,
        times the amplification.
    """

    interpolation: Array
    tail: Array
    rounding: Array

    @property
    def total(self) -> Array:
        """The sum of the parts."""
        return self.interpolation + self.tail + self.rounding


@dataclass(frozen=True, eq=False, repr=False)
class PowerInterpolation(Outcome):
    r"""Magic parameters, and the weights of what is known there for any other parameter.

    Attributes
    ----------
    params : (k, d) array
        The parameters at which the black box is to be called, in the order of their choice.
    reason : Reason
        CONVERGED: the monomials are interpolated to the tolerance. MAXITER: ``max_terms`` were
        taken. STAGNATED: what is left is rounding.
    shifted : ShiftedCoefficients
        The map to normalised and centred coefficients, with the reference.
    indices : MultiIndices
        What was interpolated. If they are a sample, ``reason`` speaks of the sample alone; the
        error bounds are those of all.
    interpolant : EmpiricalInterpolant
        Of the monomials: its fields are functions of the multi-index.
    """

    params: Array
    reason: Reason
    shifted: ShiftedCoefficients
    indices: MultiIndices
    interpolant: EmpiricalInterpolant

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.params.shape[0]} parameters, powers up to "
            f"{self.indices.degree}{'' if self.indices.is_complete else ' (a sample)'}, "
            f"{self.history[-1]:.1e} left, {self.reason.name})"
        )

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return self.interpolant.advice

    @property
    def history(self) -> NDArray[np.float64]:
        """Largest error of a monomial before each choice and after the last."""
        return self.interpolant.history

    def weights(self, mus: Any) -> Array:
        r"""Return :math:`\lambda` (k, n) for parameters (n, d), n = 0 too; columns sum to one.

        Raises
        ------
        TypeError, ValueError
            Another array library or device than the training parameters', a wrong shape, or
            coefficients that are not positive.

        Notes
        -----
        Cost: ``k Q`` products and a solve with the ``k`` by ``k`` factors, each parameter.
        """
        return self._weights(self.shifts(mus)[0])

    def amplification(self, mus: Any) -> Array:
        r"""Return :math:`\sum_j |\lambda_j|` (n,): by how much errors of the black box grow."""
        weights = self.weights(mus)
        xp = namespace_of(weights)
        return xp.sum(xp.abs(weights), axis=0)

    def outside(self, mus: Any) -> Array:
        """Tell (n,) for which parameters a coefficient is beyond its training: extrapolation.

        Each coefficient has a range of its own. The bounds hold outside too; they grow, and are
        infinite where the series diverges.
        """
        c, _ = self.shifts(mus)
        xp = namespace_of(c)
        limits = column(self.shifted.radii, c) + 4 * eps(xp, c.dtype)
        return xp.any(xp.abs(c) > limits, axis=0)

    def shifts(self, mus: Any) -> tuple[Array, Array]:
        """Return the shifted coefficients (Q, n) and the scalars ``s`` (n,) divided by."""
        return self.shifted(as_parameters(mus, like=self.params))

    def power_errors(self, mus: Any) -> Array:
        r"""Return bounds (K + 1, n) on the errors of the powers :math:`E^k`, in the 2-norm.

        .. math:: \Big( \sum_{|i| = k} \big( c(\mu)^i - \sum_j \lambda_j c(\mu_j)^i \big)^2
                  \Big)^{1/2}

        Notes
        -----
        Cost: ``k`` products for each multi-index and parameter; where they are a sample, for each
        power ``k²`` products for each parameter, see `norms_of_all`.
        """
        c, _ = self.shifts(mus)
        known, weights = self.shifts(self.params)[0], self._weights(c)
        missed = monomials(c, self.indices.exponents)
        listed = self.indices.norms(missed - monomials(known, self.indices.exponents) @ weights)
        if self.indices.is_complete:
            return listed
        xp = namespace_of(c)
        sampled = xp.asarray(self.indices.shares > 1, device=device_of(c))[:, None]
        return xp.where(sampled, norms_of_all(c, known, weights, self.indices.degree), listed)

    def tail(self, mus: Any) -> Array:
        r"""Return a bound (n,) on :math:`\sum_{k > K} \|E_\mu^k - \sum_j \lambda_j E_j^k\|`."""
        weights = namespace_of(self.params).abs(self.weights(mus))
        here, there = self._tails(mus), self._tails(self.params)
        return here + (there[None, :] @ weights)[0, :]

    def truncate(self, terms: int) -> Self:
        """Return the interpolation by the first parameters alone.

        Raises
        ------
        ValueError
            There are not as many.
        """
        shorter = self.interpolant.truncate(terms)
        return replace(
            self, params=self.params[:terms, :], reason=shorter.reason, interpolant=shorter
        )

    def _weights(self, c: Array) -> Array:
        exponents = self.indices.exponents[self.interpolant.points]
        return self.interpolant.weights(monomials(c, exponents))

    def _tails(self, mus: Array) -> Array:
        c, _ = self.shifts(mus)
        xp = namespace_of(c)
        rho = xp.max(xp.abs(c), axis=0)
        inside = rho < 1
        safe = xp.where(inside, rho, xp.zeros_like(rho))
        tails = safe ** (self.indices.degree + 1) / (1 - safe)
        return xp.where(inside, tails, xp.full_like(rho, xp.inf))


def power_interpolation(
    params: Any,
    *,
    coefficients: Coefficients | None = None,
    tol: float = 1e-8,
    max_terms: int | None = None,
    homogeneous: bool = True,
    max_indices: int = 10_000,
    rng: Rng = 0,
) -> PowerInterpolation:
    r"""Choose the parameters at which limits of powers of a matrix are to be known.

    Parameters
    ----------
    params : (n, d) array_like
        Training parameters, (n,) for a single one; they fill the range of interest.
    coefficients : callable, optional
        ``alpha(params)``, (Q, n) positive coefficients of the terms: an array, or a sequence of
        numbers and (n,) arrays, as of `AffineSystem`. By default the parameters, ``Q = d``.
    tol : float
        Largest error of a monomial, and of the powers left out together.
    max_terms : int, optional
        Largest number of parameters chosen.
    homogeneous : bool
        Normalise by the mean coefficient first.
    max_indices : int
        Where there are more multi-indices, so many at most are drawn at random.
    rng : numpy.random.Generator or int
        Source of the sample, or its seed.

    Returns
    -------
    PowerInterpolation

    Raises
    ------
    ValueError
        No parameters, a wrong shape, values that are not finite, coefficients that are not
        positive, ``tol`` outside (0, 1), or more powers needed than ``max_indices``.
    TypeError
        Complex parameters or coefficients, or a dtype that is not numeric.

    Notes
    -----
    Cost: empirical interpolation of a table of (multi-indices, n) numbers, in memory.

    Array API, in the precision and on the device of ``params``.

    Examples
    --------
    >>> import numpy as np
    >>> corner = np.linspace(0.5, 2, 30)
    >>> mus = np.stack(np.meshgrid(corner, corner), axis=-1).reshape(-1, 2)
    >>> power = power_interpolation(mus, tol=1e-6)
    >>> power.converged, power.params.shape[0] < 15
    (True, True)
    >>> np.allclose(power.weights([[1.0, 0.8], [2.0, 1.6]]).sum(axis=0), 1)
    True
    """
    if not 0 < tol < 1:
        raise ValueError(f"tol must be between 0 and 1, got {tol}")
    mus = as_parameters(params)
    shifted = ShiftedCoefficients.of(mus, coefficients, homogeneous=homogeneous)
    c, _ = shifted(mus)
    degree = _degree(float(np.max(shifted.radii)), tol)
    indices = multi_indices(c.shape[0], degree, most=max_indices, rng=rng)
    found = eim(monomials(c, indices.exponents), tol=tol, max_terms=max_terms)
    return PowerInterpolation(take(mus, found.params), found.reason, shifted, indices, found)


def _degree(rho: float, tol: float) -> int:
    """Return the smallest ``K`` with ``rho ** (K + 1) <= tol (1 - rho)``."""
    if rho >= 1 - 1e-12:
        raise ValueError("coefficients vary by more than a factor of 1e12; narrow their range")
    return max(ceil(log(tol * (1 - rho)) / log(rho)) - 1, 0) if rho > 0 else 0
