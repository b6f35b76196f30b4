r"""Polynomials from elementary symmetric ones: they cut off the largest eigenvalues, one a degree.

With the eigenvalues :math:`\lambda_1 \ge \dots \ge \lambda_n \ge 0` of A,

.. math::

    P_0 = I , \qquad P_\tau = e_\tau(\lambda) I - A P_{\tau-1} ,

is on the i-th eigenvector :math:`e_\tau(\lambda_{-i})`, the elementary symmetric polynomial of all
other eigenvalues. So it is positive definite if at least :math:`\tau + 1` of them are not zero,

.. math::

    \operatorname{cond}(A P_\tau)
    = \frac{\lambda_1\, e_\tau(\lambda_{-1})}{\lambda_n\, e_\tau(\lambda_{-n})} ,

and :math:`P_{n-1} = \det(A) A^{-1}`. Since :math:`\lambda_i e_\tau(\lambda_{-i}) \le e_{\tau+1}`,

.. math::

    M = P_\tau / e_{\tau+1} , \qquad M \le A^{-1} ,

which is what is returned, computed for :math:`A / \operatorname{tr} A` so that nothing overflows.
Where :math:`e_{\tau+1}` is not known, its bound by Newton's inequality takes its place,
:math:`e_{\tau+1} \le \frac{\tau (n - \tau)}{(\tau + 1)(n - \tau + 1)} e_\tau^2 / e_{\tau-1}`.

Where the :math:`e_k` come from: of a dense A from its eigenvalues, right to n eps; of a sparse one
from the traces of its powers, and from traces the caller has.

Cost: :math:`\tau` products. Setup: the eigenvalues of a dense matrix; about :math:`\tau/2` products
of sparse ones; and a few Lanczos steps to look at what came out.

Failure modes: with outliers :math:`e_\tau` is a small difference of traces, and the eigenvalue of
P on an outlier a smaller one still, because P has a root right beside it: with eigenvalues 1e6, 1e4
and the rest about 1, at a relative distance of 1e-17 for degree 4. Then rounding decides the sign,
however well the :math:`e_k` are known. The Rayleigh quotients of P on a Krylov space tell (see
`least_rayleigh_quotient`): a negative one is a `NotPositiveDefiniteError`, and a lower degree is
the answer. A long flat tail of eigenvalues keeps a factor of about n in the condition.

Source: N. Doikov, A. Rodomanov, Polynomial preconditioning for gradient methods, ICML 2023, arXiv
2301.13194.

Differs from the source in: eigenvalues instead of traces where they cost no more; the scale; the
look at the result.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from resolvent.arrays import namespace_of, to_host
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.lanczos import lanczos
from resolvent.linalg.krylov_spaces.start import square_operator
from resolvent.operators import Operator
from resolvent.preconditioners.polynomial.elementary_symmetric import (
    elementary_symmetric,
    newton_identities,
)
from resolvent.preconditioners.polynomial.polynomial import (
    PolynomialInfo,
    degree_of,
    least_rayleigh_quotient,
    polynomial,
)
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["SymmetricInfo", "symmetric_polynomial"]

_STEPS = 10

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SymmetricInfo(PolynomialInfo):
    r"""What `symmetric_polynomial` used.

    Attributes
    ----------
    trace : float
        :math:`t_1 = \operatorname{tr} A`.
    elementary : (degree + 1,) ndarray
        :math:`e_k / t_1^k`, those of A over its trace, k = 0, ..., degree.
    scale : float
        :math:`e_{\tau+1} / t_1^{\tau+1}` or its bound: ``M`` is :math:`P_\tau` over
        ``scale * trace**(degree + 1)``.
    least : float
        Smallest Rayleigh quotient of M on a Krylov space, relative to the largest.
    """

    trace: float
    elementary: Numbers
    scale: float
    least: float


def symmetric_polynomial(
    A: Any,
    degree: int,
    *,
    traces: ArrayLike | None = None,
    elementary: ArrayLike | None = None,
    rng: Rng | None = None,
) -> Preconditioner:
    r"""Return the symmetric polynomial :math:`P_\tau / e_{\tau+1}` of A as a preconditioner.

    Parameters
    ----------
    A : (n, n) array, sparse matrix or operator
        Hermitian positive semidefinite of rank above the degree.
    degree : int
        Degree :math:`\tau < n`, the products of an application; 1 to 4 normally.
    traces : sequence of float, optional
        :math:`\operatorname{tr}(A^i)` for i = 1 up to the degree, at least one; one more fixes the
        scale. Needed if the entries of A are not known, unless ``elementary`` is given.
    elementary : sequence of float, optional
        :math:`e_1, e_2, \dots` of the eigenvalues instead, as many; see `elementary_symmetric`.
    rng : numpy.random.Generator or int, optional
        Source of the random start of the Lanczos steps, or its seed.

    Returns
    -------
    Preconditioner
        ``is_spd`` is True. ``info`` is a `SymmetricInfo`.

    Raises
    ------
    NotPositiveDefiniteError
        A has a negative eigenvalue or too small a rank; or the polynomial came out indefinite,
        since traces are not accurate enough or outliers too large for the degree.
    TypeError
        The entries of A are unknown, and so are traces.
    ValueError
        ``A`` is not square or not Hermitian; ``degree`` is negative or not below n; ``traces`` or
        ``elementary`` are too few, not finite, or both given.

    See Also
    --------
    chebyshev : ignores gaps in the spectrum, and wins where there are none.

    Notes
    -----
    Array API: any library and device that A works on. ``M @ r`` takes ``(n,)`` and ``(n, k)``, in
    the precision of r, and is complex if A is. Real SciPy matrices run in a compiled loop for
    ``(n,)``.
    Eigenvalues and Lanczos steps are computed where the entries of A live, the coefficients on the
    host. An operator without entries is multiplied with NumPy vectors at setup.

    Examples
    --------
    >>> import numpy as np
    >>> A = np.diag([1e6, 1.0, 2.0])
    >>> [round(float(np.linalg.cond(symmetric_polynomial(A, d) @ A)), 3) for d in range(3)]
    [1000000.0, 3.0, 1.0]
    """
    A = square_operator(A)
    degree, n = degree_of(degree), A.shape[0]
    if degree >= n:
        raise ValueError(f"degree must be below the order {n} of A, got {degree}")
    if traces is not None and elementary is not None:
        raise ValueError("give traces or elementary, not both")
    if elementary is not None:
        e = np.concatenate([[1.0], _numbers("elementary", elementary, degree)])
        trace = _positive_trace(e[1])
        e = e / trace ** np.arange(e.size)
    elif traces is None and _is_dense(A):
        eigenvalues = _eigenvalues(A)
        trace = _positive_trace(np.sum(eigenvalues))
        e = elementary_symmetric(eigenvalues / trace, degree + 1)
    else:
        t = _traces(A, degree) if traces is None else _numbers("traces", traces, degree)
        trace = _positive_trace(t[0])
        e, errors = newton_identities(t / trace ** np.arange(1, t.size + 1))
        # one that only sets the scale may be lost: its bound does as well
        e = e[: degree + 1] if np.any(e <= errors) else e
        if np.any(e <= errors[: e.size]):
            k = int(np.argmax(e <= errors[: e.size]))
            raise NotPositiveDefiniteError(
                f"e_{k} of the eigenvalues is {e[k]:.1e} of its largest possible size from these "
                f"traces, with errors up to {errors[k]:.1e}: lower the degree, or give elementary"
            )
    if not np.all(e[: degree + 1] > 0) or (e.size > degree + 1 and not e[degree + 1] > 0):
        raise NotPositiveDefiniteError(
            f"degree {degree} needs a positive semidefinite A of rank {degree + 1} at least"
        )
    bound = _newton_bound(e[: degree + 1], n)
    scale = float(min(e[degree + 1], bound) if e.size > degree + 1 else bound)
    e = e[: degree + 1]
    steps = np.append(e[:-1] / e[1:], e[-1] / scale) / trace
    coefficients = np.stack([steps, 0 * steps, -np.ones_like(steps)], axis=1)
    least = _look(A, PolynomialInfo(coefficients), rng)
    info = SymmetricInfo(coefficients, trace, e, scale, least)
    return polynomial(A, info, is_spd=True)


def _look(A: Operator, info: PolynomialInfo, rng: Rng | None) -> float:
    process = lanczos(A, steps=_STEPS + info.degree, rng=rng)
    least, largest = least_rayleigh_quotient(process, info)
    noise = 100 * process.alpha.size * np.finfo(np.float64).eps
    if least < -noise * abs(largest):
        raise NotPositiveDefiniteError(
            f"the polynomial of degree {info.degree} is indefinite, with a Rayleigh quotient of "
            f"{least / abs(largest):.1e} of the largest: A is, or the traces are not accurate "
            "enough, or the outliers are too large for this precision; lower the degree"
        )
    return least / largest


def _newton_bound(e: Numbers, n: int) -> float:
    """Return an upper bound of the next elementary symmetric polynomial."""
    k = e.size - 1
    if k == 0:
        return 1.0  # e_1 of a matrix of trace 1
    return float(k * (n - k) / ((k + 1) * (n - k + 1)) * e[k] ** 2 / e[k - 1])


def _positive_trace(trace: float) -> float:
    if not trace > 0:
        raise NotPositiveDefiniteError(f"A has the trace {trace:.3g}, so it is not positive")
    return float(trace)


def _numbers(name: str, given: ArrayLike, degree: int) -> Numbers:
    numbers = np.asarray(given, dtype=np.float64)
    if numbers.ndim != 1 or numbers.size < max(degree, 1) or not np.all(np.isfinite(numbers)):
        raise ValueError(f"{name} must be at least {max(degree, 1)} finite numbers, got {given!r}")
    return numbers[: degree + 1]


def _is_dense(A: Operator) -> bool:
    return A.matrix is not None and not hasattr(A.matrix, "tocsr")


def _eigenvalues(A: Operator) -> Numbers:
    xp = namespace_of(A.matrix)
    eigenvalues = to_host(xp.linalg.eigvalsh(A.matrix)).astype(np.float64)
    size = np.max(np.abs(eigenvalues))
    rounding = eigenvalues.size * float(xp.finfo(A.matrix.dtype).eps) * size
    if np.min(eigenvalues) < -rounding:
        raise NotPositiveDefiniteError(
            f"A is not positive semidefinite: it has the eigenvalue {np.min(eigenvalues):.3g}"
        )
    return np.where(np.abs(eigenvalues) <= rounding, 0.0, eigenvalues)


def _traces(A: Operator, degree: int) -> Numbers:
    r"""Return :math:`\operatorname{tr}(A^i)`, i = 1, ..., degree + 1, of a sparse matrix."""
    if A.matrix is None:
        raise TypeError("the entries of A are not known; give traces, or elementary")
    matrix = A.matrix
    powers = [matrix]
    while 2 * len(powers) < degree + 1:
        powers.append(powers[-1] @ matrix)
    traces = [matrix.diagonal().real.sum()]
    for i in range(2, degree + 2):
        left, right = powers[i // 2 - 1], powers[i - i // 2 - 1]
        traces.append(left.multiply(right.conj()).sum().real)  # of Hermitian factors
    return np.array([float(t) for t in traces])
