r"""A reduced model: a small system for every parameter, and a bound on what it misses."""

from dataclasses import dataclass, replace
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, namespace_of
from resolvent.linalg.interpolation.values import times
from resolvent.results import Outcome, Reason
from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.coercivity import coercivity_at
from resolvent.solvers.reduced.defect import ReducedDefect
from resolvent.solvers.reduced.estimates import Effectivity, Estimate
from resolvent.solvers.reduced.estimators import Estimator
from resolvent.solvers.reduced.inner_product import InnerProduct, norms
from resolvent.solvers.reduced.output import Output
from resolvent.solvers.reduced.projection import training_factors
from resolvent.solvers.reduced.reduced_systems import solve_reduced
from resolvent.solvers.reduced.residual import ResidualPieces, residual_factors
from resolvent.solvers.reduced.terms import of_rows, parameters

__all__ = ["ReducedModel"]

_ADVICE = {
    Reason.CONVERGED: "the bounds met the tolerance at all training parameters",
    Reason.MAXITER: "the basis has max_terms vectors; raise max_terms or tol",
}
_STAGNATED = {
    "rounding": (
        "the bounds have reached their resolution, rounding, before the tolerance: raise tol, take "
        "estimator='orthonormal' or a higher precision"
    ),
    "interpolation": (
        "the bounds have reached their resolution, what interpolation misses, before the "
        "tolerance: raise tol, expand the system with a smaller one, or give estimator='eim' more "
        "training parameters"
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
        taken, or the model was truncated. STAGNATED: what is left can't be resolved. A model of a
        given basis is CONVERGED.
    left : {'rounding', 'interpolation'}
        What the resolution mostly consists of where it is worst: what is left if STAGNATED.
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
    defect : ReducedDefect or None
        Of a system that stands for another.
    train : (n, d) array or None
        Training parameters.
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
    defect: ReducedDefect | None
    train: Any
    left: str = "rounding"

    @property
    def size(self) -> int:
        """Number of basis vectors, Nr."""
        return int(self.basis.shape[1])

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        stagnated = self.reason is Reason.STAGNATED
        return _STAGNATED[self.left] if stagnated else _ADVICE[self.reason]

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
        """Return reduced solutions as vectors of the large system, (N,) or (N, k).

        Raises
        ------
        ValueError
            ``c`` has not Nr rows, or is on another device.
        TypeError
            ``c`` is of another array library than the basis.
        """
        return times(self.basis, of_rows("c", c, self.size, self.basis))

    def estimate(self, mus: Any) -> Estimate:
        r"""Return bounds on the errors of the reduced solutions, with their resolution.

        .. math:: \|u(\mu) - V c(\mu)\|_X \le \frac{\|b(\mu) - A(\mu) V c(\mu)\|_{X'}}{\alpha(\mu)}

        What a system's `defect` leaves of the right-hand side, the same norm of
        ``b_def - A_def V c``, is added to what interpolation misses.

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
        alpha, beta, c = self._answer(mus)
        value, floor, interpolation = self.estimator(residual_factors(alpha, beta, c))
        if self.defect is not None:
            missed = self.defect(mus, c)
            interpolation = interpolation + namespace_of(c).astype(missed, interpolation.dtype)
        if self.coercivity is None:
            return Estimate(value, floor, interpolation, "dual norm of the residual")
        alpha = coercivity_at(self.coercivity, mus, value)
        return Estimate(value / alpha, floor / alpha, interpolation / alpha, "error in X")

    def effectivity(self, mus: Any) -> Effectivity:
        """Return true errors beside their bounds, on a test set; solves the large system for it.

        Errors are those against the system as it was reduced: what its own `defect` may miss is in
        the bounds, but not in them.
        """
        mus = parameters(mus)
        truth = self.system.solve(mus)
        error = truth - self.lift(self.solve(mus))
        own = self.by.dual_norms(self.system.residual(mus, truth))
        alpha = 1 if self.coercivity is None else coercivity_at(self.coercivity, mus, own)
        return Effectivity(norms(self.by, error), self.estimate(mus), own / alpha)

    def output(self, functionals: Any) -> Output:
        r"""Return outputs :math:`s = \ell^H u` as functions of the parameters, with bounds.

        Parameters
        ----------
        functionals : (N,) or (N, p) array_like
            The columns are the functionals.
        """
        return Output.of(self, functionals)

    def truncate(self, size: int) -> "ReducedModel":
        """Return the model of the first vectors of the basis.

        Parameters
        ----------
        size : int
            At most that of this model.

        Raises
        ------
        ValueError
            ``size`` is negative, or larger than the basis.

        Notes
        -----
        Reduced terms and estimators are cut, no large vector is touched; ``'eim'`` chooses and
        evaluates its residuals anew.
        """
        size = index(size)
        if not 0 <= size <= self.size:
            raise ValueError(f"size must be from 0 to {self.size}, got {size}")
        if size == self.size:
            return self
        matrices, rhs = self.matrix_terms[:, :size, :size], self.rhs_terms[:size, :]
        pieces = self.pieces.truncate(self.system, size)
        training = training_factors(self.system, matrices, rhs, self.train)
        return replace(
            self,
            basis=self.basis[:, :size],
            matrix_terms=matrices,
            rhs_terms=rhs,
            chosen=self.chosen[:size],
            chosen_parameters=self.chosen_parameters[:size],
            history=self.history[: size + 1],
            reason=Reason.MAXITER if self.history.size else self.reason,
            pieces=pieces,
            estimator=self.estimator.truncate(pieces, training),
            defect=None if self.defect is None else self.defect.truncate(size),
        )

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
