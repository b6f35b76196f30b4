r"""Inverses of a parametrised matrix, or solutions, from those at few parameters.

.. math:: A_\mu^{-1} b \approx \frac{1}{s} \sum_j \lambda_j(\mu)\, s_j A_{\mu_j}^{-1} b

with the weights of `resolvent.solvers.reduced.power_interpolation` and the normalising scalars
``s``. No matrix is asked for and nothing is projected: that is what makes it nonintrusive, and
less accurate than a reduced basis of the same solutions.

With :math:`A_\mu = s R^{1/2} (I - E) R^{1/2}` and the energy norm of the reference, the relative
error of a solution is at most :math:`\|I - E\|` times the sum of the errors of all powers,

.. math:: \frac{\|x - x_h\|_R}{\|x\|_R} \le \max_q (1 - c_q(\mu))
          \Big( \sum_{k \le K} \varepsilon_k + \text{tail} \Big).

Source: F. Casenave, N. Akkari, A. Charles, C. Rey, arXiv 1710.02488.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from resolvent.arrays import Array, device_of, enter, eps, is_numpy, namespace_of
from resolvent.solvers.reduced.power_interpolation import (
    PowerError,
    PowerInterpolation,
    power_interpolation,
)

__all__ = ["InverseInterpolant", "inverse_interpolant"]


@dataclass(frozen=True, eq=False, repr=False)
class InverseInterpolant(PowerInterpolation):
    """The inverse, or the solution, as a function of the parameters.

    Attributes
    ----------
    solutions : (..., k) array
        What the black box returned at ``params``, the last axis counts them.
    """

    solutions: Array

    def __call__(self, mus: Any) -> Array:
        """Return solutions (..., n) for parameters (n, d); the last axis counts parameters.

        Raises
        ------
        TypeError, ValueError
            As `PowerInterpolation.weights`.
        """
        (_, here), (_, there) = self.shifts(mus), self.shifts(self.params)
        weights = there[:, None] * self.weights(mus) / here
        xp, shape = namespace_of(self.solutions), self.solutions.shape
        weights = xp.asarray(weights, dtype=self.solutions.dtype, device=device_of(self.solutions))
        flat = xp.reshape(self.solutions, (-1, shape[-1])) @ weights
        return xp.reshape(flat, (*shape[:-1], weights.shape[1]))

    def error_estimate(self, mus: Any) -> PowerError:
        """Return a bound on the relative error of a solution in its parts, (n,) each.

        In the energy norm of the reference, ``sum_q shifted.reference[q] A_q``. Certain for
        symmetric positive semidefinite terms, exact solutions at ``params`` and complete
        multi-indices.
        """
        errors = self.power_errors(mus)
        xp = namespace_of(errors)
        (c, _), (there, _) = self.shifts(mus), self.shifts(self.params)
        norm = xp.max(1 - c, axis=0)
        inverses = 1 / xp.min(1 - there, axis=0)
        unit = eps(namespace_of(self.solutions), self.solutions.dtype)
        moved = (inverses[None, :] @ xp.abs(self.weights(mus)))[0, :]
        return PowerError(
            interpolation=norm * xp.sum(errors, axis=0),
            tail=norm * self.tail(mus),
            rounding=norm * max(unit, eps(xp, errors.dtype)) * moved,
        )

    def truncate(self, terms: int) -> Self:
        """Return the interpolant by the first parameters alone.

        Raises
        ------
        ValueError
            There are not as many.
        """
        return replace(super().truncate(terms), solutions=self.solutions[..., :terms])


def inverse_interpolant(
    solve_at: Callable[[Array], Any], params: Any, **options: Any
) -> InverseInterpolant:
    r"""Interpolate solutions or inverses of a positive definite affine matrix in its parameters.

    Parameters
    ----------
    solve_at : callable
        The black box: a parameter (d,) to :math:`A_\mu^{-1} b`, of any shape. ``b`` is one
        right-hand side, several or the identity, and the same for all parameters. What it returns
        is copied at once: it may refill one buffer.
    params : (n, d) array_like
        Training parameters; the black box is called at few of them.
    **options
        As `power_interpolation`: ``coefficients``, ``tol``, ``max_terms``, ``homogeneous``,
        ``max_indices``, ``rng``.

    Returns
    -------
    InverseInterpolant
        ``found(mus)`` for any parameters, ``found.error_estimate(mus)``.

    Raises
    ------
    TypeError, ValueError
        As `power_interpolation`; solutions of several shapes or with NaN, or of another array
        library than ``params`` (NumPy parameters go with any).

    Notes
    -----
    ``A`` is a sum of symmetric positive semidefinite terms times positive coefficients. The terms
    are never asked for.

    Array API. The weights are computed in the precision and on the device of ``params``.

    Examples
    --------
    >>> import numpy as np
    >>> terms = np.array([[[2.0, 1.0], [1.0, 3.0]], [[1.0, 0.0], [0.0, 0.0]]])
    >>> A = lambda mu: np.einsum("q,qij->ij", mu, terms)
    >>> train = np.random.default_rng(0).uniform(0.5, 2, (200, 2))
    >>> found = inverse_interpolant(lambda mu: np.linalg.inv(A(mu)), train)
    >>> mu = np.array([0.7, 1.9])
    >>> bool(np.max(np.abs(found(mu[None])[..., 0] @ A(mu) - np.eye(2))) < 1e-6)
    True
    """
    power = power_interpolation(params, **options)
    given = {
        name: _received(name, solve_at(power.params[j, :]))
        for j, name in enumerate(f"solve_at({j})" for j in range(power.params.shape[0]))
    }
    entered = enter(matrix=False, **given)
    xp, arrays = entered.xp, entered.arrays
    shapes = {tuple(x.shape) for x in arrays}
    if len(shapes) > 1:
        raise ValueError(f"solve_at must return arrays of one shape, got {sorted(shapes)}")
    if not is_numpy(namespace_of(power.params)):
        enter(matrix=False, solve_at=arrays[0], params=power.params)
    return InverseInterpolant(**vars(power), solutions=xp.stack(arrays, axis=-1))


def _received(name: str, x: Any) -> Array:
    """Return a copy of what the black box handed out, which it may overwrite next."""
    (x,) = enter(matrix=False, **{name: x}).arrays
    return namespace_of(x).asarray(x, copy=True)
