"""MINRES by its theory: the smallest residual of every Krylov space, for any Hermitian matrix."""

from itertools import islice

import numpy as np
import pytest
from scipy.sparse.linalg import minres as peer

from resolvent.linalg import gallery
from resolvent.operators import as_operator
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.recurrence import Counted, Target, code
from resolvent.results import Reason
from resolvent.solvers import minres
from resolvent.solvers.krylov.minres import minres_steps

EPS = np.finfo(float).eps
INDEFINITE = np.array([-3.0, -1.0, 0.5, 2.0, 4.0])  # condition 8


def neumann(n):
    """Second differences whose null space are the constants."""
    A = 2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1)
    A[0, 0] = A[-1, -1] = 1
    return A


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_steps_are_the_distinct_eigenvalues(dtype, rng):
    A = gallery.hermitian(np.repeat(INDEFINITE, 8), rng=rng, dtype=dtype)
    b = rng.standard_normal(40).astype(dtype)
    solution = minres(A, b, rtol=1e-12)
    assert solution.converged
    assert solution.iterations == 5
    assert np.linalg.norm(solution.x - np.linalg.solve(A, b)) <= 2e-12 * np.linalg.norm(b) / 0.5


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_steps_are_the_distinct_eigenvalues_of_the_preconditioned_matrix(dtype, rng):
    # M A = L (L^H A L) L^-1 has the eigenvalues of the middle factor
    M = gallery.spd(gallery.logspaced(40, 10.0), rng=rng, dtype=dtype)
    inverse = np.linalg.inv(np.linalg.cholesky(M))
    A = inverse.conj().T @ gallery.hermitian(np.repeat(INDEFINITE, 8), rng=rng, dtype=dtype)
    A = A @ inverse
    A = (A + A.conj().T) / 2
    solution = minres(A, np.ones(40), M=M, rtol=1e-10)
    assert solution.converged
    assert solution.iterations == 5


def test_residual_is_the_smallest_over_the_krylov_space_and_never_grows(rng):
    A = gallery.hermitian(np.r_[np.linspace(-2, -1, 20), np.linspace(1, 3, 20)], rng=rng)
    b = rng.standard_normal(40)
    history = minres(A, b, maxiter=10).history
    K = b[:, None]
    for level in history[1:]:
        AK = A @ K
        smallest = np.linalg.norm(b - AK @ np.linalg.lstsq(AK, b)[0])
        assert abs(level - smallest) <= 100 * EPS * 3**2 * np.linalg.norm(b)
        K = np.linalg.qr(np.column_stack([K, AK[:, -1]]))[0]
    assert np.all(np.diff(history) <= 0)


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
def test_preconditioned_norms_are_euclidean(dtype, rng):
    A = gallery.hermitian(np.r_[-gallery.logspaced(15, 10.0), np.ones(15)], rng=rng, dtype=dtype)
    M = gallery.spd(gallery.logspaced(30, 10.0), rng=rng, dtype=dtype)
    b = rng.standard_normal(30).astype(dtype)
    seen = []
    minres(A, b, M=M, callback=lambda at: seen.append((at.residual_norm, at.x)))
    assert len(seen) > 10
    for level, x in seen:
        # the recurrence drifts by at most eps * condition^2 |b| a step
        assert abs(np.linalg.norm(b - A @ x) - level) <= len(seen) * EPS * 100**2


def test_iterates_are_those_of_scipy(rng):
    A = gallery.hermitian(np.r_[np.linspace(-2, -1, 20), np.linspace(1, 3, 20)], rng=rng)
    b = rng.standard_normal(40)
    wanted = []
    peer(A, b, rtol=1e-14, maxiter=12, callback=lambda x: wanted.append(x.copy()))
    ours = []
    minres(A, b, callback=lambda at: ours.append(at.x))
    for x, y in zip(ours, wanted, strict=False):
        assert np.linalg.norm(x - y) <= 1e3 * EPS * 3**2 * np.linalg.norm(b)


@pytest.mark.parametrize("wavenumber", [5.0, 15.0, 25.0])
def test_indefinite_helmholtz_is_solved_in_the_steps_of_scipy(wavenumber, rng):
    A = gallery.helmholtz((24, 24), wavenumber=wavenumber)
    eigenvalues = np.linalg.eigvalsh(A.toarray())
    assert eigenvalues[0] < 0 < eigenvalues[-1]
    b = rng.standard_normal(576)
    reached = []

    def watch(x):
        reached.append(np.linalg.norm(b - A @ x) <= 1e-8 * np.linalg.norm(b))

    peer(A, b, rtol=1e-14, callback=watch)
    solution = minres(A, b)
    assert solution.converged
    assert np.linalg.norm(b - A @ solution.x) <= 1.001e-8 * np.linalg.norm(b)
    # rounding delays both by a few per cent once orthogonality is lost
    assert abs(solution.iterations - (reached.index(True) + 1)) <= 2 + 0.03 * len(reached)


def test_singular_system_with_a_solution_gives_that_of_least_norm(rng):
    A = gallery.hermitian(np.r_[np.zeros(3), -gallery.logspaced(20, 10.0), 1.0], rng=rng)
    b = A @ rng.standard_normal(24)
    solution = minres(A, b, rtol=1e-12)
    assert solution.converged
    wanted = np.linalg.pinv(A, rcond=1e-10, hermitian=True) @ b
    assert np.linalg.norm(solution.x - wanted) <= 10 * 2e-12 * np.linalg.norm(b)


