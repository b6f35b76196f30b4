r"""Symmetric successive over-relaxation.

With :math:`A = D + L + U`, diagonal, strictly lower and strictly upper part,

    M^{-1} = (D + omega L) D^{-1} (D + omega U) / (omega (2 - omega)),    0 < omega < 2

so ``M @ r`` is one forward and one backward sweep over A from the guess zero. For Hermitian A with
positive diagonal M is Hermitian positive definite, whatever A is. The opposite order of sweeps,
:math:`(D + \omega U) D^{-1} (D + \omega L)`, differs but little in the number of steps.

Cost: no setup but a scaled copy of A; an application reads it once. Inside conjugate gradients the
factor :math:`\omega (2 - \omega)` does nothing; in a stationary method it is needed.

Failure modes: a zero on the diagonal raises. Close to omega = 2 the condition grows without bound.

Sources: D. M. Young, Iterative Solution of Large Linear Systems (1971), section 15.1;
M. Khodak, E. Chow, M.-F. Balcan and A. Talwalkar, Learning to relax: setting solver parameters
across a sequence of linear system instances, ICLR 2024, arXiv 2310.02246 (both orders).
"""

from typing import Any

import numpy as np
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.preconditioners.factorisations.factors import factored
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.sparse_rows import is_hermitian, sparse_rows, strict_triangles

__all__ = ["ssor"]

ORDERS = ("forward", "backward")


def ssor(A: Any, omega: float = 1.0, *, order: str = "forward") -> Preconditioner:
    r"""Return the SSOR preconditioner.

    Parameters
    ----------
    A : (n, n) sparse matrix or array_like
        Real or complex, without zeros on the diagonal.
    omega : float
        Relaxation parameter, between 0 and 2; 1 is symmetric Gauss-Seidel.
    order : {"forward", "backward"}
        The sweep that comes first.

    Returns
    -------
    Preconditioner
        Positive definite if A is Hermitian with a positive diagonal.

    Raises
    ------
    TypeError
        ``A`` is on a device, or known by its products only.
    ValueError
        ``A`` is not square and finite, ``omega`` is not between 0 and 2, or ``order`` is unknown.
    SingularMatrixError
        A diagonal entry is zero.

    Notes
    -----
    On the host, in the precision of A. ``M @ r`` takes ``(n,)`` and ``(n, k)``.

    Examples
    --------
    >>> import numpy as np
    >>> M = ssor([[2.0, -1.0], [-1.0, 2.0]])
    >>> M @ np.array([4.0, 0.0])  # forward (2, 1), backward (2.5, 1)
    array([2.5, 1. ])
    """
    if not 0 < omega < 2:
        raise ValueError(f"omega must be between 0 and 2, got {omega}")
    if order not in ORDERS:
        raise ValueError(f"order must be one of {ORDERS}, got {order!r}")
    rows = sparse_rows(A, builder="ssor", instead="jacobi and chebyshev")
    diagonal = rows.diagonal()
    if not np.all(diagonal):
        i = int(np.argmin(diagonal != 0))
        raise SingularMatrixError(f"the diagonal entry of row {i} is zero")
    first, second = strict_triangles(rows)
    if order == "backward":
        first, second = second, first
    # first D^{-1} scales columns, D^{-1} second scales rows
    weights = (omega / diagonal).astype(rows.dtype)
    first = _scaled(first, weights[first.indices])
    second = _scaled(second, np.repeat(weights, np.diff(second.indptr)))
    L, U = (first, second) if order == "forward" else (second, first)
    positive = bool(np.all(diagonal.real > 0)) and is_hermitian(rows)
    return factored(
        L,
        ((2 - omega) * weights).astype(rows.dtype),
        U,
        is_spd=positive,
        info=None,
        upper_first=order == "backward",
    )


def _scaled(T: sparse.csr_array, factors: Any) -> sparse.csr_array:
    return sparse.csr_array((T.data * factors, T.indices, T.indptr), shape=T.shape)
