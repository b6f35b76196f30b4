"""Inverses and log-determinants from few parameters: identities, bounds that hold, trouble."""

from itertools import product
from math import comb

import array_api_strict
import numpy as np
import pytest

from resolvent.linalg import gallery
from resolvent.results import Reason
from resolvent.solvers.reduced import inverse_interpolant, logdet_interpolant, power_interpolation
from resolvent.solvers.reduced.monomial_norms import norms_of_all
from resolvent.solvers.reduced.multi_indices import monomials, multi_indices

EPS = np.finfo(float).eps
ORDER = 12


def blocks(terms, rng, order=ORDER):
    """Return PSD terms (Q, order, order) that don't commute, singular but for their sum."""
    rank = order // 2 + 1
    roots = rng.standard_normal((terms, order, rank))
    return roots @ roots.mT + 1e-3 * np.eye(order) / terms


def grid(terms, points, low=0.5, high=2.0):
    return np.array(list(product(np.geomspace(low, high, points), repeat=terms)))


class BlackBox:
    """Log-determinants, inverses and solutions, and how often they were asked for."""

    def __init__(self, terms):
        self.terms, self.calls = terms, 0

    def matrix(self, mu):
        self.calls += 1
        return np.einsum("q,qij->ij", mu, self.terms)

    def logdet(self, mu):
        return np.linalg.slogdet(self.matrix(mu)).logabsdet

    def inverse(self, mu):
        return np.linalg.inv(self.matrix(mu))

    def solve(self, mu):
        return np.linalg.solve(self.matrix(mu), np.ones(self.terms.shape[-1]))


# --- multi-indices -------------------------------------------------------------------------------


@pytest.mark.parametrize(("terms", "degree"), [(1, 0), (1, 7), (2, 5), (3, 6), (5, 3)])
def test_every_multi_index_is_listed_once(terms, degree):
    found = multi_indices(terms, degree, most=10_000)
    assert found.is_complete
    assert found.exponents.shape == (comb(degree + terms, terms), terms)
    assert np.unique(found.exponents, axis=0).shape == found.exponents.shape
    degrees = found.exponents.sum(axis=1)
    assert np.all(np.diff(degrees) >= 0)
    assert degrees[-1] == found.degree == degree


def test_sampled_multi_indices_are_distinct_and_keep_low_degrees():
    found = multi_indices(5, 20, most=2000, rng=1)
    assert found.exponents.shape[0] <= 2000
    assert np.unique(found.exponents, axis=0).shape == found.exponents.shape
    degrees, counts = np.unique(found.exponents.sum(axis=1), return_counts=True)
    np.testing.assert_array_equal(degrees, np.arange(21))
    np.testing.assert_allclose(counts * found.shares, [comb(k + 4, k) for k in range(21)])
    assert found.shares[0] == found.shares[3] == 1 < found.shares[-1]
    # the norm of ones counts all multi-indices of a degree, listed or not
    norms = found.norms(np.ones((found.exponents.shape[0], 1)))[:, 0]
    np.testing.assert_allclose(norms**2, [comb(k + 4, k) for k in range(21)])


def test_sample_is_uniform():
    # each of 3 entries has the mean k/3, the variance of one is below k^2/4: 5 standard deviations
    drawn = multi_indices(3, 60, most=6000, rng=2).exponents
    last = drawn[drawn.sum(axis=1) == 60]
    assert np.all(np.abs(last.mean(axis=0) - 20) <= 5 * 30 / np.sqrt(last.shape[0]))


def test_monomials_are_products_of_powers(backend, rng):
    c = rng.uniform(-1, 1, (3, 4))
    c[0, 0] = 0
    exponents = multi_indices(3, 9, most=1000).exponents
    found = monomials(backend.asarray(c), exponents)
    backend.assert_same_kind(found, backend.asarray(c))
    wanted = np.prod(c[None] ** exponents[:, :, None], axis=1)
    # 9 + 3 roundings
    np.testing.assert_allclose(backend.to_host(found), wanted, rtol=12 * EPS, atol=0)


# --- what the bound rests on ---------------------------------------------------------------------


