r"""How wrong can a root be? Bounds computed from the matrix and the root alone.

Hermitian positive definite ``X``, supposed root ``S = A^{1/p}`` of positive semi-definite ``A``.
Let ``R = X^{-p/2} A X^{-p/2} - I`` and ``ρ = norm(R)``. Then ``(1 - ρ) X^p <= A <= (1 + ρ) X^p``,
and because ``t^{1/p}`` is operator monotone (``t^{-1/p}`` for inverse roots antitone)

- ``norm(X - S) <= (1 - (1 - ρ)^{1/p}) norm(X)`` for ``p > 0``,
- ``norm(X - S) <= ((1 - ρ)^{-1/|p|} - 1) norm(X)`` for ``p < 0``;

for ``p > 0`` there are two more,

- ``norm(X - S)_F <= norm(X^p - A)_F / λmin(X)^{p-1}``,
- ``norm(X - S) <= norm(X^p - A)^{1/p}`` whatever the condition, useful for singular matrices,

and the smallest counts. Norms are spectral but for the index F. These are theorems; what is not
covered is the rounding in forming the residuals, which shows in them at its true size.

Non-Hermitian matrices get a first-order estimate, condition times residual, where the condition
is the norm of the inverse of ``L: E -> Σ_j X^j E X^{p-1-j}``, found by power iteration. L factors
into Sylvester operators, ``Π_{k=1..p-1} (E -> X E - e^{2πik/p} E X)``: see `inverse_derivative`.

Source: Higham, Functions of Matrices (2008), section 7.1, for the condition number; operator
monotonicity is the Löwner-Heinz theorem. Putting them together is ours.
"""

import cmath
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, adjoint, complex_dtype, enter, eps
from resolvent.linalg.factorisations import eig
from resolvent.linalg.norms import frobenius, identity_like, nonzero, power
from resolvent.linalg.roots.inverse_derivative import inverse_derivative
from resolvent.linalg.spectral import eigh
from resolvent.linalg.structure import is_hermitian, require_square

__all__ = ["RootCertificate", "root_certificate"]

_POWER_STEPS = 5


@dataclass(frozen=True)
class RootCertificate:
    """What is known about a computed root; one number per matrix of the batch.

    Attributes
    ----------
    residual : array (...)
        ``norm(X^p - A)/norm(A)``, or ``norm(X^p A - I)/norm(I)`` for an inverse root (Frobenius).
    condition : array (...)
        Relative condition number of the root, in the Frobenius norm: a relative perturbation of
        ``A`` is amplified by at most this.
    error : array (...)
        Bound of ``norm(X - S)/norm(X)``: spectral norm and rigorous for Hermitian matrices, a
        first-order estimate in the Frobenius norm otherwise.
    attainable : array (...)
        The error that rounding ``A`` alone can cause: ``condition * eps``, eps of the less precise
        of the two arrays, at most
        ``(eps norm(A))^{1/p}/norm(X)`` for a root of a positive semi-definite matrix.
    trusted : array of bool (...)
        The data allow correct digits, ``attainable <= 0.1``; the root has some,
        ``error <= 0.1``, and about as many as they allow, ``error <= 10 n attainable``.
    """

    residual: Array
    condition: Array
    error: Array
    attainable: Array
    trusted: Array