@pytest.mark.parametrize("n", [2, 30, 100])
def test_inconsistent_system_is_named_at_the_smallest_residual(n, rng):
    b = rng.standard_normal(n)
    solution = minres(neumann(n), b)
    assert solution.reason is Reason.INCONSISTENT
    smallest = abs(b.mean()) * n**0.5
    # |A r| <= 1.5e-7 |A| |r| leaves r within (|A r| / 0.0009)^2 / 2 of it for n = 100
    assert smallest * (1 - 1e-9) <= solution.residual_norm <= smallest * (1 + 1e-6)


def test_nullspace_makes_the_inconsistent_system_one_of_least_squares(rng):
    b = rng.standard_normal(30)
    solution = minres(neumann(30), b, nullspace=np.ones(30))
    assert solution.reason is Reason.INCONSISTENT
    wanted = np.linalg.lstsq(neumann(30), b)[0]
    # condition 4 / 0.011 of A on the complement
    assert np.linalg.norm(solution.x - wanted) <= 400 * 1e-8 * np.linalg.norm(wanted)


def test_ill_conditioned_but_solvable_system_is_not_called_inconsistent(rng):
    A = gallery.hermitian(np.r_[-1e-5, np.linspace(1, 2, 30), 1e-5], rng=rng)
    assert minres(A, A @ rng.standard_normal(32)).converged
    assert minres(A, rng.standard_normal(32)).converged


def test_zero_matrix_is_inconsistent():
    solution = minres(np.zeros((3, 3)), np.ones(3))
    assert solution.reason is Reason.INCONSISTENT
    assert not solution.x.any()


@pytest.mark.parametrize("spectrum", [[-1.0, 1.0], [-1.0], [-1e-3, 1.0]], ids=str)
def test_indefinite_preconditioner_is_named(spectrum, rng):
    M = gallery.hermitian(np.repeat(spectrum, 12 // len(spectrum)), rng=rng)
    A = gallery.hermitian(np.linspace(-1, 2, 12), rng=rng)
    solution = minres(A, np.ones(12), M=M)
    assert solution.reason is Reason.INDEFINITE_PRECONDITIONER
    assert np.isfinite(solution.x).all()
    assert solution.residual_norm <= np.sqrt(12)


def test_semidefinite_preconditioner_never_claims_a_solution(rng):
    M = gallery.hermitian(np.repeat([0.0, 1.0], 6), rng=rng)
    A = gallery.hermitian(np.linspace(-1, 2, 12), rng=rng)
    solution = minres(A, np.ones(12), M=M)
    assert not solution.converged
    assert solution.residual_norm <= np.sqrt(12)


def test_indefinite_preconditioner_is_seen_after_a_start_of_positive_length():
    A, M = np.diag(np.arange(1.0, 7.0)), np.diag([1.0, 1.0, 1.0, 1.0, 1.0, -0.5])
    states = minres_steps(Counted(as_operator(A)), np.ones(6), Target(np.zeros(1), 6, 1), M=M)
    troubles = [int(state.trouble) for state in islice(states, 6)]
    assert troubles[-1] == code(Reason.INDEFINITE_PRECONDITIONER)


def test_vector_of_no_length_in_the_preconditioner_is_named():
    A, M = np.diag([1.0, 2.0]), np.diag([1.0, -1.0])
    assert minres(A, np.ones(2), M=M).reason is Reason.INDEFINITE_PRECONDITIONER


@pytest.mark.parametrize("flaw", ["is_spd", "is_linear", "is_fixed"])
def test_preconditioner_that_admits_to_be_unfit_is_refused(flaw):
    M = Preconditioner((2, 2), np.float64, lambda r: r, **{flaw: False})
    with pytest.raises(ValueError, match="M must be"):
        minres(np.eye(2), np.ones(2), M=M)


def test_columns_have_their_own_reasons():
    A = np.diag([1.0, -2.0, 0.0])
    b = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    solution = minres(A, b)
    assert solution.reasons == (Reason.CONVERGED, Reason.INCONSISTENT, Reason.CONVERGED)
    assert solution.reason is Reason.INCONSISTENT
    # the null vector stays free
    assert np.allclose(solution.x[:2], [[1, 1, 0], [-0.5, 0, 0]], atol=4 * EPS)


def test_matrix_that_is_not_hermitian_is_never_said_to_be_solved_wrongly(rng):
    A = rng.standard_normal((20, 20)) + 6 * np.eye(20)
    b = rng.standard_normal(20)
    solution = minres(A, b)
    assert not solution.converged
    assert np.isclose(solution.residual_norm, np.linalg.norm(b - A @ solution.x))


def test_products_are_one_a_step_and_one_to_verify(rng):
    A = gallery.hermitian(np.repeat(INDEFINITE, 8), rng=rng)
    count = [0]

    def product(x):
        count[0] += 1
        return A @ x

    solution = minres(as_operator(product, shape=(40, 40)), rng.standard_normal(40))
    assert solution.matvecs == count[0] == solution.iterations + 1
