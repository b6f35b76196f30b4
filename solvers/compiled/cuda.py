r"""Preconditioned conjugate gradients on a GPU: fused kernels, one look at the flags a chunk.

The kernels stand in ``conjugate_gradients.cu``: three launches a step and 88 bytes a row besides
the matrix, where array operations take a dozen launches. All scalars stay on the device.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, namespace_of, to_host
from resolvent.recurrence import code
from resolvent.results import Reason

__all__ = ["DeviceConjugateGradients", "definitions", "source"]

_SOLVED = -1
_CODES = {
    "SOLVED": _SOLVED,
    "NONFINITE": code(Reason.NONFINITE),
    "INDEFINITE_A": code(Reason.INDEFINITE_OPERATOR),
    "INDEFINITE_M": code(Reason.INDEFINITE_PRECONDITIONER),
    "INCONSISTENT": code(Reason.INCONSISTENT),
}
_BLOCK = 256
_MOST_BLOCKS = 1024


class DeviceConjugateGradients:
    """The state of one solve of ``A d = r`` between two calls of `advance`.

    Parameters
    ----------
    A : cupyx CSR matrix
        With 32-bit indices, in the dtype of ``r``.
    inverse : array or None
        Diagonal of the preconditioner.
    r : (n,) array
        Real residual.
    steps : int
        Largest number of steps in a chunk.
    """

    def __init__(self, A: Any, inverse: Array | None, r: Array, steps: int) -> None:
        xp = namespace_of(r)
        self.xp, self.A, self.inverse, self.n = xp, A, inverse, r.shape[0]
        self.kernels = _kernels(str(r.dtype))
        self.blocks = max(1, min(_MOST_BLOCKS, -(-self.n // _BLOCK)))
        self.r = xp.asarray(r, copy=True)
        self.x, self.p, self.q = (xp.zeros_like(r) for _ in range(3))
        self.parts = xp.zeros((5, self.blocks), dtype=xp.float64)  # r'r, r'z, p'p, p'q, q'q
        # one slot a step; slot 1 is where a chunk begins
        self.rr, self.rho, self.alpha, self.largest = xp.zeros((4, steps + 2), dtype=xp.float64)
        self.stop, self.trouble = xp.zeros((2, steps + 2), dtype=xp.int32)
        self.rho[0] = xp.inf
        self.tolerance = -1.0
        self._launch("begin", self.r, inverse, self.parts[0], self.parts[1])
        self._move(1)

    def advance(self, tolerance: float, steps: int) -> tuple[NDArray[np.float64], int]:
        """Take at most ``steps`` steps; return residual norms and trouble, read once."""
        self.tolerance = tolerance
        eps = float(np.finfo(str(self.r.dtype)).eps)
        rr, rz, pp, pq, qq = self.parts
        self.trouble[2:] = 0
        A = self.A
        for k in range(1, steps + 1):
            rows = (A.indptr, A.indices, A.data)
            self._launch("multiply", k, *rows, self.p, self.q, pq, qq, self.stop)
            sums = (pp, pq, qq, rr, rz)
            scalars = (self.rho, self.alpha, self.largest, self.stop, self.trouble)
            vectors = (self.inverse, self.q, self.r)
            self._launch("subtract", k, eps, *vectors, *sums, *scalars)
            self._move(k + 1)
        end = steps + 1
        seen = to_host(self.xp.stack([self.rr, self.xp.astype(self.stop, self.xp.float64)]))
        for slots in (self.rr, self.rho, self.alpha, self.largest, self.stop, self.trouble):
            slots[1] = slots[end]
        ran = int(np.count_nonzero(seen[1, 1:end] == 0))
        why = int(seen[1, end])
        return np.sqrt(seen[0, 2 : 2 + ran]), 0 if why == _SOLVED else why

    @property
    def correction(self) -> Array:
        """The iterate."""
        missing = self.xp.where(self.stop[1] != 0, self.alpha[1], 0 * self.alpha[1])
        return self.x + self.xp.astype(missing, self.x.dtype) * self.p

    def _move(self, k: int) -> None:
        rr, rz, pp, *_ = self.parts
        vectors = (self.r, self.inverse, self.x, self.p)
        scalars = (self.rr, self.rho, self.alpha, self.stop, self.trouble)
        self._launch("move", k, self.tolerance, *vectors, rr, rz, pp, *scalars)

    def _launch(self, name: str, *arguments: Any) -> None:
        given: list[Any] = [np.int32(self.n)]
        for argument in arguments:
            match argument:
                case int():
                    given.append(np.int32(argument))
                case float():
                    given.append(np.float64(argument))
                case None:
                    given.append(np.intp(0))
                case _:
                    given.append(argument)
        self.kernels[name]((self.blocks,), (_BLOCK,), tuple(given))


@cache
def _kernels(dtype: str) -> Any:
    import cupy

    module = cupy.RawModule(code=source(), options=("--std=c++14", *definitions(dtype)))
    return {name: module.get_function(name) for name in ("begin", "move", "multiply", "subtract")}


def source() -> str:
    """Return the source of the kernels."""
    return Path(__file__).with_name("conjugate_gradients.cu").read_text()


def definitions(dtype: str) -> list[str]:
    """Return the compiler options that the source wants for ``dtype``."""
    real = {"float32": "float", "float64": "double"}[dtype]
    return [f"-DREAL={real}", *(f"-D{name}={value}" for name, value in _CODES.items())]
