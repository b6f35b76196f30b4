"""What is known of the error of reduced solutions."""

from dataclasses import dataclass

from resolvent.arrays import Array, namespace_of

__all__ = ["Effectivity", "Estimate"]


@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """Bounds on the errors of reduced solutions, one for each parameter, with their split.

    Of outputs the arrays are ``(p, k)``.

    Attributes
    ----------
    bound : (k,) array
        Bound on the projection error: the dual norm of the residual over the coercivity constant,
        as the estimator evaluates it.
    floor : (k,) array
        Rounding in the bound, as it is expected of random signs: where the bound is below, it says
        no more than that the error is small.
    interpolation : (k,) array
        What interpolation over the parameters may miss: the `defect` of the system, to first order,
        and what the estimator ``'eim'`` was wrong by at parameters it left out. Zero without.
    kind : str
        ``"error in X"``, or ``"dual norm of the residual"`` where no coercivity constant is known.

    Examples
    --------
    >>> import numpy as np
    >>> found = Estimate(np.array([1e-3, 1e-17]), np.full(2, 1e-15), np.zeros(2), "error in X")
    >>> found
    Estimate(error in X: 2 parameters, at most 1.0e-03, 1 below its resolution)

    Notes
    -----
    But for rounding the estimators ``'direct'``, ``'orthonormal'`` and ``'gram'`` bound the error
    of the system as it is given, if the coercivity constant is a lower bound. ``'eim'`` and a
    defect add what was measured or is true to first order: an estimate.
    """

    bound: Array
    floor: Array
    interpolation: Array
    kind: str

    @property
    def resolution(self) -> Array:
        """Below it the bound says nothing: rounding and interpolation together."""
        return self.floor + self.interpolation

    @property
    def certified(self) -> Array:
        """Bound and resolution together: as sure as its parts, see the notes."""
        return self.bound + self.resolution

    def __repr__(self) -> str:
        xp, count = namespace_of(self.bound), self.bound.shape[-1]
        if 0 in self.bound.shape:
            return f"Estimate({self.kind}: no parameters)"
        lost = int(xp.sum(xp.astype(self.bound <= self.resolution, xp.int64)))
        outputs = f"{self.bound.shape[0]} outputs at " if self.bound.ndim == 2 else ""
        most = float(xp.max(self.bound))
        return (
            f"Estimate({self.kind}: {outputs}{count} parameters, at most {most:.1e}, "
            f"{lost} below its resolution)"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Effectivity:
    """True errors on a test set beside their bounds.

    Attributes
    ----------
    error : (k,) array
        True errors in the norm of X.
    estimate : Estimate
        Their bounds.
    truth : (k,) array
        What the truth itself is worth: the norm of its own residual, as the bound is formed. A
        smaller error can't be seen.
    """

    error: Array
    estimate: Estimate
    truth: Array

    @property
    def ratio(self) -> Array:
        """Bound over error, (k,): at least 1 but for rounding, and 1 where both are zero."""
        xp, bound = namespace_of(self.error), self.estimate.bound
        exact = self.error == 0
        ones = xp.ones_like(bound)
        values = bound / xp.where(exact, ones, self.error)
        return xp.where(exact, xp.where(bound > 0, ones * xp.inf, ones), values)

    def __repr__(self) -> str:
        xp = namespace_of(self.error)
        if not self.error.shape[0]:
            return "Effectivity(no parameters)"
        low, high = float(xp.min(self.ratio)), float(xp.max(self.ratio))
        return f"Effectivity({self.error.shape[0]} parameters, {low:.2g} to {high:.2g})"
