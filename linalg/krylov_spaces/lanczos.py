r"""The Lanczos process :math:`A V_m = V_m T_m + f_m e_m^T` of a Hermitian matrix.

.. math::

    w = A v_j - \beta_{j-1} v_{j-1}, \quad \alpha_j = v_j^H w, \quad
    w \leftarrow w - \alpha_j v_j, \quad \beta_j = \|w\|, \quad v_{j+1} = w / \beta_j .

:math:`T_m` is real, with diagonal :math:`\alpha` and off-diagonal :math:`\beta`. Of an eigenpair
:math:`T_m s = \theta s` (a Ritz value, and the Ritz vector :math:`V_m s`) the residual has the norm
:math:`\beta_m |s_m|`, and some eigenvalue of A is that near to :math:`\theta`.

Cost: a step has one product and a few vector operations, and reads three numbers to the host. With
reorthogonalisation step j has four more products with the basis of j vectors, which is kept.

Failure modes: without reorthogonalisation the basis loses its orthogonality as soon as a Ritz value
converges, and copies of that value appear; the values themselves and the residual norms stay
right (Paige). A matrix that isn't Hermitian is seen by :math:`v_{j-1}^H A v_j \ne \beta_{j-1}`,
except that one step sees nothing.

Sources: C. Lanczos, J. Res. Nat. Bur. Standards 45 (1950), doi 10.6028/jres.045.026; C. C. Paige,
J. Inst. Math. Appl. 18 (1976), doi 10.1093/imamat/18.3.341.

Differs from the source in: full reorthogonalisation by classical Gram-Schmidt, twice; the process
ends where :math:`\beta_j \le 8 \sqrt n\,\varepsilon \|T\|`, the size of the rounding errors of a
product, since a factor n would end every process of large n in single precision.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from resolvent.arrays import Array, conj, device_of, eps, namespace_of
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.start import start
from resolvent.vectors import inner, scaled_norm

__all__ = ["Lanczos", "lanczos"]


@dataclass(frozen=True, eq=False)
class Lanczos:
    """What `lanczos` returns; ``m`` is the number of steps taken.

    Attributes
    ----------
    alpha : (m,) ndarray
        Diagonal of T, on the host in double precision.
    beta : (m - 1,) ndarray
        Off-diagonal of T.
    V : (n, m) array or None
        Orthonormal basis; None without reorthogonalisation, which keeps three vectors only.
    residual : (n,) array
        The vector ``f`` of ``A V = V T + f e_m^T``.
    residual_norm : float
        Its norm, zero where the space is invariant under A up to rounding.
    rounding : float
        Size of the rounding errors in T.
    """

    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    V: Array | None
    residual: Array
    residual_norm: float
    rounding: float

    @property
    def T(self) -> NDArray[np.float64]:
        """The tridiagonal matrix."""
        return np.diag(self.alpha) + np.diag(self.beta, 1) + np.diag(self.beta, -1)

    def ritz(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the Ritz values in ascending order and the eigenvectors of T."""
        values, vectors = scipy.linalg.eigh_tridiagonal(self.alpha, self.beta)
        return values, vectors


def lanczos(
    A: Any,
    v: Any = None,
    *,
    steps: int,
    reorthogonalize: bool = True,
    rng: Rng | None = None,
) -> Lanczos:
    r"""Return the tridiagonal matrix and the basis of the Krylov space of A and v.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Hermitian, known by its products.
    v : (n,) array_like, optional
        Start, of any length but zero; by default random, where the entries of A are known to live
        (else on NumPy).
    steps : int
        Dimension of the space; fewer are taken where the space is invariant sooner.
    reorthogonalize : bool
        Keep the basis and make each vector orthogonal to all of it.
    rng : numpy.random.Generator or int, optional
        Source of the random start, or its seed.

    Returns
    -------
    Lanczos
        ``T``, ``V`` and the residual of :math:`A V_m = V_m T_m + f_m e_m^T`.

    Raises
    ------
    TypeError
        ``A`` is nothing that multiplies, or lives in another library than ``v``.
    ValueError
        ``A`` is not square, is seen not to be Hermitian, or makes NaN or infinity; ``v`` is zero,
        not finite or of another shape; ``steps`` is not positive.

    See Also
    --------
    spectral_interval : estimates of the ends of the spectrum.

    Notes
    -----
    Array API, in the precision and on the device of ``v`` or of the entries of A; real A and
    complex v are fine.

    Examples
    --------
    >>> import numpy as np
    >>> found = lanczos(np.diag([1.0, 2.0, 3.0]), [1.0, 1.0, 1.0], steps=10)
    >>> found.ritz()[0].round(12)
    array([1., 2., 3.])
    >>> found.residual_norm
    0.0
    """
    A, v, steps = start(A, v, steps, rng)
    xp, n = namespace_of(v), v.shape[0]
    unit = eps(xp, v.dtype)
    basis = None
    if reorthogonalize:
        basis = xp.empty((steps, n), dtype=v.dtype, device=device_of(v))
    alpha: list[float] = []
    beta: list[float] = []
    before, norm_of_T = xp.zeros_like(v), 0.0
    while True:
        w = A @ v
        m = len(alpha)
        above = complex(inner(before, w))
        w = w - (beta[-1] if beta else 0.0) * before
        diagonal = complex(inner(v, w))
        w = w - diagonal.real * v
        alpha.append(diagonal.real)
        if basis is not None:
            basis[m, ...] = v
            w = _orthogonal_to(xp, basis[: m + 1, ...], w)
        length = scaled_norm(w)[1]
        row = [abs(diagonal), abs(above), length]
        if not math.isfinite(sum(row)):
            raise ValueError("A makes NaN or infinity of a finite vector")
        norm_of_T = max(norm_of_T, sum(row))
        _require_hermitian(diagonal.imag, above - (beta[-1] if beta else 0.0), unit, norm_of_T)
        rounding = 8 * math.sqrt(n) * unit * norm_of_T
        invariant = length <= rounding
        if invariant or m + 1 == steps:
            break
        beta.append(length)
        before, v = v, w / length
    return Lanczos(
        np.array(alpha),
        np.array(beta),
        None if basis is None else basis[: len(alpha), ...].T,
        w,
        0.0 if invariant else length,
        rounding,
    )


def _orthogonal_to(xp: Any, basis: Array, w: Array) -> Array:
    for _ in range(2):
        w = w - (conj(xp, basis) @ w) @ basis
    return w


def _require_hermitian(imaginary: float, asymmetry: complex, unit: float, size: float) -> None:
    if max(abs(imaginary), abs(asymmetry)) > math.sqrt(unit) * size:
        raise ValueError("A must be Hermitian; pass its Hermitian part, or take gmres_polynomial")
