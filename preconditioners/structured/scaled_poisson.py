r"""The fast Poisson solver between scalings, for diffusion in a medium that varies smoothly.

    M = S^(-1/2) L^-1 S^(-1/2),    S = diag(A) / (2 sum_i c_i)

L is the Laplacian with coefficients c_i. In the continuum, with v = sqrt(a) u,

    -div(a grad u) = sqrt(a) (-Laplace v + (Laplace sqrt(a) / sqrt(a)) v)

so the scaled matrix is a Laplacian plus a potential. The condition that the potential leaves is
bounded on all meshes, and so is the number of steps; what counts is how smooth log a is, not how
large its contrast.

Cost: one fast Poisson solve and two scalings.

Failure modes: in media with jumps the potential is singular, and the plain `fast_poisson` with its
bound of the contrast is the better choice.

Source: P. Concus and G. H. Golub, Use of fast direct methods for the efficient numerical solution
of nonseparable elliptic equations, SIAM J. Numer. Anal. 10 (1973), 1103-1120, doi 10.1137/0710092.

Differs from the source in: S is read off the diagonal of the matrix; no constant is added for the
mean potential.
"""

from collections.abc import Sequence
from typing import Any

import array_api_compat
import numpy as np

from resolvent.arrays import Array, enter, namespace_of
from resolvent.errors import NotPositiveDefiniteError
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.preconditioners.structured.fast_poisson import fast_poisson
from resolvent.vectors import real

__all__ = ["scaled_poisson"]


def scaled_poisson(
    A: Any, shape: int | Sequence[int], *, coefficients: float | Sequence[float] = 1.0
) -> Preconditioner:
    """Return a fast Poisson solver scaled to the diagonal of ``A``.

    Parameters
    ----------
    A : (n, n) sparse matrix or array
        Diffusion with variable coefficients on a box, numbered in C order, such as
        `resolvent.linalg.gallery.lognormal_diffusion`, with Dirichlet ends.
    shape : int or sequence of int
        Unknowns of each axis, n in all.
    coefficients : float or sequence of float
        Relative conductivity of the axes.

    Returns
    -------
    Preconditioner
        Symmetric positive definite; ``info`` is the `Spectrum` of the Laplacian.

    Raises
    ------
    TypeError
        ``A`` has no diagonal to be read.
    ValueError
        ``A`` is not of the order of ``shape``; or as in `fast_poisson`.
    NotPositiveDefiniteError
        ``A`` has a diagonal entry that is not positive, or ``coefficients`` are not.

    Notes
    -----
    Right-hand sides ``(n,)`` and ``(n, k)``, real or complex, of the library of ``A``, in the
    precision of the right-hand side.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import gallery
    >>> from resolvent.preconditioners import fast_poisson
    >>> from resolvent.solvers import cg
    >>> A, b = gallery.lognormal_diffusion((40, 40), sigma=1.0, rng=0), np.ones(1600)
    >>> scaled = cg(A, b, M=scaled_poisson(A, (40, 40)))
    >>> plain = cg(A, b, M=fast_poisson((40, 40)))
    >>> scaled.converged, scaled.iterations < plain.iterations / 2
    (True, True)
    """
    L = fast_poisson(shape, coefficients=coefficients)
    diagonal = _diagonal(A)
    xp = namespace_of(diagonal)
    if tuple(A.shape) != L.shape:
        raise ValueError(f"A of shape {tuple(A.shape)} doesn't fit the box {shape}")
    if not L.is_spd or not bool(xp.all(diagonal > 0)):
        raise NotPositiveDefiniteError("the diagonal of A and the coefficients must be positive")
    total = float(np.sum(np.broadcast_to(coefficients, np.size(shape))))
    scaling = xp.sqrt(2 * total / diagonal)

    def product(r: Array) -> Array:
        s = xp.astype(scaling, real(xp, r[:0, ...]).dtype, copy=False)
        s = s if r.ndim == 1 else s[:, None]
        return s * (L @ (s * r))

    return Preconditioner(L.shape, scaling.dtype, product, product, is_spd=True, info=L.info)


def _diagonal(A: Any) -> Array:
    """Return the real diagonal of a sparse or dense matrix in floating point."""
    if hasattr(A, "tocsr"):
        d = A.diagonal()
    elif array_api_compat.is_array_api_obj(A) and A.ndim == 2:
        d = namespace_of(A).linalg.diagonal(A)
    else:
        raise TypeError(f"A must be a sparse or dense matrix, got {type(A).__name__}")
    (d,) = enter(matrix=False, diagonal=d).arrays
    return real(namespace_of(d), d)
