"""Jacobi, Gauss-Seidel, SOR and SSOR: splittings, Young's theory, and what can go wrong."""

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import solve_triangular

from resolvent.errors import SingularMatrixError
from resolvent.linalg import gallery
from resolvent.preconditioners import ssor as symmetric_sweep
from resolvent.results import Reason
from resolvent.solvers import gauss_seidel, jacobi, richardson, sor, ssor
from resolvent.solvers.tuning import optimal_omega, sor_radius

EPS = np.finfo(float).eps
OMEGA = 1.3
SOLVERS = {
    "jacobi": lambda A, b, **options: jacobi(A, b, omega=0.9, **options),
    "gauss_seidel": gauss_seidel,
    "sor": lambda A, b, **options: sor(A, b, omega=OMEGA, **options),
    "ssor": lambda A, b, **options: ssor(A, b, omega=OMEGA, **options),
}
every_solver = pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)


def dominant(n, rng, dtype=np.float64):
    """Nonsymmetric, with rows whose diagonal is twice the rest: every method here converges."""
    A = rng.standard_normal((n, n)).astype(dtype)
    if A.dtype.kind == "c":
        A = A + 1j * rng.standard_normal((n, n))
    A[rng.random((n, n)) < 0.5] = 0
    np.fill_diagonal(A, 0)
    np.fill_diagonal(A, 2 * np.abs(A).sum(axis=1) + 1)
    return A


def step_of(name, A, r):
    """Return the correction of one step, by dense triangular solves."""
    D, L, U = np.diag(np.diag(A)), np.tril(A, -1), np.triu(A, 1)
    if name == "jacobi":
        return np.linalg.solve(D / 0.9, r)
    omega = 1.0 if name == "gauss_seidel" else OMEGA
    first = solve_triangular(D / omega + L, r, lower=True)
    if name != "ssor":
        return first
    return first + solve_triangular(D / omega + U, r - A @ first)


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("columns", [None, 3])
def test_iterates_are_those_of_the_splitting(name, dtype, columns, rng):
    A = dominant(30, rng, dtype).astype(dtype)
    b = rng.standard_normal((30,) if columns is None else (30, columns)).astype(dtype)
    ours = []
    solution = SOLVERS[name](
        sparse.csr_array(A), b, maxiter=5, rtol=1e-5, callback=lambda at: ours.append(at.x)
    )
    assert solution.x.dtype == dtype
    x = np.zeros_like(b)
    for mine in ours[:4]:
        x = x + step_of(name, A, b - A @ x)
        # a few dozen roundings of size-one numbers
        np.testing.assert_allclose(mine, x, rtol=0, atol=100 * np.finfo(dtype).eps)


@every_solver
def test_history_has_the_true_residuals(solver, rng):
    A = sparse.csr_array(gallery.lognormal_diffusion((9, 8), sigma=1.0, rng=1))
    b = rng.standard_normal(72)
    norms = [np.linalg.norm(b)]
    solution = solver(
        A, b, maxiter=40, callback=lambda at: norms.append(np.linalg.norm(b - A @ at.x))
    )
    # rounding errors of 40 steps, with respect to the scale of A x
    scale = np.linalg.norm(A.toarray(), 2) * np.linalg.norm(solution.x) + norms[0]
    np.testing.assert_allclose(solution.history, norms, rtol=0, atol=40 * 8 * EPS * scale)


@every_solver
@pytest.mark.parametrize("kind", ["csr", "coo", "dense", "list"])
def test_solves_dominant_systems_given_in_any_way(solver, kind, rng):
    A, b = dominant(25, rng), rng.standard_normal(25)
    given = {
        "csr": sparse.csr_matrix,
        "coo": sparse.coo_array,
        "dense": np.asarray,
        "list": lambda A: A.tolist(),
    }[kind](A)
    solution = solver(given, b, rtol=1e-12)
    assert solution.converged
    assert np.linalg.norm(b - A @ solution.x) <= 1e-12 * np.linalg.norm(b)
    assert solution.info.contraction < 1