@pytest.mark.parametrize("terms", [1, 2, 3])
def test_matrices_of_multi_indices_are_orthogonal_in_the_mean(terms, rng):
    A = blocks(terms, rng, order=6)
    C = np.linalg.inv(np.linalg.cholesky(A.sum(axis=0)))
    B = C @ A @ C.T
    c = rng.uniform(-1, 1, (terms, 1))
    E = np.einsum("q,qij->ij", c[:, 0], B)
    of = {(0,) * terms: np.eye(6)}
    exponents = multi_indices(terms, 6, most=10_000).exponents
    unit = np.eye(terms, dtype=int)
    for i in exponents[1:]:
        of[tuple(i)] = sum(B[q] @ of[tuple(i - unit[q])] for q in range(terms) if i[q])
    for k in range(7):
        rows = exponents[exponents.sum(axis=1) == k]
        W = np.stack([of[tuple(i)] for i in rows])
        power = np.einsum("i,iab->ab", monomials(c, rows)[:, 0], W)
        # 6 x 6 products of matrices of norm one, k of them, for at most 28 multi-indices
        noise = 28 * 6 * (k + 1) * 10 * EPS
        np.testing.assert_allclose(power, np.linalg.matrix_power(E, k), rtol=0, atol=noise)
        assert np.linalg.norm(np.einsum("iab,icb->ac", W, W), 2) <= 1 + noise
        assert np.max(np.abs(np.trace(W, axis1=1, axis2=2))) <= 6 * (1 + noise)


@pytest.mark.parametrize("homogeneous", [True, False])
@pytest.mark.parametrize("terms", [2, 3])
def test_bounds_hold_and_are_not_far(terms, homogeneous, rng):
    box = BlackBox(blocks(terms, rng))
    train, test = grid(terms, 8), rng.uniform(0.5, 2, (60, terms))
    options = {"tol": 1e-5, "max_terms": 20, "homogeneous": homogeneous}
    logdet = logdet_interpolant(box.logdet, train, order=ORDER, **options)
    inverse = inverse_interpolant(box.solve, train, **options)
    assert box.calls == 2 * logdet.params.shape[0] <= 40
    assert logdet.indices.is_complete
    exact = np.array([box.logdet(mu) for mu in test])
    x = np.stack([box.solve(mu) for mu in test], axis=-1)
    L = np.linalg.cholesky(np.einsum("q,qij->ij", inverse.shifted.reference, box.terms))
    condition = np.linalg.cond(L) ** 2
    for count in (2, 5, 10):
        fewer, bound = logdet.truncate(count), logdet.truncate(count).error_estimate(test)
        error = np.abs(fewer(test) - exact)
        assert np.all(error <= bound.total)
        assert np.max(error / bound.total) >= 1e-3
        fewer, bound = inverse.truncate(count), inverse.truncate(count).error_estimate(test)
        error = np.linalg.norm(L.T @ (fewer(test) - x), axis=0) / np.linalg.norm(L.T @ x, axis=0)
        # a solve is wrong by n eps times the condition
        assert np.all(error <= bound.total + 10 * ORDER * EPS * condition)
        assert np.max(error / bound.total) >= 1e-3


def test_tail_is_what_the_powers_left_out_can_do(rng):
    # diagonal terms: E is diagonal, and powers beyond the degree are scalars
    power = power_interpolation(grid(2, 9), tol=0.05, homogeneous=False)
    mus = rng.uniform(0.5, 2, (50, 2))
    (here, _), (there, _) = power.shifts(mus), power.shifts(power.params)
    k = np.arange(power.indices.degree + 1, 400)[:, None, None]
    left = here**k - (there**k) @ power.weights(mus)
    exact = np.sum(np.max(np.abs(left), axis=1), axis=0)
    tail = power.tail(mus)
    assert np.all(exact <= tail)
    assert np.max(exact / tail) >= 0.05  # signs alternate; the bound does not know


# --- identities ----------------------------------------------------------------------------------


@pytest.mark.parametrize("homogeneous", [True, False])
def test_weights_sum_to_one_and_are_cardinal(homogeneous, rng):
    power = power_interpolation(grid(2, 12), tol=1e-8, homogeneous=homogeneous, max_terms=12)
    lam = power.weights(rng.uniform(0.5, 2, (40, 2)))
    noise = 10 * 12 * EPS
    assert np.all(np.abs(lam.sum(axis=0) - 1) <= noise * np.abs(lam).sum(axis=0))
    count = power.params.shape[0]
    # the residual of the table stops at 2e-8 or above: its condition is 1e8 or so
    np.testing.assert_allclose(power.weights(power.params), np.eye(count), atol=1e9 * EPS)
    assert power.truncate(0).weights([[1.0, 1.0]]).shape == (0, 1)


