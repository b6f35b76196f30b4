"""Kernels that a user brings as a function, of the distance or of two points."""

import inspect
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core.errors import NumbaError

from resolvent.arrays import Array, Namespace
from resolvent.solvers.compiled import summation_kernels as forms
from resolvent.solvers.summation.kernels import Isotropic, Laplace

__all__ = ["Pairwise", "Radial", "as_kernel"]


class Radial(Isotropic):
    """A user's function of the distance, of arrays; compiled where numba can.

    Parameters
    ----------
    function : callable
        From an array of positive distances to values.
    degree : int, optional
        If it is homogeneous.
    """

    def __init__(self, function: Callable[[Any], Any], *, degree: int | None = None) -> None:
        self.function = getattr(function, "py_func", function)
        self.degree = degree
        self.is_complex = np.iscomplexobj(_probe(self.function, np.array([0.5, 1.0])))
        self.form = _compiled_profile(self.function, self.is_complex)

    def profile(self, xp: Namespace, r: Array) -> Array:  # noqa: ARG002
        """Return the values at positive distances."""
        return self.function(r)


class Pairwise:
    """A user's function ``K(x, y)`` of points (..., m, 1, d) and (..., 1, n, d), of ``x - y`` only.

    Parameters
    ----------
    function : callable
        From two arrays of points to an array of their broadcast shape without the last axis.
    dim : int
        How many coordinates it is given.
    degree : int, optional
        If it is homogeneous.
    symmetric : bool
        Whether ``K(x, y) = K(y, x)``.
    """

    form: Any = None

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        dim: int,
        *,
        degree: int | None = None,
        symmetric: bool = False,
    ) -> None:
        self.function, self.dim = function, dim
        self.degree, self.is_symmetric = degree, symmetric
        x, y = np.random.default_rng(0).random((2, 6, 3))
        values, moved = _probe(self, np, x, y + 2), self(np, x + 3.0, y + 5.0)
        self.is_complex = np.iscomplexobj(values)
        if np.max(np.abs(values - moved)) > 1e-9 * np.max(np.abs(values)):
            raise ValueError("kernel must depend on x - y only, but it changes with a translation")

    def __call__(self, xp: Namespace, x: Array, y: Array) -> Array:
        """Return the values (..., m, n) at points (..., m, 3) and (..., n, 3), 0 where equal."""
        x, y = x[..., :, None, : self.dim], y[..., None, :, : self.dim]
        apart = xp.any(x != y, axis=-1)
        # equal points are moved apart, so that a singular kernel is never asked there
        values = self.function(xp.where(apart[..., None], x, x + 1), y)
        return xp.where(apart, values, xp.zeros_like(values))

    def require_smooth(self, side: float) -> None:
        """Accept every side: what it does is not known."""


def as_kernel(kernel: Any, dim: int) -> Any:
    """Return the `Kernel` of a name, a kernel as it is, or one around a function."""
    if isinstance(kernel, str):
        if kernel != "laplace":
            raise ValueError(
                f"kernel must be 'laplace', Yukawa(kappa), Helmholtz(wavenumber), "
                f"InversePower(power) or a function, got {kernel!r}"
            )
        return Laplace(dim)
    if isinstance(kernel, Isotropic | Pairwise):
        return kernel
    if not callable(kernel):
        raise TypeError(f"kernel must be a name, a kernel or a function, got {type(kernel)}")
    function = getattr(kernel, "py_func", kernel)
    needed = [
        p
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    return Radial(function) if len(needed) == 1 else Pairwise(function, dim)


def _probe(function: Callable[..., Any], *arguments: Any) -> Any:
    values = np.asarray(function(*arguments))
    if not np.all(np.isfinite(values)):
        raise ValueError("kernel has NaN or infinite values at points that are apart")
    return values


def _compiled_profile(function: Callable[[Any], Any], is_complex: bool) -> Any:
    """Return the form of a user's function, or None if numba can't compile it."""
    compiled = numba.njit(error_model="numpy")(function)
    try:
        compiled(1.0)
    except (NumbaError, TypeError, AttributeError, ValueError):
        return None
    return (forms.ComplexProfile if is_complex else forms.Profile)(compiled)
