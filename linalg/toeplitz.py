r"""Products with a Toeplitz matrix :math:`T_{ij} = t_{i-j}` in :math:`O(n \log n)`.

T is the leading block of a circulant matrix C of order :math:`N \ge m + n - 1`, which the Fourier
transform F of length N diagonalises, so that

    T x = the first m entries of F^-1 (F c * F [x; 0]),   c = [column; 0; reversed row]

Cost: two transforms of length N for each column of x, one of length N at construction, and N
numbers of memory, where the dense matrix takes mn products and numbers.

Failure modes: the error is normwise, :math:`\varepsilon \log_2 N \|t\|_2 \|x\|_2` (Higham,
Accuracy and Stability of Numerical Algorithms, 2nd ed., section 24.1). Entries of T x that are
much smaller than the largest have no relative accuracy, as they would have in a dense product
with graded x.

Source: the embedding is folklore; R. Chan and X.-Q. Jin, An Introduction to Iterative Toeplitz
Solvers, SIAM 2007, section 1.4.

Differs from the source in: rectangular matrices; N is the next length of small prime factors,
not 2n; real matrices take the real transform.
"""

from dataclasses import dataclass, replace
from typing import Any

import scipy.fft
from numpy.typing import ArrayLike

from resolvent.arrays import Array, Namespace, conj, device_of, enter, is_numpy, namespace_of
from resolvent.operators import Operator, Product

__all__ = ["ToeplitzOperator", "toeplitz_operator"]


@dataclass(frozen=True, eq=False)
class ToeplitzOperator(Operator):
    """A Toeplitz matrix known by its first column and row; made by `toeplitz_operator`.

    Attributes
    ----------
    column : (m,) array
        First column.
    row : (n,) array
        First row, with ``row[0] == column[0]``.
    """

    column: Any = None
    row: Any = None

    @property
    def H(self) -> "ToeplitzOperator":
        """The adjoint, a Toeplitz matrix as well."""
        xp, swapped = namespace_of(self.column), super().H
        return replace(
            self,
            shape=swapped.shape,
            product=swapped.product,
            adjoint=swapped.adjoint,
            column=conj(xp, self.row),
            row=conj(xp, self.column),
        )


def toeplitz_operator(column: ArrayLike, row: ArrayLike | None = None) -> ToeplitzOperator:
    r"""Return the Toeplitz matrix :math:`T_{ij} = t_{i-j}` as an operator with fast products.

    Parameters
    ----------
    column : (m,) array_like
        First column :math:`t_0, t_1, \dots, t_{m-1}`.
    row : (n,) array_like, optional
        First row :math:`t_0, t_{-1}, \dots, t_{1-n}`, whose first entry is not used; by default
        ``conj(column)``, so that a column with a real first entry gives a Hermitian matrix.

    Returns
    -------
    ToeplitzOperator
        ``T @ x`` takes ``(n,)`` and ``(n, k)``. It has the dtype of a dense product, and the
        accuracy of the lower precision of the two.

    Raises
    ------
    TypeError
        ``column`` and ``row`` are of different array libraries, or not numeric.
    ValueError
        One of them is not a vector, is empty, or has non-finite entries.

    See Also
    --------
    resolvent.linalg.gallery.toeplitz : the dense matrix.

    Notes
    -----
    Two transforms of length :math:`N \ge m + n - 1` for each product and column, on any array
    library that has the Fourier transforms of the Array API.

    Examples
    --------
    >>> import numpy as np
    >>> T = toeplitz_operator([2.0, -1.0, 0.0])
    >>> np.round(T @ np.array([1.0, 2.0, 3.0]), 12) + 0.0
    array([0., 0., 4.])
    """
    named: dict[str, Any] = {"column": column} if row is None else {"column": column, "row": row}
    entered = enter(matrix=False, **named)
    xp, c = entered.xp, entered.arrays[0]
    r = conj(xp, c) if row is None else entered.arrays[1]
    for name, t in (("column", c), ("row", r)):
        if t.ndim != 1 or t.shape[0] < 1:
            raise ValueError(f"{name} must be a vector with entries, got shape {tuple(t.shape)}")
    r = xp.concat([c[:1], r[1:]])
    shape = (c.shape[0], r.shape[0])
    product = _embedded(xp, c, xp.flip(r[1:]), shape)
    adjoint = _embedded(xp, conj(xp, r), conj(xp, xp.flip(c[1:])), shape[::-1])
    return ToeplitzOperator(shape, c.dtype, product, adjoint, column=c, row=r)


def _embedded(xp: Namespace, below: Array, above: Array, shape: tuple[int, int]) -> Product:
    """Return the product of the Toeplitz matrix with the diagonals ``below`` and ``above``."""
    m, n = shape
    real = not xp.isdtype(below.dtype, "complex floating")
    fourier = scipy.fft if is_numpy(xp) else xp.fft
    forward, inverse = (fourier.rfft, fourier.irfft) if real else (fourier.fft, fourier.ifft)
    length: int = scipy.fft.next_fast_len(m + n - 1, real=real)
    gap = xp.zeros(length - m - n + 1, dtype=below.dtype, device=device_of(below))
    spectrum = forward(xp.concat([below, gap, above]))

    def product(x: Array) -> Array:
        if real and xp.isdtype(x.dtype, "complex floating"):
            return product(xp.real(x)) + 1j * product(xp.imag(x))
        x = xp.astype(x, xp.result_type(below.dtype, x.dtype), copy=False)
        scale = spectrum if x.ndim == 1 else spectrum[:, None]
        return inverse(scale * forward(x, n=length, axis=0), n=length, axis=0)[:m, ...]

    return product