def test_low_powers_are_reproduced(rng):
    power = power_interpolation(grid(3, 7), tol=1e-8, max_terms=10)
    errors = power.power_errors(rng.uniform(0.5, 2, (20, 3)))
    # 10 parameters of 2 dimensions: a quadratic has 6 coefficients, the greedy choice takes them
    assert np.max(errors[:2]) <= 1e-13
    assert errors.shape == (power.indices.degree + 1, 20)


def test_homogeneous_weights_depend_on_ratios_alone(rng):
    power = power_interpolation(grid(3, 6), tol=1e-3)
    mus = rng.uniform(0.5, 2, (30, 3))
    np.testing.assert_allclose(power.weights(1e3 * mus), power.weights(mus), rtol=0, atol=1e-9)


@pytest.mark.parametrize("scale", [1.0, 1e150, 1e-150])
def test_one_term_takes_one_parameter(scale, rng):
    A = gallery.spd(gallery.logspaced(5, 10.0), rng=rng)
    mus = scale * rng.uniform(1, 3, 20)

    def logdet_at(mu):
        return 5 * np.log(mu[0]) + np.linalg.slogdet(A).logabsdet

    logdet = logdet_interpolant(logdet_at, mus, order=5)
    inverse = inverse_interpolant(lambda mu: np.linalg.inv(A) / mu[0], mus)
    assert logdet.params.shape == inverse.params.shape == (1, 1)
    far = scale * np.array([1e-3, 1.0, 1e3])
    wanted = [logdet_at([mu]) for mu in far]
    np.testing.assert_allclose(logdet(far), wanted, rtol=10 * EPS, atol=1e3 * 5 * EPS)
    np.testing.assert_allclose(scale * inverse(far)[..., 2], np.linalg.inv(A) / 1e3, rtol=20 * EPS)
    assert logdet.converged
    assert inverse.converged


def test_two_terms_reach_rounding(rng):
    box = BlackBox(blocks(2, rng))
    logdet = logdet_interpolant(box.logdet, grid(2, 20), order=ORDER, tol=1e-13)
    test = rng.uniform(0.5, 2, (50, 2))
    exact = np.array([box.logdet(mu) for mu in test])
    assert logdet.params.shape[0] < 35
    # the condition of the blocks, below 1e5, is the condition of the determinant
    assert np.max(np.abs(logdet(test) - exact)) <= 1e5 * ORDER * EPS


def test_homogeneity_saves_a_dimension():
    counts = [
        power_interpolation(grid(2, 20), tol=1e-6, homogeneous=homogeneous).params.shape[0]
        for homogeneous in (True, False)
    ]
    # degree d: d + 1 polynomials of one variable, (d + 1)(d + 2)/2 of two
    assert counts[0] <= 16
    assert counts[1] >= 3 * counts[0]


def test_units_of_a_term_do_not_matter(rng):
    terms, units = blocks(2, rng), np.array([1e6, 1e-3])
    here, there = BlackBox(terms), BlackBox(terms * units[:, None, None])
    train, test = grid(2, 9), rng.uniform(0.5, 2, (20, 2))
    first = logdet_interpolant(here.logdet, train, order=ORDER, max_terms=9)
    second = logdet_interpolant(there.logdet, train / units, order=ORDER, max_terms=9)
    # ties of the greedy choice may fall differently: the results agree as well as they are right
    bound = first.error_estimate(test).total + second.error_estimate(test / units).total
    assert np.all(np.abs(first(test) - second(test / units)) <= bound)


def test_coefficients_are_functions_of_the_parameters(rng):
    box = BlackBox(blocks(2, rng))
    mus = np.linspace(0, 1, 40)

    def coefficients(mus):
        return np.stack([np.exp(mus[:, 0]), 2 - mus[:, 0]])

    direct = logdet_interpolant(box.logdet, coefficients(mus[:, None]).T, order=ORDER)
    through = logdet_interpolant(
        lambda mu: box.logdet(coefficients(mu[None])[:, 0]),
        mus,
        order=ORDER,
        coefficients=lambda mus: [np.exp(mus[:, 0]), 2 - mus[:, 0]],
    )
    np.testing.assert_array_equal(through.values, direct.values)
    test = rng.uniform(0, 1, 10)
    np.testing.assert_array_equal(through(test), direct(coefficients(test[:, None]).T))


