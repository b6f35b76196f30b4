"""The public functions: `sqrtm`, `inv_sqrtm`, `rootm`, `inv_rootm`.

They validate, choose the method, and never hand back a matrix that fails its own check.
"""

from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

from resolvent.arrays import Array, Namespace, enter
from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.linalg.factorisations import inverse, is_positive_definite, require_in_range
from resolvent.linalg.methods import resolve
from resolvent.linalg.norms import identity_like
from resolvent.linalg.roots.check import refuse_untrusted
from resolvent.linalg.roots.cholesky_polar import CholeskyPolar
from resolvent.linalg.roots.coupled_newton import CoupledNewton
from resolvent.linalg.roots.denman_beavers import DenmanBeavers
from resolvent.linalg.roots.eig import Eig
from resolvent.linalg.roots.eigh import Eigh
from resolvent.linalg.roots.general import General
from resolvent.linalg.roots.method import RootMethod
from resolvent.linalg.roots.minimax import Minimax
from resolvent.linalg.roots.newton_schulz import NewtonSchulz
from resolvent.linalg.roots.pade import Pade
from resolvent.linalg.roots.schur import Schur
from resolvent.linalg.roots.taylor import Taylor
from resolvent.linalg.structure import examine, require_square

__all__ = ["Assume", "Singular", "inv_rootm", "inv_sqrtm", "rootm", "sqrtm"]

Assume: TypeAlias = Literal["spd", "hermitian", "general"] | None
Singular: TypeAlias = Literal["raise", "pinv"] | float

METHODS: dict[str, RootMethod] = {
    method.name: method
    for method in (
        Eigh(),
        Taylor(),
        Pade(),
        NewtonSchulz(),
        Minimax(),
        DenmanBeavers(),
        CholeskyPolar(),
        CoupledNewton(),
        Schur(),
        Eig(),
        General(),
    )
}


def sqrtm(
    A: Any,
    *,
    method: str | RootMethod = "auto",
    assume: Assume = None,
    singular: Singular = "raise",
) -> Array:
    r"""Return the principal square root: ``X @ X = A``, eigenvalues of ``X`` in Re z >= 0.

    Parameters
    ----------
    A : array_like (..., n, n)
        Real or complex matrices; a scalar is a 1x1 matrix. NumPy, CuPy, torch or any Array API
        array. float16 and bfloat16 are computed in float32.
    method : str or method
        "auto" takes "eigh" for Hermitian matrices (compiled, 8 or 16 matrices at a time, for
        batches of small real ones on NumPy) and "general" for others: on NumPy the product
        Denman-Beavers iteration from n = 128 on, checked, and the Schur form below or where the
        check fails; elsewhere Denman-Beavers, then "eig".

        By name also "cholesky-polar", "minimax", "newton-schulz", "pade", "taylor",
        "coupled-newton" (Hermitian positive definite), "denman-beavers", "schur", "eig", "general"
        (any); or a configured method of `resolvent.linalg.roots`, such as
        ``roots.Pade(order=8, normaliser="trace")``.
    assume : {None, "spd", "hermitian", "general"}
        What is known of ``A``. None looks: Hermitian up to ``n eps`` counts as Hermitian, and
        methods for positive definite matrices check that by a Cholesky factorisation. "spd" and
        "hermitian" are checked against the entries; "spd" makes "eigh" refuse negative
        eigenvalues and spares the others their check. "general" is not looked at.
    singular : {"raise", "pinv"} or float
        What to do with a singular ``A``. "raise": a singular positive semi-definite matrix has its
        root, and an inverse root raises. "pinv": inverse roots of Hermitian matrices become
        pseudo-inverse roots. A positive number is a ridge: ``A + singular I`` is used.

    Returns
    -------
    array (..., n, n)
        The root in the namespace, dtype and device of ``A``. A real matrix with an eigenvalue on
        the negative axis has a complex root, and its batch becomes complex.

    Raises
    ------
    NoRootError
        No principal root exists, such as for ``[[0, 1], [0, 0]]``.
    NotPositiveDefiniteError
        ``assume="spd"``, or a method that needs it, met a negative eigenvalue.
    UntrustedResultError
        A root was computed but fails its check: the residual exceeds ``sqrt(eps)`` (for inverse
        roots, 10 eps times the condition if that is more), or the root is so large
        (``norm(X)²/norm(A) > 1/sqrt(eps)``) that no method could do better, or it overflows.
        Approximations of prescribed degree ("taylor", "pade", prescribed steps) are only refused
        when worse than no root at all: a residual above 1.
    ValueError, TypeError
        Wrong shape, NaN or infinite entries, an unknown method.

    Notes
    -----
    Cost: about ``10 n³`` flops for Hermitian, 20 to 30 ``n³`` for general matrices.
    The relative residual of the default method is a few tens of ``eps`` at the most for Hermitian
    matrices of any condition. `root_certificate` bounds the error of the root.

    References
    ----------
    Higham, Functions of Matrices (2008), chapter 6. Each method's file names its own source.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import sqrtm
    >>> sqrtm(np.array([[5.0, 4.0], [4.0, 5.0]])).round(12)
    array([[2., 1.],
           [1., 2.]])
    """
    return _root(A, 2, method, assume, singular)


