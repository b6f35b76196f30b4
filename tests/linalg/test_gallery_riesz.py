"""Entries against exact rational splines differentiated in 50 digits, and what theory says."""

from fractions import Fraction
from math import comb, factorial

import mpmath as mp
import numpy as np
import pytest

from resolvent.linalg import gallery

EPS = np.finfo(float).eps
ALPHAS = [1.1, 1.5, 1.9]
DEGREES = [2, 3, 4, 6, 8]


def pieces(knots):
    """Coefficients of a B-spline in powers of x, by the recurrence, for each unit interval."""
    p = len(knots) - 2
    spline = [
        {a: [Fraction(1)]} if a < b else {} for a, b in zip(knots[:-1], knots[1:], strict=True)
    ]
    for k in range(1, p + 1):
        raised = []
        for i in range(p + 1 - k):
            rise, fall = knots[i + k] - knots[i], knots[i + k + 1] - knots[i + 1]
            out = {}
            for part, width, constant, slope in (
                (spline[i], rise, -knots[i], 1),
                (spline[i + 1], fall, knots[i + k + 1], -1),
            ):
                for a, c in part.items():
                    total = out.setdefault(a, [Fraction(0)] * (k + 1))
                    for m, value in enumerate(c):
                        total[m] += value * Fraction(constant, width)
                        total[m + 1] += value * Fraction(slope, width)
            raised.append(out)
        spline = raised
    return spline[0]


def left_derivative(knots, y, alpha):
    """Truncated powers: at each knot, jumps of the derivatives of the spline."""
    spline, p = pieces(knots), len(knots) - 2
    nothing, total = [Fraction(0)] * (p + 1), mp.mpf(0)
    for a in sorted(set(knots)):
        step = [
            after - before
            for after, before in zip(
                spline.get(a, nothing), spline.get(a - 1, nothing), strict=True
            )
        ]
        for m in range(p + 1 if a < y else 0):
            jump = factorial(m) * sum(comb(q, m) * a ** (q - m) * step[q] for q in range(m, p + 1))
            distance = mp.mpf((y - a).numerator) / (y - a).denominator
            power = distance ** (m - alpha) * mp.rgamma(m + 1 - alpha)
            total += mp.mpf(jump.numerator) / jump.denominator * power
    return total