def test_truncation_is_the_run_with_fewer_terms(rng):
    box = BlackBox(blocks(2, rng))
    test = rng.uniform(0.5, 2, (9, 2))
    long = inverse_interpolant(box.inverse, grid(2, 9), tol=1e-9)
    short = inverse_interpolant(box.inverse, grid(2, 9), tol=1e-9, max_terms=6)
    assert long.reason is Reason.CONVERGED
    assert short.reason is long.truncate(6).reason is Reason.MAXITER
    np.testing.assert_array_equal(short.params, long.truncate(6).params)
    np.testing.assert_allclose(short(test), long.truncate(6)(test), rtol=1e-10)
    assert short(test).shape == (ORDER, ORDER, 9)
    with pytest.raises(ValueError, match="terms must be"):
        short.truncate(7)


def test_sampled_multi_indices_serve_many_terms(rng):
    box = BlackBox(blocks(6, rng))
    train = rng.uniform(0.8, 1.25, (500, 6))
    found = logdet_interpolant(
        box.logdet, train, order=ORDER, tol=1e-8, max_terms=80, max_indices=3000
    )
    assert not found.indices.is_complete
    test = rng.uniform(0.8, 1.25, (40, 6))
    error = np.abs(found(test) - [box.logdet(mu) for mu in test])
    bound = found.error_estimate(test).total
    assert np.all(error <= bound)
    # 80 terms hold all quadratics (21 in 5 variables) and cubics (56): shifts are 0.2 at most
    assert np.max(error) <= 1e-2


# --- trouble -------------------------------------------------------------------------------------


def test_extrapolation_is_named_and_bounded(rng):
    box = BlackBox(blocks(2, rng))
    found = logdet_interpolant(box.logdet, grid(2, 12), order=ORDER, max_terms=8)
    mus = np.array([[1.0, 1.0], [0.45, 2.0], [0.3, 2.0], [0.02, 2.0]])
    np.testing.assert_array_equal(found.outside(mus), [False, True, True, True])
    error = np.abs(found(mus) - [box.logdet(mu) for mu in mus])
    bound = found.error_estimate(mus)
    assert np.all(error <= bound.total)
    assert np.all(np.diff(bound.total) > 0)
    far = logdet_interpolant(box.logdet, grid(2, 12), order=ORDER, homogeneous=False, tol=1e-3)
    assert np.isinf(far.error_estimate([[6.0, 1.0]]).tail)
    assert not np.isnan(far.error_estimate([[6.0, 1.0]]).total)


def test_each_coefficient_has_its_own_range(rng):
    train = rng.uniform([0.9, 0.5], [1.1, 2.0], (400, 2))
    train[:2] = [[0.9, 0.5], [1.1, 2.0]]
    power = power_interpolation(train, homogeneous=False, tol=1e-3)
    mus = [[1.0, 1.2], [0.9, 0.5], [1.1, 2.0], [1.5, 1.2], [0.6, 1.5], [1.0, 0.4], [1.0, 2.1]]
    np.testing.assert_array_equal(power.outside(mus), [False] * 3 + [True] * 4)
    assert not np.any(power.outside(train))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_parameters_give_no_values(dtype, rng):
    box = BlackBox(blocks(2, rng))
    train, none = grid(2, 6).astype(dtype), np.empty((0, 2), dtype)
    inverse = inverse_interpolant(box.solve, train, tol=1e-2)
    logdet = logdet_interpolant(box.logdet, train, order=ORDER, tol=1e-2)
    count, degree = logdet.params.shape[0], logdet.indices.degree
    assert inverse(none).shape == (ORDER, 0)
    assert logdet(none).shape == logdet.outside(none).shape == (0,)
    assert logdet.weights(none).shape == (count, 0)
    assert logdet.power_errors(none).shape == (degree + 1, 0)
    for found in (inverse, logdet):
        assert found.error_estimate(none).total.shape == found.amplification(none).shape == (0,)


def test_what_the_black_box_hands_out_is_copied(backend, rng):
    box, buffer = BlackBox(blocks(2, rng)), np.empty(ORDER)
    kept = backend.asarray(buffer)

    def refill(mu):
        nonlocal kept
        x = backend.asarray(box.solve(backend.to_host(mu)))
        try:
            kept[:] = x
        except (TypeError, ValueError):  # a library, or an array, that cannot be written
            kept = x
        return kept

    params, mus = backend.asarray(grid(2, 8)), backend.asarray(rng.uniform(0.5, 2, (5, 2)))
    found = inverse_interpolant(refill, params, tol=1e-6)
    wanted = inverse_interpolant(lambda mu: refill(mu) + 0, params, tol=1e-6)
    np.testing.assert_array_equal(backend.to_host(found(mus)), backend.to_host(wanted(mus)))
    backend.assert_same_kind(found.solutions, params)


