"""The check that every root not from a Hermitian eigendecomposition has to pass.

An iteration's own residual is no evidence: it is computed from iterates that drift away from the
matrix. The check probes the returned root itself with a few fixed sign vectors, ``O(n²)`` work:
``norm(X^p V - A V)/norm(A)``, or ``norm(X^p A V - V)/norm(V)`` for an inverse root.
"""

import numpy as np

from resolvent.arrays import Array, Namespace, eps
from resolvent.errors import SingularMatrixError, UntrustedResultError
from resolvent.linalg.norms import frobenius, identity_like, nonzero

__all__ = ["refuse_untrusted"]

_PROBES = 4
_STRICT = 1e3  # multiple of the attainable residual beyond which a fallback is tried


def refuse_untrusted(
    xp: Namespace,
    A: Array,
    X: Array,
    p: int,
    *,
    truncated: bool = False,
    strict: bool = False,
) -> None:
    """Raise unless ``X`` is a root of ``A`` to the accuracy that may be asked of its method.

    Parameters
    ----------
    xp : namespace
        Namespace of the arrays.
    A, X : array (..., n, n)
        The matrix and its supposed root ``A**(1/p)``.
    p : int
        Order, negative for an inverse root.
    truncated : bool
        An approximation of prescribed degree: only a result worse than no result (a relative
        residual above 1) is refused.
    strict : bool
        A better method is at hand: ask for nearly the attainable residual.
    """
    if bool(xp.any(~xp.isfinite(xp.abs(X)))):
        raise UntrustedResultError("the root has infinite or NaN entries: the method broke down")
    if X.dtype != A.dtype:
        A = xp.astype(A, X.dtype)
    unit = eps(xp, A.dtype)
    growth, residual = _growth(xp, A, X, p), _probe(xp, A, X, p)
    limit = unit**0.5 * xp.ones_like(growth)
    if p < 0:
        if bool(xp.any(unit * growth >= 1)):
            raise SingularMatrixError(
                "the matrix is singular to working precision; pass a positive ridge as singular="
            )
        # an inverse can't be better than eps times the condition
        limit = xp.minimum(xp.maximum(limit, 10 * unit * growth), 0.5 * xp.ones_like(growth))
    elif not truncated and bool(xp.any(growth * unit**0.5 >= 1)):
        raise UntrustedResultError(
            f"norm(X)^{p} / norm(A) = {float(xp.max(growth)):.1e}: the root is too "
            f"ill-conditioned for {A.dtype}; use a higher precision"
        )
    if truncated:
        limit = xp.ones_like(growth)
    elif strict:
        limit = xp.minimum(limit, _STRICT * unit * growth)
    if bool(xp.any(~(residual <= limit))):
        raise UntrustedResultError(
            f"a root has a relative residual of {float(xp.max(residual)):.1e}; "
            "use another method or a higher precision"
        )


def _growth(xp: Namespace, A: Array, X: Array, p: int) -> Array:
    """Return ``norm(X)^p/norm(A)``, or ``norm(X)^p norm(A)``, by which rounding is amplified."""
    norm = frobenius(xp, A)
    scale = nonzero(xp, norm)
    # scaled before the power is taken, so that it can't overflow
    relative = frobenius(xp, X) * scale ** (-1 / p)
    return relative ** abs(p)


def _probe(xp: Namespace, A: Array, X: Array, p: int) -> Array:
    """Return ``norm(X^p V - A V)/norm(A)``, or ``norm(X^p A V - V)/norm(V)``, of each matrix."""
    n = A.shape[-1]
    if n <= _PROBES:
        V = identity_like(xp, A)  # a small matrix is probed by all of itself
    else:
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (n, _PROBES)) / _PROBES**0.5
        V = xp.astype(xp.asarray(signs, device=A.device), A.dtype)
    if p > 0:
        # E norm(A V)² = norm(A)², while norm(A V) itself may be rounding noise
        wanted, got, norm = A @ V, V, frobenius(xp, A)
    else:
        wanted, got, norm = V, A @ V, frobenius(xp, V)
    for _ in range(abs(p)):
        got = X @ got
    return frobenius(xp, got - wanted) / nonzero(xp, norm)
