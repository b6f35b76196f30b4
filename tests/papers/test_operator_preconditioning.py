"""Hand-written derivatives and closed forms; what is found is checked by ``resolvent check``."""

import numpy as np
import pytest

from resolvent.papers.operator_preconditioning.collocation import Collocation
from resolvent.papers.operator_preconditioning.conditions import lanczos_condition
from resolvent.papers.operator_preconditioning.descents import rate
from resolvent.papers.operator_preconditioning.fourier_model import OPERATORS
from resolvent.papers.operator_preconditioning.reparametrisations import (
    SHIFT,
    cholesky,
    columns,
    eigenvectors,
)
from resolvent.papers.operator_preconditioning.spectra import measures
from resolvent.papers.operator_preconditioning.tangent_gram import gram_operator, weighted_rows
from resolvent.papers.operator_preconditioning.tanh_network import TanhNetwork
from resolvent.papers.operator_preconditioning.training import descend, gains

EPS = np.finfo(float).eps
X = np.linspace(-1, 1, 7)
H = 1e-5  # central differences: H^2 = 1e-10 of truncation, EPS/H = 2e-11 of rounding
every_network = pytest.mark.parametrize("hidden", [(), (5,), (4, 3), (3, 4, 2)], ids=str)
every_operator = pytest.mark.parametrize("model", OPERATORS.values(), ids=OPERATORS)


@pytest.mark.parametrize("order", [0, 1, 2])
@every_network
def test_tangent_is_the_derivative_by_the_parameters(hidden, order, backend, rng):
    network = TanhNetwork(hidden)
    theta, direction = network.draw(rng), rng.standard_normal(network.size)
    ahead, behind = (network.derivative(theta + sign * H * direction, X, order) for sign in (1, -1))
    tangent = network.tangent(backend.asarray(theta), backend.asarray(X), order)
    assert tangent.shape == (len(X), network.size)
    backend.assert_same_kind(tangent, backend.asarray(X))
    expected = (ahead - behind) / (2 * H)
    got = backend.to_host(tangent) @ direction
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-6 * max(np.max(np.abs(expected)), 1))


@pytest.mark.parametrize("order", [1, 2])
@every_network
def test_derivative_is_that_of_the_order_below(hidden, order, rng):
    network = TanhNetwork(hidden)
    theta = network.draw(rng, spread=2.0)
    ahead, behind = (network.derivative(theta, X + sign * H, order - 1) for sign in (1, -1))
    got = network.derivative(theta, X, order)
    np.testing.assert_allclose(got, (ahead - behind) / (2 * H), rtol=0, atol=1e-8)


def test_one_unit_is_the_function_it_stands_for():
    a, b, w, c = 2.0, 0.3, -1.5, 0.7
    theta = np.array([a, b, w, c])
    t = np.tanh(a * X + b)
    network = TanhNetwork((1,))
    np.testing.assert_allclose(network.derivative(theta, X, 0), w * t + c, rtol=1e-14)
    second = -2 * w * a**2 * t * (1 - t**2)
    np.testing.assert_allclose(network.derivative(theta, X, 2), second, rtol=1e-13, atol=1e-15)


def test_tangent_of_no_points_is_empty():
    network = TanhNetwork((4, 3))
    theta = np.zeros(network.size)
    assert network.tangent(theta, np.empty(0), 2).shape == (0, network.size)


def test_tangent_keeps_single_precision(rng):
    network = TanhNetwork((4,))
    theta = network.draw(rng)
    single = network.tangent(theta.astype(np.float32), X.astype(np.float32), 2)
    assert single.dtype == np.float32
    # ten or so roundings of entries of size one
    np.testing.assert_allclose(single, network.tangent(theta, X, 2), atol=1e-5)


@pytest.mark.parametrize(("theta", "x"), [(np.zeros(12), X), (np.zeros(13), X[:, None])])
def test_wrong_shapes_are_refused(theta, x):
    with pytest.raises(ValueError, match=r"shape \(13,\)"):
        TanhNetwork((4,)).tangent(theta, x, 0)


def test_tangent_of_the_residual_is_its_derivative(rng):
    problem = Collocation(TanhNetwork((4, 3)), points=9)
    theta, direction = problem.network.draw(rng), rng.standard_normal(problem.network.size)
    expected = problem.residual(theta + H * direction) - problem.residual(theta - H * direction)
    got = problem.tangent(theta) @ direction
    np.testing.assert_allclose(got, expected / (2 * H), rtol=0, atol=1e-6 * np.max(np.abs(got)))


@every_operator
def test_gram_matrix_of_fourier_series_is_the_rank_one_update(model):
    K, lam = 6, 0.7
    F, _ = model.system(K, lam)
    k = np.concatenate([[0], np.arange(1, K + 1), np.arange(1, K + 1)])
    v = model.basis(np.array(model.boundary), K)
    # the trapezoidal rule is exact here; rounding is that of a sum of entries up to K^(2 m)
    np.testing.assert_allclose(
        F.T @ F, np.diag(k ** (2.0 * model.m)) + lam * v.T @ v, atol=100 * EPS * K ** (2 * model.m)
    )


@every_operator
def test_series_of_the_solution_solves_the_system(model):
    K = 16
    F, data = model.system(K, 1.0)
    x = np.linspace(-3, 3, 11)
    # coefficients of exp(sin x) beyond 16 are modified Bessel functions I_17(1) = 2e-20
    values = model.basis(x, K) @ np.linalg.lstsq(F, data)[0]
    np.testing.assert_allclose(values, np.exp(np.sin(x)), rtol=1e-10)


