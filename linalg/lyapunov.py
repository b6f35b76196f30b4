r"""The equation ``X Y + Y X = Q``, to which the derivative of a square root leads.

Methods, one class each:

- `HermitianLyapunov` ("eigh"): ``Y = V [(VᴴQV)_ij / (s_i + s_j)] Vᴴ``, finite at repeated
  eigenvalues.
- `SchurLyapunov` ("schur"): any ``X``, NumPy.
- `SignNewton` ("sign"): ``sign([[X, Q], [0, -X]]) = [[I, 2Y], [0, -I]]`` by Newton's iteration;
  any ``X`` with eigenvalues in Re z > 0, every array library.
- `SignPolynomial` ("newton-schulz", "minimax"): the same sign by odd polynomials ``a x + b x³``,
  ``C <- a C + b (B²C - BCB + CB²)``, ``B <- a B + b B³`` from ``B = X/c``, ``C = Q/c``,
  ``c = norm(X²)_F^{1/2}``; ``Y = C/2``. Products only, ``X`` Hermitian positive definite.

Source: Song, Sebe, Wang, Fast Differentiable Matrix Square Root (ICLR 2022), arXiv 2201.08663,
for the Newton-Schulz form (8 steps); Roberts (1980) for the sign. Differs in: scaled per matrix,
not per batch, and minimax polynomials, which at the same number of products are right where 8
published steps are wrong by half.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from resolvent.arrays import Array, Namespace, enter, eps, is_numpy
from resolvent.errors import ConvergenceError, SingularMatrixError
from resolvent.linalg.factorisations import inverse, is_positive_definite, smallest_singular_bound
from resolvent.linalg.norms import frobenius, identity_like, nonzero
from resolvent.linalg.odd_minimax import composition
from resolvent.linalg.spectral import eigh
from resolvent.linalg.structure import examine, require_square

__all__ = [
    "HermitianLyapunov",
    "LyapunovMethod",
    "SchurLyapunov",
    "SignNewton",
    "SignPolynomial",
    "solve_entered",
    "solve_lyapunov",
]

_MAX_STEPS = 60


class LyapunovMethod(Protocol):
    """A way to solve ``X Y + Y X = Q``."""

    hermitian: ClassVar[bool]

    @property
    def name(self) -> str:
        """The name that ``method=`` takes."""
        ...

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y`` for validated matrices."""
        ...


@dataclass(frozen=True)
class HermitianLyapunov:
    """By eigendecomposition of a Hermitian ``X``."""

    name: ClassVar[str] = "eigh"
    hermitian: ClassVar[bool] = True

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``."""
        eigen = eigh(xp, X)
        s = eigen.values
        sums = s[..., :, None] + s[..., None, :]
        noise = X.shape[-1] * eps(xp, X.dtype) * xp.max(xp.abs(s), axis=-1)[..., None, None]
        if bool(xp.any(xp.abs(sums) <= noise)):
            raise _singular()
        return eigen.out_of_basis(eigen.into_basis(Q) / sums)


@dataclass(frozen=True)
class SchurLyapunov:
    """By the Schur form of a general ``X``, matrix by matrix; NumPy only."""

    name: ClassVar[str] = "schur"
    hermitian: ClassVar[bool] = False

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``."""
        import numpy as np
        from scipy.linalg import get_lapack_funcs, schur

        if not is_numpy(xp):
            raise TypeError("method 'schur' needs NumPy arrays; use 'sign'")
        X, Q = np.broadcast_arrays(X, Q)
        Y = np.empty(Q.shape, Q.dtype)
        for place in np.ndindex(*X.shape[:-2]):
            T, Z = schur(X[place], output="real" if X.dtype.kind == "f" else "complex")
            w = np.linalg.eigvals(T)
            # eigenvalues of a non-normal matrix carry several times its backward error
            noise = 10 * len(w) * eps(xp, X.dtype) * np.linalg.norm(T)
            if np.min(np.abs(w[:, None] + w)) <= noise:
                raise _singular()
            (trsyl,) = get_lapack_funcs(("trsyl",), (T,))
            solution, scale, info = trsyl(T, T, Z.conj().T @ Q[place] @ Z)
            if info or scale == 0:
                raise _singular()
            Y[place] = Z @ (solution / scale) @ Z.conj().T
        return Y


