"""What MINRES, BiCGSTAB, IDR(s), LSQR and LSMR must all survive, and how they stop."""

import time
from functools import partial
from itertools import islice

import numpy as np
import pytest

from resolvent.errors import ConvergenceError
from resolvent.linalg import gallery
from resolvent.operators import as_operator
from resolvent.recurrence import Counted, Target
from resolvent.results import Reason
from resolvent.solvers import bicgstab, idrs, lsmr, lsqr, minres
from resolvent.solvers.krylov.bicgstab import bicgstab_steps
from resolvent.solvers.krylov.idrs import idrs_steps
from resolvent.solvers.krylov.least_squares import Orthogonality
from resolvent.solvers.krylov.lsmr import lsmr_steps
from resolvent.solvers.krylov.lsqr import lsqr_steps
from resolvent.solvers.krylov.minres import minres_steps
from resolvent.stopping import UnreachableToleranceWarning
from resolvent.vectors import inner

SOLVERS = [minres, bicgstab, idrs, lsqr, lsmr]
NAMES = [solve.__name__ for solve in SOLVERS]
CONDITION = 10.0

all_solvers = pytest.mark.parametrize("solve", SOLVERS, ids=lambda solve: solve.__name__)


def definite(n, rng, dtype=np.float64):
    return gallery.spd(gallery.logspaced(n, CONDITION), rng=rng, dtype=dtype)


@all_solvers
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(24,), (24, 3), (24, 1)], ids=str)
def test_solution_is_that_of_a_dense_factorisation(solve, dtype, shape, backend, rng):
    A = definite(24, rng, dtype)
    b = np.asarray(rng.standard_normal(shape), dtype=dtype)
    rtol = 1e2 * np.finfo(dtype).eps
    given = backend.asarray(b)
    solution = solve(backend.asarray(A), given, rtol=rtol)
    assert solution.converged
    backend.assert_same_kind(solution.x, given)
    assert np.array_equal(backend.to_host(given), b)
    wanted = np.linalg.solve(A.astype(np.complex128), b)
    error = np.linalg.norm(backend.to_host(solution.x) - wanted)
    # |dx| <= condition * rtol * |x|, and a second rtol for the rounding of the residual
    assert error <= 2 * CONDITION * rtol * np.linalg.norm(wanted)
    assert np.shape(solution.residual_norm) == shape[1:]


@all_solvers
def test_zero_right_hand_side_takes_no_step(solve, rng):
    solution = solve(definite(5, rng), np.zeros(5), x0=np.ones(5))
    assert solution.converged
    assert solution.iterations == 0
    assert not solution.x.any()


@all_solvers
def test_exact_guess_takes_no_step(solve, rng):
    A, x = definite(5, rng), rng.standard_normal(5)
    solution = solve(A, A @ x, x0=x)
    assert solution.converged
    assert solution.iterations == 0
    assert np.array_equal(solution.x, x)


@all_solvers
def test_guess_is_corrected_and_not_forgotten(solve, rng):
    A, x = definite(30, rng), rng.standard_normal(30)
    near = solve(A, A @ x, x0=x + 1e-6 * rng.standard_normal(30))
    far = solve(A, A @ x)
    assert near.converged
    assert near.iterations < far.iterations


@all_solvers
@pytest.mark.parametrize("entry", [3.0, -0.5, 2j])
def test_one_unknown_takes_one_step(solve, entry):
    if solve is minres and entry == 2j:
        pytest.skip("not Hermitian")
    solution = solve(np.array([[entry]]), np.array([6.0]))
    assert solution.converged
    assert solution.iterations == 1
    assert abs(solution.x[0] - 6 / entry) <= 4 * np.finfo(float).eps * 12


@all_solvers
def test_no_unknown_is_solved(solve):
    solution = solve(np.zeros((0, 0)), np.zeros(0))
    assert solution.converged
    assert solution.x.shape == (0,)


@all_solvers
@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e150, 1e200])
@pytest.mark.parametrize("what", ["A", "b"])
def test_scale_of_the_system_changes_nothing(solve, what, scale, rng):
    A, b = definite(20, rng), rng.standard_normal(20)
    plain = solve(A, b)
    scaled = solve(A * scale, b) if what == "A" else solve(A, b * scale)
    assert scaled.converged
    # the scale is no power of two: it rounds the entries, which may move the step that stops
    assert abs(scaled.iterations - plain.iterations) <= 1
    x = scaled.x * scale if what == "A" else scaled.x / scale
    assert np.linalg.norm(x - plain.x) <= 2 * CONDITION * 1e-8 * np.linalg.norm(plain.x)


