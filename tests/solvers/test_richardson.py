"""Richardson iteration and iterative refinement in mixed precision."""

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import lu_factor, lu_solve

from resolvent.linalg import gallery
from resolvent.results import Reason
from resolvent.solvers import cg, richardson

EPS = np.finfo(float).eps


def test_error_is_multiplied_by_the_iteration_matrix(rng):
    A = gallery.spd(np.linspace(1, 3, 10), rng=rng)
    M = gallery.spd(np.linspace(0.2, 0.4, 10), rng=rng)
    exact, errors = rng.standard_normal(10), []
    richardson(
        A, A @ exact, M=M, omega=0.8, maxiter=6, callback=lambda at: errors.append(at.x - exact)
    )
    G = np.eye(10) - 0.8 * M @ A
    for k, error in enumerate(errors, start=1):
        wanted = np.linalg.matrix_power(G, k) @ -exact
        np.testing.assert_allclose(error, wanted, rtol=0, atol=100 * EPS)


def test_contraction_is_the_spectral_radius(rng):
    A = np.diag([1.0, 1.5, 1.8])
    solution = richardson(A, rng.standard_normal(3), rtol=1e-10, maxiter=1000)
    assert solution.converged
    # after half of 100 steps, (5/8)^50 is left of the second eigenvalue, 0.5
    assert solution.info.contraction == pytest.approx(0.8, rel=1e-8)


@pytest.mark.parametrize("condition", [1e2, 1e5])
@pytest.mark.parametrize("columns", [None, 3])
def test_a_single_precision_factorisation_is_refined_to_double(condition, columns, rng):
    A = gallery.with_singular_values(np.geomspace(1 / condition, 1, 60), (60, 60), rng=rng)
    b = rng.standard_normal((60,) if columns is None else (60, columns))
    single = lu_factor(A.astype(np.float32))
    # what double precision can reach
    rtol = 60 * EPS * condition
    M = lambda r: lu_solve(single, r.astype(np.float32))  # noqa: E731
    solution = richardson(A, b, M=M, rtol=rtol)
    assert solution.converged
    assert solution.x.dtype == np.float64
    residual = np.linalg.norm(b - A @ solution.x, axis=0)
    assert np.all(residual <= rtol * np.linalg.norm(b, axis=0))
    # the contraction is at most a modest multiple of cond times the unit roundoff of float32
    assert solution.info.contraction <= max(60 * condition * 2.0**-24, 1e-6)


def test_inner_cg_in_single_precision(rng):
    A = gallery.poisson((15, 15))
    single = A.astype(np.float32)
    b = rng.standard_normal(225)
    inner = []

    def M(r):
        solution = cg(single, r.astype(np.float32), rtol=1e-3)
        inner.append(solution.iterations)
        return solution.x

    solution = richardson(A, b, M=M, rtol=1e-12)
    assert solution.converged
    assert solution.iterations == len(inner)
    # each step gains at least three digits of the residual, but for the rounding of the product
    assert solution.iterations <= 5
    assert np.linalg.norm(b - A @ solution.x) <= 1e-12 * np.linalg.norm(b)


@pytest.mark.parametrize("scale", [1e-200, 1e-40, 1e40, 1e200])
def test_scales_beyond_single_precision_are_refined_too(scale, rng):
    A = gallery.spd(np.linspace(1, 100, 20), rng=rng)
    b = scale * rng.standard_normal(20)
    single = lu_factor(A.astype(np.float32))
    M = lambda r: lu_solve(single, r.astype(np.float32))  # noqa: E731
    solution = richardson(A, b, M=M, rtol=1e-13)
    assert solution.converged
    assert solution.iterations <= 4


@pytest.mark.parametrize("columns", [None, 2])
def test_divergence_is_named_and_the_best_iterate_kept(columns):
    A = np.diag([0.1, 0.5, 2.5])
    b = np.array([1.0, 1.0, 1e-3])
    if columns:
        b = np.stack([b, [1.0, 1.0, 0.0]], axis=1)
    solution = richardson(A, b, maxiter=10_000)
    first = solution.reasons[0]
    assert first is Reason.DIVERGED
    assert solution.reasons[1:] == ((Reason.CONVERGED,) if columns else ())
    assert solution.info.contraction == pytest.approx(1.5, rel=1e-3)
    residual = (b - A @ solution.x).reshape(3, -1)[:, 0]
    smallest = solution.history.reshape(len(solution.history), -1)[:, 0].min()
    # the iterate is kept whenever the norm has halved
    assert np.linalg.norm(residual) <= 2.01 * smallest


def test_refinement_of_a_singular_factor_does_not_pretend(rng):
    A = gallery.with_singular_values(np.geomspace(1e-12, 1, 30), (30, 30), rng=rng)
    single = lu_factor(A.astype(np.float32))
    M = lambda r: lu_solve(single, r.astype(np.float32))  # noqa: E731
    b = rng.standard_normal(30)
    solution = richardson(A, b, M=M, rtol=1e-12, maxiter=50)
    assert not solution.converged
    assert solution.residual_norm <= np.linalg.norm(b)
    assert np.all(np.isfinite(solution.x))


def test_an_unreachable_tolerance_ends_in_stagnation(rng):
    A, b = gallery.poisson((12, 12)), rng.standard_normal(144)
    M = np.linalg.inv(A.toarray())
    with pytest.warns(UserWarning, match="rounding error"):
        solution = richardson(A, b, M=M, rtol=1e-18)
    assert solution.reason is Reason.STAGNATED
    # rounding of A x alone
    assert solution.residual_norm <= 10 * 8 * EPS * np.linalg.norm(solution.x)


def test_without_a_preconditioner_and_damped(rng):
    A, b = gallery.poisson(6), rng.standard_normal(6)
    solution = richardson(A, b, omega=0.5, maxiter=2000)
    assert solution.converged
    np.testing.assert_allclose(A @ solution.x, b, rtol=0, atol=1e-8 * np.linalg.norm(b))


def test_works_on_every_array_library(backend, rng):
    A, b = gallery.spd(np.linspace(0.5, 1.5, 12), rng=rng), rng.standard_normal((12, 2))
    solution = richardson(backend.asarray(A), backend.asarray(b), rtol=1e-11)
    assert solution.converged
    backend.assert_same_kind(solution.x, backend.asarray(b))
    host = b - A @ backend.to_host(solution.x)
    assert np.all(np.linalg.norm(host, axis=0) <= 1e-11 * np.linalg.norm(b, axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_keeps_the_dtype(dtype, rng):
    A = gallery.spd(np.linspace(0.5, 1.5, 12), rng=rng, dtype=dtype)
    b = rng.standard_normal(12).astype(dtype)
    solution = richardson(sparse.csr_array(A), b, rtol=1e-5)
    assert solution.converged
    assert solution.x.dtype == dtype


def test_zero_right_hand_side_exact_start_and_order_one(rng):
    A, x = gallery.poisson(9), rng.standard_normal(9)
    assert richardson(A, np.zeros(9)).iterations == 0
    assert richardson(A, A @ x, x0=x).iterations == 0
    assert richardson([[1.0]], [3.0]).iterations == 1


def test_a_preconditioner_that_makes_nan_is_named():
    solution = richardson(np.eye(3), np.ones(3), M=lambda r: r * np.nan)
    assert solution.reason is Reason.NONFINITE
    np.testing.assert_array_equal(solution.x, np.zeros(3))


def test_unusable_arguments_are_refused():
    with pytest.raises(ValueError, match="square"):
        richardson(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match="NaN or infinite"):
        richardson(np.eye(2), [1.0, np.inf])