def inv_sqrtm(
    A: Any,
    *,
    method: str | RootMethod = "auto",
    assume: Assume = None,
    singular: Singular = "raise",
) -> Array:
    r"""Return the principal inverse square root: ``X @ X @ A = I``.

    Parameters and errors are those of `sqrtm`, and:

    Raises
    ------
    SingularMatrixError
        An eigenvalue is below ``n eps`` times the largest; ``singular="pinv"`` or a ridge decide
        what to do.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import inv_sqrtm
    >>> inv_sqrtm(np.array([[4.0, 0.0], [0.0, 0.0]]), singular="pinv")
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    return _root(A, -2, method, assume, singular)


def rootm(
    A: Any,
    p: int,
    *,
    method: str | RootMethod = "auto",
    assume: Assume = None,
    singular: Singular = "raise",
) -> Array:
    r"""Return the principal p-th root: ``X^p = A``, eigenvalues of ``X`` in ``|arg z| <= π/p``.

    Parameters and errors are those of `sqrtm`; ``p`` is an integer, at least 1 (``p = 1`` gives a
    copy of ``A``). Methods for any ``p``: "eigh", "taylor", "coupled-newton" (positive definite),
    "schur", "eig" (general).

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import rootm
    >>> rootm(np.array([[8.0, 0.0], [0.0, 27.0]]), 3).round(12)
    array([[2., 0.],
           [0., 3.]])
    """
    return _root(A, _order(p), method, assume, singular)


def inv_rootm(
    A: Any,
    p: int,
    *,
    method: str | RootMethod = "auto",
    assume: Assume = None,
    singular: Singular = "raise",
) -> Array:
    r"""Return the principal inverse p-th root: ``X^p A = I``.

    Parameters and errors are those of `inv_sqrtm`; ``p`` is an integer, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import inv_rootm
    >>> inv_rootm(np.array([[16.0, 0.0], [0.0, 81.0]]), 4) @ [1.0, 3.0]
    array([0.5, 1. ])
    """
    return _root(A, -_order(p), method, assume, singular)


def _order(p: int) -> int:
    if not (_is_number(p) and isinstance(p, Integral)) or p < 1:
        raise ValueError(f"p must be an integer, at least 1, got {p!r}")
    return int(p)


def _root(A: Any, p: int, method: str | RootMethod, assume: Assume, singular: Singular) -> Array:
    entered = enter(finite=False, A=A)
    xp, (A,) = entered.xp, entered.arrays
    require_square("A", A)
    _check_choices(assume, singular)
    if method != "auto":
        method = resolve(method, METHODS, "root", "resolvent.linalg.roots")
    if 0 in A.shape:
        return entered.leave(xp.asarray(A, copy=True))
    if not isinstance(singular, str):
        A = A + float(singular) * identity_like(xp, A)
    hermitian, scale = examine(xp, "A", A)
    if assume in ("spd", "hermitian") and not hermitian:
        raise ValueError(f"A is not Hermitian, which assume={assume!r} declares")
    chosen = _choose(method, hermitian and assume != "general", assume, singular)
    if abs(p) == 1 and chosen.accuracy != "truncated":
        return entered.leave(_first_root(xp, A, p, singular))
    if scale is not None:
        A = A / scale
    if chosen.positive and assume != "spd" and not is_positive_definite(xp, A, semi=p > 0):
        raise NotPositiveDefiniteError(f"method {chosen.name!r} needs a positive definite matrix")
    X = chosen.root(xp, A, p)
    if chosen.accuracy != "stable":
        refuse_untrusted(xp, A, X, p, truncated=chosen.accuracy == "truncated")
    if scale is not None:
        X = require_in_range(xp, X * scale ** (1 / p))
    return entered.leave(X)


def _first_root(xp: Namespace, A: Array, p: int, singular: Singular) -> Array:
    """Return a copy of ``A``, its inverse or its pseudo-inverse."""
    if p == 1:
        return xp.asarray(A, copy=True)
    if singular == "pinv":
        return xp.linalg.pinv(A)
    X = inverse(xp, A)
    if X is None:
        raise SingularMatrixError(
            "the matrix is singular; pass singular='pinv' or a positive ridge"
        )
    refuse_untrusted(xp, A, X, p)
    return X


def _choose(
    method: str | RootMethod, hermitian: bool, assume: Assume, singular: Singular
) -> RootMethod:
    chosen = (Eigh() if hermitian else General()) if isinstance(method, str) else method
    if isinstance(chosen, Eigh):
        chosen = replace(
            chosen,
            pseudo_inverse=chosen.pseudo_inverse or singular == "pinv",
            semidefinite=chosen.semidefinite or assume == "spd",
        )
    elif singular == "pinv":
        raise ValueError("singular='pinv' needs a Hermitian matrix and method 'eigh'")
    if not hermitian and (chosen.positive or isinstance(chosen, Eigh)):
        raise ValueError(f"method {chosen.name!r} needs a Hermitian matrix")
    return chosen


def _check_choices(assume: Assume, singular: Singular) -> None:
    if assume not in (None, "spd", "hermitian", "general"):
        raise ValueError(f"assume must be None, 'spd', 'hermitian' or 'general', got {assume!r}")
    if isinstance(singular, str):
        if singular not in ("raise", "pinv"):
            raise ValueError(f"singular must be 'raise', 'pinv' or a ridge, got {singular!r}")
    elif not (_is_number(singular) and 0 < singular < float("inf")):
        raise ValueError(f"singular, a ridge, must be positive and finite, got {singular!r}")


def _is_number(x: object) -> bool:
    return isinstance(x, Real) and not isinstance(x, bool)
