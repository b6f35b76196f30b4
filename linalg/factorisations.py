"""Factorisations that say "no" in one way, whatever the array library.

Where a matrix is singular or indefinite NumPy raises its LinAlgError, torch one of its own (a
RuntimeError), and CuPy returns NaN. Here the answer is None, or NaN on CuPy, which every caller
refuses in its own words.
"""

from collections.abc import Callable

from numpy.linalg import LinAlgError

from resolvent.arrays import Array, Namespace, adjoint, eps
from resolvent.errors import UntrustedResultError
from resolvent.linalg.norms import frobenius, identity_like, nonzero, spectral_bound

__all__ = [
    "cholesky",
    "eig",
    "inverse",
    "is_positive_definite",
    "require_in_range",
    "smallest_singular_bound",
    "solve",
]


def inverse(xp: Namespace, A: Array) -> Array | None:
    """Return ``A^{-1}``, or None if a matrix of the batch is singular."""
    return _or_none(lambda: xp.linalg.inv(A))


def solve(xp: Namespace, A: Array, B: Array) -> Array | None:
    """Return ``A^{-1} B``, or None if a matrix of the batch is singular."""
    return _or_none(lambda: xp.linalg.solve(A, B))


def cholesky(xp: Namespace, A: Array) -> Array | None:
    """Return the lower Cholesky factor, or None unless every matrix is positive definite."""
    L = _or_none(lambda: xp.linalg.cholesky(A))
    return L if L is not None and bool(xp.all(xp.isfinite(L))) else None


def is_positive_definite(xp: Namespace, A: Array, *, semi: bool = False) -> bool:
    """Tell by a Cholesky factorisation whether Hermitian matrices are positive definite.

    With ``semi``, eigenvalues down to ``-n eps norm(A)`` are taken for zeros.
    """
    if semi:
        shift = A.shape[-1] * eps(xp, A.dtype) * frobenius(xp, A)
        # a zero matrix has its root too
        A = A + nonzero(xp, shift) * identity_like(xp, A)
    return cholesky(xp, A) is not None


def smallest_singular_bound(xp: Namespace, A: Array) -> float:
    """Return a lower bound of the smallest singular value over a batch of square matrices.

    With ``G = A^{-H} A^{-1}``, ``norm(G²)^{-1/4}`` from one inverse and two products, the norm
    being the smaller of Frobenius and infinity; 0 where A is singular to working precision.
    """
    B = inverse(xp, A)
    if B is None:
        return 0.0
    largest = float(xp.max(xp.abs(B)))
    if not largest * eps(xp, A.dtype) < 1:
        return 0.0
    G = adjoint(xp, B) @ B
    bound = float(xp.max(spectral_bound(xp, G @ G))) ** 0.25
    return 1 / bound if bound * eps(xp, A.dtype) < 1 else 0.0


def eig(xp: Namespace, A: Array) -> tuple[Array, Array]:
    """Return eigenvalues and eigenvectors of general matrices.

    Raises
    ------
    TypeError
        The array library has no general eigendecomposition.
    """
    if not hasattr(xp.linalg, "eig"):
        raise TypeError(
            f"{xp.__name__} has no linalg.eig, which a non-Hermitian matrix needs here; update the "
            "library or use NumPy"
        )
    w, V = xp.linalg.eig(A)
    return w, V


def require_in_range(xp: Namespace, X: Array) -> Array:
    """Return ``X`` if it is finite.

    Raises
    ------
    UntrustedResultError
        The result has left the range of its dtype.
    """
    if bool(xp.all(xp.isfinite(X))):
        return X
    raise UntrustedResultError(f"the result leaves the range of {X.dtype}")


def _or_none(factorise: Callable[[], Array]) -> Array | None:
    try:
        return factorise()
    except RuntimeError as error:
        if type(error).__name__ != "_LinAlgError":  # torch's own
            raise
    except LinAlgError:
        pass
    return None