def test_ssor_is_richardson_with_the_ssor_preconditioner(rng):
    A, b = gallery.poisson((7, 6)), rng.standard_normal(42)
    ours = ssor(A, b, omega=1.4, maxiter=20, rtol=1e-14)
    wanted = richardson(A, b, M=symmetric_sweep(A, 1.4), maxiter=20, rtol=1e-14)
    # roundings of 20 steps with contracting iterates
    np.testing.assert_allclose(ours.history, wanted.history, rtol=0, atol=1e4 * EPS * 8)
    np.testing.assert_allclose(ours.x, wanted.x, rtol=0, atol=1e4 * EPS)


@pytest.mark.parametrize("omega", [1.0, 1.3, 1.5604, 1.7, 1.9])
def test_sor_contracts_by_youngs_formula(omega):
    A = gallery.poisson((10, 10)).toarray()
    W = np.diag(np.diag(A)) / omega + np.tril(A, -1)
    radius = np.abs(np.linalg.eigvals(np.eye(100) - np.linalg.solve(W, A))).max()
    # eigenvalues of a defective matrix: a Jordan block of order 2 moves by sqrt(eps) and its cond
    assert abs(sor_radius(omega, np.cos(np.pi / 11)) - radius) < 1e-4


def test_youngs_omega_is_best_for_the_radius():
    beta = np.array([0.1, 0.5, 0.9, 0.99])
    best = optimal_omega(beta)
    for other in (best - 1e-3, best + 1e-3):
        assert np.all(sor_radius(best, beta) < sor_radius(other, beta))
    assert optimal_omega(0.0) == 1
    np.testing.assert_allclose(sor_radius(best, beta), best - 1, rtol=1e-14)


@pytest.mark.parametrize("wrong", [-0.1, 1.0, np.nan])
def test_a_jacobi_radius_of_one_is_refused(wrong):
    with pytest.raises(ValueError, match="jacobi_radius"):
        optimal_omega(wrong)
    with pytest.raises(ValueError, match="omega must be"):
        sor_radius(2.0, 0.5)


def test_gauss_seidel_takes_half_the_steps_of_jacobi_on_a_grid(rng):
    A, b = gallery.poisson((10, 10)), rng.standard_normal(100)
    # radii beta and beta^2; the constants in front differ
    ratio = jacobi(A, b, maxiter=2000).iterations / gauss_seidel(A, b, maxiter=2000).iterations
    assert 1.8 < ratio < 2.2


def test_contraction_is_the_spectral_radius(rng):
    A, b = gallery.poisson((10, 10)), rng.standard_normal(100)
    contraction = jacobi(A, b, maxiter=2000).info.contraction
    # the second half of 400 steps: the next eigenvalue has died out by 0.9^200
    assert abs(contraction - np.cos(np.pi / 11)) < 1e-3


@every_solver
def test_starts_from_x0_and_stops_each_column(solver, rng):
    A, X = dominant(20, rng), rng.standard_normal((20, 3))
    start = X.copy()
    start[:, 1] += 1
    solution = solver(A, A @ X, x0=start, rtol=1e-10)
    assert solution.converged
    np.testing.assert_array_equal(solution.x[:, 0], X[:, 0])
    assert solution.history[-1, 1] < solution.history[0, 1]


@every_solver
def test_a_zero_right_hand_side_takes_no_step(solver):
    solution = solver(np.eye(4), np.zeros(4))
    assert solution.iterations == 0
    assert np.isnan(solution.info.contraction)


@every_solver
def test_orders_zero_and_one(solver):
    assert solver(np.zeros((0, 0)), np.zeros(0)).converged
    solution = solver([[4.0]], [2.0], rtol=1e-13, maxiter=100)
    assert solution.converged
    np.testing.assert_allclose(solution.x, [0.5], rtol=1e-13)


@every_solver
def test_a_zero_on_the_diagonal_is_named(solver):
    for A in (np.array([[1.0, 1], [1, 0]]), sparse.csr_array([[1.0, 1], [1, 0]])):
        with pytest.raises(SingularMatrixError, match="row 1"):
            solver(A, np.ones(2))


@every_solver
@pytest.mark.parametrize("kind", ["function", "operator"])
def test_a_matrix_without_entries_is_refused(solver, kind):
    A = lambda x: 2 * x  # noqa: E731
    if kind == "operator":
        A = sparse.linalg.aslinearoperator(np.eye(3))
    with pytest.raises(TypeError, match="needs the entries of A; chebyshev_iteration"):
        solver(A, np.ones(3))


