"""Sinkhorn-Newton-Sparse against the library's own Newton method, and what its budget decides."""

import math

import numpy as np
import pytest

from resolvent import ConvergenceError, Reason
from resolvent.solvers.transport import (
    PointCost,
    exact_transport,
    sinkhorn,
    sinkhorn_newton,
    sinkhorn_newton_sparse,
)

SIZE = 200
ETA = 480  # times 1 / n as in the paper, 1200 / 500


@pytest.fixture(scope="module")
def assignment():
    return np.random.default_rng(0).random((SIZE, SIZE))


def weights(rng, n, zeros=0):
    w = rng.random(n) + 0.1
    w[rng.permutation(n)[:zeros]] = 0
    return w / w.sum()


def newton_errors(solution, warmup=20):
    return [stage.error for stage in solution.history[warmup - 1 :]]


def blocks():
    """Two clusters so far apart that the plan is reducible in rounding, and of unequal mass."""
    cost = np.array([[0.0, 0.01, 1.0], [0.01, 0.0, 1.0], [1.0, 1.0, 0.0]])
    return cost, [0.3, 0.3, 0.4], [0.35, 0.35, 0.3]


def test_potentials_are_those_of_the_semi_dual_method(rng):
    cost, a, b = rng.random((50, 40)), weights(rng, 50), weights(rng, 40)
    options = {"reg": 0.01, "tol": 1e-12}
    published = sinkhorn_newton_sparse(cost, a, b, **options).raise_if_failed()
    ours = sinkhorn_newton(cost, a, b, **options).raise_if_failed()
    np.testing.assert_allclose(published.f, ours.f, atol=1e-9)
    np.testing.assert_allclose(published.g, ours.g, atol=1e-9)
    np.testing.assert_allclose(published.plan(), ours.plan(), atol=1e-11)


def test_enough_entries_converge_as_fast_as_the_whole_plan(assignment):
    whole, few = (
        sinkhorn_newton_sparse(assignment, reg=1 / ETA, budget=share, tol=1e-11).raise_if_failed()
        for share in (1.0, 6 / SIZE)
    )
    assert few.newton_steps <= whole.newton_steps + 1
    before, last = newton_errors(few)[-3:-1]
    assert last <= before**1.5  # faster than linear, from errors far below 1


def test_two_entries_a_row_converge_linearly(assignment):
    few = sinkhorn_newton_sparse(assignment, reg=1 / ETA, budget=2 / SIZE, tol=1e-11)
    errors = np.array(newton_errors(few.raise_if_failed()))
    rates = errors[-10:] / errors[-11:-1]
    assert ((rates > 0.5) & (rates < 0.9)).all()
    enough = sinkhorn_newton_sparse(assignment, reg=1 / ETA, budget=6 / SIZE, tol=1e-11)
    assert few.newton_steps > 4 * enough.newton_steps


def test_the_default_budget_is_three_entries_a_row_and_column(assignment):
    by_default, named = (
        sinkhorn_newton_sparse(assignment, reg=1 / ETA, budget=share) for share in (None, 6 / SIZE)
    )
    np.testing.assert_array_equal(by_default.f, named.f)


def test_a_warm_up_is_sinkhorns_iteration_and_saves_newton_steps(assignment):
    none, long = (
        sinkhorn_newton_sparse(assignment, reg=1 / ETA, warmup=t).raise_if_failed()
        for t in (1, 100)
    )
    assert long.newton_steps < none.newton_steps
    plain = sinkhorn(assignment, reg=1 / ETA, init=np.zeros(SIZE), maxiter=100, tol=1e-15)
    np.testing.assert_array_equal(
        [stage.error for stage in long.history[:100]], [stage.error for stage in plain.history]
    )
    assert long.iterations == 100 + long.newton_steps


def test_the_exact_cost_is_in_the_interval(rng):
    x, y = rng.random((2, 60, 2))
    cost = PointCost(x, y)
    exact = exact_transport(cost).value
    solution = sinkhorn_newton_sparse(cost, reg=1e-3).raise_if_failed()
    assert solution.lower <= exact <= solution.upper
    assert solution.upper - solution.lower < 0.1


def test_too_small_a_budget_is_named_and_leaves_bounds(assignment):
    exact = exact_transport(assignment).value
    solution = sinkhorn_newton_sparse(assignment, reg=1 / ETA, budget=1 / SIZE, steps=20)
    assert solution.reason is Reason.MAXITER
    assert solution.newton_steps == 20
    assert np.isfinite(solution.f).all()
    assert np.isfinite(solution.g).all()
    assert solution.lower <= exact <= solution.upper
    with pytest.raises(ConvergenceError, match="MAXITER"):
        solution.raise_if_failed()


