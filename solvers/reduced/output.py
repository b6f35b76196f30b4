r"""Outputs of a reduced model: linear functionals of its solutions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from resolvent.arrays import Array, adjoint, namespace_of
from resolvent.linalg.interpolation.values import times
from resolvent.solvers.reduced.estimates import Estimate
from resolvent.solvers.reduced.terms import of_rows

if TYPE_CHECKING:
    from resolvent.solvers.reduced.reduced_model import ReducedModel

__all__ = ["Output"]


@dataclass(frozen=True, eq=False, repr=False)
class Output:
    r"""Outputs :math:`s(\mu) = \ell^H u(\mu)`, evaluated without large vectors.

    Attributes
    ----------
    model : ReducedModel
        Whose solutions are measured.
    reduced : (p, Nr) array
        :math:`\ell^H V`.
    norms : (p,) array
        Dual norms of the functionals.
    """

    model: "ReducedModel"
    reduced: Array
    norms: Array

    @classmethod
    def of(cls, model: "ReducedModel", functionals: Any) -> "Output":
        """Reduce functionals, (N,) or (N, p).

        Raises
        ------
        ValueError
            They don't have N rows, or are on another device.
        TypeError
            They are of another array library than the system.
        """
        columns = of_rows("functionals", functionals, model.system.order, model.system.rhs_terms)
        columns = columns[:, None] if columns.ndim == 1 else columns
        xp = namespace_of(columns)
        reduced = times(adjoint(xp, columns), model.basis)
        return cls(model, reduced, model.by.dual_norms(columns))

    def __call__(self, mus: Any) -> Array:
        """Return outputs, (p, k)."""
        return times(self.reduced, self.model.solve(mus))

    def estimate(self, mus: Any) -> Estimate:
        r"""Return bounds on their errors, (p, k): those of the solutions times the dual norms.

        Raises
        ------
        ValueError
            The model has no coercivity constant: its bounds are not of errors.
        """
        found = self.model.estimate(mus)
        if self.model.coercivity is None:
            raise ValueError("bounds on outputs need ReducedBasis(..., coercivity=)")
        return Estimate(
            self._outer(found.bound),
            self._outer(found.floor),
            self._outer(found.interpolation),
            "error of outputs",
        )

    def __repr__(self) -> str:
        return f"Output({self.norms.shape[0]} functionals of {self.model!r})"

    def _outer(self, bounds: Array) -> Array:
        return self.norms[:, None] * bounds[None, :]