def root_certificate(A: Any, X: Any, p: int = 2) -> RootCertificate:
    r"""Certify a root: residual, condition, error bound and attainable accuracy.

    Parameters
    ----------
    A, X : array_like (..., n, n)
        The matrix and its supposed root, from any source.
    p : int
        ``X`` should be ``A^{1/p}``: 2 for the square root, -2 for the inverse square root.

    Returns
    -------
    RootCertificate
        Arrays of the batch shape, on the device of the arguments.

    Raises
    ------
    ValueError, TypeError
        Wrong shapes, ``p = 0``, or an ``A`` with NaN or infinite entries. A non-finite ``X`` is not
        an error: it is not trusted.

    Notes
    -----
    Cost: Hermitian, one eigendecomposition of ``X`` and the eigenvalues of up to three more
    matrices; otherwise the eigenvalues of ``X``, a Schur form and ``12 (p - 1)`` triangular
    Sylvester solves on NumPy, a diagonalisation elsewhere (where ill-conditioned eigenvectors make
    the condition an overestimate).

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import root_certificate, sqrtm
    >>> A = np.array([[5.0, 4.0], [4.0, 5.0]])
    >>> good, bad = root_certificate(A, sqrtm(A)), root_certificate(A, 1.1 * sqrtm(A))
    >>> bool(good.error < 1e-15), round(float(bad.error), 3), bool(bad.trusted)
    (True, 0.091, False)
    """
    if isinstance(p, bool) or not isinstance(p, Integral) or p == 0:
        raise ValueError(f"p must be an integer other than 0, got {p!r}")
    p = int(p)
    entered = enter(finite=False, A=A, X=X)
    xp, (A, X) = entered.xp, entered.arrays
    enter(A=A)
    require_square("A", A)
    if X.shape != A.shape:
        raise ValueError(f"X must have the shape of A, {tuple(A.shape)}, got {tuple(X.shape)}")
    if 0 in A.shape[-2:]:
        zero = xp.sum(xp.abs(A), axis=(-2, -1))
        return RootCertificate(zero, zero, zero, zero, zero == 0)
    scale = nonzero(xp, xp.max(xp.abs(A), axis=(-2, -1), keepdims=True))
    A, X = A / scale, X / scale ** (1 / p)  # every number below is relative
    finite = xp.all(xp.isfinite(X), axis=(-2, -1), keepdims=True)
    X = xp.where(finite, X, xp.zeros_like(X))
    skew = _scalar(frobenius(xp, X - adjoint(xp, X)) / nonzero(xp, frobenius(xp, X))) / 2
    if is_hermitian(xp, A) and bool(xp.all(skew <= entered.unit**0.5)):
        symmetric = 0.5 * (X + adjoint(xp, X))
        condition, error, attainable = _hermitian(xp, A, symmetric, p, entered.unit)
        error = error + skew * A.shape[-1] ** 0.5  # Frobenius relative to spectral norm
    else:
        condition, error = _general(xp, A, X, p)
        attainable = condition * entered.unit
        error = xp.where(_principal(xp, X, p), error, xp.full_like(error, float("inf")))
    finite = finite[..., 0, 0]
    error = xp.where(finite, error, xp.full_like(error, float("inf")))
    trusted = (xp.maximum(error, attainable) <= 0.1) & (error <= 10 * A.shape[-1] * attainable)
    return RootCertificate(_residual(xp, A, X, p), condition, error, attainable, trusted)


def _principal(xp: Namespace, X: Array, p: int) -> Array:
    """Tell whether the eigenvalues of ``X`` lie in ``|arg z| <= π/|p|``, up to rounding."""
    w = eig(xp, xp.astype(X, complex_dtype(xp, X.dtype)))[0]
    noise = X.shape[-1] * eps(xp, X.dtype) ** 0.5 * xp.max(xp.abs(w), axis=-1, keepdims=True)
    angle = xp.atan2(xp.abs(xp.imag(w)), xp.real(w))
    inside = angle <= cmath.pi / abs(p) + eps(xp, X.dtype) ** 0.25
    return xp.all(inside | (xp.abs(w) <= noise), axis=-1)


def _residual(xp: Namespace, A: Array, X: Array, p: int) -> Array:
    P = power(X, abs(p))
    difference, scale = (
        (P - A, A) if p > 0 else (P @ A - identity_like(xp, A), identity_like(xp, A))
    )
    return _scalar(frobenius(xp, difference) / nonzero(xp, frobenius(xp, scale)))


