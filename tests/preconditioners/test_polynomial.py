from fractions import Fraction
from functools import partial
from itertools import combinations
from math import prod

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.linalg import gallery, lanczos, spectral_interval
from resolvent.operators import Operator
from resolvent.preconditioners import (
    Preconditioner,
    chebyshev,
    elementary_symmetric,
    gmres_polynomial,
    least_squares_polynomial,
    neumann,
    symmetric_polynomial,
)
from resolvent.preconditioners.polynomial.elementary_symmetric import newton_identities
from resolvent.preconditioners.polynomial.polynomial import least_rayleigh_quotient
from resolvent.results import Reason
from resolvent.solvers import cg, gmres

EPS = np.finfo(float).eps
DTYPES = ["float32", "float64", "complex64", "complex128"]
HERMITIAN = {
    "neumann": neumann,
    "chebyshev": chebyshev,
    "least squares": least_squares_polynomial,
    "symmetric": symmetric_polynomial,
}
ALL = HERMITIAN | {"gmres": gmres_polynomial}


def steep(M, A):
    """How much rounding errors can grow in p(A): the sum of the norms of its steps."""
    steps = np.abs(M.info.coefficients)
    return np.linalg.norm(A, 2) * np.sum(steps[:, 0]) + len(steps)


# every polynomial


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_the_application_is_the_polynomial_of_the_matrix(backend, build, dtype, rng):
    spectrum = np.linspace(1, 6, 12)
    A = gallery.spd(spectrum, rng=rng, dtype=dtype)
    M = build(backend.asarray(A), 3, rng=0)
    assert isinstance(M, Preconditioner)
    assert M.info.degree == 3
    w, Q = np.linalg.eigh(A.astype(complex if "complex" in dtype else float))
    exact = Q * M.info(w) @ Q.conj().T
    for shape in ((12,), (12, 4)):
        r = rng.standard_normal(shape).astype(dtype)
        given = backend.asarray(r)
        got = M @ given
        backend.assert_same_kind(got, given)
        np.testing.assert_array_equal(backend.to_host(given), r)
        bound = 12 * np.finfo(dtype).eps * steep(M, A) * np.linalg.norm(exact, 2)
        assert np.linalg.norm(backend.to_host(got) - exact @ r) <= bound * np.linalg.norm(r)


@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_precision_is_that_of_the_vector_and_complex_is_kept(build, rng):
    A = gallery.spd(np.linspace(1, 2, 9), rng=rng)
    M = build(A, 2, rng=0)
    assert (M @ np.ones(9, np.float32)).dtype == np.float32
    assert (M @ np.ones(9, np.complex64)).dtype == np.complex64
    assert (M @ np.ones(9)).dtype == np.float64
    complex_A = gallery.spd(np.linspace(1, 2, 9), rng=rng, dtype=complex)
    assert (build(complex_A, 2, rng=0) @ np.ones(9, np.float32)).dtype == np.complex64


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "A",
    [
        gallery.poisson((11, 13)),
        gallery.convection_diffusion((300, 200), peclet=0.5),
        gallery.poisson((300, 200)),
        gallery.poisson((60, 30, 35)),
        sparse.random_array((300, 300), density=0.05, rng=0, format="csr"),
    ],
    ids=["diagonals", "diagonals in parallel", "stencil", "3d stencil", "csr"],
)
def test_the_compiled_loop_is_the_recurrence(A, dtype, rng):
    upper = abs(A).sum(axis=1).max()
    M = chebyshev(A, 5, (upper / 20, upper))
    generic = chebyshev(Operator(A.shape, A.dtype, lambda x: A @ x), 5, (upper / 20, upper))
    r = rng.standard_normal(A.shape[0]).astype(dtype)
    kept = r.copy()
    got, wanted = M @ r, generic @ r
    assert got.dtype == dtype
    np.testing.assert_array_equal(r, kept)
    # |p| <= alpha of all steps; each product has at most 20 terms a row
    scale = np.sum(np.abs(M.info.coefficients[:, 0])) * np.linalg.norm(r)
    assert np.linalg.norm(got - wanted) <= 20 * np.finfo(dtype).eps * 6 * 20 * scale
    strided = np.repeat(r, 2)[::2]
    np.testing.assert_array_equal(M @ strided, got)