@dataclass(frozen=True)
class SignNewton:
    """By Newton's iteration for the sign of the block matrix; norm-scaled while far away."""

    name: ClassVar[str] = "sign"
    hermitian: ClassVar[bool] = False

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``."""
        identity = identity_like(xp, X)
        B, C, distance = X, Q, float("inf")
        tolerance = eps(xp, X.dtype) ** 0.5  # quadratic: one more step suffices
        for _ in range(_MAX_STEPS):
            B_inverse = inverse(xp, B)
            if B_inverse is None:
                raise _singular()
            mu = xp.sqrt(frobenius(xp, B_inverse) / frobenius(xp, B))
            if distance <= 0.1:
                mu = xp.ones_like(mu)
            C = 0.5 * (mu * C + B_inverse @ C @ B_inverse / mu)
            if distance <= tolerance:
                return 0.5 * C
            B = 0.5 * (mu * B + B_inverse / mu)
            distance = float(xp.max(frobenius(xp, B - identity)))
            if distance != distance:
                break
        raise ConvergenceError(
            "the sign iteration did not settle: X needs eigenvalues with positive real part"
        )


@dataclass(frozen=True)
class SignPolynomial:
    """By odd cubic polynomials, 6 products a step (4 in the last).

    Parameters
    ----------
    minimax : bool
        Optimal cubic polynomials for the spectrum; False takes Newton-Schulz' own.
    steps : int, optional
        Number of steps: 8 as published. None takes as many as the spectrum needs (minimax), or 8.
    """

    minimax: bool = True
    steps: int | None = None

    hermitian: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The name that ``method=`` takes."""
        return "minimax" if self.minimax else "newton-schulz"

    def solve(self, xp: Namespace, X: Array, Q: Array) -> Array:
        """Return ``Y``, or an approximation when the steps are few."""
        if not is_positive_definite(xp, X):
            raise _singular()
        c = xp.sqrt(frobenius(xp, X @ X))
        c = nonzero(xp, c)
        B, C = X / c, Q / c
        if self.minimax:
            lower = min(smallest_singular_bound(xp, B), 1.0)
            if lower == 0:
                raise _singular()
            schedule = composition(lower, degree=3, tolerance=eps(xp, X.dtype))[: self.steps]
        else:
            schedule = ((1.5, -0.5),) * (8 if self.steps is None else self.steps)
        for t, (a, b) in enumerate(schedule):
            square = B @ B
            C = a * C + b * (square @ C + C @ square - B @ C @ B)
            if t + 1 < len(schedule):
                B = a * B + b * (B @ square)
        return 0.5 * C


def _singular() -> SingularMatrixError:
    return SingularMatrixError(
        "X Y + Y X = Q is singular, or X not positive definite for a method that needs it: two "
        "eigenvalues of X add up to zero (the root of a singular matrix has no derivative; add a "
        "ridge to the matrix before taking its root)"
    )


METHODS: dict[str, LyapunovMethod] = {
    method.name: method
    for method in (
        HermitianLyapunov(),
        SchurLyapunov(),
        SignNewton(),
        SignPolynomial(minimax=False),
        SignPolynomial(minimax=True),
    )
}


def solve_lyapunov(X: Any, Q: Any, *, method: str | LyapunovMethod = "auto") -> Array:
    r"""Solve ``X Y + Y X = Q``.

    Parameters
    ----------
    X : array_like (..., n, n)
        Matrices no two eigenvalues of which add up to zero.
    Q : array_like (..., n, n)
        Right-hand sides, of one dtype, namespace and device with ``X``; leading axes broadcast.
    method : str or method
        "auto", "eigh", "schur", "sign", "newton-schulz", "minimax", or a configured method of
        `resolvent.linalg.lyapunov`. "auto": "eigh" for Hermitian ``X``, otherwise "schur" on NumPy
        and "sign" elsewhere.

    Returns
    -------
    array (..., n, n)
        ``Y``, in the dtype and on the device of the arguments.

    Raises
    ------
    SingularMatrixError
        Two eigenvalues of ``X`` add up to zero to working precision.
    ConvergenceError
        "sign" met an ``X`` with eigenvalues outside Re z > 0.
    ValueError, TypeError
        Wrong shapes, non-finite entries, an unknown method, "eigh" for a non-Hermitian ``X``.

    Notes
    -----
    Cost: "eigh" ``9 n³`` flops and 4 products; "schur" ``25 n³``; "minimax" 6 products a step,
    about ``2 log2 κ(X)`` steps.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import solve_lyapunov
    >>> X, Q = np.array([[2.0, 1.0], [1.0, 2.0]]), np.eye(2)
    >>> Y = solve_lyapunov(X, Q)
    >>> bool(abs(X @ Y + Y @ X - Q).max() < 1e-15)
    True
    """
    entered = enter(X=X, Q=Q)
    xp, (X, Q) = entered.xp, entered.arrays
    require_square("X", X)
    if Q.shape[-2:] != X.shape[-2:]:
        raise ValueError(
            f"Q must have the order of X, {tuple(X.shape[-2:])}, got shape {tuple(Q.shape)}"
        )
    return entered.leave(solve_entered(xp, X, Q, method))


def solve_entered(xp: Namespace, X: Array, Q: Array, method: str | LyapunovMethod) -> Array:
    """Solve for arrays that are past the door: choose the method and check its needs."""
    if 0 in X.shape:
        return Q
    hermitian, scale = examine(xp, "X", X)
    if method == "auto":
        method = "eigh" if hermitian else ("schur" if is_numpy(xp) else "sign")
    if isinstance(method, str) and method in METHODS:
        method = METHODS[method]
    if isinstance(method, str | type) or not hasattr(method, "solve"):
        raise ValueError(
            f"method must be 'auto', one of {[*METHODS]}, or an instance of a method of "
            f"resolvent.linalg.lyapunov, got {method!r}"
        )
    if method.hermitian and not hermitian:
        raise ValueError(f"method {method.name!r} needs a Hermitian X")
    if scale is None:
        return method.solve(xp, X, Q)
    return method.solve(xp, X / scale, Q) / scale
