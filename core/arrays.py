"""The one door through which arrays enter, and the few bridges the Array API standard lacks.

A public function calls `enter` once. Below it only ``xp.`` and methods of the standard are
used, and `leave` hands the result back in the user's dtype and shape. CuPy and torch are never
imported here: a namespace is recognised by the array that brings it.
"""

from collections.abc import Callable
from functools import cache
from math import isfinite
from typing import Any, NamedTuple, TypeAlias

import array_api_compat
import array_api_compat.numpy
import numpy as np

__all__ = [
    "Array",
    "Entered",
    "Namespace",
    "adjoint",
    "complex_dtype",
    "conj",
    "device_of",
    "enter",
    "eps",
    "is_finite",
    "is_numpy",
    "namespace_of",
    "take",
    "to_host",
]

Array: TypeAlias = Any
Namespace: TypeAlias = Any

_WORKING = {"float16": "float32", "bfloat16": "float32"}
_SUPPORTED = ("float32", "float64", "complex64", "complex128")


class Entered(NamedTuple):
    """Arrays past the door: one namespace, one working dtype, at least two dimensions.

    Attributes
    ----------
    xp : namespace
        Array API namespace of the arrays.
    arrays : tuple of array
        The arguments in the order given, cast to the common working dtype.
    unit : float
        The largest eps among the dtypes the user passed.
    leave : callable
        Casts a result back to the dtype, and for scalar input to the shape, of the user; a
        result that became complex on the way keeps its dtype.
    """

    xp: Namespace
    arrays: tuple[Array, ...]
    unit: float
    leave: Callable[[Array], Array]


def namespace_of(x: Array) -> Namespace:
    """Return the Array API namespace of ``x``; NumPy for lists, numbers and pandas."""
    if isinstance(x, np.ndarray | np.generic):
        return array_api_compat.numpy
    known = array_api_compat.is_array_api_obj(x)
    return array_api_compat.array_namespace(x) if known else array_api_compat.numpy


def enter(*, matrix: bool = True, finite: bool = True, **named: Any) -> Entered:
    """Take named arguments through the door: one namespace, one device, one working dtype.

    Parameters
    ----------
    matrix : bool
        Every argument must be a scalar or a batch of matrices ``(..., m, n)``; scalars become
        1x1 matrices.
    finite : bool
        Refuse NaN and infinity.
    **named : array_like
        The arguments under the names the user knows. Lists, integers and pandas become float64
        NumPy arrays; float16 and bfloat16 are computed in float32.

    Returns
    -------
    Entered
        Namespace, working arrays and the way back.

    Raises
    ------
    TypeError
        Arrays of several namespaces, of a dtype other than real or complex floating point, or a
        torch tensor that records gradients.
    ValueError
        Arrays on several devices, a wrong number of dimensions, or a non-finite entry.
    """
    xp, device = _common_home(named)
    given = [_as_inexact(xp, device, name, x) for name, x in named.items()]
    alone = len(given) == 1 and _is_native(given[0])
    user_dtype = given[0].dtype if alone else xp.result_type(*given)
    dtype = _working_dtype(xp, user_dtype)
    unit = max([eps(xp, x.dtype) for x in given])
    scalar = matrix and all(x.ndim == 0 for x in given)
    arrays = []
    for name, x in zip(named, given, strict=True):
        x = x if x.dtype == dtype else xp.astype(x, dtype)
        if matrix and x.ndim == 0:
            x = xp.reshape(x, (1, 1))
        if matrix and x.ndim < 2:
            raise ValueError(f"{name} must be a matrix (..., m, n), got shape {tuple(x.shape)}")
        if finite and not is_finite(x):
            raise ValueError(f"{name} has NaN or infinite entries")
        arrays.append(x)

    def leave(result: Array) -> Array:
        if result.dtype == dtype != user_dtype:
            result = xp.astype(result, user_dtype)
        return xp.reshape(result, ()) if scalar else result

    return Entered(xp, tuple(arrays), unit, leave)


def _common_home(named: dict[str, Any]) -> tuple[Namespace, Any]:
    """Return the one namespace and device of the arguments, NumPy for lists and numbers."""
    if all(map(_is_native, named.values())):
        return array_api_compat.numpy, "cpu"
    spaces = {
        name: array_api_compat.array_namespace(x)
        for name, x in named.items()
        if array_api_compat.is_array_api_obj(x)
    }
    if len(set(spaces.values())) > 1:
        seen = ", ".join(f"{name}: {space.__name__}" for name, space in spaces.items())
        raise TypeError(f"all arguments must be arrays of one library, got {seen}")
    devices = {name: array_api_compat.device(named[name]) for name in spaces}
    if len(set(map(str, devices.values()))) > 1:
        seen = ", ".join(f"{name}: {device}" for name, device in devices.items())
        raise ValueError(f"all arguments must be on one device, got {seen}")
    xp = next(iter(spaces.values()), array_api_compat.numpy)
    return xp, next(iter(devices.values()), None)


