"""What learned models refuse at their door: options, weights, systems, right-hand sides."""

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace
from resolvent.preconditioners.learned.networks.perceptron import Weights

__all__ = [
    "check_counts",
    "check_training",
    "check_weights",
    "checked_rhs",
    "matrix_and_rhs",
    "systems_to_learn",
]

Host = NDArray[np.float64]


def check_counts(**counts: Any) -> None:
    """Raise ValueError unless all are positive whole numbers."""
    for name, count in counts.items():
        if not isinstance(count, Integral) or count < 1:
            raise ValueError(f"{name} must be a positive whole number, got {count!r}")


def check_training(
    *, steps: int, every: int, patience: int | None, rate: float, xp: Namespace
) -> None:
    """Raise ValueError or TypeError unless one can train so."""
    check_counts(steps=steps, every=every, patience=1 if patience is None else patience)
    if not 0 < rate < np.inf:
        raise ValueError(f"rate must be positive and finite, got {rate}")
    if not hasattr(xp, "asarray"):
        raise TypeError(f"xp must be an array namespace such as numpy, got {xp!r}")


def check_weights(found: Mapping[str, Array], wanted: Weights, *, of: str) -> None:
    """Raise unless arrays have the names and shapes that a network wants, and are real.

    Their entries are not looked at: what the guard makes of NaN is its own business.
    """
    for name, like in wanted.items():
        if name not in found:
            raise ValueError(f"there is no {name!r} of shape {like.shape} for {of}")
        shape, dtype = (getattr(found[name], key, None) for key in ("shape", "dtype"))
        if "float" not in str(dtype):
            kind = type(found[name]).__name__ if dtype is None else dtype
            raise TypeError(f"{name!r} must be an array of real floating point, got {kind}")
        if tuple(shape or ()) != like.shape:
            raise ValueError(f"{name!r} is of shape {tuple(shape or ())}, {of} wants {like.shape}")
    if left := sorted(set(found) - set(wanted)):
        raise ValueError(f"{of} has no place for {left}")


def systems_to_learn(systems: Any, validation: Any) -> tuple[list[Any], list[Any]]:
    """Return systems to learn from and others, by default the last tenth, to validate on."""
    learned = _listed(systems, "systems")
    if validation is None:
        cut = len(learned) - max(1, len(learned) // 10)
        learned, held_out = learned[:cut], learned[cut:]
    else:
        held_out = _listed(validation, "validation")
    if not learned or not held_out:
        raise ValueError(
            "fit needs two systems or more, one of them to validate on, or validation=[...]"
        )
    return learned, held_out


def _listed(systems: Any, name: str) -> list[Any]:
    if hasattr(systems, "shape") and len(systems.shape) < 3:
        raise ValueError(
            f"{name} must be a sequence of systems, got one array of shape {systems.shape}; "
            "pass a list of matrices, also of one"
        )
    if isinstance(systems, str | Mapping) or not isinstance(systems, Iterable):
        raise TypeError(f"{name} must be a sequence of systems, got {type(systems).__name__}")
    return list(systems)


def matrix_and_rhs(system: Any) -> tuple[Any, Any]:
    """Return A and b of a matrix, for which b is None, or of a pair: a tuple or list."""
    if not isinstance(system, tuple | list) or not system or len(np.shape(system[0])) < 2:
        return system, None
    if len(system) != 2:
        raise ValueError(f"a system must be a matrix A or a pair (A, b), got {len(system)} things")
    return system[0], system[1]


def checked_rhs(b: Any, n: int) -> Host | None:
    """Return a right-hand side in double precision.

    Raises
    ------
    TypeError, ValueError
        It is not real, or not a finite vector of n numbers.
    """
    if b is None:
        return None
    b = np.asarray(b)
    if b.dtype.kind not in "biuf":
        raise TypeError(f"b must be real, got dtype {b.dtype}")
    if b.shape != (n,) or not np.all(np.isfinite(b)):
        raise ValueError(f"b must be a finite vector of shape ({n},), got shape {b.shape}")
    return np.asarray(b, dtype=np.float64)
