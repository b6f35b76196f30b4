r"""Log-determinants of a parametrised matrix from those at few parameters.

.. math:: \log\det A_\mu \approx n \log s + \sum_j \lambda_j(\mu)
          \left( \log\det A_{\mu_j} - n \log s_j \right)

with the weights of `resolvent.solvers.reduced.power_interpolation` and the normalising scalars
``s``. With :math:`A_\mu = R^{1/2} (I - E) R^{1/2}`,

.. math:: \log\det A_\mu = \log\det R - \sum_{k \ge 1} \frac{\operatorname{tr} E^k}{k},

the weights sum to one, and a trace is at most ``n`` times a norm. So the error is at most ``n``
times the sum of :math:`\varepsilon_k / k` over the bounds of the powers, plus the tail.

Source: F. Casenave, N. Akkari, A. Charles, C. Rey, arXiv 1710.02488.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from resolvent.arrays import Array, device_of, eps, namespace_of, to_host
from resolvent.solvers.reduced.power_interpolation import (
    PowerError,
    PowerInterpolation,
    power_interpolation,
)

__all__ = ["LogdetInterpolant", "logdet_interpolant"]


@dataclass(frozen=True, eq=False, repr=False)
class LogdetInterpolant(PowerInterpolation):
    """The logarithm of the determinant as a function of the parameters.

    Attributes
    ----------
    values : (k,) array
        What the black box returned at ``params``.
    order : int
        The order ``n`` of the matrix.
    """

    values: Array
    order: int

    def __call__(self, mus: Any) -> Array:
        """Return log-determinants (n,) for parameters (n, d).

        Raises
        ------
        TypeError, ValueError
            As `PowerInterpolation.weights`.
        """
        here, there = self._log_scales(mus), self._log_scales(self.params)
        return here + ((self.values - there)[None, :] @ self.weights(mus))[0, :]

    def error_estimate(self, mus: Any) -> PowerError:
        """Return a bound on the absolute error for parameters (n, d), in its parts.

        Certain for symmetric positive semidefinite terms and exact values of the black box; where
        multi-indices are a sample the bound is that over all of them. Divided by ``n`` it is the
        error of the mean logarithm of an eigenvalue.
        """
        errors = self.power_errors(mus)[1:, :]
        xp, K = namespace_of(errors), self.indices.degree
        over_k = 1 / xp.arange(1, K + 1, dtype=errors.dtype, device=device_of(errors))
        here, there = self._log_scales(mus), self._log_scales(self.params)
        summed = xp.abs(self.values) + xp.abs(there)
        moved = xp.abs(here) + (summed[None, :] @ xp.abs(self.weights(mus)))[0, :]
        return PowerError(
            interpolation=self.order * (over_k[None, :] @ errors)[0, :],
            tail=self.order / (K + 1) * self.tail(mus),
            rounding=eps(xp, errors.dtype) * moved,
        )

    def truncate(self, terms: int) -> Self:
        """Return the interpolant by the first parameters alone.

        Raises
        ------
        ValueError
            There are not as many.
        """
        return replace(super().truncate(terms), values=self.values[:terms])

    def _log_scales(self, mus: Any) -> Array:
        _, s = self.shifts(mus)
        return self.order * namespace_of(s).log(s)


def logdet_interpolant(
    logdet_at: Callable[[Array], Any], params: Any, *, order: int, **options: Any
) -> LogdetInterpolant:
    r"""Interpolate log-determinants of a positive definite affine matrix in its parameters.

    Parameters
    ----------
    logdet_at : callable
        The black box: a parameter (d,) to :math:`\log\det A_\mu`.
    params : (n, d) array_like
        Training parameters; the black box is called at few of them.
    order : int
        The order of the matrix.
    **options
        As `power_interpolation`: ``coefficients``, ``tol``, ``max_terms``, ``homogeneous``,
        ``max_indices``, ``rng``.

    Returns
    -------
    LogdetInterpolant
        ``found(mus)`` for any parameters, ``found.error_estimate(mus)``.

    Raises
    ------
    TypeError, ValueError
        As `power_interpolation`; an order below 1; a log-determinant that is not a finite number.

    Notes
    -----
    ``A`` is a sum of symmetric positive semidefinite terms times positive coefficients. The terms
    are never asked for.

    Array API, in the precision and on the device of ``params``.

    Examples
    --------
    >>> import numpy as np
    >>> terms = np.array([[[2.0, 1.0], [1.0, 3.0]], [[1.0, 0.0], [0.0, 0.0]]])
    >>> A = lambda mu: np.einsum("q,qij->ij", mu, terms)
    >>> logdet = lambda mu: np.linalg.slogdet(A(mu)).logabsdet
    >>> train = np.random.default_rng(0).uniform(0.5, 2, (200, 2))
    >>> found = logdet_interpolant(logdet, train, order=2)
    >>> mu = np.array([0.7, 1.9])
    >>> bool(abs(found(mu[None])[0] - logdet(mu)) < found.error_estimate(mu[None]).total[0] < 1e-6)
    True
    """
    if order < 1:
        raise ValueError(f"order must be at least 1, got {order}")
    power = power_interpolation(params, **options)
    values = [_number(logdet_at(power.params[j, :])) for j in range(power.params.shape[0])]
    xp = namespace_of(power.params)
    kept = xp.asarray(values, dtype=power.params.dtype, device=device_of(power.params))
    return LogdetInterpolant(**vars(power), values=kept, order=order)


def _number(value: Any) -> float:
    """Return a finite real number of the black box."""
    found = to_host(value)
    if found.size != 1 or found.dtype.kind not in "iuf" or not abs(found.item()) < float("inf"):
        raise ValueError(f"logdet_at must return one finite real number, got {value!r}")
    return float(found.item())