@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_adjoint(build, rng):
    A = gallery.spd(np.linspace(1, 2, 8), rng=rng, dtype=complex)
    M = build(A, 3, rng=0)
    x, y = rng.standard_normal((2, 8)) + 1j * rng.standard_normal((2, 8))
    assert abs(np.vdot(x, M @ y) - np.vdot(M.H @ x, y)) <= 100 * EPS * steep(M, A) * 8


@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_degree_zero_is_a_multiple_of_the_identity(build):
    M = build(np.diag([1.0, 2.0, 3.0]), 0, rng=0)
    r = np.array([1.0, 1.0, -2.0])
    assert np.ptp((M @ r) / r) <= 2 * EPS * (M @ r)[0]
    assert (M @ r)[0] > 0


@pytest.mark.parametrize("scale", [1e-200, 1e200])
@pytest.mark.parametrize("build", ALL.values(), ids=ALL)
def test_the_scale_of_the_matrix_does_not_matter(build, scale, rng):
    A = gallery.spd(np.linspace(1, 9, 10), rng=rng)
    r = rng.standard_normal(10)
    one, scaled = build(A, 3, rng=0) @ r, scale * (build(scale * A, 3, rng=0) @ r)
    np.testing.assert_allclose(scaled, one, atol=1e4 * EPS * np.linalg.norm(one))


@pytest.mark.parametrize("build", [neumann, chebyshev, least_squares_polynomial])
def test_order_one(build):
    M = build([[4.0]], 4)
    # the interval is estimated to end at 4.4, inside of which the residual is below 1
    assert abs(1 - 4 * (M @ np.ones(1))[0]) < 1
    assert abs((M @ np.ones(1))[0] - M.info(4.0)) <= 10 * EPS


@pytest.mark.parametrize("build", HERMITIAN.values(), ids=HERMITIAN)
def test_an_indefinite_matrix_is_refused(build):
    A = gallery.helmholtz((8, 8), wavenumber=20)
    with pytest.raises(NotPositiveDefiniteError):
        build(A, 3, rng=0)


@pytest.mark.parametrize("build", [neumann, chebyshev, least_squares_polynomial])
@pytest.mark.parametrize("A", [np.zeros((3, 3)), -np.eye(3)])
def test_zero_and_negative_matrices_are_refused(build, A):
    with pytest.raises(NotPositiveDefiniteError):
        build(A, 3, rng=0)


