import time

import numpy as np
import pytest
from scipy import sparse

from resolvent import Reason
from resolvent.linalg import gallery
from resolvent.operators import Operator
from resolvent.preconditioners import jacobi
from resolvent.solvers import plans, solve
from resolvent.stopping import UnreachableToleranceWarning


def relative(A, x, b):
    return np.linalg.norm(b - A @ x) / np.linalg.norm(b)


def ran(solution):
    return [(attempt.method, attempt.preconditioner) for attempt in solution.info.attempts]


def dense(rng):
    return rng.standard_normal((30, 30)), ("richardson", "inverse")


def few_sparse(_):
    return gallery.convection_diffusion((15, 15), peclet=2.0), ("richardson", "sparse LU")


def box(_):
    A = 3.0 * gallery.poisson((20, 21)) + 0.5 * sparse.eye_array(420)
    return A.tocsr(), ("cg", "fast_poisson")


def diffusion(_):
    return gallery.lognormal_diffusion((75, 75), sigma=1.0, rng=0), ("cg", "ichol")


def convection(_):
    return gallery.convection_diffusion((75, 75), peclet=2.0), ("gmres", "ilu")


@pytest.mark.parametrize("system", [dense, few_sparse, box, diffusion, convection])
def test_the_choice_follows_what_is_known_of_the_matrix(system, rng):
    A, expected = system(rng)
    b = rng.standard_normal(A.shape[0])
    solution = solve(A, b)
    assert solution.converged
    assert relative(A, solution.x, b) <= 1e-8
    assert ran(solution) == [expected]
    assert (solution.info.method, solution.info.preconditioner) == expected
    assert solution.info.why


def test_an_operator_without_entries_is_solved_by_what_is_said_of_it(rng):
    A = gallery.poisson((12, 12))
    known = Operator((144, 144), np.float64, lambda x: A @ x)
    b = rng.standard_normal(144)
    for assume, method in {"spd": "cg", "hermitian": "minres", None: "gmres"}.items():
        solution = solve(known, b, assume=assume)
        assert solution.converged
        assert solution.info.method == method


def test_an_indefinite_matrix_with_a_positive_diagonal_goes_on_with_minres(rng):
    Q = np.linalg.qr(rng.standard_normal((60, 60)))[0]
    A = (Q * np.r_[-0.5, np.linspace(1, 3, 59)]) @ Q.T
    A = (A + A.T) / 2
    assert np.all(np.diag(A) > 0)
    solution = solve(Operator((60, 60), np.float64, lambda x: A @ x), A @ np.ones(60), assume="spd")
    assert [attempt.method for attempt in solution.info.attempts] == ["cg", "minres"]
    assert solution.info.attempts[0].outcome is Reason.INDEFINITE_OPERATOR
    assert solution.converged
    # the effort of both is told
    assert solution.iterations == sum(attempt.iterations for attempt in solution.info.attempts)
    assert solution.history.size == solution.iterations + 1


def test_singular_systems(rng):
    A = gallery.graph_laplacian(100, radius=0.3, rng=0)
    b = rng.standard_normal(100)
    consistent = solve(A, b - b.mean(), nullspace=np.ones(100))
    assert consistent.converged
    assert abs(consistent.x.sum()) < 1e-9
    assert solve(A, b + 1, nullspace=np.ones(100)).reason is Reason.INCONSISTENT
    D = np.diag([1.0, 2.0, 0.0])
    inconsistent = solve(D, np.ones(3))
    assert inconsistent.info.attempts[0].outcome.startswith("SingularMatrixError")
    assert not inconsistent.converged
    assert solve(D, [1.0, 1.0, 0.0]).converged


