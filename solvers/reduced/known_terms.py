"""The part of a system that is affine by construction, and left out of an expansion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, enter, namespace_of
from resolvent.linalg.interpolation.values import times
from resolvent.solvers.reduced.terms import of_precision, stack_rows

__all__ = ["KnownTerms"]


@dataclass(frozen=True, eq=False)
class KnownTerms:
    """Matrices, and ``mus (k, d) -> (Q, k)``: an array, or a list of Q numbers and (k,) arrays."""

    matrices: Sequence[Any]
    coefficients: Callable[[Any], Any]

    def beside(self, beta: Array, mus: NDArray[Any], magic: NDArray[Any]) -> Array:
        """Return the coefficients of all: of the known terms less their part in the snapshots.

        Parameters
        ----------
        beta : (M, k) array
            Weights of the snapshots.
        mus, magic : (k, d) and (M, d) ndarray
            Parameters, and those of the snapshots.
        """
        xp, here = namespace_of(beta), self._at(mus, beta)
        here = here - times(self._at(magic, beta), beta)
        return xp.concat([here, xp.astype(beta, xp.result_type(here, beta))], axis=0)

    def _at(self, mus: NDArray[Any], like: Array) -> Array:
        values, name = self.coefficients(mus), "known coefficients"
        if isinstance(values, list | tuple):
            values = stack_rows(name, values, mus)
        (values,) = enter(matrix=False, **{name: values}).arrays
        wanted = len(self.matrices), len(mus)
        if tuple(values.shape) != wanted:
            raise ValueError(
                f"{name} must be of shape {wanted} for {len(mus)} parameters, got "
                f"{tuple(values.shape)}"
            )
        xp = namespace_of(like)
        values = xp.asarray(values, device=device_of(like))
        return xp.astype(values, of_precision(xp, values.dtype, like.dtype))
