import array_api_strict as xp
import numpy as np
import pytest

from resolvent import Reason
from resolvent.drive import drive
from resolvent.operators import as_operator
from resolvent.recurrence import State, code
from resolvent.stopping import Stop

A = np.diag([1.0, 2.0, 4.0])
B = np.array([1.0, 2.0, 4.0])  # the solution is one


def run(steps, b=B, *, rtol=1e-8, maxiter=50, **options):
    return drive(
        steps, as_operator(A), b, stop=Stop.for_rhs(b, rtol=rtol, maxiter=maxiter), **options
    )


def richardson(A, r, _):  # d <- d + r / 4: contracts by 3/4
    d = np.zeros_like(r)
    while True:
        d = d + (r - A @ d) / 4
        yield State(lambda d=d: d, np.linalg.norm(r - A @ d, axis=0))


def test_history_begins_before_the_first_step_and_ends_with_the_last():
    solution = run(richardson, maxiter=7)
    assert solution.reason is Reason.MAXITER
    assert solution.iterations == 7
    assert solution.history.shape == (8,)
    assert solution.history[0] == np.linalg.norm(B)
    assert solution.residual_norm == pytest.approx(solution.history[-1], rel=1e-12)
    np.testing.assert_allclose(B - A @ solution.x, B * [0.75**7, 0.5**7, 0], atol=1e-15)


def test_residual_norm_is_the_true_one():
    solution = run(richardson, rtol=1e-3)
    assert solution.converged
    assert solution.residual_norm == np.linalg.norm(B - A @ solution.x)


def liar(A, r, _):  # claims at once what it doesn't have
    d = np.zeros_like(r)
    while True:
        d = d + (r - A @ d) / 4
        yield State(lambda d=d: d, np.float64(0.0))


def test_a_false_claim_is_followed_by_a_new_round_and_then_called_stagnation():
    solution = run(liar)
    # residuals (1, 2, 4), (3/4, 1, 0), (9/16, 1/2, 0): the second round no longer halves it
    assert solution.reason is Reason.STAGNATED
    assert solution.iterations == 2
    assert solution.residual_norm == pytest.approx(np.hypot(9 / 16, 1 / 2))


def test_rounds_that_halve_the_residual_go_on_until_it_is_true():
    def half_liar(A, r, _):
        yield State(lambda: np.linalg.solve(np.asarray(A @ np.eye(3)), r) * 0.7, np.float64(0.0))

    solution = run(half_liar, rtol=1e-6)
    assert solution.converged
    # each round leaves 0.3 of the residual
    assert solution.iterations == int(np.ceil(np.log(1e-6) / np.log(0.3)))


def explodes(A, r, _):
    d = np.zeros_like(r)
    for step in range(1, 20):
        d = d + (r - A @ d) / 4 if step < 10 else 3 * d
        yield State(lambda d=d: d, np.linalg.norm(r - A @ d, axis=0))


def test_the_kept_iterate_is_the_best_up_to_a_factor_two():
    solution = run(explodes, maxiter=15)
    assert not solution.converged
    assert solution.residual_norm <= 2 * solution.history.min()
    assert solution.history[-1] > 100 * solution.history.min()


def turns_to_nan(A, r, _):
    for step, state in enumerate(richardson(A, r, _)):
        if step == 6:
            yield State(lambda: np.full(3, np.nan), np.float64(np.nan))
        yield state


def test_nan_is_named_and_an_earlier_iterate_is_returned():
    solution = run(turns_to_nan)
    assert solution.reason is Reason.NONFINITE
    assert np.all(np.isfinite(solution.x))
    assert solution.residual_norm <= 2 * np.nanmin(solution.history)


def test_trouble_has_its_name():
    def troubled(_A, r, _target):
        yield State(lambda: r / 4, np.float64(1.0), code(Reason.INDEFINITE_OPERATOR))

    solution = run(troubled)
    assert solution.reason is Reason.INDEFINITE_OPERATOR
    assert solution.residual_norm == np.linalg.norm(B - A @ solution.x)


def test_a_recurrence_that_ends_has_stagnated_with_its_last_iterate():
    def short(A, r, _):
        yield State(lambda: r / 64, np.linalg.norm(r - A @ (r / 64)))

    solution = run(short)
    assert solution.reason is Reason.STAGNATED
    np.testing.assert_array_equal(solution.x, B / 64)


def test_callback_sees_each_step_and_can_stop():
    seen = []

    def callback(now):
        seen.append((now.iteration, now.residual_norm, np.linalg.norm(B - A @ now.x)))
        return now.iteration == 4

    solution = run(richardson, callback=callback)
    assert solution.reason is Reason.STOPPED_BY_CALLBACK
    assert [iteration for iteration, _, _ in seen] == [1, 2, 3, 4]
    np.testing.assert_allclose([by for _, by, _ in seen], [true for _, _, true in seen])


