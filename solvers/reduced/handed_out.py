"""Matrices and vectors that a code hands out, kept as they were when it did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import namespace_of

__all__ = ["HandedOut", "own_copy"]


@dataclass(frozen=True, eq=False)
class HandedOut:
    """What a function of the parameter returns: asked for once, and copied.

    Attributes
    ----------
    name : str
        What messages call the function.
    at : callable
        ``mu -> matrix or vector``. It may fill the same memory in every call.
    params : (n,) or (n, d) ndarray
        Training parameters, by whose numbers it is asked.
    kept : dict
        Copies by these numbers.
    """

    name: str
    at: Callable[[Any], Any]
    params: NDArray[np.float64]
    kept: dict[int, Any] = field(default_factory=dict)

    def __call__(self, number: int) -> Any:
        """Return the one of a training parameter."""
        if number not in self.kept:
            self.kept[number] = own_copy(self.at(self.params[number]))
        return self.kept[number]

    def of_one_shape(self, numbers: Sequence[int] | NDArray[np.intp]) -> list[Any]:
        """Return those of several parameters.

        Raises
        ------
        ValueError
            They are of different shapes.
        """
        found = [self(number) for number in numbers]
        first, *_ = numbers
        for number, A in zip(numbers, found, strict=True):
            if tuple(A.shape) != tuple(found[0].shape):
                raise ValueError(
                    f"{self.name}({self.params[number]}) is of shape {tuple(A.shape)}, "
                    f"{self.name}({self.params[first]}) is of shape {tuple(found[0].shape)}"
                )
        return found


def own_copy(A: Any) -> Any:
    """Copy what has entries, dense or sparse; an operator is returned as it is."""
    if hasattr(A, "tocsr"):
        return A.copy()
    if array_api_compat.is_array_api_obj(A):
        return namespace_of(A).asarray(A, copy=True)
    return A if hasattr(A, "shape") else np.array(A)
