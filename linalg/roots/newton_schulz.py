r"""Coupled Newton-Schulz iteration for the square root, products only.

With ``c >= λmax``, ``Y_0 = A/c``, ``Z_0 = I``:
``T = (3I - Z_k Y_k)/2``, ``Y_{k+1} = Y_k T``, ``Z_{k+1} = T Z_k``;
``sqrt(c) Y -> A^{1/2}`` and ``Z/sqrt(c) -> A^{-1/2}``.
The smallest eigenvalue of ``Y`` grows by 1.5 a step before convergence turns quadratic, so about
``log_{1.5} sqrt(κ) + 4`` steps are needed; rounding leaves a residual of ``eps sqrt(κ)`` to
``eps κ``.

Cost: 3 products a step, 1 in the first and 2 in the last.

Source: Higham, Functions of Matrices (2008), section 6.7; as published for covariance pooling
(iSQRT-COV): 5 steps and the trace as normaliser. Differs in: ``steps=None`` iterates until
``norm(I - Z Y)`` stops falling.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from resolvent.arrays import Array, Namespace, eps
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.norms import frobenius, identity_like, nonzero
from resolvent.linalg.roots.method import Accuracy, require_square_root
from resolvent.linalg.roots.normaliser import normaliser

__all__ = ["NewtonSchulz", "coupled_update"]

_MAX_STEPS = 100


@dataclass(frozen=True)
class NewtonSchulz:
    """Coupled Newton-Schulz iteration.

    Parameters
    ----------
    steps : int, optional
        Number of steps; None iterates until the coupled residual stops falling, reading it once
        a step.
    normaliser : {"frobenius", "trace"}
        "frobenius", or the trace as in iSQRT-COV.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import sqrtm
    >>> X = sqrtm(np.diag([1.0, 4.0]), method="newton-schulz")
    >>> bool(abs(X - np.diag([1.0, 2.0])).max() < 1e-14)
    True
    """

    steps: int | None = None
    normaliser: Literal["frobenius", "trace"] = "frobenius"

    name: ClassVar[str] = "newton-schulz"
    positive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check steps and normaliser."""
        if self.steps is not None and self.steps < 1:
            raise ValueError(f"steps must be at least 1, got {self.steps}")
        if self.normaliser not in ("frobenius", "trace"):
            raise ValueError(f"normaliser must be 'frobenius' or 'trace', got {self.normaliser!r}")

    @property
    def accuracy(self) -> Accuracy:
        """Truncated where the number of steps is prescribed."""
        return "iterative" if self.steps is None else "truncated"

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)``, ``p`` = 2 or -2."""
        require_square_root(self, p)
        if self.normaliser == "trace":
            c = nonzero(xp, A.shape[-1] * normaliser(xp, A, "trace"))
        else:
            c = normaliser(xp, A, "frobenius")
        identity = identity_like(xp, A)
        Y, Z, S = A / c, identity, A / c
        residual = float("inf")
        for k in range(self.steps or _MAX_STEPS):
            if k:
                S = Z @ Y
            if self.steps is None:
                previous, residual = residual, float(xp.max(frobenius(xp, identity - S)))
                if not residual <= 2 * A.shape[-1] ** 0.5:
                    raise NotPositiveDefiniteError(
                        "the iteration diverges: A is singular or indefinite; use method='eigh'"
                    )
                if residual <= A.shape[-1] * eps(xp, A.dtype) or _stalled(residual, previous):
                    break
            T = 1.5 * identity - 0.5 * S
            Y, Z = coupled_update(Y, Z, T, p, first=k == 0, last=k + 1 == self.steps)
        return c ** (1 / p) * (Y if p > 0 else Z)


def coupled_update(
    Y: Array, Z: Array, H: Array, p: int, *, first: bool, last: bool
) -> tuple[Array, Array]:
    """Return ``Y H`` and ``H Z``; in the last step only the one that ``p`` asks for."""
    if last and p > 0:
        return Y @ H, Z
    Z = H if first else H @ Z
    return (Y, Z) if last else (Y @ H, Z)


def _stalled(residual: float, previous: float) -> bool:
    """Tell whether a residual that is already small no longer falls, or is not a number."""
    return not residual < previous and not residual > 0.5