def test_least_squares_for_a_rectangle(rng):
    A, b = rng.standard_normal((40, 7)), rng.standard_normal(40)
    solution = solve(A, b)
    assert solution.converged
    assert solution.info.method == "lsmr"
    np.testing.assert_allclose(solution.x, np.linalg.lstsq(A, b, rcond=None)[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("A", "method"),
    [
        (gallery.poisson((9, 9)), "cg"),
        (gallery.helmholtz((9, 9), wavenumber=9.0), "minres"),
        (gallery.convection_diffusion((9, 9), peclet=1.0), "gmres"),
    ],
)
def test_a_given_preconditioner_is_used(A, method, rng):
    calls = []

    def M(r):
        calls.append(1)
        return r / 4

    b = rng.standard_normal(81)
    solution = solve(A, b, M=M)
    assert solution.converged
    assert solution.info.method == method
    assert solution.info.preconditioner == "given"
    assert calls


def test_many_rows_lose_patience_and_change_to_multigrid(monkeypatch, rng):
    pytest.importorskip("pyamg", reason="PyAMG is not installed")
    monkeypatch.setattr(plans, "_MANY_ROWS", 5000)
    monkeypatch.setattr(plans, "_SETUP_PER_ENTRY", (0.0, 0.0))
    A = gallery.lognormal_diffusion((75, 75), sigma=1.0, rng=0)
    b = rng.standard_normal(75 * 75)
    solution = solve(A, b)
    assert solution.converged
    assert ran(solution) == [("cg", "jacobi"), ("cg", "multigrid")]
    assert solution.info.attempts[0].outcome is Reason.TIME_LIMIT
    assert relative(A, solution.x, b) <= 1e-8


def test_without_pyamg_the_next_plan_runs(monkeypatch, rng):
    monkeypatch.setitem(__import__("sys").modules, "pyamg", None)
    monkeypatch.setattr(plans, "_MANY_ROWS", 5000)
    monkeypatch.setattr(plans, "_SETUP_PER_ENTRY", (0.0, 0.0))
    A = gallery.lognormal_diffusion((75, 75), sigma=1.0, rng=0)
    solution = solve(A, rng.standard_normal(75 * 75))
    assert solution.converged
    assert ran(solution) == [("cg", "jacobi"), ("cg", "multigrid"), ("cg", "ichol")]
    assert "multigrid" in solution.info.attempts[1].outcome


def test_columns_limits_and_callback(rng):
    A = gallery.lognormal_diffusion((75, 75), sigma=1.0, rng=0)
    b = rng.standard_normal((75 * 75, 3))
    solution = solve(A, b, rtol=1e-6)
    assert solution.converged
    assert solution.x.shape == b.shape
    short = solve(A, b, maxiter=2)
    assert short.reason is Reason.MAXITER
    assert len(short.info.attempts) == 1
    stopped = solve(A, b, callback=lambda now: now.iteration == 3)
    assert stopped.reason is Reason.STOPPED_BY_CALLBACK


def test_works_on_every_array_library(backend, rng):
    A, b = backend.asarray(rng.standard_normal((12, 12))), backend.asarray(rng.standard_normal(12))
    solution = solve(A, b)
    assert solution.converged
    backend.assert_same_kind(solution.x, b)


@pytest.mark.parametrize(
    ("A", "assume", "message"),
    [
        (np.triu(np.ones((3, 3))), "spd", "not Hermitian"),
        (np.triu(np.ones((3, 3))), "hermitian", "not Hermitian"),
        (np.diag([1.0, -1.0]), "spd", "not positive"),
        (np.eye(2), "definite", "assume must be one of"),
    ],
)
def test_what_is_claimed_is_held_against_the_entries(A, assume, message):
    with pytest.raises(ValueError, match=message):
        solve(A, np.ones(A.shape[0]), assume=assume)


def test_a_guess_is_used(rng):
    A = gallery.lognormal_diffusion((75, 75), sigma=1.0, rng=0)
    b = rng.standard_normal(75 * 75)
    first = solve(A, b, rtol=1e-10)
    assert solve(A, b, x0=first.x, rtol=1e-9).iterations == 0
    assert solve(A, b, M=jacobi(A), x0=first.x, rtol=1e-9).iterations == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [(), (2,)])
def test_factors_serve_right_hand_sides_of_other_dtypes(dtype, columns, rng):
    A, _ = few_sparse(rng)
    n = A.shape[0]
    b = rng.standard_normal((n, *columns)) + 1j * rng.standard_normal((n, *columns))
    for rhs in (b, b.real):
        solution = solve(A.astype(dtype), rhs)
        assert solution.converged
        assert ran(solution) == [("richardson", "sparse LU")]
        assert relative(A, solution.x, rhs) <= 1e-8 or dtype is np.float32


def test_the_users_time_limit_is_not_taken_for_lost_patience(monkeypatch, rng):
    monkeypatch.setattr(plans, "_MANY_ROWS", 1_000)
    monkeypatch.setattr(plans, "_SETUP_PER_ENTRY", (10.0, 1.0))
    A, _ = diffusion(rng)
    solution = solve(A, rng.standard_normal(A.shape[0]), time_limit=1e-9)
    assert solution.reason is Reason.TIME_LIMIT
    assert ran(solution) == [("cg", "jacobi")]


def test_an_assembly_may_leave_rounding_errors_in_a_symmetric_matrix(rng):
    A = diffusion(rng)[0].tocoo()
    largest = np.argmax(np.abs(A.data) * (A.row != A.col))
    A.data[largest] *= 1 + 100 * np.finfo(float).eps
    solution = solve(A.tocsr(), rng.standard_normal(A.shape[0]))
    assert solution.converged
    assert ran(solution) == [("cg", "ichol")]


def test_lu_factors_are_the_last_resort(rng):
    A = sparse.csr_array(gallery.convection_diffusion((80, 80), peclet=50.0))
    shuffled = A[rng.permutation(6_400)]  # no diagonal: no incomplete factors
    solution = solve(shuffled, rng.standard_normal(6_400))
    assert solution.converged
    assert solution.info.preconditioner == "sparse LU"
    assert len(solution.info.attempts) > 2


def test_a_tolerance_below_rounding_ends_the_search(rng):
    A = gallery.lognormal_diffusion((80, 80), sigma=1.0, rng=0).astype(np.float32)
    with pytest.warns(UnreachableToleranceWarning):
        solution = solve(A, rng.standard_normal(6_400).astype(np.float32))
    assert solution.reason is Reason.STAGNATED
    assert len(solution.info.attempts) == 1


def test_seconds_are_those_of_set_up_too(monkeypatch, rng):
    def slow(_):
        time.sleep(0.2)
        return

    monkeypatch.setattr(plans, "_sparse_lu", slow)
    A, b = gallery.helmholtz((20, 20), wavenumber=5.0), rng.standard_normal(400)
    assert solve(A, b, assume="general", maxiter=1).seconds >= 0.2


def test_an_inconsistent_neumann_problem_is_solved_to_its_least_residual(monkeypatch, rng):
    monkeypatch.setattr(plans, "_SETUP_PER_ENTRY", (0.0, 0.0))
    side = 150
    ends = np.r_[1.0, np.full(side - 2, 2.0), 1.0]
    T = sparse.diags_array([-1.0, ends, -1.0], offsets=[-1, 0, 1], shape=(side, side))
    A = sparse.kron(T, sparse.eye_array(side)) + sparse.kron(sparse.eye_array(side), T)
    b = rng.standard_normal(side**2)
    pytest.importorskip("pyamg")
    solution = solve(sparse.csr_array(A), b, nullspace=np.ones(side**2))
    assert solution.reason is Reason.INCONSISTENT
    assert solution.residual_norm == pytest.approx(side * abs(b.mean()), rel=1e-6)
