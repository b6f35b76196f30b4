r"""Roots of general matrices by the Schur form (NumPy).

``A = Q T Qᴴ``; the root ``U`` of the (quasi-)triangular ``T`` by recursion on halves,
``U = [[U1, U12], [0, U2]]`` with the Sylvester equation ``U1 U12 + U12 U2 = T12``; 1x1 and 2x2
diagonal blocks in closed form. A real matrix without eigenvalues on the negative axis stays real.

p-th roots: two square roots bring every eigenvalue into the sector where the coupled Newton
iteration converges, ``T^{1/p} = ((T^{1/4})^{1/p})^4``.

Zero eigenvalues are ordered last. If their block is zero to working precision they are
semisimple and ``[[U1, U1^{1-p} T12], [0, 0]]`` is the root; otherwise there is none.

Cost: ``25 n³`` flops for the Schur form, ``n³/3`` for the root, ``3 n³`` for the way back.

Source: Björck and Hammarling (1983); Higham (1987) for the real form; Deadman, Higham, Ralha
(2013), doi 10.1007/978-3-642-36803-5_12, for the recursion; Guo and Higham (2006) for p-th roots.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import linalg as lapack

from resolvent.arrays import Array, Namespace, is_numpy
from resolvent.errors import NoRootError, SingularMatrixError, UntrustedResultError
from resolvent.linalg.norms import power
from resolvent.linalg.roots.coupled_newton import coupled_iteration
from resolvent.linalg.roots.method import Accuracy

__all__ = ["Schur"]


@dataclass(frozen=True)
class Schur:
    """Roots by the Schur form; NumPy arrays only.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import rootm
    >>> A = np.array([[0.0, -1.0], [1.0, 0.0]])  # rotation by 90 degrees
    >>> np.round(rootm(A, 3, method="schur"), 3)  # rotation by 30 degrees
    array([[ 0.866, -0.5  ],
           [ 0.5  ,  0.866]])
    """

    name: ClassVar[str] = "schur"
    positive: ClassVar[bool] = False
    accuracy: ClassVar[Accuracy] = "iterative"

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return ``A**(1/p)``."""
        if not is_numpy(xp):
            raise TypeError("method 'schur' needs NumPy arrays; use 'denman-beavers' or 'eig'")
        matrices = A.reshape(-1, *A.shape[-2:])
        roots = np.stack([_root(matrix, p) for matrix in matrices])
        return roots.reshape(A.shape)


def _root(A: Array, p: int) -> Array:
    noise = A.shape[0] * np.finfo(A.dtype).eps * np.linalg.norm(A)
    T, Q = lapack.schur(A, output="real" if A.dtype.kind == "f" else "complex")
    w = _eigenvalues(T)
    if A.dtype.kind == "f" and bool(np.any((w.imag == 0) & (w.real < -noise))):
        T, Q = lapack.rsf2csf(T, Q)
        w = np.diagonal(T)
    if bool(np.any(np.abs(w) <= noise)):
        U, Q = _singular_root(A, p, noise, complex_form=np.iscomplexobj(T))
    else:
        _refuse_split_jordan_block(A, w, noise)
        U = _triangular_root(T, p)
    return Q @ U @ Q.conj().T


def _singular_root(A: Array, p: int, noise: float, *, complex_form: bool) -> tuple[Array, Array]:
    if p < 0:
        raise SingularMatrixError("the matrix is singular to working precision")
    if complex_form:
        A = A.astype(np.result_type(A, np.complex64))
    T, Q, rank = lapack.schur(
        A,
        output="complex" if complex_form else "real",
        sort=(lambda z: abs(z) > noise) if complex_form else (lambda x, y: abs(x + 1j * y) > noise),
    )
    if np.linalg.norm(T[rank:, rank:]) > 10 * noise:
        raise NoRootError("zero is a defective eigenvalue: the matrix has no principal root")
    U = np.zeros_like(T)
    if rank:
        U[:rank, :rank] = _triangular_root(T[:rank, :rank], p)
        # U1^{p-1} U12 = T12, and U1^{p-1} = U1^{-1} T1
        U[:rank, rank:] = U[:rank, :rank] @ lapack.solve(T[:rank, :rank], T[:rank, rank:])
    return U, Q


def _refuse_split_jordan_block(A: Array, w: Array, noise: float) -> None:
    """Raise where rounding has split a Jordan block of zero into eigenvalues ``±sqrt(noise)``."""
    small = np.sqrt(noise * np.linalg.norm(A))
    if np.count_nonzero(np.abs(w) <= small) < 2:
        return
    T, _, rank = lapack.schur(A.astype(w.dtype), output="complex", sort=lambda z: abs(z) > small)
    block = T[rank:, rank:]
    if np.max(np.abs(np.diagonal(block))) ** 2 <= noise * np.linalg.norm(block):
        raise NoRootError("zero is a defective eigenvalue: the matrix has no principal root")


def _triangular_root(T: Array, p: int) -> Array:
    if abs(p) == 2:
        return _square_root(T) if p > 0 else np.linalg.inv(_square_root(T))
    # two square roots turn every eigenvalue into the sector |arg| < pi/4 where Newton converges
    quarter = _square_root(_square_root(T))
    radius = np.abs(_eigenvalues(quarter)).max()
    root, residual = coupled_iteration(np, quarter, p, radius, order=2)
    if not residual <= 0.5:
        raise UntrustedResultError(
            "the iteration for the root does not settle: A is too non-normal"
        )
    return power(root, 4)


def _square_root(T: Array) -> Array:
    n = T.shape[0]
    if n == 1:
        return np.sqrt(T)
    if n == 2 and T[1, 0] != 0:
        return _conjugate_pair_root(T)
    half = n // 2
    if T[half, half - 1] != 0:  # don't cut a 2x2 block
        half += 1
    U = np.zeros_like(T)
    U[:half, :half] = _square_root(T[:half, :half])
    U[half:, half:] = _square_root(T[half:, half:])
    (trsyl,) = lapack.get_lapack_funcs(("trsyl",), (T,))
    Y, scale, info = trsyl(U[:half, :half], U[half:, half:], T[:half, half:])
    if info:
        raise UntrustedResultError(
            "the equation for the root is singular to working precision: the root is too "
            "ill-conditioned"
        )
    U[:half, half:] = Y / scale
    return U


def _conjugate_pair_root(T: Array) -> Array:
    """Return ``α I + (T - θ I)/(2α)``, ``α = Re sqrt(θ ± iμ)``, the root of a 2x2 block."""
    theta = (T[0, 0] + T[1, 1]) / 2
    mu = np.sqrt(-(((T[0, 0] - T[1, 1]) / 2) ** 2) - T[0, 1] * T[1, 0])
    modulus = np.hypot(theta, mu)
    # Re sqrt(θ + iμ), without cancellation for θ < 0
    real = np.sqrt((modulus + abs(theta)) / 2)
    alpha = real if theta >= 0 else mu / (2 * real)
    identity = np.eye(2, dtype=T.dtype)
    return alpha * identity + (T - theta * identity) / (2 * alpha)


def _eigenvalues(T: Array) -> Array:
    w = np.diagonal(T).astype(np.result_type(T, np.complex64))
    if T.dtype.kind == "f":
        for i in np.flatnonzero(np.diagonal(T, -1)):
            block = T[i : i + 2, i : i + 2]
            w[i : i + 2] = np.linalg.eigvals(block)
    return w
