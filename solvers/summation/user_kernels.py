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


_RADII = np.array([[0.5, 0.6, 0.7], [0.8, 0.9, 1.0]])
_SAME = 1e-9  # relative: rounding of a function, not a wrong claim about it
_FAILS = (TypeError, ValueError, AttributeError, IndexError, ArithmeticError)


class Radial(Isotropic):
    """A user's function of the distance, of arrays; compiled where numba can.

    Parameters
    ----------
    function : callable
        From an array of positive distances to an array of values.
    degree : number, optional
        If it is homogeneous. Of a growing function it is not used: the far cells weigh most, and
        each level needs a tolerance of its own.

    Raises
    ------
    TypeError
        A function that doesn't take an array.
    ValueError
        Values of another shape, NaN or infinite ones, or another degree.
    """

    def __init__(self, function: Callable[[Any], Any], *, degree: float | None = None) -> None:
        self.function = getattr(function, "py_func", function)
        values = _probe(
            self.function,
            (_RADII,),
            _RADII.shape,
            "kernel g(r) must take an array of distances and return one of its shape",
        )
        self.is_complex = np.iscomplexobj(values)
        self._is_inexact = values.dtype.kind in "fc"
        self.degree = _checked_degree(degree, lambda s: self.function(s * _RADII))
        self.form = _compiled_profile(self.function, values)

    def profile(self, xp: Namespace, r: Array) -> Array:
        """Return the values at positive distances."""
        values = self.function(r)
        return values if self._is_inexact else values * xp.ones_like(r)


class Pairwise:
    """A user's function ``K(x, y)`` of points (..., m, 1, d) and (..., 1, n, d), of ``x - y`` only.

    Parameters
    ----------
    function : callable
        From two arrays of points to an array of their broadcast shape without the last axis.
    dim : int
        How many coordinates it is given.
    degree : number, optional
        If it is homogeneous. Of a growing function it is not used, as by `Radial`.
    symmetric : bool
        Whether ``K(x, y) = K(y, x)``.

    Raises
    ------
    TypeError
        A function that doesn't take two arrays of points.
    ValueError
        Values of another shape, NaN or infinite ones, of more than ``x - y``, of another degree, or
        not symmetric though they should be.
    """

    form: Any = None

    def __init__(
        self,
        function: Callable[[Any, Any], Any],
        dim: int,
        *,
        degree: float | None = None,
        symmetric: bool = False,
    ) -> None:
        self.function, self.dim, self.is_symmetric = function, dim, symmetric
        x, y = np.random.default_rng(0).random((2, 6, dim))
        x, y = x[:, None, :], y[None, :, :] + 2
        values = _probe(
            function,
            (x, y),
            (6, 6),
            "kernel K(x, y) must take points (..., m, 1, d) and (..., 1, n, d) and return an "
            "array (..., m, n)",
        )
        self.is_complex = np.iscomplexobj(values)
        self._is_inexact = values.dtype.kind in "fc"
        if _differ(values, function(x + 3.0, y + 3.0)):
            raise ValueError("kernel must depend on x - y only, but it changes with a translation")
        if symmetric and _differ(values, function(y, x)):
            raise ValueError("symmetric must be False: K(x, y) is not K(y, x)")
        self.degree = _checked_degree(degree, lambda s: function(s * x, s * y))

    def __call__(self, xp: Namespace, x: Array, y: Array) -> Array:
        """Return the values (..., m, n) at points (..., m, 3) and (..., n, 3), 0 where equal."""
        x, y = x[..., :, None, : self.dim], y[..., None, :, : self.dim]
        apart = xp.any(x != y, axis=-1)
        # equal points are moved apart, so that a singular kernel is never asked there
        values = self.function(xp.where(apart[..., None], x, x + 1), y)
        values = values if self._is_inexact else values * xp.ones_like(x[..., 0])
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
        known = getattr(kernel, "dim", dim)
        if known != dim:
            raise ValueError(f"kernel is for dim = {known}, but points have dim = {dim}")
        return kernel
    if not callable(kernel):
        raise TypeError(f"kernel must be a name, a kernel or a function, got {type(kernel)}")
    function = getattr(kernel, "py_func", kernel)
    return Pairwise(function, dim) if _arguments(function) == 2 else Radial(function)


def _arguments(function: Callable[..., Any]) -> int:
    """Return how many arguments a function needs, 1 if it doesn't tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return sum(p.default is p.empty for p in positional)


def _probe(
    function: Callable[..., Any], arguments: tuple[Any, ...], shape: tuple[int, ...], wanted: str
) -> Any:
    """Return the values at some points, if a sum can use them."""
    try:
        values = np.asarray(function(*arguments))
    except _FAILS as failure:
        raise TypeError(f"{wanted}; it fails with {failure!r}") from failure
    if values.shape != shape:
        raise ValueError(f"{wanted}, here {shape}; got shape {values.shape}")
    if values.dtype.kind not in "biufc":
        raise TypeError(f"{wanted} of numbers, got dtype {values.dtype}")
    if not np.all(np.isfinite(values)):
        raise ValueError("kernel has NaN or infinite values at points that are apart")
    return values


def _checked_degree(degree: float | None, at_scale: Callable[[float], Any]) -> float | None:
    """Return a degree that is true and of use."""
    if degree is None:
        return None
    if _differ(2.0**-degree * at_scale(1.0), at_scale(0.5)):
        raise ValueError(f"degree must be None: the kernel is not homogeneous of degree {degree}")
    return degree if degree <= 0 else None


def _differ(one: Any, other: Any) -> bool:
    return bool(np.max(np.abs(one - other)) > _SAME * np.max(np.abs(one)))


def _compiled_profile(function: Callable[[Any], Any], values: Any) -> Any:
    """Return the form of a user's function, or None if numba can't, or gives something else."""
    try:
        compiled = numba.njit(error_model="numpy")(function)
        found = [compiled(float(r)) for r in _RADII.flat]
    except (NumbaError, *_FAILS):
        return None
    scalar = complex if np.iscomplexobj(values) else float
    if not all(isinstance(value, int | scalar) for value in found):
        return None
    if _differ(values.ravel(), np.array(found)):
        return None
    return (forms.ComplexProfile if scalar is complex else forms.Profile)(compiled)