def test_a_plan_of_blocks_converges_to_that_of_the_semi_dual_method():
    cost, a, b = blocks()
    solution = sinkhorn_newton_sparse(cost, a, b, reg=1e-3, budget=5 / 9).raise_if_failed()
    assert solution.newton_steps > 0
    ours = sinkhorn_newton(cost, a, b, reg=1e-3).raise_if_failed()
    np.testing.assert_allclose(solution.plan(), ours.plan(), atol=1e-8)
    exact = exact_transport(cost, a, b).value
    assert solution.lower <= exact + 1e-12
    assert solution.upper >= exact - 1e-12


def test_blocks_that_get_too_few_steps_are_a_named_failure_and_no_nan():
    cost, a, b = blocks()
    solution = sinkhorn_newton_sparse(cost, a, b, reg=1e-3, budget=5 / 9, steps=5)
    assert solution.reason is Reason.MAXITER
    assert math.isfinite(solution.marginal_error)
    assert np.isfinite(solution.f).all()
    assert np.isfinite(solution.plan()).all()
    exact = exact_transport(cost, a, b).value
    assert solution.lower <= exact + 1e-12
    assert solution.upper >= exact - 1e-12


def test_a_row_whose_plan_underflows_is_a_named_failure_and_no_nan():
    # a sweep puts both rows into the first column, which hardly takes mass
    cost, a, b = [[0.0, 1.0], [0.0, 1.0]], [0.5, 0.5], [1e-310, 1.0]
    solution = sinkhorn_newton_sparse(cost, a, b, reg=1e-4, warmup=1)
    assert solution.reason is Reason.STAGNATED
    assert solution.newton_steps == 0
    assert np.isfinite(solution.f).all()
    assert math.isfinite(solution.marginal_error)


def test_atoms_without_mass_have_potentials_and_no_plan(rng):
    cost, a, b = rng.random((20, 25)), weights(rng, 20, 6), weights(rng, 25, 7)
    solution = sinkhorn_newton_sparse(cost, a, b, reg=0.02).raise_if_failed()
    P = solution.plan()
    assert not P[a == 0].any()
    assert not P[:, b == 0].any()
    assert np.isfinite(solution.f).all()
    np.testing.assert_allclose(P.sum(axis=1), a, atol=1e-9)
    np.testing.assert_allclose(P.sum(axis=0), b, atol=1e-9)


def test_forbidden_pairs_get_no_mass(rng):
    cost = rng.random((12, 12))
    cost[rng.random((12, 12)) < 0.3] = np.inf
    np.fill_diagonal(cost, 1.0)  # so that there is a plan
    solution = sinkhorn_newton_sparse(cost, reg=0.02).raise_if_failed()
    assert not solution.plan()[np.isinf(cost)].any()


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (7, 1), (2, 30)])
def test_few_atoms_are_no_trouble(n, m, rng):
    a, b = weights(rng, n), weights(rng, m)
    solution = sinkhorn_newton_sparse(rng.random((n, m)), a, b, reg=0.1).raise_if_failed()
    if min(n, m) == 1:
        np.testing.assert_allclose(solution.plan(), np.outer(a, b), rtol=1e-6)


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_units_of_the_cost_change_nothing(factor, rng):
    cost, a, b = rng.random((20, 25)), weights(rng, 20), weights(rng, 25)
    plain = sinkhorn_newton_sparse(cost, a, b, reg=0.02)
    scaled = sinkhorn_newton_sparse(factor * cost, a, b, reg=factor * 0.02)
    assert scaled.iterations == plain.iterations
    np.testing.assert_allclose(scaled.plan(), plain.plan(), rtol=1e-8, atol=1e-15)


def test_two_runs_agree_to_the_last_bit(assignment):
    one, other = (sinkhorn_newton_sparse(assignment, reg=1 / ETA) for _ in range(2))
    np.testing.assert_array_equal(one.f, other.f)
    assert [s.error for s in one.history] == [s.error for s in other.history]


def test_a_callback_and_a_time_limit_stop(assignment):
    stopped = sinkhorn_newton_sparse(
        assignment, reg=1 / ETA, callback=lambda stage: stage.newton_steps == 2
    )
    assert stopped.reason is Reason.STOPPED_BY_CALLBACK
    assert stopped.newton_steps == 2
    limited = sinkhorn_newton_sparse(assignment, reg=1 / ETA, time_limit=0.0)
    assert limited.reason is Reason.TIME_LIMIT


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0.0}, "budget"),
        ({"budget": 1.5}, "budget"),
        ({"budget": math.nan}, "budget"),
        ({"warmup": 0}, "warmup"),
        ({"steps": 0}, "steps"),
        ({"reg": -1.0}, "reg"),
        ({"tol": 0.0}, "tol"),
        ({"a": [0.5, 0.4]}, "mass"),
    ],
)
def test_bad_input_gets_a_clear_error(options, message):
    with pytest.raises(ValueError, match=message):
        sinkhorn_newton_sparse(np.eye(2), **({"reg": 0.1} | options))


def test_arrays_of_other_libraries_are_refused():
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="NumPy"):
        sinkhorn_newton_sparse(strict.asarray(np.eye(2)), reg=0.1)
