r"""The randomised Nystrom preconditioner of :math:`A + \mu I`, A positive semidefinite.

A low-rank approximation :math:`\hat A = U \Lambda U^H` of rank k from products with random vectors,
or from random columns, gives

.. math::

    M = (\lambda_k + \mu)\, U (\Lambda + \mu)^{-1} U^H + (I - U U^H) ,

positive definite by construction. The k largest eigenvalues are brought down to
:math:`\lambda_k + \mu`, and the rest, if it is below :math:`\mu`, is not much larger: with
:math:`k \ge 2 \lceil 1.5\, d_{eff}(\mu) \rceil + 1`, where

.. math::

    d_{eff}(\mu) = \sum_i \frac{\lambda_i}{\lambda_i + \mu} ,

the expected condition of M (A + mu I) is below 28, whatever that of A.

Gaussian: with an orthonormal :math:`\Omega` of k columns, :math:`Y = A \Omega + \nu \Omega`,
:math:`C^H C = \Omega^H Y` and :math:`B = Y C^{-1}` it is :math:`\hat A = B B^H - \nu I` on its
range; the shift :math:`\nu` of the size of the rounding errors makes the Cholesky factorisation
succeed, and is taken off the eigenvalues at the end. Random pivoted Cholesky needs no product with
A, only entries of k columns: see `resolvent.preconditioners.subspace.rpcholesky`.

Cost: gaussian, k products with A; rpcholesky, k columns of A and n k^2 operations; both an SVD of
an (n, k) matrix. An application has two products with U.

Failure modes: a spectrum that does not decay, such as that of a Laplacian: there the k largest
eigenvalues are nothing special, and M is all but the identity. Too small a rank: ``info`` has the
effective dimension of :math:`\hat A`, and ``rank_saturated`` if that is more than 0.9 k; double the
rank. Without a shift, :math:`\mu = 0`, every rank below that of A is saturated.

Source: Z. Frangella, J. A. Tropp, M. Udell, Randomized Nystrom preconditioning, SIAM J. Matrix
Anal. Appl. 44 (2023), arXiv 2110.02820.

Differs from the source in: where A has a smaller rank than k, :math:`\mu` takes the place of
:math:`\lambda_k + \mu`.
"""

import math
from dataclasses import dataclass
from functools import partial
from operator import index
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import (
    Array,
    adjoint,
    complex_dtype,
    device_of,
    enter,
    eps,
    namespace_of,
    to_host,
)
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.factorisations import cholesky
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.start import gaussian, square_operator
from resolvent.operators import Operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.relaxation.jacobi import in_precision_of
from resolvent.preconditioners.subspace.rpcholesky import rpcholesky

__all__ = ["NystromInfo", "nystrom"]

Method = Literal["gaussian", "rpcholesky"]

_SATURATED = 0.9
_ATTEMPTS = 4


@dataclass(frozen=True, eq=False)
class NystromInfo:
    r"""What `nystrom` found out.

    Attributes
    ----------
    eigenvalues : (k,) ndarray
        Those of the approximation, in descending order, on the host.
    shift : float
        :math:`\mu`.
    effective_dimension : float
        :math:`\sum \lambda/(\lambda + \mu)` over them: a lower estimate of that of A.
    rank_saturated : bool
        It is more than 0.9 k: A has more eigenvalues above :math:`\mu` than the rank has seen, so
        a larger rank will pay.
    """

    eigenvalues: NDArray[np.float64]
    shift: float
    effective_dimension: float
    rank_saturated: bool