@pytest.mark.parametrize("build", HERMITIAN.values(), ids=HERMITIAN)
def test_a_matrix_that_is_not_hermitian_is_refused(build):
    with pytest.raises(ValueError, match="A must be Hermitian"):
        build(gallery.convection_diffusion((6, 6), peclet=1.0), 3, rng=0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (partial(neumann, degree=-1), "degree must not be negative"),
        (partial(neumann, degree=2, omega=0.0), "omega must be positive"),
        (partial(neumann, degree=2, omega=np.nan), "omega must be positive"),
        (partial(chebyshev, degree=2, interval=(2, 1)), "a < b"),
        (partial(chebyshev, degree=2, interval=(1, np.inf)), "finite"),
        (partial(least_squares_polynomial, degree=2, upper=-1.0), "upper must be positive"),
        (partial(gmres_polynomial, degree=-1), "degree must not be negative"),
        (partial(gmres_polynomial, degree=1, v=np.zeros(3)), "v must not be zero"),
        (partial(symmetric_polynomial, degree=3), "degree must be below the order 3"),
        (partial(symmetric_polynomial, degree=2, traces=[1.0]), "traces must be at least 2"),
        (partial(symmetric_polynomial, degree=1, elementary=[np.nan]), "finite"),
        (partial(symmetric_polynomial, degree=1, elementary=[3.0], traces=[3.0]), "not both"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build(np.eye(3))
    with pytest.raises(TypeError):
        chebyshev(np.eye(3), 2.5, (1, 2))
    with pytest.raises(ValueError, match="A must be square"):
        chebyshev(np.ones((2, 3)), 2, (1, 2))


# Neumann


@pytest.mark.parametrize("degree", [0, 1, 2, 5])
def test_neumann_is_the_truncated_series(degree, rng):
    A = rng.standard_normal((7, 7))
    M = neumann(A, degree, omega=0.1)
    assert M.is_spd is None
    term, total = np.eye(7), 0
    for _ in range(degree + 1):
        total, term = total + 0.1 * term, term @ (np.eye(7) - 0.1 * A)
    np.testing.assert_allclose(M @ np.eye(7), total, atol=1e-13)


def test_even_degree_is_positive_whatever_omega_and_odd_is_not():
    x = np.linspace(0.01, 10, 1000)
    A = np.diag(x)
    for degree in (0, 2, 4, 6):
        assert np.all(neumann(A, degree, omega=0.7).info(x) > 0)
    for degree in (1, 3, 5):
        p = neumann(A, degree, omega=0.7).info(x)
        np.testing.assert_array_equal(p > 0, 0.7 * x < 2)


def test_neumann_by_default_is_positive_for_every_degree():
    A = gallery.poisson((20, 20))
    spectrum = np.linalg.eigvalsh(A.toarray())
    for degree in range(6):
        M = neumann(A, degree, rng=0)
        assert M.is_spd
        values = spectrum * M.info(spectrum)
        assert np.all((values > 0) & (values < 1))


# Chebyshev


@pytest.mark.parametrize("degree", [0, 1, 2, 7, 20])
def test_residual_equioscillates_at_one_over_chebyshev(degree):
    a, b = 0.3, 7.0
    info = chebyshev(np.eye(2), degree, (a, b)).info
    T = mpmath.chebyt(degree + 1, (mpmath.mpf(b) + a) / (mpmath.mpf(b) - a))
    nodes = np.cos(np.pi * np.arange(degree + 2) / (degree + 1))
    x = (a + b) / 2 - (b - a) / 2 * nodes
    wanted = float(1 / T) * (-1.0) ** np.arange(degree + 2)
    # 1 - x p(x) is known to the rounding of x p(x), which is close to 1
    np.testing.assert_allclose(1 - x * info(x), wanted, atol=10 * (degree + 1) * EPS)
    np.testing.assert_allclose(info.residual, float(1 / T), rtol=10 * (degree + 1) * EPS)
    grid = np.linspace(a, b, 5001)
    assert np.max(np.abs(1 - grid * info(grid))) <= info.residual + 10 * (degree + 1) * EPS


def test_condition_is_as_predicted(rng):
    A = gallery.spd(np.linspace(1, 100, 80), rng=rng)
    for degree in (1, 4, 9):
        M = chebyshev(A, degree, (1, 100))
        measured = np.linalg.eigvals(M @ A).real
        assert np.max(measured) / np.min(measured) <= M.info.condition * (1 + 1e-12)
        assert np.max(measured) / np.min(measured) >= 0.9 * M.info.condition


def test_even_degree_survives_a_short_interval_and_odd_is_negative_beyond_a_plus_b():
    a, b = 1.0, 4.0
    x = np.linspace(0.01, 20, 2000)
    for degree in (0, 2, 4):
        assert np.all(chebyshev(np.eye(2), degree, (a, b)).info(x) > 0)
    for degree in (1, 3, 5):
        p = chebyshev(np.eye(2), degree, (a, b)).info(x)
        np.testing.assert_array_equal(p > 0, x < a + b)


def test_least_squares_parity_is_the_same():
    x = np.linspace(0.01, 20, 2000)
    for degree in (0, 2, 4):
        assert np.all(least_squares_polynomial(np.eye(2), degree, 4.0).info(x) > 0)
    for degree in (1, 3, 5):
        p = least_squares_polynomial(np.eye(2), degree, 4.0).info(x)
        np.testing.assert_array_equal(p > 0, x < 4.0)


@pytest.mark.parametrize("builder", [chebyshev, least_squares_polynomial])
def test_the_estimated_interval_gives_a_positive_preconditioner(builder):
    for A in (gallery.poisson((25, 25)), gallery.lognormal_diffusion((20, 20), sigma=2, rng=0)):
        spectrum = np.linalg.eigvalsh(A.toarray())
        for seed in range(5):
            M = builder(A, 5, rng=seed)
            assert M.is_spd
            assert np.all(M.info(spectrum) > 0)
            assert M.info.estimate.ritz[-1] <= spectrum[-1] * (1 + 1e-12)


def test_the_estimated_interval_costs_little_in_condition():
    A = gallery.poisson((25, 25))
    spectrum = np.linalg.eigvalsh(A.toarray())
    for degree in (2, 4, 8):
        best = chebyshev(A, degree, (spectrum[0], spectrum[-1])).info.condition
        values = spectrum * chebyshev(A, degree, rng=0).info(spectrum)
        # 1.4 for the lower end, 1.25 for the upper one
        assert np.max(values) / np.min(values) <= 1.4 * 1.25 * best


def test_an_interval_with_zero_is_refused():
    with pytest.raises(NotPositiveDefiniteError, match="not positive"):
        chebyshev(np.eye(2), 3, (-1, 2))


def test_cg_names_what_a_short_interval_makes_indefinite(rng):
    A = np.diag(np.linspace(1, 10, 50))
    b = rng.standard_normal(50)
    assert cg(A, b, M=chebyshev(A, 3, (1, 10))).converged
    assert cg(A, b, M=chebyshev(A, 3, (1, 5))).reason is Reason.INDEFINITE_PRECONDITIONER


@pytest.mark.parametrize("builder", [neumann, chebyshev, least_squares_polynomial])
def test_steps_of_cg_fall_but_products_do_not(builder, cg_steps):
    A = gallery.poisson((40, 40))
    b = np.random.default_rng(0).standard_normal(1600)
    plain = cg_steps(A, np.eye(1600), b)
    degree = 4
    steps = cg_steps(A, builder(A, degree, rng=0), b)
    assert steps <= plain / 1.5
    # the Krylov space of M A is a part of that of A; one step for stops that fall differently
    assert (degree + 1) * (steps + 1) >= plain


# Rayleigh quotients from Lanczos


@pytest.mark.parametrize("degree", [1, 4, 9])
def test_rayleigh_quotients_are_those_of_the_polynomial_on_the_space(degree, rng):
    A = gallery.spd(np.linspace(1, 9, 40), rng=rng)
    found = lanczos(A, steps=12, rng=0)
    M = chebyshev(A, degree, (1, 5))
    j = (2 * 12 + 1 - degree) // 2
    V = found.V[:, : min(j, 12)]
    exact = np.linalg.eigvalsh(V.T @ (M @ V))
    got = least_rayleigh_quotient(found, M.info)
    np.testing.assert_allclose(got, exact[[0, -1]], atol=1e-11 * np.max(np.abs(exact)))


def test_a_short_interval_is_proven_by_lanczos_steps(rng):
    A = gallery.spd(np.linspace(1, 10, 100), rng=rng)
    process = spectral_interval(A, rng=0).process
    assert least_rayleigh_quotient(process, chebyshev(A, 3, (1, 5)).info)[0] < 0
    assert least_rayleigh_quotient(process, chebyshev(A, 3, (1, 10)).info)[0] > 0
    assert least_rayleigh_quotient(process, chebyshev(A, 40, (1, 10)).info)[0] == np.inf


# least squares


@pytest.mark.parametrize("degree", [0, 1, 3, 6])
def test_least_squares_residual_is_minimal(degree):
    """The gradient of the weighted integral is zero, by Gauss-Jacobi quadrature."""
    import scipy.special

    b = 5.0
    # nodes on [-1, 1] for (1 - t)^{1/2} (1 + t)^{-1/2}; x = b (1 + t) / 2
    t, w = scipy.special.roots_jacobi(degree + 4, 0.5, -0.5)
    x = b * (1 + t) / 2
    residual = 1 - x * least_squares_polynomial(np.eye(2), degree, b).info(x)
    for k in range(degree + 1):
        direction = x * (x / b) ** k
        size = np.sqrt(np.sum(w * direction**2) * np.sum(w * residual**2))
        assert abs(np.sum(w * residual * direction)) <= 100 * EPS * size


# GMRES polynomial


def smallest_residual(A, v, m):
    """By a QR factorisation of an orthonormal Krylov basis."""
    V = (v / np.linalg.norm(v))[:, None]
    for _ in range(m - 1):
        w = A @ V[:, -1]
        for _ in range(2):
            w = w - V @ (V.conj().T @ w)
        V = np.column_stack([V, w / np.linalg.norm(w)])
    Q, _ = np.linalg.qr(A @ V)
    return v - Q @ (Q.conj().T @ v)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("degree", [0, 1, 4, 9])
def test_gmres_polynomial_reproduces_the_optimal_residual(degree, is_complex, rng):
    A = rng.standard_normal((40, 40)) + 9 * np.eye(40)
    v = rng.standard_normal(40)
    if is_complex:
        A = A + 1j * rng.standard_normal((40, 40))
        v = v + 1j * rng.standard_normal(40)
    M = gmres_polynomial(A, degree, v)
    assert M.info.added == 0
    assert M.is_spd is (None if degree == 0 and not is_complex else False)
    assert (M @ v).dtype == A.dtype
    error = v - A @ (M @ v) - smallest_residual(A, v, degree + 1)
    # 10**digits is how much rounding errors may grow
    assert np.linalg.norm(error) <= 100 * EPS * 10**M.info.digits * np.linalg.norm(v)


def test_roots_are_those_of_the_polynomial_and_pairs_stay_together(rng):
    A = rng.standard_normal((30, 30)) + 6 * np.eye(30)
    info = gmres_polynomial(A, 8, rng=0).info
    roots = info.roots
    assert info.coefficients.dtype.kind == "f"
    pairs = np.flatnonzero(roots.imag > 0)
    assert pairs.size
    np.testing.assert_array_equal(roots[pairs + 1], roots[pairs].conj())
    assert np.max(np.abs(1 - roots * info(roots))) <= 1e4 * EPS
    assert abs(roots[0]) >= np.max(np.abs(roots)) * (1 - 2 * EPS)


@pytest.mark.parametrize("outlier", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("degree", [10, 20, 40])
def test_added_roots_keep_steep_polynomials_stable(outlier, degree, rng):
    spectrum = np.concatenate([np.linspace(1, 10, 60), outlier * np.arange(1, 4)])
    A = gallery.spd(spectrum, rng=rng)
    v = rng.standard_normal(63)
    optimal = np.linalg.norm(smallest_residual(A, v, degree + 1))
    added = gmres_polynomial(A, degree, v)
    plain = gmres_polynomial(A, degree, v, stabilize=False)
    assert (plain.info.degree, added.info.added > 0) == (degree, True)
    left = np.linalg.norm(v - A @ (added @ v))
    # rounding stays at the square root of eps, times the condition of the lost eigenvectors
    assert left <= 1.5 * optimal + np.sqrt(EPS) * np.linalg.norm(v)
    if plain.info.digits > 20:  # more than all digits are lost
        with np.errstate(all="ignore"):
            failed = np.linalg.norm((v - A @ (plain @ v)) / np.linalg.norm(v))
        assert not failed < 1


def test_gmres_polynomial_as_preconditioner_saves_restarts(rng):
    A = gallery.convection_diffusion((30, 30), peclet=0.4)
    b = rng.standard_normal(900)
    M = gmres_polynomial(A, 9, rng=0)
    assert M.is_spd is False
    plain, better = gmres(A, b, restart=10), gmres(A, b, M=M, restart=10)
    assert better.converged
    assert better.iterations * 5 <= plain.iterations


def test_a_stagnating_or_singular_start_is_named():
    shift = np.roll(np.eye(6), 1, axis=0)
    with pytest.raises(SingularMatrixError, match="no progress"):
        gmres_polynomial(shift, 2, np.eye(6)[0])
    with pytest.raises(SingularMatrixError, match="singular"):
        gmres_polynomial(np.diag([0.0, 1.0]), 3, np.ones(2))
    # all six steps invert the shift
    M = gmres_polynomial(shift, 5, np.eye(6)[0])
    np.testing.assert_allclose(M @ shift, np.eye(6), atol=1e-13)


def test_a_multiple_of_the_identity_is_inverted_by_one_step():
    M = gmres_polynomial(3 * np.eye(5), 7, rng=0)
    assert M.info.degree == 0
    np.testing.assert_allclose(M @ np.ones(5), 1 / 3, rtol=4 * EPS)


# elementary symmetric polynomials


def by_definition(x, k):
    return sum(prod(chosen) for chosen in combinations(x, k))


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=7), st.integers(0, 8))
def test_elementary_symmetric_polynomials_are_sums_of_products(x, degree):
    exact = [by_definition(x, k) for k in range(degree + 1)]
    # sums of nonnegative terms, none rounded more than twice a step
    np.testing.assert_allclose(elementary_symmetric(x, degree), exact, rtol=2 * len(x) * EPS)


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6))
def test_newton_identities_hold_within_their_bounds(x):
    # power sums in exact arithmetic, rounded once
    total = max(sum(x), 1)
    scaled = [Fraction(number, total) for number in x]
    sums = [float(sum(number**i for number in scaled)) for i in range(1, len(x) + 1)]
    e, errors = newton_identities(sums)
    exact = [float(by_definition(scaled, k)) for k in range(len(x) + 1)]
    assert np.all(np.abs(e - exact) <= errors)
    assert np.all(errors <= 100 * EPS)


