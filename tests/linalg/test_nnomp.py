"""Sparse non-negative least squares: feasible, optimal where asked, and named where it can't."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from resolvent import Reason
from resolvent.errors import ConvergenceError, UntrustedResultError
from resolvent.linalg import nnomp

EPS = np.finfo(float).eps


def in_the_cone(rng, m, N, terms):
    """A problem with a sparse solution."""
    J = rng.random((m, N))
    x = np.zeros(N)
    x[rng.choice(N, terms, replace=False)] = 1 + rng.random(terms)
    return J, J @ x


def test_zero_right_hand_side_needs_no_terms():
    found = nnomp(np.eye(3), np.zeros(3), tol=0.0)
    assert found.converged
    assert found.indices.size == found.iterations == 0
    assert found.residual_norm == 0
    np.testing.assert_array_equal(found.x, np.zeros(3))


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_empty_matrices_pass(shape):
    found = nnomp(np.zeros(shape), np.ones(shape[0]))
    assert found.x.shape == (shape[1],)
    assert found.reason is (Reason.INCONSISTENT if shape[0] else Reason.CONVERGED)


def test_one_column_is_scaled_or_refused():
    assert nnomp([[2.0]], [3.0]).x.tolist() == [1.5]
    found = nnomp([[2.0]], [-3.0])
    assert found.reason is Reason.INCONSISTENT
    assert found.x.tolist() == [0.0]
    with pytest.raises(ConvergenceError, match="cone"):
        found.raise_if_failed()


@pytest.mark.parametrize("shape", [(8, 3), (8, 8), (12, 60), (60, 12)])
@pytest.mark.parametrize("seed", range(4))
def test_without_limit_the_residual_is_that_of_nnls(shape, seed):
    rng = np.random.default_rng(seed)
    J, b = rng.standard_normal(shape), rng.standard_normal(shape[0])
    found, (_, wanted) = nnomp(J, b, tol=0.0), nnls(J, b)
    # two backward stable solutions of one convex problem: the residual differs by eps norm(b)
    tolerance = 50 * max(shape) * EPS * np.linalg.norm(b)
    assert found.residual_norm == pytest.approx(wanted, abs=tolerance)
    assert np.all(found.x >= 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_optimum_obeys_the_conditions_of_karush_kuhn_and_tucker(m, N, seed):
    rng = np.random.default_rng(seed)
    J, b = rng.integers(-2, 3, (m, N)).astype(float), rng.integers(-3, 4, m).astype(float)
    found = nnomp(J, b, tol=0.0)
    # cond(J) of small integer matrices of order 12 stays below 1e4 on the columns kept
    slack = 1e4 * EPS * max(m, N) * (np.linalg.norm(J) + 1) * (np.linalg.norm(b) + 1)
    slope = J.T @ (J @ found.x - b)
    assert np.all(found.x >= 0)
    assert np.all(slope >= -slack)
    assert np.all(np.abs(slope[found.indices]) <= slack)


def test_no_more_weights_than_rows(rng):
    J = rng.random((10, 500))
    found = nnomp(J, J.sum(axis=1), tol=1e-10)
    assert found.converged
    assert found.indices.size <= 10
    assert found.residual_norm <= 1e-10 * np.linalg.norm(J.sum(axis=1))


def test_a_sparse_solution_is_recovered_without_noise(rng):
    J, b = in_the_cone(rng, 15, 40, 6)
    found = nnomp(J, b)
    assert found.converged
    assert found.indices.size == 6
    assert found.weights.min() >= 1 - 1e-12


def test_residual_falls_in_every_step_and_the_last_is_the_true_one(rng):
    J, b = in_the_cone(rng, 40, 200, 30)
    found = nnomp(J, b, tol=1e-8)
    assert found.history[0] == pytest.approx(np.linalg.norm(b), rel=1e-14)
    assert np.all(np.diff(found.history) < 0)
    assert found.iterations == found.history.size - 1
    assert found.residual_norm == pytest.approx(np.linalg.norm(J @ found.x - b), rel=1e-6)
    # 200 eps of rounding in the history
    assert found.history[-1] == pytest.approx(found.residual_norm, abs=200 * EPS * found.history[0])
    np.testing.assert_array_equal(found.x[found.indices], found.weights)
    assert np.all(np.diff(found.indices) > 0)
    assert np.count_nonzero(found.x) == found.indices.size


def test_orthonormal_columns_come_by_the_size_of_their_weights(rng):
    Q, _ = np.linalg.qr(rng.standard_normal((20, 6)))
    found = nnomp(Q, Q @ [6.0, 0.0, 3.0, 5.0, 0.0, 1.0], max_terms=2)
    assert found.reason is Reason.MAXITER
    assert found.indices.tolist() == [0, 3]
    assert found.residual_norm == pytest.approx(np.sqrt(10), rel=1e-14)
    assert "max_terms" in found.advice


def test_zero_terms_leave_everything():
    found = nnomp(np.eye(2), [1.0, 1.0], max_terms=0)
    assert found.reason is Reason.MAXITER
    assert found.indices.size == 0


def test_a_column_that_came_too_early_leaves_again():
    # the middle column is nearest to b; with the other two its weight would be negative
    J = np.array([[1.0, 0.8, 0.0], [0.0, 0.8, 1.0], [0.0, 0.3, 0.0]])
    found = nnomp(J, [1.0, 1.0, -0.1], tol=1e-14)
    assert found.reason is Reason.INCONSISTENT
    assert found.iterations == 3
    assert found.indices.tolist() == [0, 2]
    np.testing.assert_allclose(found.weights, 1, rtol=10 * EPS)
    assert found.residual_norm == pytest.approx(0.1, rel=10 * EPS)


def test_zero_and_repeated_columns_do_no_harm(rng):
    J, b = in_the_cone(rng, 12, 30, 5)
    J = np.concatenate([np.zeros((12, 2)), J, J, 3 * J, J], axis=1)
    found = nnomp(J, b, tol=1e-12)
    assert found.converged
    assert found.indices.min() >= 2
    assert np.unique((found.indices - 2) % 30).size == found.indices.size
    assert nnomp(np.zeros((3, 4)), np.ones(3)).reason is Reason.INCONSISTENT


def test_nearly_parallel_columns_do_no_harm(rng):
    a = rng.random((30, 1))
    J = a + 1e-13 * rng.standard_normal((30, 40))
    b = a[:, 0] + 1e-3 * rng.standard_normal(30)
    found = nnomp(J, b, tol=0.0)
    assert found.residual_norm <= nnls(a, b)[1] * (1 + 1e-10)
    assert np.all(found.x >= 0)
    assert found.x.sum() < 2


def test_a_tolerance_in_the_rounding_is_named(rng):
    J, b = in_the_cone(rng, 10, 20, 5)
    found = nnomp(J, b, tol=1e-18)
    assert found.reason in (Reason.STAGNATED, Reason.CONVERGED)
    assert found.residual_norm <= 50 * EPS * np.linalg.norm(b)


def correlated(name, seed):
    """A problem with a solution and columns that are nearly parallel."""
    rng = np.random.default_rng(seed)
    m, N = rng.integers(8, 40), rng.integers(20, 80)
    i, x = np.arange(m)[:, None], np.linspace(0, 1, N)
    J = {
        "gaussian": lambda: np.exp(-(((i / m - x) / rng.uniform(0.1, 0.6)) ** 2)),
        "vandermonde": lambda: x**i,
        "hilbert": lambda: 1 / (1 + i + np.arange(N)),
        "rank 3": lambda: rng.random((m, 3)) @ rng.random((3, N)),
    }[name]()
    return J, J.sum(axis=1) / N


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", ["gaussian", "vandermonde", "hilbert", "rank 3"])
def test_what_nearly_parallel_columns_hide_is_found(name, seed):
    J, b = correlated(name, seed)
    assert nnomp(J, b, tol=1e-9).converged
    found = nnomp(J, b, tol=0.0)
    # an orthogonal factorisation and a product of m numbers, with parts that add up to some b
    assert found.residual_norm <= 4 * J.shape[0] * EPS * np.linalg.norm(b)
    assert found.reason in (Reason.STAGNATED, Reason.CONVERGED)


def test_only_what_is_proved_is_called_inconsistent(rng):
    J = rng.random((12, 30))
    outward = np.linalg.svd(J)[0][:, -1]
    for distance, reason in ((0.5, Reason.INCONSISTENT), (1e-13, Reason.STAGNATED)):
        J[:, :] -= J.T @ outward * outward[:, None]  # all columns in a plane
        b = J.sum(axis=1)
        b = b / np.linalg.norm(b) + distance * outward
        found = nnomp(J, b, tol=0.1 * distance)
        assert found.reason is reason
        assert found.residual_norm >= 0.9 * distance
        with pytest.raises(ConvergenceError, match="cone"):
            found.raise_if_failed()


def test_all_columns_may_be_needed_and_not_enough():
    found = nnomp(np.eye(4)[:, :3], np.ones(4), tol=1e-3)
    assert found.indices.tolist() == [0, 1, 2]
    assert found.reason is Reason.INCONSISTENT


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_norms_beyond_the_range_are_no_obstacle(dtype):
    info = np.finfo(dtype)
    big, small = info.max, info.smallest_subnormal
    with np.errstate(over="raise", invalid="raise"):
        found = nnomp(np.eye(2, dtype=dtype), np.full(2, big))
        assert found.converged
        np.testing.assert_allclose(found.x, big, rtol=4 * info.eps)
        found = nnomp(np.full((4, 1), big), np.full(4, info.dtype.type(1)))
        assert found.converged
        # 1 / big is subnormal
        np.testing.assert_allclose(found.x * big, 1, rtol=small * float(big))
    found = nnomp(np.full((4, 1), small), np.full(4, 3 * small))
    assert found.converged
    np.testing.assert_allclose(found.x, 3, rtol=4 * info.eps)
    assert found.residual_norm <= small


@pytest.mark.parametrize("of_columns", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("of_b", [1e-150, 1.0, 1e150])
def test_scales_change_nothing(of_columns, of_b, rng):
    J, b = in_the_cone(rng, 15, 40, 6)
    there, found = nnomp(J, b), nnomp(of_columns * J, of_b * b)
    np.testing.assert_array_equal(found.indices, there.indices)
    # the condition of the columns kept is below 1e4
    np.testing.assert_allclose(
        found.weights * of_columns / of_b, there.weights, rtol=1e4 * 15 * EPS
    )
    assert found.converged


def test_columns_of_all_scales_are_taken_by_their_directions(rng):
    J, b = in_the_cone(rng, 15, 40, 6)
    scales = 10.0 ** rng.uniform(-100, 100, 40)
    np.testing.assert_array_equal(nnomp(J * scales, b).indices, nnomp(J, b).indices)


def test_weights_beyond_the_range_are_refused():
    with pytest.raises(UntrustedResultError, match="range"):
        nnomp([[1e-200]], [1e200])


def test_complex_rows_count_twice(rng):
    J = rng.random((10, 50)) + 1j * rng.standard_normal((10, 50))
    b = J @ rng.random(50)
    found, stacked = (
        nnomp(*data) for data in ((J, b), (np.r_[J.real, J.imag], np.r_[b.real, b.imag]))
    )
    np.testing.assert_array_equal(found.indices, stacked.indices)
    assert found.x.dtype == np.float64
    assert np.linalg.norm(J @ found.x - b) <= 1e-6 * np.linalg.norm(b)


def test_single_precision_stays_single(rng):
    J, b = (x.astype(np.float32) for x in in_the_cone(rng, 15, 40, 6))
    found = nnomp(J, b, tol=1e-5)
    assert found.converged
    assert found.x.dtype == found.weights.dtype == np.float32


def test_every_backend_keeps_kind_and_input(backend, rng):
    host = in_the_cone(rng, 15, 40, 6)
    J, b = map(backend.asarray, host)
    found, wanted = nnomp(J, b), nnomp(*host)
    for x in (found.x, found.weights):
        backend.assert_same_kind(x, J)
    np.testing.assert_array_equal(found.indices, wanted.indices)
    np.testing.assert_allclose(backend.to_host(found.x), wanted.x, rtol=1e4 * 15 * EPS)
    np.testing.assert_array_equal(backend.to_host(J), host[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.full((2, 2), np.nan), np.ones(2)), "J has NaN"),
        ((np.eye(2), [np.inf, 0.0]), "b has NaN"),
        ((np.ones(3), np.ones(3)), "J must be"),
        ((np.eye(3), np.ones(2)), "b \\(m,\\)"),
        ((np.eye(3), np.eye(3)), "b \\(m,\\)"),
    ],
)
def test_bad_arrays_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        nnomp(*arguments)


def test_bad_options_are_refused():
    for options in ({"tol": -1.0}, {"tol": np.nan}, {"max_terms": -1}):
        with pytest.raises(ValueError, match=next(iter(options))):
            nnomp(np.eye(2), np.ones(2), **options)
    with pytest.raises(TypeError, match="max_terms"):
        nnomp(np.eye(2), np.ones(2), max_terms=1.5)
