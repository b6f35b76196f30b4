"""Hermitian eigendecompositions, from the fastest source for the array at hand.

Thousands of small real matrices on NumPy go through the compiled kernel
(`resolvent.linalg.compiled`), everything else through the namespace's own ``linalg.eigh``.
"""

from dataclasses import dataclass

from resolvent.arrays import Array, Namespace, adjoint, is_numpy
from resolvent.linalg.compiled.eigh import batched_eigh

__all__ = ["Eigen", "compose_positive", "eigh", "is_compiled"]

# Measured: within these limits the kernel is 1.2 (8 matrices of order 128) to 9 times (thousands
# of order 16) as fast as LAPACK, one by one.
_COMPILED_ORDER = 128
_COMPILED_BATCH = 8


@dataclass(frozen=True)
class Eigen:
    """``A = V diag(values) Vᴴ``; the eigenvalues of each matrix come in no particular order."""

    xp: Namespace
    values: Array
    vectors: Array

    def function(self, values: Array) -> Array:
        """Return ``V diag(values) Vᴴ``."""
        return (self.vectors * values[..., None, :]) @ adjoint(self.xp, self.vectors)

    def into_basis(self, G: Array) -> Array:
        """Return ``Vᴴ G V``."""
        return adjoint(self.xp, self.vectors) @ G @ self.vectors

    def out_of_basis(self, G: Array) -> Array:
        """Return ``V G Vᴴ``."""
        return self.vectors @ G @ adjoint(self.xp, self.vectors)


def compose_positive(xp: Namespace, values: Array, vectors: Array) -> Array:
    """Return ``V diag(values) Vᴴ`` for ``values >= 0``, as one product ``S Sᴴ``; overwrites V.

    NumPy recognises ``S @ S.T`` and computes one triangle: half the flops, exactly symmetric.
    """
    vectors *= xp.sqrt(values)[..., None, :]  # in place: a temporary costs page faults
    return vectors @ adjoint(xp, vectors)


def eigh(xp: Namespace, A: Array) -> Eigen:
    """Decompose a batch ``(..., n, n)`` of Hermitian matrices."""
    if is_compiled(xp, A) and (found := batched_eigh(A.reshape(-1, *A.shape[-2:]))):
        values, vectors = found
        return Eigen(xp, values.reshape(A.shape[:-1]), vectors.reshape(A.shape))
    values, vectors = xp.linalg.eigh(A)
    return Eigen(xp, values, vectors)


def is_compiled(xp: Namespace, A: Array) -> bool:
    """Tell whether the compiled kernels are the fastest for this batch."""
    return (
        is_numpy(xp)
        and A.ndim > 2
        and A.dtype.kind == "f"
        and 0 < A.shape[-1] <= _COMPILED_ORDER
        and A.size >= _COMPILED_BATCH * A.shape[-1] ** 2
    )
