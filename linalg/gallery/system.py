"""A named linear system, and what is known of it by construction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["Structure", "System", "by_name", "named", "noise"]

Structure: TypeAlias = Literal["spd", "psd", "hermitian", "general"]


@dataclass(frozen=True, eq=False)
class System:
    """A linear system and what is known of it by construction.

    Attributes
    ----------
    name : str
        Lower case, words joined by hyphens.
    A : (n, n) ndarray, SciPy matrix or LinearOperator
        The matrix.
    b : (n,) ndarray
        The right-hand side, in the dtype of ``A`` or the complex one of its precision.
    structure : {"spd", "psd", "hermitian", "general"}
        The narrowest that ``A`` has: positive definite, singular and positive semidefinite,
        Hermitian with eigenvalues that are not positive, or not Hermitian; up to rounding.
    claim : {"spd", "psd", "hermitian", "general"}
        What the owner says it is, which may be wrong.
    consistent : bool
        Whether ``b`` is in the range of ``A`` up to rounding.
    nullspace : (n, m) ndarray or None
        Basis of the null space where it is known.
    """

    name: str
    A: Any
    b: NDArray[Any]
    structure: Structure
    claim: Structure
    consistent: bool = True
    nullspace: NDArray[Any] | None = None

    def dense(self) -> NDArray[Any]:
        """Return the entries of ``A``."""
        if isinstance(self.A, np.ndarray):
            return self.A
        if sparse.issparse(self.A):
            return np.asarray(self.A.toarray())
        return np.asarray(self.A @ np.eye(self.b.size, dtype=self.A.dtype))


def by_name(*groups: Iterable[System]) -> dict[str, System]:
    """Return groups of systems as one dictionary."""
    return {system.name: system for group in groups for system in group}


def named(
    name: str,
    A: Any,
    structure: Structure,
    b: NDArray[Any] | None = None,
    *,
    claim: Structure | None = None,
    consistent: bool = True,
    nullspace: NDArray[Any] | None = None,
) -> System:
    """Return a system; without ``b`` one with a random solution of size one."""
    b = A @ noise(A.shape[1], A.dtype) if b is None else b
    return System(name, A, b, structure, claim or structure, consistent, nullspace)


def noise(n: int, dtype: Any = np.float64) -> NDArray[Any]:
    """Return a normal random vector, always the same one."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(n)
    if np.dtype(dtype).kind == "c":
        return (x + 1j * rng.standard_normal(n)).astype(dtype)
    return x.astype(dtype)
