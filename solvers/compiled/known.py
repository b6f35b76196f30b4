"""Which systems have a compiled loop, and how many steps it takes between two looks around."""

from typing import Any, NamedTuple

import array_api_compat
import numpy as np

from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.solvers.linear_system import LinearSystem
from resolvent.vectors import Inner

__all__ = [
    "WORTH_GROUPS",
    "Given",
    "Identity",
    "chunk",
    "form_of",
    "is_known",
    "is_on_gpu",
    "is_small",
]

WORTH_GROUPS = 200_000  # rows; vectors of fewer stay in the cache
_FEW_ROWS = 200_000
_ROWS_A_CHUNK = 10_000_000  # some hundredths of a second


def is_known(system: LinearSystem, inner: Inner | None) -> bool:
    """Tell whether a compiled loop can run: real NumPy vectors, and a matrix with a form."""
    b = system.b
    known = system.A.kernel is not None and type(b) is np.ndarray
    return inner is None and known and b.dtype.kind == "f"


def is_on_gpu(system: LinearSystem, inner: Inner | None) -> bool:
    """Tell whether the CUDA kernels can run: one real CuPy vector, CSR, a diagonal at most."""
    b, A, M = system.b, system.A.matrix, system.M
    if type(b) is np.ndarray:
        return False
    known = array_api_compat.is_cupy_array(b) and getattr(A, "format", "") == "csr"
    if inner is not None or not known or b.ndim != 1:
        return False
    same = A.dtype == b.dtype and A.dtype.kind == "f" and A.indices.dtype == np.int32
    return same and (M is None or (type(M.kernel).__name__ == "Diagonal" and M.dtype == b.dtype))


def is_small(system: LinearSystem) -> bool:
    """Tell whether one thread is enough, and the interpreter would be felt."""
    return system.b.shape[0] < _FEW_ROWS


def chunk(n: int) -> int:
    """Return the number of steps on ``n`` rows between two looks at the clock."""
    return max(1, _ROWS_A_CHUNK // max(n, 1))


class Identity(NamedTuple):
    """No preconditioner."""

    unused: int = 0


class Given(NamedTuple):
    """``z = M r`` is computed outside, before each step."""

    unused: int = 0


def form_of(M: Preconditioner | None, dtype: Any) -> Any:
    """Return the form in which a compiled loop applies ``M`` to vectors of ``dtype``."""
    if M is None:
        return Identity()
    return Given() if M.kernel is None or np.dtype(M.dtype) != dtype else M.kernel