@every_solver
def test_divergence_is_named_and_the_best_iterate_kept(solver, rng):
    # indefinite with a positive diagonal: eigenvalues -1 and 3
    A = np.kron(np.eye(3), [[1.0, 2.0], [2.0, 1.0]])
    b = rng.standard_normal(6)
    solution = solver(sparse.csr_array(A), b, maxiter=100_000)
    assert solution.reason is Reason.DIVERGED
    assert solution.info.contraction > 1
    assert solution.residual_norm <= np.linalg.norm(b)
    assert solution.residual_norm <= 2.01 * solution.history.min()


@every_solver
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_huge_and_tiny_systems(solver, scale, rng):
    A, b = dominant(15, rng), rng.standard_normal(15)
    x = solver(A, b, rtol=1e-10).x
    np.testing.assert_allclose(solver(sparse.csr_array(A), scale * b, rtol=1e-10).x / scale, x)


@every_solver
def test_input_is_not_changed_and_may_be_read_only(solver, rng):
    A, b = sparse.csr_array(dominant(12, rng)), rng.standard_normal(12)
    data, right = A.data.copy(), b.copy()
    for array in (A.data, A.indices, A.indptr, b):
        array.flags.writeable = False
    assert solver(A, b).converged
    np.testing.assert_array_equal(A.data, data)
    np.testing.assert_array_equal(b, right)


@every_solver
def test_limits_and_callbacks_stop(solver):
    A, b = gallery.poisson((20, 20)), np.ones(400)
    assert solver(A, b, maxiter=7).iterations == 7
    assert solver(A, b, maxiter=7).reason is Reason.MAXITER
    assert solver(A, b, time_limit=0.0).reason is Reason.TIME_LIMIT
    stopped = solver(A, b, callback=lambda at: at.iteration == 3)
    assert (stopped.reason, stopped.iterations) == (Reason.STOPPED_BY_CALLBACK, 3)


@pytest.mark.parametrize("solver", [jacobi, sor, ssor])
@pytest.mark.parametrize("omega", [0.0, 2.0, -1.0, np.nan])
def test_omega_outside_of_the_interval_is_refused(solver, omega):
    for A in (np.eye(2), sparse.eye_array(2)):
        with pytest.raises(ValueError, match="omega must be between 0 and 2"):
            solver(A, np.ones(2), omega=omega)


@every_solver
def test_unusable_arguments_are_refused(solver):
    with pytest.raises(ValueError, match="square"):
        solver(np.ones((2, 3)), np.ones(2))
    with pytest.raises(ValueError, match="NaN or infinite"):
        solver(np.eye(2), np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="NaN or infinite"):
        solver(sparse.csr_array([[np.inf, 0], [0, 1.0]]), np.ones(2))


def test_jacobi_on_every_array_library(backend, rng):
    A, b = dominant(20, rng), rng.standard_normal((20, 2))
    solution = jacobi(backend.asarray(A), backend.asarray(b), rtol=1e-11)
    assert solution.converged
    backend.assert_same_kind(solution.x, backend.asarray(b))
    host = b - A @ backend.to_host(solution.x)
    assert np.all(np.linalg.norm(host, axis=0) <= 1e-11 * np.linalg.norm(b, axis=0))


def test_jacobi_is_the_same_compiled_and_not(rng):
    A, b = dominant(40, rng), rng.standard_normal((40, 2))
    dense, compiled = jacobi(A, b), jacobi(sparse.csr_array(A), b)
    assert dense.iterations == compiled.iterations
    # the residual is known to rounding of the first one
    np.testing.assert_allclose(dense.history, compiled.history, rtol=0, atol=1e3 * EPS)


@pytest.mark.parametrize("solver", [gauss_seidel, SOLVERS["sor"], SOLVERS["ssor"]])
def test_sweeps_are_refused_on_other_array_libraries(solver):
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="jacobi and chebyshev_iteration"):
        solver(strict.asarray([[1.0]]), strict.asarray([1.0]))