def nystrom(
    A: Any,
    rank: int,
    shift: float,
    *,
    method: Method = "gaussian",
    rng: Rng | None = None,
) -> Preconditioner:
    r"""Return the randomised Nystrom preconditioner of :math:`A + \mu I`.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Hermitian positive semidefinite, without the shift: to solve (A + mu I) x = b, pass A here
        and the sum to `cg`.
    rank : int
        k, from 1 to n; fewer are kept where A has a smaller rank.
    shift : float
        :math:`\mu \ge 0`; with 0 it is a preconditioner for A itself.
    method : {"gaussian", "rpcholesky"}
        From k products, or from k columns of a matrix whose entries are known: several times
        cheaper for a dense A, and as good.
    rng : numpy.random.Generator or int, optional
        Source of randomness, or its seed.

    Returns
    -------
    Preconditioner
        ``is_spd`` is True. It applies to arrays of the library and on the device of A. ``info`` is
        a `NystromInfo`.

    Raises
    ------
    NotPositiveDefiniteError
        A was seen to have a negative eigenvalue, or is zero while the shift is.
    TypeError
        "rpcholesky", and the entries of A are not known.
    ValueError
        ``A`` is not square, is seen not to be Hermitian, or makes NaN or infinity, ``rank`` is not
        between 1 and n, ``shift`` is negative, or ``method`` is unknown.

    Notes
    -----
    ``M @ r`` takes ``(n,)`` and ``(n, k)``, in the precision of r. "rpcholesky" reads the diagonal
    to the host for each block of columns.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.diag([1e4, 1e2, 1.0, 1e-3, 1e-4])
    >>> M = nystrom(A, 3, 1.0, rng=0)
    >>> bool(np.linalg.cond(M @ (A + np.eye(5))) < 3)
    True
    >>> M.info.rank_saturated
    False
    """
    A = square_operator(A)
    n = A.shape[0]
    if not 1 <= index(rank) <= n:
        raise ValueError(f"rank must be between 1 and {n}, got {rank}")
    if not 0 <= shift < math.inf:
        raise ValueError(f"shift must not be negative, got {shift}")
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {get_args(Method)}, got {method!r}")
    F, nu = _gaussian(A, rank, rng) if method == "gaussian" else (rpcholesky(A, rank, rng), 0.0)
    xp = namespace_of(F)
    U, sizes, _ = xp.linalg.svd(F, full_matrices=False)
    values = to_host(sizes).astype(np.float64) ** 2 - nu
    kept = int(np.sum(values > n * eps(xp, F.dtype) * max(values[0], 0.0)))
    if kept == 0 and shift == 0:
        raise NotPositiveDefiniteError("A is zero, and so is the shift")
    values = values[:kept]
    # of a smaller rank than asked for, A is all seen: nothing but the shift is left
    level = shift if kept < rank and shift > 0 else values[-1] + shift
    weights = xp.asarray(level / (values + shift) - 1, dtype=sizes.dtype, device=device_of(F))
    effective = float(np.sum(values / (values + shift)))
    info = NystromInfo(values, float(shift), effective, effective > _SATURATED * rank)
    apply = partial(_apply, U[:, :kept], weights)
    return Preconditioner(A.shape, F.dtype, apply, apply, is_spd=True, info=info)


def _gaussian(A: Operator, rank: int, rng: Rng | None) -> tuple[Array, float]:
    """Return ``B`` with ``B B^H - nu I`` close to A, and ``nu``."""
    omega = gaussian(A, rank, rng)
    xp = namespace_of(omega)
    omega, _ = xp.linalg.qr(omega, mode="reduced")
    Y = A @ omega
    size = float(xp.linalg.matrix_norm(Y))
    if not math.isfinite(size):
        raise ValueError("A makes NaN or infinity of a finite vector")
    core = adjoint(xp, omega) @ Y
    skew = float(xp.linalg.matrix_norm(core - adjoint(xp, core)))
    if skew > math.sqrt(eps(xp, Y.dtype)) * size:
        raise ValueError("A must be Hermitian; pass its Hermitian part")
    nu = math.sqrt(A.shape[0]) * eps(xp, Y.dtype) * size
    for _ in range(_ATTEMPTS):
        shifted = Y + nu * omega
        G = adjoint(xp, omega) @ shifted
        C = cholesky(xp, (G + adjoint(xp, G)) / 2)
        if C is not None:
            return adjoint(xp, xp.linalg.solve(C, adjoint(xp, shifted))), nu
        nu *= 10
    if size == 0:
        return Y, 0.0
    raise NotPositiveDefiniteError(
        f"A is not positive semidefinite: it has an eigenvalue below {-nu / 10:.1e}"
    )


def _apply(U: Array, weights: Array, r: Array) -> Array:
    """Return ``r + U diag(weights) U^H r`` in the precision of r."""
    entered = enter(matrix=False, finite=False, r=r)
    xp, (r,) = entered.xp, entered.arrays
    if xp.isdtype(U.dtype, "complex floating"):
        r = xp.astype(r, complex_dtype(xp, r.dtype), copy=False)
    U, weights = in_precision_of(r, U), in_precision_of(r, weights)
    x = adjoint(xp, U) @ r
    return r + U @ (x * (weights if r.ndim == 1 else weights[:, None]))
