r"""The one stopping rule of the library: :math:`\|b - A x\| \le \max(rtol\,\|b\|, atol)`.

It is relative to ``b``, never to the first residual, so that a good initial guess is rewarded.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, eps, namespace_of
from resolvent.vectors import Inner, inner, scaled_norm

__all__ = ["Stop", "UnreachableToleranceWarning"]


class UnreachableToleranceWarning(UserWarning):
    """The tolerance asked for is below the rounding error of the right-hand side."""


@dataclass(frozen=True, eq=False)
class Stop:
    r"""The stopping rule bound to a right-hand side.

    Attributes
    ----------
    threshold : ndarray
        :math:`\max(rtol\,\|b\|, atol)` on the host: shape ``()`` for a vector ``b``, ``(k,)``
        for ``k`` columns.
    maxiter : int
        Largest number of steps.

    Examples
    --------
    >>> import numpy as np
    >>> stop = Stop.for_rhs(np.array([3.0, 4.0]), rtol=0.1)
    >>> float(stop.threshold)
    0.5
    >>> stop.met(0.4), stop.met(np.nan)
    (True, False)
    """

    threshold: NDArray[np.float64]
    maxiter: int

    @classmethod
    def for_rhs(
        cls,
        b: Array,
        *,
        rtol: float = 1e-6,
        atol: float = 0.0,
        maxiter: int | None = None,
        inner: Inner = inner,
    ) -> Self:
        """Bind the rule to ``b`` of shape ``(n,)`` or ``(n, k)``.

        Parameters
        ----------
        b : array
            Right-hand side; each column has its own threshold.
        rtol, atol : float
            Tolerances; with both zero a solver takes ``maxiter`` steps, unless it meets ``b``
            exactly.
        maxiter : int, optional
            Largest number of steps, by default ``10 n``.
        inner : callable, optional
            ``(x, y) -> x^H y`` of each column, where it isn't the plain sum.

        Raises
        ------
        ValueError
            A negative tolerance or limit, a ``b`` of another shape, or with NaN or infinity.

        Warns
        -----
        UnreachableToleranceWarning
            The threshold is below ``eps * norm(b)`` in some column.
        """
        if not (rtol >= 0 and atol >= 0 and (maxiter is None or maxiter >= 0)):
            given = {"rtol": rtol, "atol": atol, "maxiter": maxiter or 0}
            name = next(name for name, value in given.items() if not value >= 0)
            raise ValueError(f"{name} must not be negative, got {given[name]}")
        if b.ndim not in (1, 2):
            raise ValueError(f"b must be of shape (n,) or (n, k), got {tuple(b.shape)}")
        columns = [b] if b.ndim == 1 else [b[:, j] for j in range(b.shape[1])]
        norms = [scaled_norm(column, inner)[1] for column in columns]
        if not all(map(math.isfinite, norms)):
            raise ValueError("b has NaN or infinite entries")
        wanted = [max(rtol * norm, atol) for norm in norms]
        threshold = np.array(wanted).reshape(b.shape[1:])
        unit = eps(namespace_of(b), b.dtype)
        reached = rtol >= unit or all(
            unit * norm <= want for norm, want in zip(norms, wanted, strict=True)
        )
        if (rtol or atol) and not reached:
            warnings.warn(
                f"rtol = {rtol:g} with atol = {atol:g} asks for less than the rounding error "
                f"of b in {b.dtype}; loosen it or use a higher precision",
                UnreachableToleranceWarning,
                stacklevel=3,
            )
        return cls(threshold, 10 * b.shape[0] if maxiter is None else maxiter)

    def met(self, residual_norm: float | NDArray[np.floating[Any]]) -> bool:
        """Tell whether every column is within its threshold; NaN never is."""
        return bool(np.all(residual_norm <= self.threshold))