def _is_native(x: Any) -> bool:
    """Tell a NumPy array of a supported dtype, for which small calls skip every look-up."""
    return type(x) is np.ndarray and x.dtype.char in "fdFD" and x.dtype.isnative


def _as_inexact(xp: Namespace, device: Any, name: str, x: Any) -> Array:
    if _is_native(x):
        return x
    _refuse_gradient(name, x)
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; pass {name}.filled(value)")
    if hasattr(x, "toarray"):
        raise TypeError(f"{name} is sparse; pass {name}.toarray()")
    if not array_api_compat.is_array_api_obj(x):
        x = np.asarray(x)
        if x.dtype.kind not in "biufc":
            raise TypeError(f"{name} must be numeric, got dtype {x.dtype}")
        x = xp.asarray(x, device=device)
    if xp.isdtype(x.dtype, ("real floating", "complex floating")) or _name(x.dtype) in _WORKING:
        return x
    if xp.isdtype(x.dtype, ("bool", "integral")):
        return xp.astype(x, xp.float64)
    raise TypeError(f"{name} must be numeric, got dtype {x.dtype}")


def _refuse_gradient(name: str, x: Any) -> None:
    """Refuse to lose a gradient, or to differentiate kernels whose own derivative is unstable."""
    if array_api_compat.is_torch_array(x) and x.requires_grad:
        import torch

        if torch.is_grad_enabled():
            raise TypeError(
                f"{name} requires grad: use resolvent.linalg.autodiff.torch or "
                f"resolvent.solvers.transport.autodiff.torch, {name}.detach() or torch.no_grad()"
            )


def _working_dtype(xp: Namespace, dtype: Any) -> Any:
    if isinstance(dtype, np.dtype) and dtype.char in "fdFD":
        return dtype
    name = _WORKING.get(_name(dtype), _name(dtype))
    if name not in _SUPPORTED:
        raise TypeError(f"dtype {_name(dtype)} is not supported; use one of {_SUPPORTED}")
    return getattr(xp, name)


def _name(dtype: Any) -> str:
    return str(dtype).rpartition(".")[2]


def is_finite(x: Array) -> bool:
    """Tell whether no entry is NaN or infinite."""
    # NaN and infinity survive a sum, so a finite sum proves finite entries in one cheap pass;
    # only an overflowing sum needs the exact test.
    if type(x) is np.ndarray and x.ndim == 1 and isfinite(np.vdot(x, x).real):
        return True
    xp = namespace_of(x)
    with np.errstate(over="ignore", invalid="ignore"):
        total = xp.sum(x)
    return bool(xp.isfinite(total)) or bool(xp.all(xp.isfinite(x)))


def is_numpy(xp: Namespace) -> bool:
    """Tell whether ``xp`` is NumPy, for which LAPACK and compiled kernels are at hand."""
    return bool(array_api_compat.is_numpy_namespace(xp))


def device_of(x: Array) -> Any:
    """Return the device of ``x``, as ``xp.asarray(..., device=)`` takes it."""
    return array_api_compat.device(x)


def conj(xp: Namespace, x: Array) -> Array:
    """Return the complex conjugate, of a real array itself."""
    return xp.conj(x) if xp.isdtype(x.dtype, "complex floating") else x


def adjoint(xp: Namespace, x: Array) -> Array:
    """Return the conjugate transpose of the last two axes."""
    return conj(xp, x.mT)


def complex_dtype(xp: Namespace, dtype: Any) -> Any:
    """Return the complex dtype of the same precision."""
    if xp.isdtype(dtype, "complex floating"):
        return dtype
    return xp.complex64 if dtype == xp.float32 else xp.complex128


@cache
def eps(xp: Namespace, dtype: Any) -> float:
    """Return the distance from 1 to the next number of ``dtype``."""
    return float(xp.finfo(dtype).eps)


def take(x: Array, where: Any, axis: int = 0) -> Array:
    """Return rows, or what is along another axis, by numbers on the host."""
    numbers = np.asarray(where, dtype=np.intp)
    if type(x) is np.ndarray:  # whose own take copies all of an array in Fortran's order
        return x[(slice(None),) * (axis % x.ndim) + (numbers,)]
    xp = namespace_of(x)
    return xp.take(x, xp.asarray(numbers, device=device_of(x)), axis=axis)


def to_host(x: Any) -> np.ndarray[Any, Any]:
    """Return an array of any library as NumPy: the one explicit device-to-host transfer."""
    if type(x) is np.ndarray:
        return x
    if array_api_compat.is_cupy_array(x):
        return np.asarray(x.get())
    if array_api_compat.is_torch_array(x):
        x = x.detach().cpu().resolve_conj().resolve_neg()
        return np.asarray((x.float() if _name(x.dtype) == "bfloat16" else x).numpy())
    if array_api_compat.is_array_api_obj(x) and not array_api_compat.is_numpy_array(x):
        return np.from_dlpack(x)
    return np.asarray(x)
