r"""Recognise the Laplacian with constant coefficients in a sparse matrix.

    A = shift I + sum_i c_i (I x ... x tridiag(-1, 2, -1) x ... x I)    on a box, in C order

It is a stencil of constant coefficients, which `resolvent.linalg.constant_stencil` finds, with the
same coupling before and after. Entries may differ by a few units of rounding, which is what
assembly leaves, and a shift of that size is taken for zero.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from resolvent.linalg.constant_stencil import constant_stencil_of

__all__ = ["PoissonStencil", "poisson_stencil_of"]


class PoissonStencil(NamedTuple):
    """A Laplacian with constant coefficients and Dirichlet ends, numbered in C order.

    Attributes
    ----------
    shape : tuple of int
        Unknowns of each axis, all above 1 unless there is one unknown in all.
    coefficients : tuple of float
        Coefficient of ``[-1, 2, -1]`` along each axis.
    shift : float or complex
        Multiple of the identity.
    """

    shape: tuple[int, ...]
    coefficients: tuple[float, ...]
    shift: complex


def poisson_stencil_of(A: Any) -> PoissonStencil | None:
    """Return the stencil of ``A`` if it is a Laplacian with constant coefficients, else None.

    Parameters
    ----------
    A : object
        A SciPy sparse array or matrix; anything else has no stencil.

    Returns
    -------
    PoissonStencil or None
        The arguments of `resolvent.preconditioners.fast_poisson`, which inverts ``A``.

    Notes
    -----
    Axes of one unknown leave no trace but in the shift: ``(1, n)`` is found as ``(n,)``.

    Examples
    --------
    >>> from resolvent.linalg import gallery
    >>> poisson_stencil_of(gallery.poisson((3, 4)))
    PoissonStencil(shape=(3, 4), coefficients=(1.0, 1.0), shift=0.0)
    >>> poisson_stencil_of(gallery.diffusion([1, 2, 1])) is None
    True
    """
    if not sparse.issparse(A) or A.ndim != 2 or A.shape[0] != A.shape[1] or A.shape[0] < 1:
        return None
    # The stencil is symmetric, so the columns of a CSC matrix do as well as rows.
    A = A if A.format in ("csr", "csc") else A.tocsr()
    if A.dtype.kind not in "fc":
        A = A.astype(np.float64)
    if A.shape == (1, 1):
        (entry,) = A.diagonal().tolist()
        return PoissonStencil((1,), (1.0,), entry - 2) if entry else None
    rounding = 12 * float(np.finfo(A.dtype).eps)
    found = constant_stencil_of(A, rounding)
    if found is None or np.any(np.imag(found.after)):
        return None
    couplings, largest = np.real(found.after), np.max(np.abs([found.centre, *found.after]))
    if np.any(np.abs(found.before - couplings) > rounding * largest):
        return None
    shift = (found.centre + 2 * np.sum(couplings)).item()
    return PoissonStencil(
        tuple(found.lengths[::-1].tolist()),
        tuple((-couplings[::-1]).tolist()),
        shift if abs(shift) > rounding * largest else 0.0,
    )
