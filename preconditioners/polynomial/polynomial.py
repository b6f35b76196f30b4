r"""A polynomial in A as an approximate inverse: products with A only, no inner products.

Every p here is reached by one recurrence for :math:`y = p(A) r`, whose coefficients the builders
fill in: from :math:`y = d = \alpha_0 r` and :math:`w = r` it goes by

.. math::

    w \leftarrow w - A d, \qquad
    d \leftarrow \alpha_k w + \beta_k d + \gamma_k y, \qquad
    y \leftarrow y + d,

so that :math:`w = r - A y`. With :math:`\gamma_k = 0` the residuals follow a three-term recurrence
(Neumann, Chebyshev, least squares) or a product of factors (GMRES); with :math:`\beta_k = 0`,
:math:`\gamma_k = -1` it is Horner's rule (symmetric polynomials). The updated w, and not
:math:`r - A y`, since the rounding errors of w are as small as w is, where those of A y are not,
and steep polynomials amplify them.

What to expect: conjugate gradients preconditioned by p take no fewer products in total than
without, for their Krylov space is a part of the same one. What is saved are inner products and
vector updates: on devices, on many threads and wherever a reduction is dear.

Cost: as many products as the degree, each with three updates of vectors. A sparse real matrix on
NumPy runs in a compiled loop that does them while the rows of the product are in the cache.

Failure modes: with p negative somewhere on the spectrum, M is indefinite; `cg` sees
:math:`r^H M r \le 0` and says so. A builder that has taken Lanczos steps sees it before: see
`least_rayleigh_quotient`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from resolvent.arrays import Array, complex_dtype, enter
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.krylov_spaces.lanczos import Lanczos
from resolvent.linalg.krylov_spaces.spectral_interval import SpectralInterval, spectral_interval
from resolvent.linalg.krylov_spaces.start import square_operator
from resolvent.operators import Operator, keeping_dtype
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = [
    "PolynomialInfo",
    "degree_of",
    "least_rayleigh_quotient",
    "polynomial",
    "positive_spectrum",
    "recur",
]

Coefficients = NDArray[Any]


@dataclass(frozen=True, eq=False)
class PolynomialInfo:
    r"""The polynomial that was built; ``info(x)`` is :math:`p(x)`.

    Attributes
    ----------
    coefficients : (d + 1, 3) ndarray
        :math:`\alpha_k, \beta_k, \gamma_k` of the recurrence, d being the degree.
    """

    coefficients: Coefficients

    @property
    def degree(self) -> int:
        """Products with A in an application."""
        return len(self.coefficients) - 1

    def __call__(self, x: ArrayLike) -> NDArray[Any]:
        """Return the values of the polynomial."""
        x = np.asarray(x)
        one = np.ones_like(x, dtype=np.result_type(x, 1.0))
        return np.asarray(recur(lambda y: x * y, self.coefficients, one))


def polynomial(A: Any, info: PolynomialInfo, *, is_spd: bool | None) -> Preconditioner:
    """Return ``p(A)`` as a preconditioner, for ``(n,)`` and ``(n, k)`` of any array library."""
    A = square_operator(A)
    coefficients = info.coefficients
    conjugate = np.conj(coefficients)
    is_complex = A.is_complex or coefficients.dtype.kind == "c"
    forward = _Application(keeping_dtype(A, "A"), coefficients, is_complex)
    backward = None
    if A.adjoint is not None:
        backward = _Application(keeping_dtype(A.H, "A"), conjugate, is_complex)
    dtype = A.dtype
    if coefficients.dtype.kind == "c" and not A.is_complex:
        dtype = np.dtype(np.complex128)
    return Preconditioner(A.shape, dtype, forward, backward, is_spd=is_spd, info=info)


def recur(product: Callable[[Any], Any], coefficients: Coefficients, r: Any) -> Any:
    """Run the recurrence on anything that can be added and multiplied."""
    (alpha, _, _), *steps = coefficients.tolist()
    w, d = r, alpha * r
    y = d
    for alpha, beta, gamma in steps:
        w = w - product(d)
        d = alpha * w + (beta * d if beta else 0) + (gamma * y if gamma else 0)
        y = y + d
    return y


def degree_of(degree: int) -> int:
    """Return the degree.

    Raises
    ------
    TypeError, ValueError
        It is not an integer, or negative.
    """
    if index(degree) < 0:
        raise ValueError(f"degree must not be negative, got {degree}")
    return index(degree)


def positive_spectrum(A: Any, rng: Any) -> SpectralInterval:
    """Return an estimate of the interval of a matrix that is declared positive definite.

    Raises
    ------
    NotPositiveDefiniteError
        A Ritz value is negative, which proves an eigenvalue that is, or A is zero.
    """
    found = spectral_interval(A, rng=rng)
    if found.has_negative or found.ritz[-1] <= 0:
        raise NotPositiveDefiniteError(
            f"A is not positive definite: it has an eigenvalue of at most {found.ritz[0]:.3g}"
        )
    return found


def least_rayleigh_quotient(process: Lanczos, info: PolynomialInfo) -> tuple[float, float]:
    r"""Return the smallest Rayleigh quotient of p(A) that Lanczos steps tell, and the largest.

    The leading block of :math:`p(T_m)` of order :math:`j = \lfloor (2m + 1 - d)/2 \rfloor` is
    exactly :math:`V_j^H p(A) V_j`, since a power :math:`T_m^k` differs from that of the whole
    tridiagonal matrix only in entries with :math:`a + b > 2m + 1 - k`. So a negative quotient
    proves that p(A) is not positive definite, and costs no product. Where m is too small for the
    degree, j = 0, the answer is (inf, -inf).
    """
    values, vectors = process.ritz()
    m = values.size
    j = m if process.residual_norm == 0 else (2 * m + 1 - info.degree) // 2
    if j < 1:
        return np.inf, -np.inf
    top = vectors[: min(j, m)]
    quotients = np.linalg.eigvalsh(top * info(values) @ top.T)
    return float(quotients[0]), float(quotients[-1])


@dataclass(frozen=True, eq=False)
class _Application:
    """``r -> p(A) r`` in the library, device and precision of r."""

    A: Operator
    coefficients: Coefficients
    is_complex: bool
    forms: dict[Any, Any] = field(default_factory=dict)

    def __call__(self, r: Array) -> Array:
        entered = enter(matrix=False, finite=False, r=r)
        xp, (r,) = entered.xp, entered.arrays
        if self.is_complex:
            r = xp.astype(r, complex_dtype(xp, r.dtype), copy=False)
        if self._is_compiled(r):
            from resolvent.linalg.compiled.polynomial import apply_polynomial

            coefficients = self.coefficients.astype(r.dtype)
            return apply_polynomial(self._form(r.dtype), coefficients, np.ascontiguousarray(r))
        return recur(lambda y: self.A @ y, self.coefficients, r)

    def _is_compiled(self, r: Array) -> bool:
        matrix = self.A.matrix
        known = sparse.issparse(matrix) and matrix.format == "csr" and matrix.dtype.kind == "f"
        return bool(known and type(r) is np.ndarray and r.ndim == 1 and r.dtype.kind == "f")

    def _form(self, dtype: Any) -> Any:
        """Return the matrix as the compiled loop takes it, found once for each precision."""
        if dtype not in self.forms:
            from resolvent.linalg.compiled.recognise import recognise

            self.forms[dtype] = recognise(self.A.matrix, dtype)
        return self.forms[dtype]