def test_time_limit_stops():
    assert run(richardson, time_limit=0.0, maxiter=10**9).reason is Reason.TIME_LIMIT


def test_maxiter_zero_returns_the_guess():
    x0 = np.array([1.0, 1.0, 0.0])
    solution = run(richardson, maxiter=0, x0=x0)
    assert solution.reason is Reason.MAXITER
    np.testing.assert_array_equal(solution.x, x0)
    assert solution.residual_norm == 4


def test_each_column_has_its_own_stop_and_reason():
    b = np.stack([B, np.zeros(3), [0.0, 0.0, 4.0]], axis=1)
    solution = run(richardson, b, rtol=1e-4, maxiter=9)
    # the last column lies in the eigenspace of 4: one step; the first needs 30
    assert solution.reasons == (Reason.MAXITER, Reason.CONVERGED, Reason.CONVERGED)
    assert solution.reason is Reason.MAXITER
    assert solution.history.shape == (10, 3)
    np.testing.assert_array_equal(solution.history[1:, 2], 0)
    np.testing.assert_array_equal(solution.x[:, 1:], [[0, 0], [0, 0], [0, 1]])
    np.testing.assert_allclose(solution.residual_norm, np.linalg.norm(b - A @ solution.x, axis=0))


def test_products_are_counted():
    # two products a step, and one for the truth
    assert run(richardson, maxiter=5).matvecs == 2 * 5 + 1
    assert run(richardson, maxiter=0, x0=np.ones(3)).matvecs == 1


@pytest.mark.parametrize("exponent", [-600, -300, 300, 600])
def test_powers_of_two_scale_exactly(exponent):
    plain = run(richardson, rtol=1e-6)
    scaled = run(richardson, np.ldexp(B, exponent), rtol=1e-6)
    assert scaled.iterations == plain.iterations
    np.testing.assert_array_equal(scaled.x, np.ldexp(plain.x, exponent))


def test_a_zero_right_hand_side_is_solved_by_zero_whatever_the_guess():
    solution = run(richardson, np.zeros(3), x0=np.ones(3))
    assert solution.converged
    assert solution.iterations == 0
    np.testing.assert_array_equal(solution.x, 0)


def test_an_exact_guess_takes_no_step():
    solution = run(richardson, x0=np.ones(3))
    assert solution.converged
    assert solution.iterations == 0


def test_flags_of_a_gpu_are_read_in_batches(monkeypatch):
    import resolvent.drive as module

    reads = []
    real = module.to_host
    monkeypatch.setattr(module, "_on_gpu", lambda _: True)
    monkeypatch.setattr(module, "to_host", lambda x: reads.append(1) or real(x))
    solution = run(richardson, rtol=1e-4)
    norms = np.hypot(0.75 ** np.arange(99), 2 * 0.5 ** np.arange(99))
    plain = int(np.argmax(norms <= 1e-4 * np.linalg.norm(B)))
    assert solution.converged
    assert plain <= solution.iterations < plain + 10
    assert len(reads) == -(-solution.iterations // 10)


def test_on_a_gpu_the_limit_holds_and_a_callback_sees_every_step(monkeypatch):
    monkeypatch.setattr("resolvent.drive._on_gpu", lambda _: True)
    b = xp.asarray(B)

    def steps(A, r, _):
        d = xp.zeros_like(r)
        while True:
            d = d + (r - A @ d) / 4
            yield State(lambda d=d: d, xp.sqrt(xp.sum((r - A @ d) ** 2)))

    seen = []
    for maxiter in (3, 10, 13):
        operator = as_operator(xp.asarray(A), like=b)
        stop = Stop.for_rhs(b, rtol=1e-12, maxiter=maxiter)
        assert drive(steps, operator, b, stop=stop).iterations == maxiter
    drive(steps, operator, b, stop=stop, callback=lambda it: seen.append(it.iteration))
    assert seen == list(range(1, 14))


def test_an_iterate_is_not_to_be_had_after_its_callback():
    kept = []
    run(richardson, maxiter=3, callback=lambda it: kept.append(it))
    with pytest.raises(RuntimeError, match="x is gone"):
        _ = kept[0].x

    values = []
    run(richardson, maxiter=3, callback=lambda it: values.append((it, it.x)) or False)
    assert all(it.x is x for it, x in values)  # what was asked for in time stays


def test_a_recurrence_that_makes_no_step_ends():
    def idle(_A, r, _):
        while True:
            yield State(lambda: np.zeros_like(r), np.empty(0))

    solution = run(idle)
    assert solution.reason is Reason.STAGNATED
    assert solution.iterations == 0


def test_the_solution_is_not_the_guess():
    guess = np.ones(3)
    solution = run(richardson, x0=guess)
    assert solution.iterations == 0
    assert not np.shares_memory(solution.x, guess)
