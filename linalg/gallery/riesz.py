r"""B-spline collocation of the Riesz fractional diffusion equation, dense and nearly Toeplitz.

    (-d^2/dx^2)^(alpha/2) u = s on (0, 1),   u(0) = u(1) = 0,   1 < alpha < 2

The operator is (D_0+^alpha + D_1-^alpha) / (2 cos(pi alpha/2)), of left and right Riemann-Liouville
derivatives. The unknowns are the coefficients of the B-splines of degree p on n equal
intervals with open knots, without the first and last; the equation holds at their Greville
abscissae. Row i, column j of A is the operator applied to B-spline j at abscissa i, with the mesh
width as the unit of length, so the right-hand side is s / n^alpha.

The right derivatives are the left ones mirrored. The left derivative of a B-spline B that starts
at 0, at a point y, is evaluated in two ways, neither of which loses digits as the classical sum of
truncated powers does (p + 1 differences of y^(p - alpha), which cancel more than y^(p+1)):

    beyond the support    int B(s) (y-s)^(-1-alpha) ds / Gamma(-alpha)
    near and within it    (B'(0) y^(1-alpha) + int_0^y B''(s) (y-s)^(1-alpha) ds) / Gamma(2-alpha)

both by Gauss quadrature on each interval, with weight (y-s)^(1-alpha) where the kernel is singular.

Away from the ends A is Toeplitz, t_k = (-d^2/dx^2)^(alpha/2) of the centred cardinal B-spline at
the integer k. Its symbol follows by Poisson summation from the transform sinc(theta/2)^(p+1):

    f(theta) = sum_l |theta + 2 pi l|^alpha sinc((theta + 2 pi l) / 2)^(p+1),  sinc(x) = sin(x)/x

which is an (alternating, for even p) sum of two Hurwitz zeta functions.

Source: M. Mazza, M. Donatelli, C. Manni and H. Speleers, On the matrices in B-spline collocation
methods for Riesz fractional equations and their spectral properties, Numer. Linear Algebra Appl.
30 (2023), doi 10.1002/nla.2462, arXiv 2106.14834.

Differs from the source in: the evaluation of the entries, and the symbol in closed form, both
derived here.
"""

from dataclasses import dataclass
from math import factorial
from operator import index

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import BSpline
from scipy.special import binom, gamma, roots_jacobi, zeta

__all__ = ["RieszCollocation", "riesz_collocation"]

Vector = NDArray[np.float64]

POWER = 4
# On an interval of length 1 at a distance of 1/2 from the singularity, Gauss quadrature with m
# points converges as (2 + sqrt(3))^(-2m): 2e-18 for these.
GAUSS_NODES, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(16)
DISTANCE = 0.5


@dataclass(frozen=True, eq=False)
class RieszCollocation:
    r"""A discretised Riesz equation with a known solution, :math:`u = (4x(1-x))^4`.

    Attributes
    ----------
    n : int
        Number of intervals.
    degree : int
        Degree p of the splines.
    alpha : float
        Order of the derivative.
    A : (n + p - 2, n + p - 2) ndarray
        Collocation matrix; mirrored at its centre it is the same.
    b : (n + p - 2,) ndarray
        Right-hand side.
    nodes : (n + p - 2,) ndarray
        Greville abscissae in (0, 1).
    coefficients : (n + p - 2,) ndarray
        First column and row of the symmetric Toeplitz matrix from which only the rows and
        columns at the ends of A differ.
    """

    n: int
    degree: int
    alpha: float
    A: Vector
    b: Vector
    nodes: Vector
    coefficients: Vector

    def symbol(self, theta: ArrayLike) -> Vector:
        r"""Return :math:`f(\theta)` for angles in :math:`[0, 2\pi]`."""
        x = np.asarray(theta, dtype=np.float64) / (2 * np.pi)
        s = self.degree + 1 - self.alpha
        with np.errstate(divide="ignore", invalid="ignore"):
            total = _hurwitz(s, x, self.degree) + _hurwitz(s, 1 - x, self.degree)
            f = np.sin(np.pi * x) ** (self.degree + 1) * total
        scale = 2.0 ** (self.degree + 1) * (2 * np.pi) ** -s
        return np.where((x == 0) | (x == 1), 0.0, scale * f)

    def solution(self, x: ArrayLike) -> Vector:
        """Return the exact solution at points in [0, 1]."""
        x = np.asarray(x, dtype=np.float64)
        return np.asarray((4 * x * (1 - x)) ** POWER)

    def spline(self, c: ArrayLike) -> BSpline:
        """Return the function with the coefficients ``c``, such as the solution of A c = b."""
        c = np.asarray(c)
        ends = np.zeros_like(c[:1])
        knots = _knots(self.n, self.degree) / self.n
        return BSpline(knots, np.concatenate([ends, c, ends]), self.degree)