@all_solvers
def test_powers_of_two_change_no_bit(solve, rng):
    A, b = definite(20, rng), rng.standard_normal(20)
    plain, scaled = solve(A, b), solve(A * 2.0**400, b * 2.0**-300)
    assert np.array_equal(scaled.x * 2.0**700, plain.x)


@all_solvers
def test_columns_stop_for_themselves_as_they_would_alone(solve, rng):
    A = gallery.spd(np.repeat([1.0, 2.0, 5.0, 9.0, 14.0], 6), rng=rng)
    _, Q = np.linalg.eigh(A)
    b = np.stack([Q[:, 0], np.zeros(30), rng.standard_normal(30), Q[:, 0] + Q[:, -1]], axis=1)
    together = solve(A, b)
    assert together.reasons == (Reason.CONVERGED,) * 4
    for j in range(4):
        alone = solve(A, b[:, j])
        column = together.history[:, j]
        # the columns are the same recurrences, in another order of summation
        size = 1 + alone.history.size
        assert np.allclose(column[: size - 2], alone.history[: size - 2], rtol=1e-6, atol=1e-12)
        assert np.all(column[size:] == column[-1])
        assert np.linalg.norm(together.x[:, j] - alone.x) <= 2e-8 * 14 * np.linalg.norm(b[:, j])


@all_solvers
@pytest.mark.parametrize("calls", [2, 7])
def test_nan_in_a_product_is_named_and_the_iterate_stays_finite(solve, calls, rng):
    A, count = gallery.spd(gallery.logspaced(40, 1e4), rng=rng), [0]

    def product(x):
        count[0] += 1
        return A @ x * (np.nan if count[0] == calls else 1.0)

    b = rng.standard_normal(40)
    solution = solve(as_operator(product, shape=(40, 40), adjoint=product), b)
    assert solution.reason is Reason.NONFINITE
    assert np.isfinite(solution.x).all()
    assert solution.residual_norm <= np.linalg.norm(b)
    with pytest.raises(ConvergenceError, match="NONFINITE"):
        solution.raise_if_failed()


@all_solvers
def test_nan_in_one_column_leaves_the_others_alone(solve, rng):
    A = definite(20, rng)

    def product(x):
        y = A @ x
        if y.ndim == 2 and y.shape[1] == 2:  # while both run
            y[:, 0] = np.nan
        return y

    solution = solve(as_operator(product, shape=(20, 20), adjoint=product), np.ones((20, 2)))
    assert solution.reasons == (Reason.NONFINITE, Reason.CONVERGED)
    assert np.isfinite(solution.x).all()


@all_solvers
def test_limits_stop_and_are_named(solve, rng):
    A, b = gallery.spd(gallery.logspaced(50, 1e3), rng=rng), rng.standard_normal(50)
    assert solve(A, b, maxiter=0).reason is Reason.MAXITER
    limited = solve(A, b, maxiter=3)
    assert (limited.reason, limited.iterations) == (Reason.MAXITER, 3)
    assert limited.residual_norm <= np.linalg.norm(b)
    assert solve(A, b, callback=lambda at: at.iteration == 4).iterations == 4
    stopped = solve(A, b, callback=lambda at: at.iteration == 4)
    assert stopped.reason is Reason.STOPPED_BY_CALLBACK

    def slow(x):
        time.sleep(0.02)
        return A @ x

    late = solve(as_operator(slow, shape=(50, 50), adjoint=slow), b, time_limit=0.05)
    assert late.reason is Reason.TIME_LIMIT


@all_solvers
def test_callback_sees_the_true_residual(solve, rng):
    A, b = definite(30, rng, np.complex128), np.exp(1j * np.arange(30.0))
    seen = []
    solution = solve(A, b, callback=lambda at: seen.append((at.residual_norm, at.x)))
    assert len(seen) == solution.iterations
    # the recurrences drift by at most eps * condition^2 |b| a step (MINRES is the worst)
    drift = len(seen) * np.finfo(float).eps * CONDITION**2 * np.linalg.norm(b)
    for level, x in seen:
        assert abs(np.linalg.norm(b - A @ x) - level) <= 4 * drift


def _recurrences():
    def least_squares(steps):
        return partial(steps, orthogonality=Orthogonality(1e-12, None, inner))

    skew = np.kron(np.eye(4), [[0.0, 1.0], [-1.0, 0.0]])
    flat = np.diag([3.0, 2.0, 1.0, 1.5, 0.0, 0.0, 0.0, 2.5])
    tall = np.vander(np.linspace(-1, 1, 12), 4)
    yield pytest.param(minres_steps, flat, id="minres")
    yield pytest.param(bicgstab_steps, skew, id="bicgstab")
    yield pytest.param(partial(idrs_steps, rng=np.random.default_rng(0)), flat, id="idrs")
    yield pytest.param(least_squares(lsqr_steps), tall, id="lsqr")
    yield pytest.param(least_squares(lsmr_steps), tall, id="lsmr")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("steps", "A"), list(_recurrences()))
