import sys

import numpy as np
import pytest
from scipy import sparse

from resolvent import Reason
from resolvent.linalg import gallery
from resolvent.preconditioners import Preconditioner
from resolvent.solvers import cg, fcg

SOLVERS = [cg, fcg]


def spd_with(eigenvalues, rng):
    Q = gallery.haar((len(eigenvalues), len(eigenvalues)), rng=rng)
    return (Q * np.asarray(eigenvalues)) @ Q.T


def true_norm(A, x, b):
    return np.linalg.norm(b - A @ x, axis=0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_takes_as_many_steps_as_distinct_eigenvalues(solver, rng):
    A = spd_with([1.0] * 5 + [2.0] * 7 + [5.0] * 3 + [40.0], rng)
    b = rng.standard_normal(16)
    solution = solver(A, b, rtol=1e-12)
    assert solution.converged
    assert solution.iterations == 4


def test_energy_norm_of_the_error_falls_in_every_step_by_the_chebyshev_bound(rng):
    kappa = 100.0
    A = spd_with(np.geomspace(1, kappa, 60), rng)
    exact = rng.standard_normal(60)
    errors = [np.sqrt(exact @ A @ exact)]
    cg(
        A,
        A @ exact,
        rtol=1e-10,
        callback=lambda now: errors.append(np.sqrt((exact - now.x) @ A @ (exact - now.x))),
    )
    assert np.all(np.diff(errors) < 0)
    q = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
    bound = 2 * q ** np.arange(len(errors)) * errors[0]
    assert np.all(np.array(errors) <= bound * (1 + 1e-8))


MATRICES = {
    "CSR": lambda: gallery.graph_laplacian(300, radius=0.15, rng=1) + sparse.eye_array(300),
    "SymmetricDiagonals": lambda: gallery.lognormal_diffusion((17, 19), sigma=1.0, rng=2),
    "Stencil": lambda: gallery.poisson((150, 140)),
}


@pytest.fixture
def grouped(monkeypatch):
    """Columns share their steps in groups, as those of large systems do."""
    monkeypatch.setattr(sys.modules["resolvent.solvers.krylov.cg"], "WORTH_GROUPS", 0)


@pytest.mark.usefixtures("grouped")
@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [16, 19])
def test_grouped_columns_are_those_of_the_generic_recurrence(name, dtype, columns, rng):
    test_compiled_steps_are_those_of_the_generic_recurrence(name, dtype, columns, rng)


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [None, 1, 8, 11])
def test_compiled_steps_are_those_of_the_generic_recurrence(name, dtype, columns, rng):
    A = sparse.csr_array(MATRICES[name]()).astype(dtype)
    shape = (A.shape[0],) if columns is None else (A.shape[0], columns)
    b = rng.standard_normal(shape).astype(dtype)
    options = {"maxiter": 12, "rtol": 1e-5}
    compiled = cg(A, b, **options)
    generic = cg(lambda x: A @ x, b, **options)
    assert type(compiled.x) is np.ndarray
    assert compiled.x.dtype == dtype
    assert compiled.iterations == generic.iterations
    # rounding errors grow by the condition of the first few steps only
    tolerance = 2e3 * np.finfo(dtype).eps
    np.testing.assert_allclose(compiled.history, generic.history, rtol=tolerance)
    np.testing.assert_allclose(
        compiled.x, generic.x, rtol=0, atol=tolerance * np.abs(generic.x).max()
    )


@pytest.mark.parametrize("name", MATRICES)
def test_matrix_is_recognised(name):
    from resolvent.linalg.compiled.recognise import recognise

    assert type(recognise(sparse.csr_array(MATRICES[name]()), np.float64)).__name__ == name


@pytest.mark.parametrize("columns", [None, 3])
def test_preconditioned_steps_are_those_of_the_scaled_system(columns, rng):
    A = gallery.lognormal_diffusion((12, 13), sigma=2.0, rng=3)
    d = A.diagonal()
    b = rng.standard_normal((156,) if columns is None else (156, columns))
    M = sparse.diags_array(1 / d)
    S = sparse.diags_array(d**-0.5)
    steps, scaled = [], []
    cg(A, b, M=M, maxiter=20, callback=lambda now: steps.append(now.x))
    right = S @ b
    cg(S @ A @ S, right, maxiter=20, callback=lambda now: scaled.append(S @ now.x))
    np.testing.assert_allclose(steps[10], scaled[10], rtol=1e-8)


