r"""Coefficients of an affine matrix, normalised and centred: what powers are expanded in.

.. math:: \alpha_q \mapsto c_q = 1 - \frac{\alpha_q}{s\, \alpha^*_q}, \qquad
          s = \operatorname{mean}_q \frac{\alpha_q}{\bar\alpha_q}

with the means :math:`\bar\alpha_q` over the training parameters, and the middle
:math:`\alpha^*_q` of the range of :math:`\alpha_q / s`. Nothing changes when a term is multiplied
by a number and its coefficient is divided by it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, enter, namespace_of, to_host
from resolvent.solvers.reduced.affine import Coefficients
from resolvent.solvers.reduced.terms import parameters, stack_rows

__all__ = ["ShiftedCoefficients", "as_parameters", "column"]


@dataclass(frozen=True, eq=False)
class ShiftedCoefficients:
    r"""The map from parameters to ``c`` and ``s``.

    Attributes
    ----------
    coefficients : callable or None
        ``alpha(mus)``, (Q, n) for parameters (n, d); None: the parameters themselves.
    reference : (Q,) ndarray
        :math:`\alpha^*_q`, on the host.
    radii : (Q,) ndarray
        The largest ``|c_q|`` over the training parameters, for each ``q``.
    size : (Q,) ndarray or None
        :math:`\bar\alpha_q`; None: ``s`` is one.
    """

    coefficients: Coefficients | None
    reference: NDArray[np.float64]
    radii: NDArray[np.float64]
    size: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls, mus: Array, coefficients: Coefficients | None, *, homogeneous: bool
    ) -> "ShiftedCoefficients":
        """Return the map of training parameters (n, d)."""
        alpha, size = _positive(mus, coefficients), None
        xp = namespace_of(alpha)
        if homogeneous:
            size = _host(xp.mean(alpha, axis=1))
            alpha = alpha / _scale(alpha, size)
        low, high = _host(xp.min(alpha, axis=1)), _host(xp.max(alpha, axis=1))
        middle = low / 2 + high / 2
        return cls(coefficients, middle, high / middle - 1, size)

    def __call__(self, mus: Array) -> tuple[Array, Array]:
        """Return ``c`` (Q, n) and ``s`` (n,) for parameters (n, d)."""
        alpha = _positive(mus, self.coefficients)
        if alpha.shape[0] != self.reference.size:
            raise ValueError(f"coefficients must be {self.reference.size}, got {alpha.shape[0]}")
        xp = namespace_of(alpha)
        s = xp.ones_like(alpha[0, :]) if self.size is None else _scale(alpha, self.size)
        return 1 - alpha / s / column(self.reference, alpha), s


def as_parameters(mus: Any, like: Array | None = None) -> Array:
    """Return parameters as (n, d), of the kind of ``like`` if given.

    Raises
    ------
    TypeError, ValueError
        They are complex or not finite, or don't fit ``like``; there are none and no ``like``.
    """
    if like is None:
        mus = parameters(mus)
    else:
        mus = parameters(enter(matrix=False, mus=mus, params=like).arrays[0])
    xp = namespace_of(mus)
    if not xp.isdtype(mus.dtype, "real floating"):
        raise TypeError(f"parameters must be real, got dtype {mus.dtype}")
    if (0 in mus.shape) if like is None else (mus.shape[1] != like.shape[1]):
        wanted = "(n, d)" if like is None else f"(n, {like.shape[1]})"
        raise ValueError(f"parameters must be of shape {wanted}, got {tuple(mus.shape)}")
    return mus if like is None else xp.astype(mus, like.dtype, copy=False)


def _positive(mus: Array, coefficients: Coefficients | None) -> Array:
    """Return ``alpha`` (Q, n) in the precision of the parameters."""
    if coefficients is None:
        alpha = mus.T
    else:
        alpha = coefficients(mus)
        if isinstance(alpha, list | tuple):
            alpha = stack_rows("coefficients", alpha, mus)
        alpha = enter(matrix=False, coefficients=alpha, params=mus).arrays[0]
    xp = namespace_of(mus)
    if not xp.isdtype(alpha.dtype, "real floating"):
        raise TypeError(f"coefficients must be real, got dtype {alpha.dtype}")
    if alpha.ndim != 2 or alpha.shape[1] != mus.shape[0] or alpha.shape[0] == 0:
        raise ValueError(
            f"coefficients must be of shape (Q, {mus.shape[0]}), got {tuple(alpha.shape)}"
        )
    if not bool(xp.all(alpha > 0)):
        raise ValueError(f"coefficients must be positive; the least is {float(xp.min(alpha)):.3g}")
    return xp.astype(alpha, mus.dtype, copy=False)


def _scale(alpha: Array, size: NDArray[np.float64]) -> Array:
    return namespace_of(alpha).mean(alpha / column(size, alpha), axis=0)


def column(host: NDArray[np.float64], like: Array) -> Array:
    """Return numbers (Q,) of the host as a column (Q, 1) of the kind of ``like``."""
    xp = namespace_of(like)
    return xp.asarray(host[:, None], dtype=like.dtype, device=device_of(like))


def _host(x: Array) -> NDArray[np.float64]:
    return to_host(x).astype(np.float64)