# symmetric polynomials


def without(spectrum, degree):
    """e_degree of all eigenvalues but one, for each one."""
    n = len(spectrum)
    return np.array(
        [elementary_symmetric(np.delete(spectrum, i), degree)[degree] for i in range(n)]
    )


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("degree", range(6))
def test_eigenvalues_are_elementary_symmetric_polynomials_of_the_others(degree, dtype, rng):
    spectrum = np.linspace(1, 3, 8)
    A = gallery.spd(spectrum, rng=rng, dtype=dtype)
    M = symmetric_polynomial(A, degree)
    wanted = without(spectrum, degree) / elementary_symmetric(spectrum, degree + 1)[-1]
    _, Q = np.linalg.eigh(A)
    got = Q.conj().T @ (M @ Q)
    np.testing.assert_allclose(got, np.diag(wanted), atol=100 * EPS * np.max(wanted))
    assert M.is_spd


def test_degree_n_minus_one_is_the_determinant_times_the_inverse(rng):
    spectrum = np.arange(1.0, 7.0)
    A = gallery.spd(spectrum, rng=rng)
    M = symmetric_polynomial(A, 5)
    np.testing.assert_allclose(M @ A, np.eye(6), atol=1000 * EPS)
    P = M.info.scale * M.info.trace**6 * (M @ np.eye(6))
    np.testing.assert_allclose(P @ A, 720 * np.eye(6), atol=720 * 1000 * EPS)


