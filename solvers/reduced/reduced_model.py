r"""A reduced model: a small system for every parameter, and a bound on what it misses."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, adjoint, conj, device_of, enter, namespace_of, to_host
from resolvent.linalg.interpolation.values import times
from resolvent.results import Outcome, Reason
from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.estimates import Effectivity, Estimate
from resolvent.solvers.reduced.estimators import Estimator
from resolvent.solvers.reduced.inner_product import InnerProduct
from resolvent.solvers.reduced.output import Output
from resolvent.solvers.reduced.reduced_systems import solve_reduced
from resolvent.solvers.reduced.residual import ResidualPieces, residual_factors
from resolvent.solvers.reduced.terms import parameters

__all__ = ["ReducedModel", "project"]

_ADVICE = {
    Reason.CONVERGED: "the bounds met the tolerance at all training parameters",
    Reason.MAXITER: "the basis has max_terms vectors; raise max_terms or tol",
    Reason.STAGNATED: (
        "the bounds have reached their resolution before the tolerance: raise tol, take "
        "estimator='orthonormal' or a higher precision"
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class ReducedModel(Outcome):
    r"""Galerkin's projection of an affine system on a basis V of ``Nr`` columns.

    .. math:: V^H A(\mu) V c = V^H b(\mu), \qquad u(\mu) \approx V c(\mu) .

    Attributes
    ----------
    basis : (N, Nr) array
        V, orthonormal in X unless it was given to `ReducedBasis.project`.
    matrix_terms : (Qa, Nr, Nr) array
        :math:`V^H A_q V`.
    rhs_terms : (Nr, Qb) array
        :math:`V^H b_q`.
    chosen : (Nr,) ndarray of int
        Numbers of the training parameters whose solutions span the basis, in the order in which
        they were chosen; empty where the basis was given.
    chosen_parameters : (Nr, d) ndarray
        Those parameters.
    history : ndarray
        The largest bound over the training parameters for each number of basis vectors, from none.
    reason : Reason
        CONVERGED: the bounds, and their resolution, met the tolerance. MAXITER: ``max_terms`` were
        taken. STAGNATED: what is left can't be resolved, by rounding or by interpolation. A model
        of a given basis is CONVERGED.
    system : AffineSystem
        What was reduced.
    by : InnerProduct
        X.
    pieces : ResidualPieces
        Of which residuals consist.
    estimator : Estimator
        How the norm of a residual is evaluated.
    coercivity : float, callable or None
        Lower bound on the coercivity (or inf-sup) constant.
    """

    basis: Array
    matrix_terms: Array
    rhs_terms: Array
    chosen: NDArray[np.intp]
    chosen_parameters: NDArray[Any]
    history: NDArray[np.float64]
    reason: Reason
    system: AffineSystem
    by: InnerProduct
    pieces: ResidualPieces
    estimator: Estimator
    coercivity: Any

    @property
    def size(self) -> int:
        """Number of basis vectors, Nr."""
        return int(self.basis.shape[1])

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        return _ADVICE[self.reason]

    def solve(self, mus: Any) -> Array:
        """Return the coefficients ``c`` of reduced solutions, (Nr, k), for all parameters at once.

        Parameters
        ----------
        mus : (k, d) or (k,) array_like

        Raises
        ------
        SingularMatrixError
            A reduced matrix is singular; the message names the parameter.

        Notes
        -----
        Cost ``O(Qa Nr² + Nr³)`` for each parameter, whatever N.
        """
        return self._answer(parameters(mus))[2]

    def lift(self, c: Any) -> Array:
        """Return reduced solutions as vectors of the large system, (N,) or (N, k)."""
        (c,) = enter(matrix=False, c=c).arrays
        if c.ndim not in (1, 2) or c.shape[0] != self.size:
            raise ValueError(f"c must be of shape ({self.size}, k), got {tuple(c.shape)}")
        return times(self.basis, c)

    def estimate(self, mus: Any) -> Estimate:
        r"""Return bounds on the errors of the reduced solutions, with their resolution.

        .. math:: \|u(\mu) - V c(\mu)\|_X \le \frac{\|b(\mu) - A(\mu) V c(\mu)\|_{X'}}{\alpha(\mu)}

        Parameters
        ----------
        mus : (k, d) or (k,) array_like

        Raises
        ------
        SingularMatrixError
            As `solve`.
        ValueError
            The coercivity is not positive, or not of shape (k,).
        """
        mus = parameters(mus)
        value, floor, interpolation = self.estimator(residual_factors(*self._answer(mus)))
        if self.coercivity is None:
            return Estimate(value, floor, interpolation, "dual norm of the residual")
        alpha = self._coercivity(mus, value)
        return Estimate(value / alpha, floor / alpha, interpolation / alpha, "error in X")

    def effectivity(self, mus: Any) -> Effectivity:
        """Return true errors beside their bounds, on a test set; solves the large system for it."""
        mus = parameters(mus)
        truth = self.system.solve(mus)
        error = truth - self.lift(self.solve(mus))
        xp = self.system.xp
        squares = xp.sum(conj(xp, error) * self.by.times(error), axis=0)
        own = self.by.dual_norms(self.system.residual(mus, truth))
        alpha = 1 if self.coercivity is None else self._coercivity(mus, own)
        return Effectivity(xp.sqrt(xp.abs(squares)), self.estimate(mus), own / alpha)

    def output(self, functionals: Any) -> Output:
        r"""Return outputs :math:`s = \ell^H u` as functions of the parameters, with bounds.

        Parameters
        ----------
        functionals : (N,) or (N, p) array_like
            The columns are the functionals.
        """
        return Output.of(self, functionals)

    def __repr__(self) -> str:
        last = f", bounds at most {self.history[-1]:.1e}" if self.history.size else ""
        return (
            f"ReducedModel({self.size} of {self.basis.shape[0]} unknowns{last}, {self.reason.name})"
        )

    def _answer(self, mus: Array) -> tuple[Array, Array, Array]:
        """Return both kinds of coefficients, and the reduced solutions."""
        alpha, beta = self.system.coefficients(mus)
        c = solve_reduced(self.matrix_terms, self.rhs_terms, alpha, beta, mus)
        return alpha, beta, c

    def _coercivity(self, mus: Array, like: Array) -> Any:
        if not callable(self.coercivity):
            return float(self.coercivity)
        xp = self.system.xp
        (alpha,) = enter(matrix=False, coercivity=self.coercivity(mus)).arrays
        if tuple(alpha.shape) != (mus.shape[0],):
            raise ValueError(
                f"coercivity must return shape ({mus.shape[0]},) for {mus.shape[0]} parameters, "
                f"got {tuple(alpha.shape)}"
            )
        least = to_host(alpha)
        if not np.all(least > 0):
            k = int(np.argmin(least))
            raise ValueError(f"coercivity must be positive; it is {least[k]:.3g} at {mus[k, :]}")
        return xp.astype(xp.asarray(alpha, device=device_of(like)), like.dtype)


def project(V: Array, pieces: ResidualPieces, Qa: int, Qb: int) -> tuple[Array, Array]:
    """Return the reduced terms ``(Qa, Nr, Nr)`` and ``(Nr, Qb)`` from the pieces of residuals."""
    xp = namespace_of(V)
    reduced = times(adjoint(xp, V), pieces.columns)
    n = V.shape[1]
    matrices = xp.permute_dims(xp.reshape(reduced[:, Qb:], (n, n, Qa)), (2, 0, 1))
    return matrices, reduced[:, :Qb]
