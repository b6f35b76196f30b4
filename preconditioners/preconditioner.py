"""What every preconditioner is: an operator that applies an approximate inverse."""

from dataclasses import dataclass, replace
from typing import Any

from resolvent.arrays import Array
from resolvent.operators import Operator, as_operator

__all__ = ["Preconditioner", "as_preconditioner"]


@dataclass(frozen=True, eq=False, repr=False)
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

    Notes
    -----
    The other attributes are those of `resolvent.operators.Operator`. ``M @ r`` takes ``(n,)`` and
    ``(n, k)`` in the libraries, devices and precisions that its function takes.

    Examples
    --------
    Half the identity, and a solver of one's own that is not linear:

    >>> import numpy as np
    >>> M = Preconditioner((2, 2), np.float64, lambda r: r / 2, is_spd=True)
    >>> M @ np.array([2.0, 4.0]), M.H is M
    (array([1., 2.]), True)
    >>> Preconditioner((2, 2), np.float64, np.tanh, is_linear=False) @ np.zeros(2)
    array([0., 0.])
    """

    is_spd: bool | None = None
    is_linear: bool = True
    is_fixed: bool = True
    info: Any = None

    def __repr__(self) -> str:
        claims = {"spd": self.is_spd, "linear": self.is_linear, "fixed": self.is_fixed}
        said = [f"{name}={value}" for name, value in claims.items()]
        return f"Preconditioner(shape={self.shape}, dtype={self.dtype}, {', '.join(said)})"

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

    Parameters
    ----------
    M : preconditioner, array, sparse matrix, operator or callable
        Approximate inverse, ``(n, n)``.
    like : (n,) or (n, k) array
        The right-hand side, which ``M`` must match in library, device and number of rows.

    Returns
    -------
    Preconditioner
        ``M`` itself if it is one. Anything else is taken to be linear and fixed, and ``is_spd`` is
        None; for another claim pass a `Preconditioner`.

    Raises
    ------
    TypeError, ValueError
        As `resolvent.operators.as_operator`, and for an ``M`` that is not square.

    Notes
    -----
    Array API: any library and device. The precision of ``M @ r`` stays what ``M`` makes it.

    Examples
    --------
    >>> import numpy as np
    >>> r = np.array([2.0, 4.0])
    >>> M = as_preconditioner(lambda r: r / 2, like=r)
    >>> M.shape, M @ r
    ((2, 2), array([1., 2.]))
    >>> M.is_spd is None, as_preconditioner(M, like=r) is M
    (True, True)
    """
    operator = as_operator(M, like=like, name="M")
    if operator.shape[0] != operator.shape[1]:
        raise ValueError(f"M must be square, got shape {operator.shape}")
    if isinstance(operator, Preconditioner):
        return operator
    return Preconditioner(operator.shape, operator.dtype, operator.product, operator.adjoint)