def entry(n, p, alpha, i, j):
    knots = [0] * p + list(range(n + 1)) + [n] * p
    y = Fraction(sum(knots[i + 2 : i + 2 + p]), p)
    own = knots[j + 1 : j + p + 3]
    alpha = mp.mpf(alpha)
    left = left_derivative(own, y, alpha)
    right = left_derivative([n - knot for knot in reversed(own)], n - y, alpha)
    return (left + right) / (2 * mp.cos(mp.pi * alpha / 2))


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("p", DEGREES)
@pytest.mark.parametrize("n", [1, 3, 40])
def test_entries_are_those_of_the_exact_splines(n, p, alpha, rng):
    A = gallery.riesz_collocation(n, degree=p, alpha=alpha).A
    N = n + p - 2
    assert A.shape == (N, N)
    ends = [*range(p), N // 2, *range(max(N - p, 0), N)]
    chosen = [k for k in dict.fromkeys(ends) if 0 <= k < N]
    with mp.workdps(50):
        for i, j in zip(rng.permutation(chosen * 3), rng.permutation(chosen * 3), strict=True):
            exact = float(entry(n, p, alpha, int(i), int(j)))
            # p + 1 integrals by quadrature of a few eps each, over pieces whose coefficients in
            # powers cancel by up to 2^p; left and right are weighed with 1 / (2 cos)
            scale = np.max(np.abs(A)) / abs(2 * np.cos(np.pi * alpha / 2))
            assert abs(A[i, j] - exact) <= (8 * (p + 1) + 2**p) * EPS * scale


@pytest.mark.parametrize("p", DEGREES)
def test_far_entries_have_relative_accuracy(p):
    n, alpha = 2000, 1.5
    t = gallery.riesz_collocation(n, degree=p, alpha=alpha).coefficients
    knots, centre = list(range(p + 2)), Fraction(p + 1, 2)
    with mp.workdps(80):
        for k in (p + 2, 50, 1990):
            factor = 1 / (2 * mp.cos(mp.pi * mp.mpf(alpha) / 2))
            exact = float(left_derivative(knots, centre + k, mp.mpf(alpha)) * factor)
            assert t[k] == pytest.approx(exact, rel=1e2 * EPS)  # powers of 2.5 of rounded distances


def test_truncated_powers_would_lose_them():
    # what the evaluation is for: the classical sum in double precision has no digit left
    p, alpha, y = 4, 1.5, 1000.0
    signs = np.array([(-1.0) ** j * comb(p + 1, j) for j in range(p + 2)])
    total = np.sum(signs * (y - np.arange(p + 2)) ** (p - alpha)) / float(mp.gamma(p + 1 - alpha))
    with mp.workdps(50):
        exact = float(left_derivative(list(range(p + 2)), Fraction(1000), mp.mpf(alpha)))
    assert abs(total - exact) > abs(exact)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("p", DEGREES)
def test_interior_entries_are_toeplitz(p, alpha):
    problem = gallery.riesz_collocation(5 * p, degree=p, alpha=alpha)
    N = len(problem.b)
    T = gallery.toeplitz(problem.coefficients)
    rows, columns = slice(p - 2, N - p + 2), slice(p - 1, N - p + 1)
    # the same sums, in the order that the matrix product chooses
    np.testing.assert_allclose(problem.A[rows, columns], T[rows, columns], rtol=64 * EPS)


@pytest.mark.parametrize("p", [2, 3, 4, 5])
def test_rest_has_rank_4p_minus_6(p):
    problem = gallery.riesz_collocation(60, degree=p, alpha=1.4)
    rest = problem.A - gallery.toeplitz(problem.coefficients)
    assert np.linalg.matrix_rank(rest, tol=1e-12) == 4 * p - 6


@pytest.mark.parametrize("p", [2, 3, 6])
def test_matrix_is_its_own_mirror_image(p):
    problem = gallery.riesz_collocation(20, degree=p, alpha=1.5)
    np.testing.assert_array_equal(problem.A, problem.A[::-1, ::-1])
    np.testing.assert_allclose(problem.b, problem.b[::-1], atol=1e2 * EPS * np.max(problem.b))
    np.testing.assert_allclose(problem.nodes, 1 - problem.nodes[::-1], atol=2 * EPS)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("p", [2, 3, 4, 7])
def test_symbol_has_the_coefficients_as_its_fourier_series(p, alpha):
    problem = gallery.riesz_collocation(30, degree=p, alpha=alpha)
    M = 2**14
    t = np.fft.rfft(problem.symbol(2 * np.pi * np.arange(M) / M)).real / M
    k = np.arange(len(problem.b))
    # the trapezoidal rule adds the coefficients of k + M, k - M, k + 2M ..., which are close to
    # gamma(alpha + 1) sin(pi alpha / 2) / pi |k|^(-1 - alpha): twice zeta(1 + alpha) of them
    tail = 2 * 1.6 * 2 / np.pi * (M - k) ** (-1 - alpha)
    assert np.all(np.abs(t[k] - problem.coefficients) <= tail + 1e2 * EPS)


@pytest.mark.parametrize("p", [2, 3, 6])
def test_symbol_is_the_sum_over_aliases(p):
    alpha, theta = 1.5, np.array([0.3, 1.0, 3.0])
    x = theta + 2 * np.pi * np.arange(-20000, 20001)[:, None]
    aliases = np.abs(x) ** alpha * np.sinc(x / (2 * np.pi)) ** (p + 1)
    got = gallery.riesz_collocation(2, degree=p, alpha=alpha).symbol(theta)
    # the rest of the series for p = 2 is alternating: below its first term
    rest = 2 ** (p + 1) * (4e4 * np.pi) ** (alpha - p - 1)
    rest *= 1 if p == 2 else 4e4 * np.pi
    np.testing.assert_allclose(got, aliases.sum(axis=0), atol=rest + 1e3 * EPS)


def test_symbol_is_zero_at_full_turns_and_symmetric():
    problem = gallery.riesz_collocation(4, degree=3, alpha=1.5)
    np.testing.assert_array_equal(problem.symbol([0, 2 * np.pi]), 0)
    assert problem.symbol(1.0) == pytest.approx(problem.symbol(2 * np.pi - 1.0), rel=1e2 * EPS)
    assert problem.symbol(1.0).shape == ()


@pytest.mark.parametrize("alpha", ALPHAS)
def test_right_hand_side_is_the_operator_on_the_solution(alpha):
    # the solution is a polynomial of degree 8, so splines of degree 8 represent it exactly
    problem = gallery.riesz_collocation(3, degree=8, alpha=alpha)
    c = np.linalg.solve(problem.A, problem.b)
    x = np.linspace(0, 1, 50)
    error = np.max(np.abs(problem.spline(c)(x) - problem.solution(x)))
    # entries and right-hand side are accurate to 1e3 eps: sums of powers of size 4^4 = 256
    assert error <= 1e3 * EPS * np.linalg.cond(problem.A)


def test_solution_is_one_in_the_middle_and_zero_at_the_ends():
    problem = gallery.riesz_collocation(4, degree=2, alpha=1.5)
    np.testing.assert_array_equal(problem.solution([0, 0.5, 1]), [0, 1, 0])


def test_spline_is_zero_at_the_ends(rng):
    problem = gallery.riesz_collocation(4, degree=3, alpha=1.5)
    s = problem.spline(rng.standard_normal(5))
    np.testing.assert_array_equal(s([0.0, 1.0]), 0)


def test_limit_of_order_two_is_the_second_difference():
    # as alpha tends to 2 the operator tends to -u'': for quadratic splines, [-1, 2, -1]
    A = gallery.riesz_collocation(12, degree=2, alpha=2 - 1e-7).A
    np.testing.assert_allclose(A[3:-3, 3:-3], gallery.poisson(6).toarray(), atol=1e-6)


@pytest.mark.parametrize(
    ("n", "degree", "alpha", "message"),
    [
        (0, 3, 1.5, "n must be at least 1"),
        (8, 1, 1.5, "degree must be at least 2"),
        (8, 3, 1.0, "alpha must be between 1 and 2"),
        (8, 3, 2.0, "alpha must be between 1 and 2"),
        (8, 3, np.nan, "alpha must be between 1 and 2"),
    ],
)
def test_bad_parameters_are_named(n, degree, alpha, message):
    with pytest.raises(ValueError, match=message):
        gallery.riesz_collocation(n, degree=degree, alpha=alpha)