@pytest.mark.parametrize("params", [[1.5], [[2.0, 3.0]], [[2.0, 3.0]] * 5])
def test_one_training_parameter_is_enough_for_itself(params):
    order = 2
    terms = np.stack([np.eye(2), np.diag([1.0, 2.0])])[: np.size(params[0])]
    box = BlackBox(terms)
    found = logdet_interpolant(box.logdet, params, order=order)
    assert found.params.shape[0] == 1
    assert found.converged
    np.testing.assert_allclose(found(params), box.logdet(np.atleast_1d(params[0])), rtol=10 * EPS)
    assert np.all(found.error_estimate(params).total <= 1e3 * EPS)


def test_no_parameter_is_chosen_twice(rng):
    mus = np.repeat(rng.uniform(0.5, 2, (30, 2)), 3, axis=0)
    for tol in (1e-6, 1e-15):
        power = power_interpolation(mus, tol=tol)
        assert np.unique(power.params, axis=0).shape == power.params.shape
        assert np.all(np.isfinite(power.weights(mus)))


def test_every_backend_keeps_kind_and_input(backend, rng):
    box = BlackBox(blocks(2, rng))
    host = grid(2, 8)
    test = rng.uniform(0.5, 2, (5, 2))
    params, mus = backend.asarray(host), backend.asarray(test)
    logdet = logdet_interpolant(
        lambda mu: box.logdet(backend.to_host(mu)), params, order=ORDER, tol=1e-6
    )
    inverse = inverse_interpolant(
        lambda mu: backend.asarray(box.solve(backend.to_host(mu))), params, tol=1e-6
    )
    wanted = logdet_interpolant(box.logdet, host, order=ORDER, tol=1e-6)
    for found in (logdet(mus), logdet.weights(mus), logdet.params, inverse(mus)):
        backend.assert_same_kind(found, params)
    for part in (*logdet.error_estimate(mus), *inverse.error_estimate(mus)):
        backend.assert_same_kind(part, params)
    assert inverse(mus).shape == (ORDER, 5)
    # ties of the greedy choice may fall differently between libraries
    bound = logdet.error_estimate(mus).total + backend.asarray(wanted.error_estimate(test).total)
    error = np.abs(backend.to_host(logdet(mus)) - wanted(test))
    assert np.all(error <= backend.to_host(bound))
    np.testing.assert_array_equal(backend.to_host(params), host)


def test_numpy_parameters_go_with_solutions_of_any_library(rng):
    box = BlackBox(blocks(2, rng))
    found = inverse_interpolant(
        lambda mu: array_api_strict.asarray(box.inverse(mu)), grid(2, 6), tol=1e-3
    )
    result = found(np.array([[1.0, 1.5]]))
    assert isinstance(result, type(array_api_strict.asarray(1.0)))
    assert result.shape == (ORDER, ORDER, 1)
    with pytest.raises(TypeError, match="one library"):
        inverse_interpolant(lambda _: np.eye(2), array_api_strict.asarray(grid(2, 6)), tol=1e-3)


def test_single_precision_stays_and_stops_at_rounding(rng):
    box = BlackBox(blocks(2, rng))
    train = grid(2, 8).astype(np.float32)
    logdet = logdet_interpolant(box.logdet, train, order=ORDER, tol=1e-12)
    assert logdet.reason is Reason.STAGNATED
    mus = rng.uniform(0.5, 2, (20, 2)).astype(np.float32)
    assert logdet(mus).dtype == logdet.error_estimate(mus).total.dtype == np.float32
    exact = [box.logdet(mu.astype(float)) for mu in mus]
    eps32 = np.finfo(np.float32).eps
    assert np.all(np.isfinite(logdet(mus)))
    noise = 100 * eps32 * logdet.amplification(mus) * np.max(np.abs(logdet.values))
    assert np.all(np.abs(logdet(mus) - exact) <= logdet.error_estimate(mus).total + noise)