@pytest.mark.parametrize("degree", range(4))
def test_condition_follows_the_formula(degree, rng):
    spectrum = np.concatenate([[1e6, 1e4], np.linspace(1, 0.5, 30)])
    A = gallery.spd(spectrum, rng=rng)
    values = np.linalg.eigvals(symmetric_polynomial(A, degree) @ A).real
    e = without(spectrum, degree)
    formula = spectrum[0] * e[0] / (spectrum[-1] * e[-1])
    # p has a slope of about e_{d-1} there, so eps of the trace moves the value by so much
    scaled = elementary_symmetric(spectrum / spectrum.sum(), max(degree, 1))
    noise = 100 * EPS * scaled[0] / (e[0] / spectrum.sum() ** degree) + 1e-9
    np.testing.assert_allclose(np.max(values) / np.min(values), formula, rtol=noise)
    assert np.max(values) <= 1 + noise


@pytest.mark.parametrize("degree", range(5))
def test_traces_of_a_sparse_matrix_are_those_of_its_eigenvalues(degree):
    A = gallery.diffusion(np.linspace(1, 3, 20))
    of_traces, exact = symmetric_polynomial(A, degree), symmetric_polynomial(A.toarray(), degree)
    np.testing.assert_allclose(of_traces.info.elementary, exact.info.elementary, rtol=1e-13)
    np.testing.assert_allclose(of_traces.info.scale, exact.info.scale, rtol=1e-12)