def test_column_in_trouble_stands_still_however_often_it_is_stepped_on(steps, A, dtype, rng):
    A = A.astype(dtype)
    b = rng.standard_normal((A.shape[0], 2)).astype(dtype)
    target = Target(np.full(2, 1e-6), 100, 1)
    states = iter(steps(Counted(as_operator(A)), b, target))
    state = next(state for state in states if np.all(state.trouble))
    x, norms, trouble = state.x(), state.norms, state.trouble
    assert np.isfinite(x).all()
    for later in islice(states, 60):
        assert np.array_equal(later.x(), x)
        # the norm of a residual that is carried as a vector may be summed anew
        assert np.allclose(later.norms, norms, rtol=10 * np.finfo(dtype).eps, atol=0)
        assert np.array_equal(later.trouble, trouble)


@pytest.mark.parametrize("steps", [case.values[0] for case in _recurrences()], ids=NAMES)
def test_steps_past_the_solution_do_no_harm(steps, rng):
    # a GPU is asked every ten steps only
    A = gallery.spd(np.repeat([1.0, 2.0, 5.0, 9.0, 14.0], 6), rng=rng)
    b = np.stack([np.linalg.eigh(A)[1][:, 0], rng.standard_normal(30)], axis=1)
    states = steps(Counted(as_operator(A)), b, Target(np.full(2, 1e-9), 100, 10))
    for state in islice(states, 20, 40):  # five to ten are enough
        residual = np.linalg.norm(b - A @ state.x(), axis=0)
        assert np.all(residual <= 1e-9 * np.linalg.norm(b, axis=0))


@all_solvers
def test_unreachable_tolerance_stagnates_near_the_attainable_residual(solve, rng):
    A, b = definite(30, rng), rng.standard_normal(30)
    with pytest.warns(UnreachableToleranceWarning):
        solution = solve(A, b, rtol=1e-19)
    if solve in (lsqr, lsmr):  # the gradient is as small as rounding allows
        assert solution.reason in (Reason.CONVERGED, Reason.STAGNATED)
    else:
        assert solution.reason in (Reason.STAGNATED, Reason.BREAKDOWN, Reason.INCONSISTENT)
    # |b - A x| is at most n eps |A| |x| off, and |A| |x| <= condition |b|
    assert solution.residual_norm <= 30 * np.finfo(float).eps * CONDITION * np.linalg.norm(b)


@all_solvers
def test_preconditioner_that_is_the_inverse_takes_one_step(solve, rng):
    A = gallery.spd(gallery.logspaced(30, 1e5), rng=rng)
    solution = solve(A, np.ones(30), M=np.linalg.inv(A), rtol=1e-6)
    assert solution.converged
    assert solution.iterations == 1


@all_solvers
def test_vectors_are_summed_by_the_inner_product_alone(solve, rng):
    A, b, seen = definite(20, rng), rng.standard_normal(20), []

    def summed(x, y):
        seen.append(x.shape)
        return np.sum(np.conj(x) * y, axis=0)

    solution = solve(A, b, inner=summed)
    plain = solve(A, b)
    assert solution.converged
    assert len(seen) > 2 * solution.iterations
    assert np.linalg.norm(solution.x - plain.x) <= 2e-8 * CONDITION * np.linalg.norm(plain.x)


@all_solvers
@pytest.mark.parametrize("scale", [1e-30, 1e25])
def test_single_precision_survives_its_own_scales(solve, scale, rng):
    A, b = definite(20, rng, np.float32), rng.standard_normal(20).astype(np.float32)
    solution = solve(A * np.float32(scale), b, rtol=1e-4)
    assert solution.converged
    assert solution.x.dtype == np.float32
    x = solution.x.astype(float) * scale
    wanted = np.linalg.solve(A.astype(float), b)
    assert np.linalg.norm(x - wanted) <= 2e-4 * CONDITION * np.linalg.norm(wanted)


@all_solvers
def test_arguments_that_do_not_fit_are_refused(solve, rng):
    A = definite(4, rng)
    for wrong in ({"b": np.ones(3)}, {"b": np.array([1, np.nan, 1, 1])}, {"x0": np.ones(3)}):
        with pytest.raises(ValueError, match="shape|NaN"):
            solve(A, **{"b": np.ones(4), **wrong})
    with pytest.raises(ValueError, match="rtol"):
        solve(A, np.ones(4), rtol=-1.0)
    with pytest.raises(ValueError, match="M"):
        solve(A, np.ones(4), M=np.ones((3, 3)))
