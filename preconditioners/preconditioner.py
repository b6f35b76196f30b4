"""What every preconditioner is: an operator that applies an approximate inverse."""

from dataclasses import dataclass, replace
from typing import Any

from resolvent.arrays import Array
from resolvent.operators import Operator, as_operator

__all__ = ["Preconditioner", "as_preconditioner"]


@dataclass(frozen=True, eq=False)
class Preconditioner(Operator):
    r"""An approximate inverse: ``M @ r`` is close to :math:`A^{-1} r`, as in SciPy.

    Attributes
    ----------
    is_spd : bool or None
        Hermitian positive definite; None where it is not known.
    is_linear : bool
        ``M @ (r + s) == M @ r + M @ s``.
    is_fixed : bool
        The same ``r`` gives the same ``M @ r`` in every step.
    info : object
        What the builder found out; each builder documents its own.
    """

    is_spd: bool | None = None
    is_linear: bool = True
    is_fixed: bool = True
    info: Any = None

    @property
    def H(self) -> "Preconditioner":
        """The adjoint preconditioner.

        Raises
        ------
        TypeError
            The adjoint is not known.
        """
        if self.is_spd and self.is_linear:
            return self
        adjoint = super().H
        return replace(
            self,
            shape=adjoint.shape,
            product=adjoint.product,
            adjoint=adjoint.adjoint,
            matrix=None,
            kernel=None,
        )


def as_preconditioner(M: Any, *, like: Array) -> Preconditioner:
    """Adapt what a user passes as ``M``: a matrix, an operator or a function ``r -> M r``.

    Raises
    ------
    TypeError, ValueError
        As `resolvent.operators.as_operator`, and for an ``M`` that is not square.
    """
    operator = as_operator(M, like=like, name="M")
    if operator.shape[0] != operator.shape[1]:
        raise ValueError(f"M must be square, got shape {operator.shape}")
    if isinstance(operator, Preconditioner):
        return operator
    return Preconditioner(operator.shape, operator.dtype, operator.product, operator.adjoint)