def test_given_traces_and_elementary_polynomials_agree(rng):
    spectrum = np.linspace(1, 4, 15)
    A = gallery.spd(spectrum, rng=rng)
    operator = Operator(A.shape, A.dtype, lambda x: A @ x)
    r = rng.standard_normal(15)
    traces = [np.sum(spectrum**i) for i in (1, 2, 3)]
    wanted = symmetric_polynomial(A, 2) @ r
    np.testing.assert_allclose(symmetric_polynomial(operator, 2, traces=traces) @ r, wanted)
    e = elementary_symmetric(spectrum, 3)[1:]
    np.testing.assert_allclose(symmetric_polynomial(operator, 2, elementary=e) @ r, wanted)
    # without the third one the scale is a bound: M stays below the inverse of A
    bounded = symmetric_polynomial(operator, 2, traces=traces[:2])
    quotient = (bounded @ r) / wanted
    np.testing.assert_allclose(quotient, quotient[0])
    assert 0.9 < quotient[0] < 1
    with pytest.raises(TypeError, match="give traces"):
        symmetric_polynomial(operator, 2)


def test_traces_that_are_not_accurate_enough_are_named(rng):
    spectrum = np.concatenate([[1e6, 1e4], np.linspace(1, 0.5, 30)])
    A = gallery.spd(spectrum, rng=rng)
    operator = Operator(A.shape, A.dtype, lambda x: A @ x)
    exact = np.array([np.sum(spectrum**i) for i in (1, 2, 3, 4, 5, 6)])
    assert symmetric_polynomial(operator, 2, traces=exact[:2], rng=0).is_spd
    # half a percent of tr(A^2) is a quarter of e_2, and far more than P is on the first outlier
    estimated = exact * [1, 1.005, 1, 1, 1, 1]
    with pytest.raises(NotPositiveDefiniteError, match="traces are not accurate"):
        symmetric_polynomial(operator, 2, traces=estimated[:2], rng=0)
    with pytest.raises(NotPositiveDefiniteError, match="with errors up to"):
        symmetric_polynomial(operator, 6, traces=exact, rng=0)


def test_outliers_beyond_the_precision_are_named(rng):
    spectrum = np.concatenate([[1e12, 1e8], np.linspace(1, 0.5, 30)])
    with pytest.raises(NotPositiveDefiniteError, match="lower the degree"):
        symmetric_polynomial(gallery.spd(spectrum, rng=rng), 4, rng=0)


def test_too_small_a_rank_is_refused(rng):
    A = gallery.psd([0, 0, 0, 1, 2], rng=rng)
    assert symmetric_polynomial(A, 1).is_spd
    with pytest.raises(NotPositiveDefiniteError, match="rank 3 at least"):
        symmetric_polynomial(A, 2)
