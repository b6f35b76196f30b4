"""``X Y + Y X = Q`` for any X by its Schur form, matrix by matrix (NumPy).

Cost: ``25 n³`` flops for the Schur form, a triangular solve and four products. Source: Bartels and
Stewart (1972), doi 10.1145/361573.361582.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import get_lapack_funcs, schur

from resolvent.arrays import Array, Namespace, eps, is_numpy
from resolvent.linalg.lyapunov.method import singular

__all__ = ["Schur"]


@dataclass(frozen=True)
class Schur:
    """By the Schur form of a general ``X``, matrix by matrix; NumPy only."""

    name: ClassVar[str] = "schur"
    hermitian: ClassVar[bool] = False

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``."""
        if not is_numpy(xp):
            raise TypeError("method 'schur' needs NumPy arrays; use 'newton'")
        X, Q = np.broadcast_arrays(X, Q)
        Y = np.empty(Q.shape, Q.dtype)
        for place in np.ndindex(*X.shape[:-2]):
            T, Z = schur(X[place], output="real" if X.dtype.kind == "f" else "complex")
            w = np.linalg.eigvals(T)
            # eigenvalues of a non-normal matrix carry several times its backward error
            noise = 10 * len(w) * eps(xp, X.dtype) * np.linalg.norm(T)
            if np.min(np.abs(w[:, None] + w)) <= noise:
                raise singular()
            (trsyl,) = get_lapack_funcs(("trsyl",), (T,))
            solution, scale, info = trsyl(T, T, Z.conj().T @ Q[place] @ Z)
            if info or scale == 0:
                raise singular()
            Y[place] = Z @ (solution / scale) @ Z.conj().T
        return Y
