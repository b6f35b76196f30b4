import numpy as np
import pytest
from scipy import sparse

from resolvent import Reason
from resolvent.linalg import gallery
from resolvent.preconditioners import Preconditioner
from resolvent.solvers import fgmres, gmres

SOLVERS = [gmres, fgmres]


@pytest.mark.parametrize("solver", SOLVERS)
def test_residual_is_the_smallest_over_the_krylov_space(solver, rng):
    A = rng.standard_normal((12, 12))
    b = rng.standard_normal(12)
    K = b[:, None]
    for _ in range(5):
        K = np.linalg.qr(np.hstack([K, A @ K[:, -1:]]))[0]
    # the least-squares solution over the space of five vectors, by LAPACK
    best = np.linalg.lstsq(A @ K[:, :5], b, rcond=None)[0]
    solution = solver(A, b, maxiter=5)
    np.testing.assert_allclose(solution.x, K[:, :5] @ best, rtol=1e-10)
    assert solution.residual_norm == pytest.approx(np.linalg.norm(b - A @ solution.x))


@pytest.mark.parametrize("solver", SOLVERS)
def test_takes_as_many_steps_as_distinct_eigenvalues(solver, rng):
    V = rng.standard_normal((10, 10))
    A = V @ np.diag([1.0] * 4 + [-2.0] * 3 + [3.0] * 3) @ np.linalg.inv(V)
    solution = solver(A, rng.standard_normal(10), rtol=1e-10)
    assert solution.converged
    assert solution.iterations == 3


