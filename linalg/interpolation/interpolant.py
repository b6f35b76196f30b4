r"""The empirical interpolant: fields of a family from their values at its magic points.

With basis functions :math:`q_m` and points :math:`x_l`, ``B[l, m] = q_m(x_l)`` is unit lower
triangular, and

.. math:: I f(x) = \sum_m \lambda_m q_m(x), \qquad B \lambda = (f(x_l))_l .

The basis spans what the snapshots at the magic parameters span, so that the same interpolant reads

.. math:: I f(x) = \sum_m \beta_m f(x; \mu_m), \qquad F \beta = (f(x_l))_l, \quad
          F_{lm} = f(x_l; \mu_m) .

The pivots of ``F = B U`` decay like the error, so ``F`` is as ill-conditioned as the tolerance is
small; its factors are known from the greedy choice, and solving with them is stable.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, enter, eps, namespace_of, take, to_host
from resolvent.linalg.interpolation.errors import ErrorSplit, split_error
from resolvent.linalg.interpolation.gappy import GappyInterpolant, as_points
from resolvent.linalg.interpolation.values import as_values, times
from resolvent.linalg.triangular import solve_triangular
from resolvent.results import Outcome, Reason

__all__ = ["EmpiricalInterpolant"]


_ADVICE = {
    Reason.CONVERGED: "what is left of every field meets the tolerance",
    Reason.MAXITER: "max_terms were taken before the tolerance was met; raise max_terms or tol",
    Reason.STAGNATED: (
        "what can be measured of what is left is rounding: raise tol, take a higher precision or, "
        "with functionals, sensors that see more"
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class EmpiricalInterpolant(Outcome):
    r"""What `eim` and `geim` return; ``M`` is the number of terms.

    Attributes
    ----------
    points : (M,) ndarray of int
        Rows of the magic points (of `geim`: numbers of functionals), on the host.
    params : (M,) ndarray of int
        Columns of the magic parameters, on the host.
    basis : (N, M) array
        The functions :math:`q_m`, of modulus 1 at most if points were chosen freely.
    triangle : (M, M) array
        ``B``, unit lower triangular: its upper part is exactly zero.
    upper : (M, M) array
        ``U`` of ``F = B U``; its diagonal are the pivots.
    history : (M + 1,) ndarray
        What was left before each term and after the last, in the norm of the greedy choice.
    next_point : int
        Where most is left after the last term, for `error_estimate`; -1 where nothing is left.
    floor : float
        Rounding in what is measured of what is left, to first order: ``2 eps`` times the sum of the
        moduli of the pivots, and with functionals that of the measurements. What is smaller can't
        be told from rounding.
    reason : Reason
        CONVERGED: what is left meets the tolerance. MAXITER: ``max_terms`` were taken.
        STAGNATED: what is left is rounding, and does not meet the tolerance.
    functionals : (K, N) array or None
        What was measured; None: the values of the field.
    """

    points: NDArray[np.intp]
    params: NDArray[np.intp]
    basis: Array
    triangle: Array
    upper: Array
    history: NDArray[np.float64]
    next_point: int
    floor: float
    reason: Reason
    functionals: Array | None
    _next_row: Array = field(repr=False)

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return _ADVICE[self.reason]

    def __repr__(self) -> str:
        left = f"{self.history[-1]:.1e} of {self.history[0]:.1e} left"
        return f"EmpiricalInterpolant({self.points.size} terms, {left}, {self.reason.name})"

    @property
    def pivots(self) -> Array:
        """The pivots (M,), residuals at the magic points and parameters."""
        return namespace_of(self.upper).linalg.diagonal(self.upper)

    def coefficients(self, values: Any) -> Array:
        r"""Return :math:`\lambda`, (M,) or (M, k), by forward substitution."""
        return self._forward(as_values(values, self.basis, self.points.size))

    def weights(self, values: Any) -> Array:
        r"""Return :math:`\beta`, (M,) or (M, k), the weights of the snapshots at ``params``.

        Their errors are about ``eps`` times the moduli that cancel: compare ``abs(weights)``
        with 1 to see how many digits that costs.
        """
        return self._solve(self.upper, self.coefficients(values), lower=False)

    def __call__(self, values: Any) -> Array:
        """Return fields (N,) or (N, k) from their values at the points, (M,) or (M, k).

        Raises
        ------
        TypeError
            Values of another array library.
        ValueError
            Another number of values, another device, or values that are not finite.
        """
        return times(self.basis, self.coefficients(values))

    def symmetric(self, fields: Any, values: Any) -> Array:
        r"""Interpolate in both variables at once, by values only and without the basis.

        .. math:: I f(x, y) = \sum_{l, m} f(x, y_m) (F^{-1})_{ml} f(x_l, y) .

        Neither variable is privileged, and ``x`` need not be one of the N points.

        Parameters
        ----------
        fields : (n, M) array_like
            :math:`f(x, y_m)` at any n points for the magic parameters.
        values : (M,) or (M, k) array_like
            :math:`f(x_l, y)` at the magic points for any parameters.

        Returns
        -------
        (n,) or (n, k) array

        Notes
        -----
        Source: Casenave, Ern and Lelièvre, Variants of the empirical interpolation method,
        arXiv 1508.05330. It equals the classical form; both go through the factors of F.
        """
        entered = enter(fields=fields)
        (fields,) = entered.arrays
        if entered.xp is not namespace_of(self.basis):
            raise TypeError(
                f"fields must be of the library of the basis, got {entered.xp.__name__}"
            )
        if fields.ndim != 2 or fields.shape[1] != self.points.size:
            raise ValueError(
                f"fields must be those of the {self.points.size} magic parameters, of shape "
                f"(n, {self.points.size}); got {tuple(fields.shape)}"
            )
        return times(fields, self.weights(values))

    def error_estimate(self, values: Any) -> Array:
        """Return the error at one point more, an estimate of the largest one.

        Parameters
        ----------
        values : (M + 1,) or (M + 1, k) array_like
            Values at ``points`` and, as the last row, at ``next_point``.

        Returns
        -------
        () or (k,) array
            Moduli. They bound the error if one term more makes the field exact, and are a few
            times too small or too large in practice; below ``floor`` they say nothing.

        Raises
        ------
        ValueError
            There is no next point, since nothing is left; or values of the wrong shape.
        """
        if self.next_point < 0:
            raise ValueError("there is no next point: nothing was left after the last term")
        values = as_values(values, self.basis, self.points.size + 1)
        xp = namespace_of(values)
        found = times(self._next_row[None, :], self._forward(values[:-1, ...]))
        return xp.abs(values[-1, ...] - found[0, ...])

    def errors(self, fields: Any) -> ErrorSplit:
        """Split the error for known fields, (N,) or (N, k), into its parts.

        Notes
        -----
        Cost: an SVD of the basis, ``O(N M^2)``, and two products.
        """
        fields = as_values(fields, self.basis, self.basis.shape[0], "fields")
        measured = fields if self.functionals is None else times(self.functionals, fields)
        found = self(take(measured, self.points))
        return split_error(self.basis, fields, found, self.lebesgue())

    def lebesgue(self) -> float:
        r"""Return the Lebesgue constant, the norm of the interpolation in the maximum norm.

        .. math:: \Lambda = \max_x \sum_l |\ell_l(x)| \|\sigma_l\|_1, \qquad \ell = Q B^{-1},

        where functionals have the norms of their rows, and points one. The error is at most
        ``1 + Λ`` times that of the best approximation by the basis. Of points chosen freely it is
        ``2^M - 1`` at most; with functionals it is an upper bound of the norm.
        """
        if 0 in self.basis.shape:
            return 0.0
        xp = namespace_of(self.basis)
        cardinal = self._solve(self.triangle.T, self.basis.T, lower=False)
        sizes = xp.abs(cardinal)
        if self.functionals is not None:
            lengths = xp.sum(xp.abs(self.functionals), axis=1)
            sizes = take(lengths, self.points)[:, None] * sizes
        return float(xp.max(xp.sum(sizes, axis=0)))

    def truncate(self, terms: int) -> "EmpiricalInterpolant":
        """Return the interpolant of the first terms: what the greedy choice had then.

        Raises
        ------
        ValueError
            There are not as many terms.
        """
        if not 0 <= terms <= self.points.size:
            raise ValueError(f"terms must be from 0 to {self.points.size}, got {terms}")
        if terms == self.points.size:
            return self
        dropped = np.sum(np.abs(to_host(self.pivots))[terms:])
        unit = eps(namespace_of(self.basis), self.basis.dtype)
        return EmpiricalInterpolant(
            points=self.points[:terms],
            params=self.params[:terms],
            basis=self.basis[:, :terms],
            triangle=self.triangle[:terms, :terms],
            upper=self.upper[:terms, :terms],
            history=self.history[: terms + 1],
            next_point=int(self.points[terms]),
            floor=self.floor - 2 * unit * float(dropped),
            reason=Reason.MAXITER,
            functionals=self.functionals,
            _next_row=self.triangle[terms, :terms],
        )

    def drop_points(self, positions: Sequence[int]) -> GappyInterpolant:
        """Return the interpolant without some points, with all snapshots: the rectangular form.

        .. math:: I f = f(:, Y) f(X, Y)^+ f(X),

        for sensors that broke: the worst field suffers less than by leaving out their terms too.
        Of all weights that fit the values left the smallest are taken; they weight snapshots that
        are scaled to the Euclidean norm one, which was mostly better than to leave them as they
        are.

        Parameters
        ----------
        positions : sequence of int
            Which of the points, counted from 0 in the order of ``points``.

        Raises
        ------
        ValueError
            Positions that don't exist.
        """
        count = self.points.size
        left = np.delete(np.arange(count), as_points(positions, count, "positions"))
        xp = namespace_of(self.basis)
        rows = take(self.triangle, left)
        snapshots = self.basis @ self.upper
        weights = self.upper / xp.linalg.vector_norm(snapshots, axis=0)
        return GappyInterpolant.fit(self.points[left], self.basis @ weights, rows @ weights)

    def _forward(self, values: Array) -> Array:
        return self._solve(self.triangle, values, lower=True)

    def _solve(self, T: Array, b: Array, *, lower: bool) -> Array:
        xp = namespace_of(b)
        if T.shape[0] == 0:
            return b
        if T.dtype != b.dtype:
            T = xp.astype(T, xp.result_type(T, b))
            b = xp.astype(b, T.dtype)
        return solve_triangular(xp, T, b, lower=lower)