def _hermitian(
    xp: Namespace, A: Array, X: Array, p: int, unit: float
) -> tuple[Array, Array, Array]:
    """Return condition, error bound and attainable error of a Hermitian root."""
    q = abs(p)
    eigen = eigh(xp, X)
    s = xp.maximum(eigen.values, 0 * eigen.values)
    below = xp.max(s - eigen.values, axis=-1)  # how far X is from positive semi-definite
    largest, smallest = xp.max(s, axis=-1), xp.min(s, axis=-1)
    norm = nonzero(xp, xp.max(xp.abs(eigen.values), axis=-1))
    C = eigen.into_basis(A)

    definite = smallest > 0
    safe = xp.where(definite[..., None], s, xp.ones_like(s)) ** (-p / 2)
    rho = _spectral_norm(xp, safe[..., :, None] * C * safe[..., None, :] - identity_like(xp, A))
    kept = xp.where(rho < 1, 1 - rho, xp.zeros_like(rho))
    if p > 0:
        spread = xp.maximum(1 - kept ** (1 / p), (1 + rho) ** (1 / p) - 1)
        difference = (s**p)[..., :, None] * identity_like(xp, A) - C
        holder = _spectral_norm(xp, difference) ** (1 / p)
        floor = xp.where(definite, smallest, xp.ones_like(smallest))
        linear = _scalar(frobenius(xp, difference)) / floor ** (p - 1)
        smaller = xp.minimum(spread, linear / norm)
        spread = xp.where(definite, xp.minimum(smaller, holder / norm), holder / norm)
        slope = 1 / (q * nonzero(xp, smallest) ** (q - 1))
    else:
        spread = nonzero(xp, kept) ** (-1 / q) - 1
        spread = xp.where(definite & (kept > 0), spread, xp.full_like(rho, float("inf")))
        slope = largest ** (q + 1) / q
    error = spread + below / norm

    norms = _scalar(frobenius(xp, A) / nonzero(xp, frobenius(xp, X)))
    condition = slope * norms
    condition = xp.where(definite, condition, xp.full_like(condition, float("inf")))
    attainable = condition * unit
    if p > 0:
        attainable = xp.minimum(attainable, (unit * _spectral_norm(xp, C)) ** (1 / p) / norm)
    return condition, error, attainable


def _general(xp: Namespace, A: Array, X: Array, p: int) -> tuple[Array, Array]:
    """Return condition and first-order error estimate of a root of any kind."""
    q = abs(p)
    kind = complex_dtype(xp, A.dtype)
    A, X = xp.astype(A, kind), xp.astype(X, kind)
    P = power(X, q)
    solve, solve_adjoint = inverse_derivative(xp, X, q)
    correction = solve(P - A) if p > 0 else solve((P @ A - identity_like(xp, A)) @ P)
    PH = adjoint(xp, P)

    def derivative(E: Array) -> Array:  # of the root, in the direction E
        return solve(E if p > 0 else P @ E @ P)

    def derivative_adjoint(F: Array) -> Array:
        F = solve_adjoint(F)
        return F if p > 0 else PH @ F @ PH

    norm = nonzero(xp, frobenius(xp, X))
    start = np.random.default_rng(0).standard_normal(A.shape)
    E = xp.astype(xp.asarray(start, device=A.device), kind)
    for _ in range(_POWER_STEPS):
        E = derivative_adjoint(derivative(E / nonzero(xp, frobenius(xp, E))))
    gain = frobenius(xp, derivative(E / nonzero(xp, frobenius(xp, E))))
    condition = gain * frobenius(xp, A) / norm
    return _scalar(condition), _scalar(frobenius(xp, correction) / norm)


def _spectral_norm(xp: Namespace, H: Array) -> Array:
    return xp.max(xp.abs(xp.linalg.eigvalsh(0.5 * (H + adjoint(xp, H)))), axis=-1)


def _scalar(x: Array) -> Array:
    return x[..., 0, 0]
