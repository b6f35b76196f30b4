"""LSQR and LSMR: the solution of least squares, of least norm, whatever the shape and rank."""

import numpy as np
import pytest
from scipy.sparse.linalg import lsmr as scipy_lsmr
from scipy.sparse.linalg import lsqr as scipy_lsqr

from resolvent.linalg import gallery
from resolvent.operators import as_operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.results import Reason
from resolvent.solvers import lsmr, lsqr

EPS = np.finfo(float).eps
CONDITION = 10.0
SHAPES = [(30, 12), (12, 30), (20, 20), (30, 1), (1, 30)]

both = pytest.mark.parametrize("solve", [lsqr, lsmr], ids=lambda solve: solve.__name__)


def rectangular(shape, rng, dtype=np.float64, rank=None):
    singular = np.zeros(min(shape))
    singular[:rank] = gallery.logspaced(rank or min(shape), CONDITION)
    return gallery.with_singular_values(singular, shape, rng=rng, dtype=dtype)


def samples(shape, rng, dtype=np.float64):
    real = rng.standard_normal(shape)
    imaginary = rng.standard_normal(shape)
    return (real + 1j * imaginary if np.dtype(dtype).kind == "c" else real).astype(dtype)


def bound(rtol, b, wanted):
    """Of the error of x: the gradient is within rtol |A| |r|, and the singular values in [0.1, 1].

    |dx| <= |(A^H A)^+| rtol |A| |b|, and a residual within the tolerance gives less.
    """
    return 2 * rtol * CONDITION**2 * np.linalg.norm(b) + 100 * EPS * np.linalg.norm(wanted)


@both
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("columns", [(), (3,)], ids=str)
def test_solution_is_that_of_lapack(solve, columns, shape, dtype, backend, rng):
    A, b = rectangular(shape, rng, dtype), samples((shape[0], *columns), rng, dtype)
    rtol = 1e2 * np.finfo(dtype).eps
    given = backend.asarray(b)
    solution = solve(backend.asarray(A), given, rtol=rtol)
    assert solution.converged
    backend.assert_same_kind(solution.x, given)
    wanted = np.linalg.lstsq(A.astype(np.complex128), b)[0]
    error = np.linalg.norm(backend.to_host(solution.x) - wanted)
    assert error <= bound(rtol, b, wanted)
    r = b - A @ backend.to_host(solution.x)
    slack = np.finfo(dtype).eps * shape[1] * np.linalg.norm(b)
    assert np.allclose(solution.residual_norm, np.linalg.norm(r, axis=0), atol=slack)
    gradient = np.linalg.norm(A.conj().T @ r, axis=0)
    assert np.allclose(solution.info.gradient_norm, gradient, atol=10 * slack)
    assert np.all(solution.info.solves == (shape[0] <= shape[1]))


@both
@pytest.mark.parametrize("shape", [(30, 12), (12, 30), (20, 20)], ids=str)
@pytest.mark.parametrize("consistent", [True, False])
def test_deficient_rank_gives_the_least_norm(solve, consistent, shape, rng):
    A = rectangular(shape, rng, rank=7)
    b = A @ rng.standard_normal(shape[1]) if consistent else rng.standard_normal(shape[0])
    solution = solve(A, b, rtol=1e-10)
    wanted = np.linalg.lstsq(A, b, rcond=1e-8)[0]
    assert solution.converged
    assert solution.info.solves == consistent
    assert np.linalg.norm(solution.x - wanted) <= bound(1e-10, b, wanted)


@both
@pytest.mark.parametrize("shape", [(40, 25), (25, 40)], ids=str)
def test_steps_are_the_distinct_nonzero_singular_values(solve, shape, rng):
    singular = np.r_[np.repeat([1.0, 2.0, 3.0, 5.0], 5), np.zeros(5)]
    A = gallery.with_singular_values(singular, shape, rng=rng)
    for b in (rng.standard_normal(shape[0]), A @ rng.standard_normal(shape[1])):
        solution = solve(A, b, rtol=1e-11)
        assert solution.converged
        assert solution.iterations == 4


@both
@pytest.mark.parametrize("steps", [1, 2, 5, 9])
@pytest.mark.parametrize("damp", [0.0, 0.3])
def test_iterates_are_those_of_scipy(solve, damp, steps, rng):
    A, b = rectangular((40, 25), rng), rng.standard_normal(40)
    solution = solve(A, b, damp=damp, maxiter=steps)
    assert solution.iterations == steps
    if solve is lsqr:
        wanted, _, _, undamped, damped, *_ = scipy_lsqr(
            A, b, damp=damp, iter_lim=steps, atol=0, btol=0
        )
        # its other name for the residual of the taller system
        assert np.isclose(solution.residual_norm, damped, rtol=1e-12)
        assert undamped <= damped * (1 + EPS)
    else:
        wanted = scipy_lsmr(A, b, damp=damp, maxiter=steps, atol=0, btol=0)[0]
    assert np.linalg.norm(solution.x - wanted) <= 1e3 * EPS * CONDITION**2 * np.linalg.norm(b)


