"""Training parameters, and what parameters look like to functions that a user wrote."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import enter, to_host

__all__ = ["Training"]


@dataclass(frozen=True, eq=False)
class Training:
    """Training parameters on the host, and what parameters look like to the user's functions."""

    params: NDArray[np.float64]

    @classmethod
    def of(cls, params: Any) -> "Training":
        """Take parameters (n,) or (n, d) through the door."""
        params = _real("params", params)
        if params.ndim not in (1, 2) or params.size == 0:
            raise ValueError(
                f"params must be (n,) or (n, d) training parameters, got shape {params.shape}"
            )
        return cls(params)

    def batch(self, mus: Any) -> NDArray[np.float64]:
        """Return k parameters as the training has them: (k,) for (n,), (k, d) for (n, d)."""
        mus = _real("mus", mus)
        width = self.params[0].size
        fits = mus.ndim < 2 if width == 1 else mus.shape == (width,)
        if not fits and (mus.ndim != 2 or mus.shape[1] != width):
            raise ValueError(
                f"mus must be k parameters of {width} numbers each, as the training has, "
                f"got shape {mus.shape}"
            )
        return np.asarray(mus.reshape(-1, *self.params.shape[1:]))

    def rows(self, mus: Any) -> NDArray[np.float64]:
        """Return k parameters as (k, d)."""
        return np.asarray(self.batch(mus).reshape(-1, self.params[0].size))

    def inside(self, mus: Any) -> NDArray[np.bool_]:
        """Tell which parameters lie in the smallest box around the training."""
        mus, known = self.rows(mus), self.rows(self.params)
        return np.asarray(np.all((mus >= known.min(axis=0)) & (mus <= known.max(axis=0)), axis=1))


def _real(name: str, params: Any) -> NDArray[np.float64]:
    """Take real parameters through the door, as a copy on the host."""
    found = to_host(enter(matrix=False, **{name: params}).arrays[0])
    if np.iscomplexobj(found):
        raise TypeError(f"{name} must be real, got {found.dtype}: give both parts as a parameter")
    return np.array(found, dtype=float)