@pytest.mark.parametrize("solver", SOLVERS)
def test_solves_on_every_array_library(solver, backend, rng):
    A = backend.asarray(spd_with(np.geomspace(1, 50, 20), rng))
    b = backend.asarray(rng.standard_normal((20, 2)))
    solution = solver(A, b, rtol=1e-10)
    assert solution.converged
    backend.assert_same_kind(solution.x, b)
    host = backend.to_host(b) - backend.to_host(A) @ backend.to_host(solution.x)
    assert np.all(
        np.linalg.norm(host, axis=0) <= 1e-10 * np.linalg.norm(backend.to_host(b), axis=0)
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_complex_hermitian(solver, rng):
    A = gallery.spd(np.geomspace(1, 30, 15), rng=rng, dtype=np.complex128)
    b = rng.standard_normal(15) + 1j * rng.standard_normal(15)
    solution = solver(A, b, rtol=1e-11)
    assert solution.converged
    assert true_norm(A, solution.x, b) <= 1e-11 * np.linalg.norm(b)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("known", [True, False])
def test_negative_curvature_is_named(solver, known):
    A = sparse.csr_array(np.diag([1.0, 2.0, -3.0, 4.0]))
    solution = solver(A if known else lambda x: A @ x, np.ones(4))
    assert solution.reason is Reason.INDEFINITE_OPERATOR
    assert np.all(np.isfinite(solution.x))
    assert solution.residual_norm <= 2.0


@pytest.mark.parametrize("known", [True, False])
def test_an_indefinite_preconditioner_is_named(known):
    A = gallery.poisson((6, 6))
    M = np.diag(np.r_[-1.0, np.ones(35)])
    solution = cg(A if known else lambda x: A @ x, np.eye(36)[0], M=M)
    assert solution.reason is Reason.INDEFINITE_PRECONDITIONER


def test_a_skew_part_is_seen_in_complex_arithmetic():
    A = np.array([[1.0, 0], [0, 1j]])
    assert cg(A, np.ones(2)).reason is Reason.INDEFINITE_OPERATOR


@pytest.mark.parametrize("known", [True, False])
def test_neumann_problem_with_its_null_space(known, rng):
    A = gallery.graph_laplacian(80, radius=0.3, rng=0)
    b = rng.standard_normal(80)
    b -= b.mean()
    solution = cg(A if known else lambda x: A @ x, b, nullspace=np.ones(80), rtol=1e-10)
    assert solution.converged
    assert abs(solution.x.sum()) < 1e-10
    np.testing.assert_allclose(solution.x, np.linalg.pinv(A.toarray()) @ b, atol=1e-7)


def test_inconsistent_right_hand_side_is_named_with_the_least_squares_solution(rng):
    A = gallery.graph_laplacian(60, radius=0.3, rng=0)
    b = rng.standard_normal(60) + 1
    solution = cg(A, b, nullspace=np.ones(60), rtol=1e-10)
    assert solution.reason is Reason.INCONSISTENT
    np.testing.assert_allclose(solution.x, np.linalg.pinv(A.toarray()) @ b, atol=1e-7)
    assert solution.residual_norm == pytest.approx(true_norm(A, solution.x, b), rel=1e-8)


def test_inconsistency_is_found_without_being_told_the_null_space():
    A = np.diag([1.0, 2.0, 3.0, 0.0])
    solution = cg(A, np.ones(4))
    assert solution.reason is Reason.INCONSISTENT
    # the best that there is, up to the steps before the null space was met
    assert solution.residual_norm <= 2.0


def test_a_null_space_that_is_none_is_refused():
    with pytest.raises(ValueError, match="nullspace"):
        cg(gallery.poisson(10), np.ones(10), nullspace=np.ones(10))


@pytest.mark.parametrize("flag", ["is_spd", "is_linear", "is_fixed"])
def test_flexible_cg_takes_over_what_plain_cg_must_not(flag):
    A = gallery.poisson((8, 8))
    M = Preconditioner((64, 64), np.float64, lambda r: r / 4, **{flag: False})
    solution = cg(A, np.ones(64), M=M)
    assert solution.converged
    assert solution.info.method == "fcg"
    assert solution.info.why
    assert cg(A, np.ones(64)).info.method == "cg"


def test_flexible_cg_converges_where_a_nonlinear_preconditioner_stalls_plain_cg(rng):
    A = gallery.poisson((20, 20))

    def M(r):  # an inner iteration of random length
        return fcg(A, r, maxiter=int(rng.integers(1, 6)), rtol=0.0).x

    b = rng.standard_normal(400)
    flexible = fcg(A, b, M=M, rtol=1e-8)
    assert flexible.converged
    assert flexible.iterations < cg(A, b, rtol=1e-8).iterations


def test_flexible_cg_with_a_fixed_preconditioner_is_cg(rng):
    A = gallery.poisson((10, 11))
    b = rng.standard_normal(110)
    M = np.diag(1 / A.diagonal())
    plain, flexible = cg(A, b, M=M, rtol=1e-10), fcg(A, b, M=M, rtol=1e-10)
    assert abs(plain.iterations - flexible.iterations) <= 1
    np.testing.assert_allclose(plain.history[:20], flexible.history[:20], rtol=1e-8)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("exponent", [-900, -500, 500, 900])
def test_scales_of_the_system_do_not_matter(known, exponent, rng):
    A = gallery.poisson((9, 9))
    b = rng.standard_normal(81)
    plain = cg(A, b)
    scaled = sparse.csr_array(A * 2.0**exponent)
    right = np.ldexp(b, exponent)
    solution = cg(scaled if known else lambda x: scaled @ x, right)
    assert solution.converged
    assert solution.iterations == plain.iterations
    np.testing.assert_allclose(solution.x, plain.x, rtol=1e-10)


@pytest.mark.parametrize("solver", SOLVERS)
def test_one_unknown_and_none(solver):
    assert solver([[4.0]], [8.0]).x.tolist() == [2.0]
    empty = solver(np.zeros((0, 0)), np.zeros(0))
    assert empty.converged
    assert empty.x.shape == (0,)


def test_integers_and_lists_are_taken_as_float64():
    solution = cg([[2, 1], [1, 3]], [3, 4])
    np.testing.assert_allclose(solution.x, [1, 1], rtol=1e-7)


def test_inputs_are_not_changed(rng):
    A = gallery.poisson((7, 7))
    b, x0 = rng.standard_normal(49), rng.standard_normal(49)
    before = A.copy(), b.copy(), x0.copy()
    b.flags.writeable = x0.flags.writeable = A.data.flags.writeable = False
    assert cg(A, b, x0=x0, M=np.eye(49)).converged
    assert (before[0] != A).nnz == 0
    np.testing.assert_array_equal(b, before[1])
    np.testing.assert_array_equal(x0, before[2])


def test_a_good_guess_is_rewarded(rng):
    A = gallery.poisson((15, 15))
    b = rng.standard_normal(225)
    exact = cg(A, b, rtol=1e-12).x
    assert cg(A, b, x0=exact * (1 + 1e-6)).iterations < cg(A, b).iterations
    assert cg(A, b, x0=exact).iterations == 0


def test_below_the_attainable_accuracy_it_stagnates_and_says_so(rng):
    A = spd_with(np.geomspace(1e-9, 1, 40), rng).astype(np.float32)
    b = rng.standard_normal(40).astype(np.float32)
    solution = cg(A, b, rtol=2e-7, maxiter=4000)
    assert not solution.converged
    assert solution.residual_norm == pytest.approx(true_norm(A, solution.x, b), rel=1e-3)


@pytest.mark.parametrize(
    ("A", "b", "options", "message"),
    [
        (np.eye(3), np.ones(4), {}, "A of shape"),
        (np.ones((3, 2)), np.ones(3), {}, "square"),
        (np.eye(3), np.ones((3, 1, 1)), {}, "b must be"),
        (np.eye(3), np.ones(3), {"x0": np.ones(2)}, "x0"),
        (np.eye(3), np.ones(3), {"M": np.ones((3, 2))}, "M"),
        (np.eye(3), [1, np.nan, 2], {}, "b has NaN"),
        (np.diag([1, np.inf, 2]), np.ones(3), {}, "A has NaN"),
        (sparse.diags_array([1, np.nan, 2]), np.ones(3), {}, "A has NaN"),
        (np.eye(3), np.ones(3), {"x0": [0, 0, np.inf]}, "x0 has NaN"),
        (np.eye(3), np.ones(3), {"rtol": -1.0}, "rtol"),
        (np.eye(3), np.ones(3), {"maxiter": -1}, "maxiter"),
        (np.eye(3), np.ones(3), {"nullspace": np.ones(2)}, "nullspace"),
    ],
)
def test_bad_input_gets_a_clear_error(A, b, options, message):
    with pytest.raises(ValueError, match=message):
        cg(A, b, **options)


def test_nan_from_an_operator_is_named():
    calls = []

    def A(x):
        calls.append(1)
        return x * (np.nan if len(calls) == 4 else 2.0) * np.arange(1.0, 9)

    solution = cg(A, np.ones(8), rtol=1e-14)
    assert solution.reason is Reason.NONFINITE
    assert np.all(np.isfinite(solution.x))
    assert solution.residual_norm < np.sqrt(8)


@pytest.mark.usefixtures("grouped")
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("call", [1, 4])
def test_a_column_that_is_not_finite_stands_still_among_the_compiled(bad, call, rng):
    A, calls = gallery.poisson((15, 15)), []

    def M(R):
        calls.append(1)
        assert np.isfinite(R).all()
        Z = R / 4
        if R.ndim == 2 and len(calls) >= call:
            Z[7, 2] = bad
        return Z

    B = rng.standard_normal((225, 9))  # a group and one more
    solution = cg(A, B, M=M)
    wanted = [Reason.CONVERGED] * 9
    wanted[2] = Reason.NONFINITE
    assert solution.reasons == tuple(wanted)
    assert np.isfinite(solution.x).all()
    assert np.isfinite(solution.history).all()
    if call > 1:
        assert solution.residual_norm[2] < np.linalg.norm(B[:, 2])


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_null_spaces_are_checked_at_all_scales(scale):
    A = sparse.diags_array([-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(50, 50)).tolil()
    A[0, 0] = A[49, 49] = 1.0
    b = np.cos(np.pi * (np.arange(50) + 0.5) / 50)
    assert cg(scale * A.tocsr(), scale * b, nullspace=np.ones(50)).converged
    with pytest.raises(ValueError, match="nullspace"):
        cg(scale * A.tocsr(), scale * b, nullspace=np.arange(50.0))


def test_a_dense_matrix_of_lower_precision_is_promoted(backend):
    A = backend.asarray(np.array([[2, 1], [1, 3]], dtype=np.float32))
    b = backend.asarray([3.0, 4.0])
    solution = cg(A, b, rtol=1e-14)
    backend.assert_same_kind(solution.x, b)
    np.testing.assert_allclose(backend.to_host(solution.x), [1, 1], rtol=1e-14)


def test_a_distributed_inner_product_is_used_for_everything(rng):
    calls = []

    def inner(x, y):
        calls.append(1)
        return np.vdot(x, y)

    A = gallery.poisson((6, 6))
    b = rng.standard_normal(36)
    solution = cg(A, b, inner=inner)
    assert solution.iterations == cg(A, b).iterations
    # r'z, p'Ap, p'p and r'r a step
    assert len(calls) >= 4 * solution.iterations


@pytest.mark.parametrize("known", [True, False])
def test_precision_is_that_of_the_system_whatever_the_preconditioner(known):
    A = gallery.poisson((6, 6)).astype(np.float32)
    b = np.ones(36, dtype=np.float32)
    M = np.diag(1 / A.diagonal().astype(np.float64))
    solution = cg(A if known else lambda x: A @ x, b, M=M, rtol=1e-5)
    assert solution.converged
    assert solution.x.dtype == np.float32
    assert cg(A, b.astype(np.float64)).x.dtype == np.float64


def test_a_complex_preconditioner_makes_the_computation_complex():
    A = gallery.poisson((6, 6))
    shift = gallery.spd(np.linspace(0.2, 0.3, 36), rng=0, dtype=np.complex128)
    solution = cg(A, np.ones(36), M=shift)
    assert solution.converged
    assert solution.x.dtype == np.complex128


@pytest.mark.parametrize("offsets", [(0,), (-1, 0, 1), (-2, -1, 0, 1)])
def test_guesses_and_right_hand_sides_in_columns_may_lie_in_any_order(offsets, rng):
    n = 40
    A = sparse.diags_array([10.0 + d for d in offsets], offsets=offsets, shape=(n, n)).tocsr()
    X = rng.standard_normal((n, 3))
    for order in "CF":
        solution = cg(A, np.asarray(A @ X, order=order), x0=np.asarray(X, order=order))
        assert solution.converged
        assert solution.iterations == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_numbers_there_are(dtype):
    b = np.array([np.finfo(dtype).max, 0], dtype=dtype)
    solution = cg(np.eye(2, dtype=dtype), b, rtol=1e-6)
    assert solution.converged
    np.testing.assert_array_equal(solution.x, b)


@pytest.mark.parametrize(("dtype", "scale"), [(np.float64, 1e-200), (np.float32, 1e-25)])
def test_inconsistency_is_named_at_every_scale(dtype, scale):
    ones = np.ones(50)
    A = sparse.diags_array([2 * ones, -ones[1:], -ones[1:]], offsets=[0, 1, -1]).tolil()
    A[0, 0] = A[-1, -1] = 1
    b = np.zeros(50, dtype=dtype)
    b[0] = scale
    solution = cg(A.tocsr().astype(dtype), b, rtol=1e-4, nullspace=ones)
    assert solution.reason is Reason.INCONSISTENT
    # the mean of b is what no A x can reach
    assert solution.residual_norm == pytest.approx(scale / np.sqrt(50), rel=1e-3)


def test_a_residual_at_the_tolerance_to_rounding_ends():
    # sqrt(3) rounded to float32 is below the tolerance, and sqrt(3) is above it
    A = sparse.csr_array(2 * np.eye(3, dtype=np.float32))
    solution = cg(A, np.ones(3, dtype=np.float32), rtol=0, atol=1.73205079)
    assert solution.reason is Reason.STAGNATED
    assert solution.iterations == 0


def neumann(side):
    ends = np.r_[1.0, np.full(side - 2, 2.0), 1.0]
    T = sparse.diags_array([-1.0, ends, -1.0], offsets=[-1, 0, 1], shape=(side, side))
    eye = sparse.eye_array(side)
    return sparse.csr_array(sparse.kron(T, eye) + sparse.kron(eye, T))


def test_a_solve_that_was_cut_short_is_not_called_inconsistent(rng):
    A, b = neumann(20), rng.standard_normal(400)  # not orthogonal to the constants
    ones = np.ones(400)
    assert cg(A, b, nullspace=ones, maxiter=3).reason is Reason.MAXITER
    stopped = cg(A, b, nullspace=ones, callback=lambda now: now.iteration == 2)
    assert stopped.reason is Reason.STOPPED_BY_CALLBACK
    solution = cg(A, b, nullspace=ones)
    assert solution.reason is Reason.INCONSISTENT
    # what can't be reached is the mean of b
    assert solution.residual_norm == pytest.approx(20 * abs(b.mean()), rel=1e-8)


@pytest.mark.parametrize("Z", [np.ones((100, 2)), np.column_stack([np.ones(100), np.zeros(100)])])
def test_dependent_null_vectors_are_named(Z):
    with pytest.raises(ValueError, match="depend on each other"):
        cg(neumann(10), np.zeros(100), nullspace=Z)


@pytest.mark.parametrize(
    ("A", "error", "message"),
    [
        (lambda x: x[:-1], ValueError, "A @ x of x of shape"),
        (lambda x: x[:, None], ValueError, "A @ x of x of shape"),
        (lambda _: None, TypeError, "A @ x must be an array, got NoneType"),
        (lambda x: list(x), TypeError, "A @ x must be an array, got list"),
    ],
)
def test_products_of_the_wrong_kind_are_named(A, error, message):
    with pytest.raises(error, match=message):
        cg(A, np.ones(8))


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_numpy_matrices_are_taken_as_arrays():
    A = gallery.poisson(8).toarray()
    np.testing.assert_array_equal(cg(np.matrix(A), np.ones(8)).x, cg(A, np.ones(8)).x)