def test_rounding_is_that_of_the_solutions(rng):
    box = BlackBox(blocks(2, rng))
    train, mus = grid(2, 12), rng.uniform(0.5, 2, (20, 2))
    double = inverse_interpolant(box.solve, train, tol=1e-9)
    single = inverse_interpolant(lambda mu: box.solve(mu).astype(np.float32), train, tol=1e-9)
    fine, coarse = double.error_estimate(mus).rounding, single.error_estimate(mus).rounding
    np.testing.assert_array_equal(coarse, fine * 2.0**29)
    L = np.linalg.cholesky(np.einsum("q,qij->ij", single.shifted.reference, box.terms))
    x = np.stack([box.solve(mu) for mu in mus], axis=-1)
    error = np.linalg.norm(L.T @ (single(mus) - x), axis=0) / np.linalg.norm(L.T @ x, axis=0)
    # solutions in single precision are wrong by half a unit, in the energy norm times its condition
    given = np.finfo(np.float32).eps * np.linalg.cond(L) * single.amplification(mus)
    assert np.all(error <= single.error_estimate(mus).total + given)
    assert np.max(error) > np.max(double.error_estimate(mus).total)


def test_bad_arguments_are_refused():
    mus = grid(2, 4)
    for params, match in [
        (np.empty((0, 2)), "shape"),
        (np.ones((2, 2, 2)), "shape"),
        (np.full((3, 2), np.nan), "NaN"),
        (-mus, "positive"),
        (np.array([[1.0, 0.0]]), "positive"),
        (np.array([[1.0, 1e13], [1e13, 1.0]]), "1e12"),
    ]:
        with pytest.raises(ValueError, match=match):
            power_interpolation(params)
    with pytest.raises(TypeError, match="real"):
        power_interpolation(mus + 0j)
    with pytest.raises(ValueError, match="shape"):
        power_interpolation(mus, coefficients=lambda _: np.ones((2, 3)))
    for tol in (0.0, 1.0, np.nan):
        with pytest.raises(ValueError, match="tol must be"):
            power_interpolation(mus, tol=tol)
    with pytest.raises(ValueError, match="max_indices"):
        power_interpolation(mus, max_indices=10)
    with pytest.raises(ValueError, match="order must be"):
        logdet_interpolant(lambda _: 0.0, mus, order=0)
    for value in (np.nan, np.inf, 1j, "one", [1.0, 2.0]):
        with pytest.raises((ValueError, TypeError), match="logdet_at must return"):
            logdet_interpolant(lambda _, value=value: value, mus, order=2, tol=0.1)
    shapes = iter([np.ones(2), *[np.ones(3)] * 99])
    with pytest.raises(ValueError, match="one shape"):
        inverse_interpolant(lambda _: next(shapes), mus, tol=0.1)
    with pytest.raises(ValueError, match=r"solve_at\(0\) has NaN"):
        inverse_interpolant(lambda _: np.full(3, np.nan), mus, tol=0.1)
    found = logdet_interpolant(lambda _: 0.0, mus, order=2, tol=0.1)
    for wrong in (np.ones((3, 3)), np.ones(3), np.empty((0, 3))):
        with pytest.raises(ValueError, match="shape"):
            found(wrong)
    with pytest.raises(ValueError, match="positive"):
        found([[1.0, -1.0]])


def test_norms_over_all_monomials_need_no_list():
    rng = np.random.default_rng(3)
    train, new = rng.uniform(0.5, 2, (60, 3)), rng.uniform(0.5, 2, (7, 3))
    listed = power_interpolation(train, tol=1e-2)
    assert listed.indices.is_complete
    c, known = listed.shifts(new)[0], listed.shifts(listed.params)[0]
    weights = listed.weights(new)
    wanted = listed.power_errors(new)
    found = norms_of_all(c, known, weights, listed.indices.degree)
    # the terms of the differences, of which sqrt(eps) is lost
    lost = np.sqrt(np.finfo(float).eps * (wanted.shape[0] + 6)) * (1 + np.abs(weights).sum(axis=0))
    assert np.all(found >= wanted * (1 - 1e-6))
    assert np.all(found <= wanted + 2 * lost)


def test_a_sample_of_multi_indices_does_not_hide_the_error():
    x = np.sort(np.random.default_rng(0).random(40))
    D = np.abs(x[:, None] - x)
    terms = np.stack([np.exp(-D / 0.2), np.exp(-(D**2) / 0.02), np.eye(40)])

    def logdet(mu):
        return np.linalg.slogdet(np.einsum("q,qij->ij", mu, terms)).logabsdet

    train, new = 10 ** np.random.default_rng(1).uniform(-1, 1, (2, 150, 3))
    found = logdet_interpolant(logdet, train, order=40, tol=1e-3, max_indices=3000)
    assert not found.indices.is_complete
    assert "sample" in repr(found)
    errors = np.abs(found(new) - [logdet(mu) for mu in new])
    assert errors.max() > 1e-3  # the sample converged, the error did not
    assert np.all(errors <= found.error_estimate(new).total)
