r"""The polynomial that GMRES finds for a random right-hand side, for any square matrix.

After m = d + 1 Arnoldi steps the residual of GMRES is :math:`\pi(A) v` with

.. math::

    \pi(\lambda) = \prod_{i=1}^m (1 - \lambda/\theta_i) = 1 - \lambda p(\lambda) .

The roots are the harmonic Ritz values; their reciprocals are the eigenvalues of the first m
columns of the pseudo-inverse of :math:`\bar H_m`. A reciprocal of zero drops out: the step brought
nothing.

Each root is one step of the recurrence of `polynomial` with :math:`\alpha = 1/\theta` and
:math:`\beta = 0`. A pair :math:`|\theta| e^{\pm i\varphi}` of a real A is two real steps with
:math:`\alpha = \pm 1/|\theta|`, the sign being that of :math:`\cos\varphi`, of which the second has
:math:`\beta = 2 |\cos\varphi| - 2`.

The order of the roots decides what rounding does: each next one is as far as possible from those
before (modified Leja order: the product of the distances is largest, pairs stay together). A
root far out makes :math:`\pi` steep there, by the factor

.. math::

    \prod_{i \ne j} |1 - \theta_j/\theta_i| ,

which multiplies the rounding errors in that eigenvector. Where it is more than
:math:`\varepsilon^{-1/4}`, copies of the root share it, each :math:`\varepsilon^{-1/2}` of it. In
the order they count as roots at a relative distance of :math:`\varepsilon^{1/2}`, so that each one
comes in when errors have grown that much: they stay at :math:`\varepsilon^{1/2}` of the residual.

Cost: d + 1 Arnoldi steps at setup, d products an application, one more for each copy.

Failure modes: p is made for one vector. Of an indefinite or far from normal A it may have small
values where others need large ones; of a Hermitian A it may be negative between the Ritz values,
so ``is_spd`` is never True.

Sources: N. M. Nachtigal, L. Reichel, L. N. Trefethen, A hybrid GMRES algorithm for nonsymmetric
linear systems, SIAM J. Matrix Anal. Appl. 13 (1992), doi 10.1137/0613050; J. A. Loe and R. B.
Morgan, Toward efficient polynomial preconditioning for GMRES, Numer. Linear Algebra Appl. 29
(2022), arXiv 1911.07065; M. Embree, J. A. Loe, R. B. Morgan, Polynomial preconditioned Arnoldi
with stability control, SIAM J. Sci. Comput. 43 (2021), arXiv 1806.08020.

Differs from the sources in: reciprocals from the pseudo-inverse, which has no trouble with a
singular H; pairs in the recurrence that all polynomials share; more copies, for 8 instead of 14
digits in double precision, spread by the Leja order itself: with 14, errors grow until a single
one fills all digits, which measured as residuals of 1e6 and more for outliers at 1e4 times the
rest.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import eps, namespace_of
from resolvent.errors import SingularMatrixError
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.arnoldi import arnoldi
from resolvent.preconditioners.polynomial.polynomial import PolynomialInfo, degree_of, polynomial
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["GmresPolynomialInfo", "gmres_polynomial"]

Roots = NDArray[Any]


@dataclass(frozen=True, eq=False)
class GmresPolynomialInfo(PolynomialInfo):
    r"""What `gmres_polynomial` found.

    Attributes
    ----------
    roots : ndarray
        Of :math:`1 - \lambda p(\lambda)`, in the order of the steps, copies included.
    added : int
        How many of them are copies.
    digits : float
        Largest number of digits that a root would lose without copies.
    """

    roots: Roots
    added: int
    digits: float


def gmres_polynomial(
    A: Any,
    degree: int,
    v: Any = None,
    *,
    rng: Rng | None = None,
    stabilize: bool = True,
) -> Preconditioner:
    r"""Return the polynomial of d + 1 GMRES steps as a preconditioner.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Any, real or complex.
    degree : int
        Degree d of the polynomial, the products of an application before copies are added; less
        where the Krylov space is invariant sooner.
    v : (n,) array_like, optional
        Right-hand side of the GMRES steps; by default random, where the entries of A are known to
        live (else on NumPy).
    rng : numpy.random.Generator or int, optional
        Source of the random vector, or its seed.
    stabilize : bool
        Add copies of steep roots. Without them a high degree may amplify rounding errors.

    Returns
    -------
    Preconditioner
        ``is_spd`` is False if A is seen not to be Hermitian, else None. ``info`` is a
        `GmresPolynomialInfo`.

    Raises
    ------
    SingularMatrixError
        A makes no progress from the vector at all, or is singular on an invariant space.
    TypeError, ValueError
        ``A`` is not square, ``degree`` is negative, ``v`` is zero or doesn't fit.

    Notes
    -----
    Array API: any library and device that A works on. ``M @ r`` takes ``(n,)`` and ``(n, k)``, in
    the precision of r, and is complex if A is. The roots are computed on the host from the small
    matrix H.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.array([[2.0, 1.0], [-1.0, 2.0]])
    >>> M = gmres_polynomial(A, 1, rng=0)
    >>> np.round(M @ (A @ np.ones(2)), 12)
    array([1., 1.])
    """
    steps = degree_of(degree) + 1
    V, H = arnoldi(A, v, steps=steps, rng=rng)
    allowed = -math.log10(eps(namespace_of(V), V.dtype)) / 2
    roots = _harmonic_ritz_values(H)
    real = H.dtype.kind == "f"
    digits = _digits(roots)
    copies = np.ceil((digits - allowed / 2) / allowed).clip(0) if stabilize else 0 * digits
    repeated = np.repeat(roots, 1 + copies.astype(int))
    ordered = _leja(repeated, closest=10**-allowed, pairs=real)
    info = GmresPolynomialInfo(
        _coefficients(ordered, pairs=real),
        ordered,
        len(ordered) - len(roots),
        float(np.max(digits)),
    )
    return polynomial(A, info, is_spd=None if _is_hermitian(H) else False)


def _is_hermitian(H: NDArray[Any]) -> bool:
    square = H[:-1]
    difference = np.max(np.abs(square - square.conj().T))
    return bool(difference <= math.sqrt(np.finfo(np.float32).eps) * np.max(np.abs(H)))


def _harmonic_ritz_values(H: NDArray[Any]) -> Roots:
    m = H.shape[1]
    scale = np.max(np.abs(H))
    sizes = np.linalg.svd(H, compute_uv=False) / (scale or 1)
    if sizes[-1] <= m * np.finfo(np.float64).eps:
        raise SingularMatrixError("A is singular on the Krylov space of the vector")
    reciprocals = np.linalg.eigvals(np.linalg.pinv(H / scale, rcond=0)[:, :m])
    moving = np.abs(reciprocals) > np.finfo(np.float64).eps / sizes[0]
    if not np.any(moving):
        raise SingularMatrixError(
            "GMRES makes no progress from the vector; take a higher degree or another vector"
        )
    return np.asarray(scale / reciprocals[moving])


def _digits(roots: Roots) -> NDArray[np.float64]:
    """Return the logarithm of the slope factor of each root."""
    with np.errstate(divide="ignore"):
        factors = np.log10(np.abs(1 - roots[:, None] / roots[None, :]))
    np.fill_diagonal(factors, 0)
    return np.asarray(np.sum(factors, axis=1))


def _leja(roots: Roots, *, closest: float, pairs: bool) -> Roots:
    """Return the roots in modified Leja order; pairs come together, upper half first."""
    left = roots[roots.imag >= 0] if pairs else roots
    distance = np.zeros(left.size)
    first = int(np.argmax(np.abs(left)))
    ordered: list[Any] = []
    while left.size:
        chosen = first if not ordered else int(np.argmax(distance))
        root = left[chosen]
        group = [root, root.conjugate()] if pairs and root.imag else [root]
        ordered += group
        left, distance = np.delete(left, chosen), np.delete(distance, chosen)
        for taken in group:
            gap = np.maximum(np.abs(left - taken), closest * abs(taken))
            distance = distance + np.log(gap / abs(ordered[0]))
    return np.array(ordered)


def _coefficients(roots: Roots, *, pairs: bool) -> NDArray[Any]:
    if not pairs:
        return np.stack([1 / roots, 0 * roots, 0 * roots], axis=1)
    rows = []
    for root in roots:
        step = math.copysign(1 / abs(root), root.real)
        rows.append((step, 2 * abs(root.real) / abs(root) - 2 if root.imag < 0 else 0.0, 0.0))
    return np.array(rows)
