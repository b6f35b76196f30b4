r"""Products of the matrix forms inside compiled loops: rows ``lo`` to ``hi``, on one thread.

Vectors are ``(n,)``, or ``(n, w)`` with one column in each of the ``w`` lanes of a register; then
what is returned for one vector as a number is a vector of lanes. Coefficients such as ``alpha``
are arrays of one or of ``w`` numbers.

`product` leaves rows of :math:`A x` in ``y`` and returns their part of :math:`x^T A x`. For a
`Stencil` and one vector it is cheaper to compute the rows twice than to write and to read them: so
`curvature` returns that part and may leave ``y`` alone, and `subtract`,
:math:`r \leftarrow r - \alpha A x`, knows what was left. It returns its part of :math:`r^T r`.
"""

from numba.extending import overload

from resolvent.linalg.compiled.column_products import columns_product, columns_subtract
from resolvent.linalg.compiled.matrix_forms import (
    CSR,
    Diagonals,
    Stencil,
    SymmetricDiagonals,
    has_form,
)
from resolvent.linalg.compiled.vector_products import (
    csr_product,
    diagonals_product,
    stencil_curvature,
    stencil_product,
    stencil_subtract,
    stored_subtract,
)

__all__ = [
    "CSR",
    "Diagonals",
    "Stencil",
    "SymmetricDiagonals",
    "curvature",
    "product",
    "subtract",
]


def product(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Write rows of ``A x`` to ``y`` and return their part of ``xᵀ A x``."""
    raise NotImplementedError


@overload(product)
def _product_of(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if x.ndim == 2:
        return columns_product
    if has_form(A, CSR):
        return csr_product
    if has_form(A, Stencil):
        return stencil_product
    known = has_form(A, Diagonals) or has_form(A, SymmetricDiagonals)
    return diagonals_product if known else None


def curvature(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
    """Return the part of ``xᵀ A x``; ``y`` is what `subtract` will want of it."""
    raise NotImplementedError


@overload(curvature)
def _curvature_of(A, x, y, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if has_form(A, Stencil) and x.ndim == 1:
        return stencil_curvature

    def stored(A, x, y, lo, hi):  # type: ignore[no-untyped-def]
        return product(A, x, y, lo, hi)

    return stored


def subtract(A, alpha, x, y, r, lo, hi):  # type: ignore[no-untyped-def]
    """``r -= alpha A x`` on some rows, after `curvature`; return their part of ``rᵀ r``."""
    raise NotImplementedError


@overload(subtract)
def _subtract_of(A, alpha, x, y, r, lo, hi):  # type: ignore[no-untyped-def]  # noqa: ARG001
    if x.ndim == 2:
        return columns_subtract
    if has_form(A, Stencil):
        return stencil_subtract

    return stored_subtract
