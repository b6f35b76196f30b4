r"""Kernels to sum: Laplace, Yukawa, Helmholtz and inverse powers.

A kernel is a function of :math:`x - y`. The radial ones know their compiled form, whether they are
homogeneous, :math:`K(s r) = s^a K(r)`, and up to which size of a cell they are smooth.
"""

from dataclasses import dataclass
from math import pi
from numbers import Real
from typing import Any, Protocol

import numpy as np

from resolvent.arrays import Array, Namespace
from resolvent.solvers.compiled import summation_kernels as forms

__all__ = ["Helmholtz", "InversePower", "Isotropic", "Kernel", "Laplace", "Yukawa"]


class Kernel(Protocol):
    """What a summation asks of a kernel."""

    @property
    def degree(self) -> float | None:
        """``a`` of :math:`K(s r) = s^a K(r)`, if there is one."""

    @property
    def is_complex(self) -> bool:
        """Whether values are complex."""

    @property
    def is_symmetric(self) -> bool:
        """Whether ``K(x, y) = K(y, x)``."""

    @property
    def form(self) -> Any:
        """The named tuple for compiled loops, or None."""

    def __call__(self, xp: Namespace, x: Array, y: Array) -> Array:
        """Return the values (..., m, n) at points (..., m, 3) and (..., n, 3), 0 where equal."""

    def require_smooth(self, side: float) -> None:
        """Raise a ValueError if a cell of this side holds more than about one wave."""


class Isotropic:
    """A function of the distance."""

    degree: float | None = None
    is_complex = False
    is_symmetric = True

    def profile(self, xp: Namespace, r: Array) -> Array:
        """Return the values at positive distances."""
        raise NotImplementedError

    def __call__(self, xp: Namespace, x: Array, y: Array) -> Array:
        """Return the values (..., m, n) at points (..., m, 3) and (..., n, 3), 0 where equal."""
        square = 0.0
        for axis in range(3):
            d = x[..., :, None, axis] - y[..., None, :, axis]
            square = square + d * d
        if bool(xp.all(square > 0)):
            return self.profile(xp, xp.sqrt(square))
        apart = square > 0
        values = self.profile(xp, xp.sqrt(xp.where(apart, square, xp.ones_like(square))))
        return xp.where(apart, values, xp.zeros_like(values))

    def require_smooth(self, side: float) -> None:
        """Accept every side: nothing oscillates."""


@dataclass(frozen=True)
class Laplace(Isotropic):
    """``1 / r`` in three dimensions, ``log r`` in two."""

    dim: int

    def __post_init__(self) -> None:
        if self.dim not in (2, 3):
            raise ValueError(f"dim of Laplace must be 2 or 3, got {self.dim}")

    @property
    def degree(self) -> int | None:  # type: ignore[override]
        """-1 for ``1 / r``; the logarithm is not homogeneous."""
        return -1 if self.dim == 3 else None

    @property
    def form(self) -> Any:
        """For compiled loops."""
        return forms.Reciprocal(0.0) if self.dim == 3 else forms.Logarithm(0.0)

    def profile(self, xp: Namespace, r: Array) -> Array:
        """Return the values at positive distances."""
        return 1 / r if self.dim == 3 else xp.log(r)


@dataclass(frozen=True)
class Yukawa(Isotropic):
    """``exp(-kappa r) / r``, a screened potential."""

    kappa: float

    def __post_init__(self) -> None:
        _require_real("kappa", self.kappa)
        if self.kappa < 0:
            raise ValueError(f"kappa must be a number of at least 0, got {self.kappa}")

    @property
    def form(self) -> Any:
        """For compiled loops."""
        return forms.Screened(float(self.kappa))

    def profile(self, xp: Namespace, r: Array) -> Array:
        """Return the values at positive distances."""
        return xp.exp(-self.kappa * r) / r


@dataclass(frozen=True)
class Helmholtz(Isotropic):
    """``exp(i k r) / r``, of low frequency: at most one wavelength in the largest cells."""

    wavenumber: float
    is_complex = True

    def __post_init__(self) -> None:
        _require_real("wavenumber", self.wavenumber)

    @property
    def form(self) -> Any:
        """For compiled loops."""
        return forms.Waves(self.wavenumber / (2 * pi))

    def profile(self, xp: Namespace, r: Array) -> Array:
        """Return the values at positive distances."""
        phase = self.wavenumber * r
        return (xp.cos(phase) + 1j * xp.sin(phase)) / r

    def require_smooth(self, side: float) -> None:
        """Raise a ValueError if a cell of this side holds more than one wave."""
        if abs(self.wavenumber) * side > 2 * pi:
            raise ValueError(
                f"high frequency: wavenumber {self.wavenumber:g} times {side:.3g}, the side of the "
                "largest cells with an expansion, is above 2 pi; ranks grow as its square, and "
                "this method is for low frequencies"
            )


@dataclass(frozen=True)
class InversePower(Isotropic):
    """``r^-power`` for a positive integer."""

    power: int

    def __post_init__(self) -> None:
        _require_real("power", self.power)
        if self.power != int(self.power) or self.power < 1:
            raise ValueError(f"power must be a positive integer, got {self.power}")

    @property
    def degree(self) -> int:  # type: ignore[override]
        """Minus the power."""
        return -int(self.power)

    @property
    def form(self) -> Any:
        """For compiled loops."""
        return forms.InversePower(*divmod(int(self.power), 2))

    def profile(self, xp: Namespace, r: Array) -> Array:  # noqa: ARG002
        """Return the values at positive distances."""
        return r ** -float(self.power)


def _require_real(name: str, value: Any) -> None:
    if not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    if not np.isfinite(float(value)):
        raise ValueError(f"{name} must be finite, got {value}")