def riesz_collocation(n: int, *, degree: int, alpha: float) -> RieszCollocation:
    r"""Return the B-spline collocation of :math:`(-\Delta)^{\alpha/2} u = s` on an interval.

    ``A`` is dense, nonsymmetric, and Toeplitz up to a correction of low rank. Its eigenvalues
    lie close to samples of a symbol with a zero of order :math:`\alpha` at 0, so the condition
    grows as :math:`n^\alpha`; at :math:`\pi` the symbol is positive but decays exponentially
    with the degree.

    Parameters
    ----------
    n : int
        Number of intervals.
    degree : int
        Degree :math:`p \ge 2` of the splines; piecewise linear ones have no derivative of
        order above 1 at their knots.
    alpha : float
        Order of the derivative, :math:`1 < \alpha < 2`.

    Returns
    -------
    RieszCollocation
        ``A``, ``b`` and what belongs to them.

    Raises
    ------
    ValueError
        ``n`` is below 1, ``degree`` below 2, or ``alpha`` is not between 1 and 2.

    Notes
    -----
    The entries are accurate to about 1e-14 relative to the largest one for degrees
    up to 6. Cost: O(n p) evaluations
    and O(n^2) memory.

    Examples
    --------
    >>> problem = riesz_collocation(32, degree=3, alpha=1.5)
    >>> c = np.linalg.solve(problem.A, problem.b)
    >>> x = np.linspace(0, 1, 101)
    >>> bool(np.max(np.abs(problem.spline(c)(x) - problem.solution(x))) < 2e-3)
    True
    """
    n, p = index(n), index(degree)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if p < 2:
        raise ValueError(f"degree must be at least 2, got {degree}")
    if not 1 < alpha < 2:
        raise ValueError(f"alpha must be between 1 and 2, got {alpha}")
    riesz = 1 / (2 * np.cos(np.pi * alpha / 2))
    windows = sliding_window_view(_knots(n, p), p + 2)[1:-1]
    # p times the Greville abscissae, in intervals: integers, so that equal distances are equal.
    abscissae = np.sum(windows[:, 1:-1], axis=1)
    L = np.zeros((len(windows), len(windows)))
    shapes, kinds = np.unique(windows - windows[:, :1], axis=0, return_inverse=True)
    for kind, knots in enumerate(shapes):
        own = np.flatnonzero(kinds.ravel() == kind)
        distances = abscissae[:, None] - p * windows[own, 0]
        y, places = np.unique(distances, return_inverse=True)
        L[:, own] = _left_derivative(knots, y / p, alpha)[places.reshape(distances.shape)]
    nodes = abscissae / (p * n)
    source = riesz * (_left_of_solution(nodes, alpha) + _left_of_solution(1 - nodes, alpha))
    return RieszCollocation(
        n=n,
        degree=p,
        alpha=alpha,
        A=riesz * (L + L[::-1, ::-1]),
        b=source / n**alpha,
        nodes=nodes,
        coefficients=riesz * _cardinal(p, len(nodes), alpha),
    )


def _knots(n: int, p: int) -> NDArray[np.int64]:
    return np.concatenate([np.zeros(p, int), np.arange(n + 1), np.full(p, n)])


def _cardinal(p: int, size: int, alpha: float) -> Vector:
    """Return left plus right derivative of the cardinal B-spline at its centre + 0, 1, ..."""
    centre, k, knots = (p + 1) / 2, np.arange(float(size)), np.arange(p + 2)
    left, right = (_left_derivative(knots, centre + s * k, alpha) for s in (1, -1))
    return np.asarray(left + right)


def _left_derivative(knots: NDArray[np.int64], y: Vector, alpha: float) -> Vector:
    """Return the left derivative, at points y, of the B-spline with p + 2 knots from 0 on."""
    basis = BSpline.basis_element(knots.astype(np.float64))
    beyond = y >= knots[-1] + DISTANCE
    near = (y > 0) & ~beyond
    values = np.zeros_like(y)

    starts = np.arange(knots[-1])
    s = (starts[:, None] + (GAUSS_NODES + 1) / 2).ravel()
    weights = np.tile(GAUSS_WEIGHTS / 2, len(starts)) * basis(s)
    values[beyond] = (y[beyond, None] - s) ** (-1 - alpha) @ weights / gamma(-alpha)

    second = [_second_derivative(basis, a) for a in starts]
    jump = float(basis(0.0, nu=1))
    for i in np.flatnonzero(near):
        total = sum(_caputo(second[a], y[i] - a, alpha) for a in starts if a < y[i])
        values[i] = (jump * y[i] ** (1 - alpha) + total) / gamma(2 - alpha)
    return values


def _second_derivative(basis: BSpline, a: int) -> Polynomial:
    """Return B'' on [a, a + 1] as a polynomial in s - a."""
    orders = range(basis.k - 1)
    return Polynomial([float(basis(a, nu=m + 2)) / factorial(m) for m in orders])


def _caputo(q: Polynomial, y: float, alpha: float) -> float:
    """Return the integral of q(s) (y - s)^(1-alpha) over [0, 1], up to y at most."""
    if y >= 1 + DISTANCE:
        s = (GAUSS_NODES + 1) / 2
        return float(GAUSS_WEIGHTS / 2 @ (q(s) * (y - s) ** (1 - alpha)))

    nodes, weights = roots_jacobi(q.degree() // 2 + 1, 1 - alpha, 0)

    def from_start_to_y(start: float) -> float:
        half = (y - start) / 2
        return float(half ** (2 - alpha) * (weights @ q(start + half * (nodes + 1))))

    return from_start_to_y(0.0) - (from_start_to_y(1.0) if y > 1 else 0.0)


def _left_of_solution(x: Vector, alpha: float) -> Vector:
    """Return the left derivative of (4 x (1-x))^q, power by power."""
    k = np.arange(POWER + 1)
    powers = POWER + k
    factors = (-1.0) ** k * binom(POWER, k) * gamma(powers + 1) / gamma(powers + 1 - alpha)
    return np.asarray(4.0**POWER * x[:, None] ** (powers - alpha) @ factors)


def _hurwitz(s: float, x: Vector, p: int) -> Vector:
    """Return the sum over l >= 0 of (l + x)^-s, alternating if p is even."""
    if p % 2:
        return np.asarray(zeta(s, x))
    return np.asarray((zeta(s, x / 2) - zeta(s, (x + 1) / 2)) / 2**s)