@pytest.mark.parametrize("lam", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("K", [1, 9])
@every_operator
def test_closed_forms_are_the_condition_numbers(model, K, lam):
    F, _ = model.system(K, lam)
    # cond of singular values is right up to p eps cond
    assert model.condition(K, lam) == pytest.approx(np.linalg.cond(F) ** 2, rel=1e-9)
    for gamma in (1.0, 30.0):
        got = np.linalg.cond(F * model.scaling(K, gamma)) ** 2
        assert model.preconditioned_condition(K, lam, gamma) == pytest.approx(got, rel=1e-9)


@every_operator
def test_best_weight_gives_the_smallest_condition(model):
    K, best = 7, model.best_weight(7)
    a, b = model.parts(K)
    q = np.sqrt(b / (a + b))
    least = model.preconditioned_condition(K, best)
    assert least == pytest.approx((1 + q) / (1 - q), rel=1e-12)
    assert all(model.preconditioned_condition(K, factor * best) > least for factor in (0.9, 1.1))


def test_limit_for_poisson_is_the_clamped_beam():
    # the first root of cos x cosh x = 1 is 4.73004074, here with a length of 2 pi
    assert OPERATORS["poisson"].least == pytest.approx((4.73004074 / (2 * np.pi)) ** 4, rel=1e-7)


def test_lanczos_condition_is_the_dense_one(rng):
    F = rng.standard_normal((12, 6))
    assert lanczos_condition(F, rng) == pytest.approx(np.linalg.cond(F) ** 2, rel=1e-9)


def test_gram_operator_is_the_gram_matrix(rng):
    interior, boundary = rng.standard_normal((5, 3)), rng.standard_normal((2, 3))
    weights, lam = rng.uniform(1, 2, 5), 0.3
    A = gram_operator(weighted_rows(interior, weights, boundary, lam)) @ np.eye(3)
    expected = interior.T @ np.diag(weights) @ interior + lam * boundary.T @ boundary
    np.testing.assert_allclose(A, expected, rtol=1e-13, atol=1e-13)


def test_columns_have_norm_one_and_zeros_stay(rng):
    F = rng.standard_normal((5, 3)) * [1e-8, 0.0, 1e8]
    np.testing.assert_allclose(np.linalg.norm(F @ columns(F), axis=0), [1, 0, 1], rtol=1e-14)


def test_cholesky_shifts_the_eigenvalues(rng):
    F = rng.standard_normal((4, 7))  # A is singular
    s = np.linalg.svd(F, compute_uv=False)
    got = np.linalg.svd(F @ cholesky(F), compute_uv=False) ** 2
    # rounding of A over its shift
    np.testing.assert_allclose(got, s**2 / (s**2 + SHIFT * s[0] ** 2), atol=100 * EPS / SHIFT)


def test_eigenvectors_leave_orthonormal_columns_of_the_rank(rng):
    F = rng.standard_normal((9, 3)) @ rng.standard_normal((3, 6))
    FP = F @ eigenvectors(F)
    assert FP.shape == (9, 3)
    np.testing.assert_allclose(FP.T @ FP, np.eye(3), atol=1e-12)


def test_measures_count_rank_and_modes():
    s = np.array([1.0, 1e-2, 1e-4, 1e-8, 1e-17])
    shifted = s / np.sqrt(s**2 + SHIFT)
    values = {"none": s, "columns": s, "cholesky": shifted, "eigenvectors": np.ones(3)}
    found = measures(values, size=5)
    assert found["rank"] == 4
    assert found["condition_at_rank"] == pytest.approx(1e16)
    # squares 1, 1e-4 are within 1e-6; with the shift also 1e-8 / (1e-8 + 1e-6)
    assert (found["modes_none"], found["modes_columns"], found["modes_cholesky"]) == (2, 2, 3)
    assert found["shift_gap"] < 10 * EPS
    assert found["condition_eigenvectors"] == 1


def test_rate_is_the_logarithm_of_the_contraction():
    assert rate(0.9 ** np.arange(20)) == pytest.approx(-np.log(0.9), rel=1e-12)


def test_gains_are_medians_of_the_quotients_of_single_draws():
    last = {"none": [[8.0, 9, 1, 4]], "columns_frozen": [[80.0, 90, 10, 40]]}
    last["cholesky_frozen"] = last["cholesky"] = [[1.0, 3, 1, 8]]  # quotients 8, 3, 1, 1/2
    runs = {name: np.stack([np.ones((1, 4)), ends], axis=-1) for name, ends in last.items()}
    found = gains(runs, runs)
    assert found["frozen_gain"] == found["linear_gain"] == 2
    assert (found["frozen_low"], found["frozen_high"]) == (0.875, 4.25)
    assert found["frozen_wins"] == 0.5
    assert found["columns_gain"] == pytest.approx(0.1)


@pytest.mark.parametrize("anew", [False, True])
def test_descent_never_raises_the_loss(anew, rng):
    problem = Collocation(TanhNetwork((6,)), points=12)
    theta, losses = descend(problem, problem.network.draw(rng), cholesky, 30, anew=anew)
    assert losses.shape == (31,)
    assert losses[0] == 1
    assert np.all(np.diff(losses) <= 0)
    assert losses[-1] < 0.9
    assert np.all(np.isfinite(theta))