def test_history_never_grows_within_a_cycle(rng):
    A = gallery.convection_diffusion((15, 15), peclet=3.0)
    solution = gmres(A, rng.standard_normal(225), restart=20)
    assert solution.converged
    assert np.all(np.diff(solution.history) <= 1e-12 * solution.history[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("restart", [7, 40])
@pytest.mark.parametrize("preconditioned", [False, True])
def test_compiled_steps_are_those_of_the_generic_recurrence(dtype, restart, preconditioned, rng):
    A = gallery.convection_diffusion((14, 13), peclet=1.0).astype(dtype)
    b = rng.standard_normal(182).astype(dtype)
    M = None
    if preconditioned:
        from resolvent.preconditioners import jacobi

        M = jacobi(A)
    options = {"restart": restart, "maxiter": 35, "M": M, "rtol": 1e-4}
    compiled = gmres(A, b, **options)
    generic = gmres(lambda x: A @ x, b, **options)
    assert compiled.iterations == generic.iterations
    assert compiled.x.dtype == dtype
    tolerance = 1e4 * np.finfo(dtype).eps
    np.testing.assert_allclose(compiled.history, generic.history, rtol=tolerance)
    np.testing.assert_allclose(
        compiled.x, generic.x, rtol=0, atol=tolerance * np.abs(generic.x).max()
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_solves_on_every_array_library(solver, backend, rng):
    A = backend.asarray(np.eye(18) * 3 + rng.standard_normal((18, 18)) / 3)
    b = backend.asarray(rng.standard_normal((18, 2)))
    solution = solver(A, b, rtol=1e-10, restart=6)
    assert solution.converged
    backend.assert_same_kind(solution.x, b)
    host = backend.to_host(b) - backend.to_host(A) @ backend.to_host(solution.x)
    assert np.all(
        np.linalg.norm(host, axis=0) <= 1e-10 * np.linalg.norm(backend.to_host(b), axis=0)
    )


@pytest.mark.parametrize("solver", SOLVERS)
def test_complex_non_hermitian(solver, rng):
    A = 4 * np.eye(20) + rng.standard_normal((20, 20)) + 1j * rng.standard_normal((20, 20))
    b = rng.standard_normal(20)
    solution = solver(A, b, rtol=1e-12, restart=20)
    assert solution.converged
    np.testing.assert_allclose(solution.x, np.linalg.solve(A, b), rtol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("known", [True, False])
def test_a_cyclic_shift_stagnates_by_name_until_the_cycle_is_long_enough(solver, known):
    P = sparse.csr_array(np.roll(np.eye(30), 1, axis=0))
    A = P if known else lambda x: P @ x
    b = np.eye(30)[0]
    stuck = solver(A, b, restart=10)
    assert stuck.reason is Reason.STAGNATED
    assert stuck.residual_norm == pytest.approx(1)
    solution = solver(A, b, restart=30)
    assert solution.converged
    assert solution.iterations == 30


@pytest.mark.parametrize("solver", SOLVERS)
def test_singular_consistent_and_inconsistent(solver):
    A = np.diag([1.0, 2.0, 3.0, 0.0])
    assert solver(A, [1.0, 1.0, 1.0, 0.0]).converged
    solution = solver(A, np.ones(4))
    assert solution.reason in (Reason.STAGNATED, Reason.BREAKDOWN, Reason.INCONSISTENT)
    # what is outside the range can't be removed, all else can
    assert solution.residual_norm == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("known", [True, False])
def test_happy_breakdown_is_the_solution(known):
    A = sparse.csr_array(np.diag(np.r_[np.full(3, 2.0), np.full(5, 7.0)]))
    b = np.r_[np.ones(3), np.zeros(5)]  # an eigenvector
    solution = gmres(A if known else lambda x: A @ x, b, rtol=1e-14)
    assert solution.converged
    assert solution.iterations == 1
    np.testing.assert_allclose(solution.x, b / 2, rtol=1e-15)


def test_flexible_gmres_takes_any_preconditioner(rng):
    A = gallery.convection_diffusion((12, 12), peclet=2.0)
    lengths = iter(range(1, 1000))

    def M(v):  # never the same twice, and not linear
        return gmres(A, v, maxiter=1 + next(lengths) % 4, rtol=0.0).x

    solution = fgmres(A, rng.standard_normal(144), M=M, rtol=1e-10)
    assert solution.converged


def test_gmres_hands_a_nonlinear_preconditioner_to_fgmres(rng):
    A = gallery.convection_diffusion((12, 12), peclet=2.0)
    calls = []

    def inner(v):
        calls.append(1)
        return gmres(A, v, maxiter=3, rtol=0.0).x

    M = Preconditioner((144, 144), np.float64, inner, is_linear=False)
    solution = gmres(A, rng.standard_normal(144), M=M, rtol=1e-10)
    assert solution.converged
    assert len(calls) == solution.iterations  # none for the correction


def test_a_fixed_preconditioner_makes_both_the_same(rng):
    A = gallery.convection_diffusion((9, 9), peclet=2.0)
    b = rng.standard_normal(81)
    M = np.linalg.inv(A.toarray() + 0.3 * np.eye(81))
    plain, flexible = gmres(A, b, M=M), fgmres(A, b, M=M)
    assert plain.iterations == flexible.iterations
    np.testing.assert_allclose(plain.x, flexible.x, rtol=1e-7)


@pytest.mark.parametrize("solver", SOLVERS)
def test_columns_are_independent(solver, rng):
    A = gallery.convection_diffusion((8, 8), peclet=1.0)
    b = rng.standard_normal((64, 3))
    b[:, 1] = 0
    together = solver(A, b, rtol=1e-9, restart=15)
    assert together.converged
    for j in (0, 2):
        alone = solver(lambda x: A @ x, b[:, j], rtol=1e-9, restart=15)
        np.testing.assert_allclose(together.x[:, j], alone.x, rtol=1e-6)
    np.testing.assert_array_equal(together.x[:, 1], 0)


@pytest.mark.parametrize("solver", SOLVERS)
def test_maxiter_counts_products_not_cycles(solver, rng):
    A = gallery.convection_diffusion((20, 20), peclet=1.0)
    solution = solver(A, rng.standard_normal(400), restart=5, maxiter=12, rtol=1e-12)
    assert solution.reason is Reason.MAXITER
    assert solution.iterations == 12
    # two restarts and the truth
    assert solution.matvecs == 12 + 2 + 1


@pytest.mark.parametrize("exponent", [-400, 400])
@pytest.mark.parametrize("known", [True, False])
def test_scales_of_the_system_do_not_matter(known, exponent, rng):
    A = sparse.csr_array(gallery.convection_diffusion((9, 9), peclet=1.0))
    b = rng.standard_normal(81)
    scaled = A * 2.0**exponent
    solution = gmres(scaled if known else lambda x: scaled @ x, np.ldexp(b, exponent))
    assert solution.converged
    np.testing.assert_allclose(solution.x, gmres(A, b).x, rtol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_trouble_at_the_door(solver):
    assert solver([[4.0]], [8.0]).x.tolist() == [2.0]
    assert solver(np.zeros((0, 0)), np.zeros(0)).x.shape == (0,)
    assert solver(np.zeros((3, 3)), np.zeros(3)).converged
    with pytest.raises(ValueError, match="restart"):
        solver(np.eye(2), np.ones(2), restart=0)
    assert not solver(np.zeros((3, 3)), np.ones(3)).converged


def test_a_compiled_cycle_that_can_not_go_on_hands_over_its_iterate(monkeypatch, rng):
    from resolvent.solvers.compiled.arnoldi import CompiledArnoldi

    A = sparse.csr_array(np.eye(30) + 0.1 * rng.standard_normal((30, 30)))
    b = rng.standard_normal(30)
    plain = gmres(A, b, restart=5)
    advance, cycles = CompiledArnoldi.advance, []

    def once(self, *arguments):
        cycles.append(self)
        return advance(self, *arguments) if len(cycles) == 1 else np.empty(0)

    monkeypatch.setattr(CompiledArnoldi, "advance", once)
    solution = gmres(A, b, restart=5)
    assert len(cycles) == 2
    assert solution.converged
    assert solution.iterations == plain.iterations
    np.testing.assert_allclose(solution.history, plain.history, rtol=1e-6)