def watched(solve, A, b, **options):
    seen = []
    solution = solve(A, b, callback=lambda at: seen.append(at.x), **options)
    R = b[:, None] - A @ np.stack(seen, axis=1)
    return solution, np.linalg.norm(R, axis=0), np.linalg.norm(A.conj().T @ R, axis=0)


@both
def test_residual_never_grows_and_is_the_one_reported(solve, rng):
    A, b = rectangular((60, 40), rng, np.complex128), samples(60, rng, np.complex128)
    solution, residuals, _ = watched(solve, A, b, rtol=1e-12)
    slack = 100 * EPS * np.linalg.norm(b)
    assert np.all(np.diff(residuals) <= slack)
    assert np.allclose(solution.history[1:], residuals, rtol=0, atol=slack)


def test_lsmr_gradient_never_grows_and_is_below_that_of_lsqr(rng):
    A, b = gallery.with_singular_values(gallery.logspaced(40, 1e3), (60, 40), rng=rng), np.ones(60)
    _, _, ours = watched(lsmr, A, b, maxiter=30)
    _, _, theirs = watched(lsqr, A, b, maxiter=30)
    slack = 100 * EPS * 1e3 * np.linalg.norm(b)
    assert np.all(np.diff(ours) <= slack)
    assert np.any(np.diff(theirs) > 1e-6 * theirs[0])  # so that the line above says something
    assert np.all(ours <= theirs + slack)


def test_lsqr_residual_is_the_smallest_over_the_krylov_space(rng):
    A, b = rectangular((40, 25), rng), rng.standard_normal(40)
    history = lsqr(A, b, maxiter=6).history
    K = (A.T @ b)[:, None] / np.linalg.norm(A.T @ b)
    for level in history[1:]:
        AK = A @ K
        smallest = np.linalg.norm(b - AK @ np.linalg.lstsq(AK, b)[0])
        assert abs(level - smallest) <= 100 * EPS * np.linalg.norm(b)
        K = np.linalg.qr(np.column_stack([K, A.T @ AK[:, -1]]))[0]


@both
@pytest.mark.parametrize("shape", [(30, 12), (12, 30)], ids=str)
@pytest.mark.parametrize("guess", [False, True])
def test_damped_solution_solves_the_regularised_normal_equations(solve, guess, shape, rng):
    A, b = rectangular(shape, rng, np.complex128), samples(shape[0], rng, np.complex128)
    x0 = samples(shape[1], rng, np.complex128) if guess else None
    solution = solve(A, b, damp=0.5, x0=x0, rtol=1e-11)
    assert solution.converged
    wanted = np.linalg.solve(A.conj().T @ A + 0.25 * np.eye(shape[1]), A.conj().T @ b)
    assert np.linalg.norm(solution.x - wanted) <= 2e-11 / 0.25 * 2 * np.linalg.norm(b)
    r = b - A @ solution.x
    taller = np.hypot(np.linalg.norm(r), 0.5 * np.linalg.norm(solution.x))
    assert np.isclose(solution.residual_norm, taller, rtol=1e-13)
    gradient = np.linalg.norm(A.conj().T @ r - 0.25 * solution.x)
    assert abs(solution.info.gradient_norm - gradient) <= 100 * EPS * np.linalg.norm(b)


@both
def test_column_scaling_mends_badly_scaled_unknowns(solve, rng):
    A = rectangular((60, 30), rng) * 10.0 ** rng.uniform(-4, 4, size=30)
    b = rng.standard_normal(60)
    M = np.diag(1 / np.linalg.norm(A, axis=0))
    solution = solve(A, b, M=M, rtol=1e-10)
    plain = solve(A, b, maxiter=2 * solution.iterations)
    assert solution.converged
    assert not plain.converged
    y, *_ = np.linalg.lstsq(A @ M, b)
    assert np.linalg.norm(np.linalg.solve(M, solution.x) - y) <= bound(1e-10, b, y) * 10


@both
def test_right_preconditioner_from_a_factorisation_takes_one_step(solve, rng):
    A = gallery.with_singular_values(gallery.logspaced(20, 1e6), (40, 20), rng=rng)
    R = np.linalg.qr(A)[1]
    assert solve(A, rng.standard_normal(40), M=np.linalg.inv(R), rtol=1e-8).iterations <= 2


@both
def test_preconditioned_least_norm_is_that_of_the_new_unknowns(solve, rng):
    A, b = rectangular((10, 25), rng, np.complex128), samples(10, rng, np.complex128)
    M = np.eye(25) + 0.1 * samples((25, 25), rng, np.complex128)
    solution = solve(A, b, M=M, rtol=1e-11)
    wanted = M @ np.linalg.lstsq(A @ M, b)[0]
    slack = 1e-10 * np.linalg.cond(A @ M) ** 2 * np.linalg.norm(M, 2)
    assert np.linalg.norm(solution.x - wanted) <= slack * np.linalg.norm(b)


