r"""One relaxation step for one vector, over the rows of a sparse matrix, with its new residual.

With :math:`A = L + D + U`, a step finds the increment :math:`\delta` from the residual
:math:`r = b - A x` and overwrites ``r`` by the residual of :math:`x + \delta`, which costs no
product with A of its own:

- `Jacobi`, :math:`\delta = \omega D^{-1} r` and :math:`r \leftarrow r - A\delta`;
- `Forward`, :math:`(D/\omega + L)\delta = r` and
  :math:`r \leftarrow (1/\omega - 1) D \delta - U \delta`;
- `Symmetric`, a forward step :math:`\delta_1`, then a backward one,
  :math:`(D/\omega + U)\delta_2 = (1/\omega - 1) D\delta_1 - U\delta_1`, in which the product
  with U is shared: :math:`D\delta_2/\omega = (1/\omega - 1) D\delta_1 - U(\delta_1 + \delta_2)`.

Cost: `Jacobi` and `Forward` read every entry once, `Symmetric` those of L twice.

Source: D. M. Young, Iterative Solution of Large Linear Systems (1971), chapters 3 and 15; the
shared product is V. Conrad and Y. Wallach's, Numer. Math. 27 (1977), 371-372,
doi 10.1007/BF01399602.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import overload
from scipy import sparse

__all__ = ["Forward", "Jacobi", "Symmetric", "diagonal_places", "relax"]


class Jacobi(NamedTuple):
    """``weights`` are omega over the diagonal."""

    indptr: Any
    indices: Any
    data: Any
    weights: Any


class Forward(NamedTuple):
    """``places`` are those of the diagonal in ``data``, ``rest`` is ``(1/omega - 1)`` of it."""

    indptr: Any
    indices: Any
    data: Any
    weights: Any
    places: Any
    rest: Any


class Symmetric(NamedTuple):
    """The fields of `Forward`."""

    indptr: Any
    indices: Any
    data: Any
    weights: Any
    places: Any
    rest: Any


def diagonal_places(A: sparse.csr_array) -> np.ndarray[Any, Any]:
    """Return where the diagonal entries of sorted rows are stored, -1 for one that isn't."""
    return np.asarray(_places(A.indptr, A.indices))


@njit(cache=True, nogil=True, error_model="numpy")
def _places(indptr, indices):  # type: ignore[no-untyped-def]
    places = np.full(indptr.size - 1, -1, dtype=indptr.dtype)
    for i in range(places.size):
        for k in range(indptr[i], indptr[i + 1]):
            if indices[k] == i:
                places[i] = k
                break
    return places


def relax(A, r, delta):  # type: ignore[no-untyped-def]
    """Write the increment to ``delta`` and the new residual over ``r``."""
    raise NotImplementedError


@overload(relax)
def _relax_of(A, r, delta):  # type: ignore[no-untyped-def]  # noqa: ARG001
    return {Jacobi: _jacobi, Forward: _forward, Symmetric: _symmetric}[A.instance_class]


def _jacobi(A, r, delta):  # type: ignore[no-untyped-def]
    for i in range(r.size):
        delta[i] = A.weights[i] * r[i]
    for i in range(r.size):
        r[i] -= _dot(A, A.indptr[i], A.indptr[i + 1], delta)


def _forward(A, r, delta):  # type: ignore[no-untyped-def]
    _solve_lower(A, r, delta)
    for i in range(r.size):
        r[i] = A.rest[i] * delta[i] - _dot(A, A.places[i] + 1, A.indptr[i + 1], delta)


def _symmetric(A, r, delta):  # type: ignore[no-untyped-def]
    _solve_lower(A, r, delta)
    for i in range(r.size - 1, -1, -1):
        right = A.rest[i] * delta[i] - _dot(A, A.places[i] + 1, A.indptr[i + 1], delta)
        r[i] = A.weights[i] * right  # the backward increment
        delta[i] += r[i]
    for i in range(r.size - 1, -1, -1):
        r[i] = A.rest[i] * r[i] - _dot(A, A.indptr[i], A.places[i], r)


@njit(nogil=True, error_model="numpy")
def _solve_lower(A, r, delta):  # type: ignore[no-untyped-def]
    for i in range(r.size):
        delta[i] = A.weights[i] * (r[i] - _dot(A, A.indptr[i], A.places[i], delta))


@njit(nogil=True, error_model="numpy")
def _dot(A, lo, hi, x):  # type: ignore[no-untyped-def]
    # unsigned numbers everywhere: numba wraps signed indices around
    total = 0 * x[0]
    for k in range(np.uint64(lo), np.uint64(hi)):
        total += A.data[k] * x[np.uint64(A.indices[k])]
    return total