@both
@pytest.mark.parametrize("distance", [0.0, 1e-12, 1e-10, 1e-9, 1e-6, 1.0])
def test_guess_near_a_solution_of_least_squares_is_improved(solve, distance, rng):
    A, b = rectangular((50, 20), rng), rng.standard_normal(50)
    wanted = np.linalg.lstsq(A, b)[0]
    x0 = wanted + distance * rng.standard_normal(20)
    solution = solve(A, b, x0=x0, rtol=1e-10)
    assert solution.converged
    assert np.linalg.norm(solution.x - wanted) <= bound(1e-10, b, wanted)


@both
def test_least_norm_is_counted_from_the_guess(solve, rng):
    A, b, x0 = rectangular((10, 25), rng), rng.standard_normal(10), rng.standard_normal(25)
    solution = solve(A, b, x0=x0, rtol=1e-11)
    wanted = x0 + np.linalg.lstsq(A, b - A @ x0)[0]
    assert np.linalg.norm(solution.x - wanted) <= bound(1e-11, b, wanted)


@both
@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e150, 1e200])
def test_scale_of_an_inconsistent_problem_changes_nothing(solve, scale, rng):
    A, b = rectangular((30, 12), rng), rng.standard_normal(30)
    plain = solve(A, b)
    for solution, x in (
        ((s := solve(A * scale, b)), s.x * scale),
        ((s := solve(A, b * scale)), s.x / scale),
    ):
        assert solution.converged
        assert abs(solution.iterations - plain.iterations) <= 1
        assert np.linalg.norm(x - plain.x) <= bound(1e-8, b, plain.x)
        assert 0 < solution.info.gradient_norm / scale <= 1e-8 * np.linalg.norm(b)


@both
@pytest.mark.parametrize("shape", [(4, 3), (3, 4)], ids=str)
def test_right_hand_side_orthogonal_to_the_range_gives_zero(solve, shape, rng):
    A = np.zeros(shape)
    A[:2, :2] = rng.standard_normal((2, 2))
    b = np.zeros(shape[0])
    b[2:] = 1.0
    for matrix in (A, np.zeros(shape)):
        solution = solve(matrix, b)
        assert solution.converged
        assert not solution.info.solves
        assert not solution.x.any()


@both
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)], ids=str)
def test_empty_matrix_has_the_zero_solution(solve, shape):
    solution = solve(np.zeros(shape), np.ones(shape[0]))
    assert solution.converged
    assert np.array_equal(solution.x, np.zeros(shape[1]))


@both
def test_columns_have_their_own_end(solve, rng):
    A = rectangular((30, 12), rng)
    b = np.stack([A @ np.ones(12), rng.standard_normal(30), np.zeros(30)], axis=1)
    solution = solve(A, b, rtol=1e-10)
    assert solution.reasons == (Reason.CONVERGED,) * 3
    assert solution.info.solves.tolist() == [True, False, True]
    wanted = np.linalg.lstsq(A, b)[0]
    assert np.linalg.norm(solution.x - wanted) <= bound(1e-10, b, wanted)


@both
def test_products_are_two_a_step_and_those_of_the_checks(solve, rng):
    A, count = rectangular((30, 12), rng), [0]

    def counted(product):
        def call(x):
            count[0] += 1
            return product(x)

        return call

    operator = as_operator(
        counted(lambda x: A @ x), shape=(30, 12), adjoint=counted(lambda y: A.T @ y)
    )
    solution = solve(operator, rng.standard_normal(30))
    # the first right vector; true residual and gradient, in the loop and for info
    assert solution.matvecs == count[0] == 2 * solution.iterations + 1 + 2 + 2


@both
def test_what_has_no_adjoint_is_refused_before_any_product(solve):
    def never(_):
        raise AssertionError

    with pytest.raises(TypeError, match="needs A.H"):
        solve(as_operator(never, shape=(3, 2)), np.ones(3))
    with pytest.raises(TypeError, match="M needs M.H"):
        solve(np.ones((3, 2)), np.ones(3), M=never)


@both
@pytest.mark.parametrize("damp", [-1.0, np.nan, np.inf])
def test_damp_must_be_finite_and_not_negative(solve, damp):
    with pytest.raises(ValueError, match="damp"):
        solve(np.ones((3, 2)), np.ones(3), damp=damp)


@both
@pytest.mark.parametrize("flaw", ["is_linear", "is_fixed"])
def test_preconditioner_that_admits_to_be_unfit_is_refused(solve, flaw):
    M = Preconditioner((2, 2), np.float64, lambda r: r, lambda r: r, **{flaw: False})
    with pytest.raises(ValueError, match="M must be"):
        solve(np.ones((3, 2)), np.ones(3), M=M)
