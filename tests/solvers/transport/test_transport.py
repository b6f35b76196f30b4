"""Entropic transport against linear programming, closed forms and its own certificate."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvent import ConvergenceError, Reason
from resolvent.solvers.transport import (
    PointCost,
    exact_transport,
    round_to_marginals,
    sinkhorn,
    sinkhorn_newton,
)

SOLVERS = {"sinkhorn": sinkhorn, "sinkhorn_newton": sinkhorn_newton}
both = pytest.mark.parametrize("solve", SOLVERS.values(), ids=SOLVERS)


def weights(rng, n, zeros=0):
    w = rng.random(n) + 0.1
    w[rng.permutation(n)[:zeros]] = 0
    return w / w.sum()


def grid_distances(k):
    points = np.stack(np.meshgrid(np.arange(k), np.arange(k)), axis=-1).reshape(-1, 2) / k
    return np.abs(points[:, None] - points[None]).sum(axis=-1)


def instances(rng):
    """The families of the field, small enough for linear programming."""
    yield "assignment", rng.random((40, 40)), None, None
    yield "rectangular", rng.random((30, 45)), weights(rng, 30), weights(rng, 45)
    x, y = rng.standard_normal((2, 35, 2))
    yield "points", ((x[:, None] - y) ** 2).sum(axis=-1), weights(rng, 35), weights(rng, 35)
    yield "grid with zeros", grid_distances(6), weights(rng, 36, 9), weights(rng, 36, 12)
    yield "integers", rng.integers(0, 4, (30, 30)), None, None


FAMILIES = ["assignment", "rectangular", "points", "grid with zeros", "integers"]


def instance(family, seed=0):
    found = {name: rest for name, *rest in instances(np.random.default_rng(seed))}
    return found[family]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("relative", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
@pytest.mark.parametrize("seed", [0, 1])
def test_newton_meets_the_marginals_and_brackets_the_exact_cost(family, relative, seed):
    cost, a, b = instance(family, seed)
    exact = exact_transport(cost, a, b).value
    solution = sinkhorn_newton(cost, a, b, reg=relative * np.ptp(cost))
    assert solution.converged
    assert solution.marginal_error <= 1e-9
    P = solution.plan()
    error = np.abs(P.sum(axis=1) - solution.masses[0]).sum()
    error += np.abs(P.sum(axis=0) - solution.masses[1]).sum()
    assert error <= 2e-9
    slack = 1e-9 * np.ptp(cost)  # HiGHS solves to 1e-7 in each constraint, assignments exactly
    assert solution.lower <= exact + slack
    assert solution.upper >= exact - slack
    # rounding in sums of n m terms
    assert -1e-13 * np.ptp(cost) <= solution.gap <= 1e-7 * np.ptp(cost)
    assert solution.passes <= 150


@pytest.mark.parametrize("family", FAMILIES)
def test_sinkhorn_and_newton_find_the_same_plan(family):
    cost, a, b = instance(family)
    reg = 0.03 * np.ptp(cost)
    slow = sinkhorn(cost, a, b, reg=reg, tol=1e-11, maxiter=100_000)
    fast = sinkhorn_newton(cost, a, b, reg=reg, tol=1e-11)
    assert slow.converged
    assert fast.converged
    np.testing.assert_allclose(fast.plan(), slow.plan(), atol=1e-9)
    assert fast.iterations < slow.iterations


@both
def test_large_regularisation_spreads_the_mass_independently(solve, rng):
    a, b = weights(rng, 12), weights(rng, 9)
    solution = solve(rng.random((12, 9)), a, b, reg=1e6, tol=1e-12)
    np.testing.assert_allclose(solution.plan(), np.outer(a, b), rtol=1e-5)


def test_two_by_two_has_a_closed_form():
    # P = [[t, .5 - t], [.5 - t, t]] with (t / (.5 - t))^2 = exp(2 / reg)
    reg = 0.3
    t = 0.5 / (1 + math.exp(-1 / reg))
    P = sinkhorn_newton([[0.0, 1.0], [1.0, 0.0]], reg=reg, tol=1e-14).plan()
    np.testing.assert_allclose(P, [[t, 0.5 - t], [0.5 - t, t]], rtol=1e-13)


def test_points_on_a_line_are_sorted_when_regularisation_vanishes(rng):
    x, y = rng.random(30), rng.random(30)
    solution = sinkhorn_newton(PointCost(x, y), reg=1e-6, tol=1e-8)
    order = np.argsort(np.argsort(x)), np.argsort(np.argsort(y))
    heaviest = solution.plan().argmax(axis=1)
    assert np.mean(order[1][heaviest] == order[0]) > 0.9
    exact = np.mean((np.sort(x) - np.sort(y)) ** 2)
    assert solution.lower <= exact * (1 + 1e-12) <= solution.upper * (1 + 2e-12)
    assert solution.upper - solution.lower < 1e-4


@both
@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_units_of_the_cost_change_nothing(solve, factor, rng):
    cost, a, b = rng.random((20, 25)), weights(rng, 20), weights(rng, 25)
    plain = solve(cost, a, b, reg=0.05)
    scaled = solve(factor * cost, a, b, reg=factor * 0.05)
    assert scaled.iterations == plain.iterations
    np.testing.assert_allclose(scaled.plan(), plain.plan(), rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(scaled.upper, factor * plain.upper, rtol=1e-9)


@both
@pytest.mark.parametrize("mass", [1e-12, 1e12])
def test_units_of_the_mass_change_nothing(solve, mass, rng):
    cost, a, b = rng.random((20, 25)), weights(rng, 20), weights(rng, 25)
    plain = solve(cost, a, b, reg=0.05)
    heavy = solve(cost, mass * a, mass * b, reg=0.05)
    assert heavy.converged
    np.testing.assert_allclose(heavy.plan(), mass * plain.plan(), rtol=1e-4, atol=1e-9 * mass)


@both
def test_potentials_absorb_what_depends_on_one_side(solve, rng):
    cost, a, b = rng.random((15, 10)), weights(rng, 15), weights(rng, 10)
    shift = rng.standard_normal(15)[:, None] + rng.standard_normal(10)
    plain = solve(cost, a, b, reg=0.1, tol=1e-10)
    shifted = solve(cost + shift, a, b, reg=0.1, tol=1e-10)
    np.testing.assert_allclose(shifted.plan(), plain.plan(), atol=1e-9)


@both
def test_the_transposed_problem_has_the_transposed_plan(solve, rng):
    cost, a, b = rng.random((15, 10)), weights(rng, 15), weights(rng, 10)
    plan = solve(cost, a, b, reg=0.1, tol=1e-11).plan()
    np.testing.assert_allclose(solve(cost.T, b, a, reg=0.1, tol=1e-11).plan().T, plan, atol=1e-10)


@both
@pytest.mark.parametrize("p", [1, 2])
def test_points_are_the_same_as_their_stored_costs(solve, p, rng):
    x, y = rng.standard_normal((33, 3)), rng.standard_normal((29, 3))
    points = PointCost(x, y, p=p)
    stored = points.rows(np.arange(33))
    np.testing.assert_allclose(stored, (np.abs(x[:, None] - y) ** p).sum(axis=-1), rtol=1e-14)
    one, other = (solve(cost, reg=0.2, tol=1e-10) for cost in (points, stored))
    np.testing.assert_allclose(one.plan(), other.plan(), atol=1e-10)
    assert one.lower == pytest.approx(other.lower, rel=1e-8)


def test_conjugate_gradients_solve_newtons_equation_as_cholesky_does(rng):
    cost, a, b = rng.random((60, 50)), weights(rng, 60), weights(rng, 50)
    options = {"reg": 2e-3, "tol": 1e-10}
    direct = sinkhorn_newton(cost, a, b, linear_solver="cholesky", **options)
    steps = sinkhorn_newton(cost, a, b, linear_solver="cg", **options)
    assert direct.converged
    assert steps.converged
    assert steps.linear_steps > 0 == direct.linear_steps
    np.testing.assert_allclose(steps.plan(), direct.plan(), atol=1e-9)


@both
def test_atoms_without_mass_have_potentials_and_no_plan(solve, rng):
    cost, a, b = rng.random((20, 25)), weights(rng, 20, 6), weights(rng, 25, 7)
    solution = solve(cost, a, b, reg=0.02, tol=1e-9)
    assert solution.converged
    P = solution.plan()
    assert not P[a == 0].any()
    assert not P[:, b == 0].any()
    assert np.isfinite(solution.f).all()
    assert np.isfinite(solution.g).all()
    inside = solve(cost[np.ix_(a > 0, b > 0)], a[a > 0], b[b > 0], reg=0.02, tol=1e-9)
    np.testing.assert_array_equal(P[np.ix_(a > 0, b > 0)], inside.plan())


@both
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (7, 1), (2, 30)])
def test_few_atoms_are_no_trouble(solve, n, m, rng):
    cost, a, b = rng.random((n, m)), weights(rng, n), weights(rng, m)
    solution = solve(cost, a, b, reg=0.1)
    assert solution.converged
    if min(n, m) == 1:
        np.testing.assert_allclose(solution.plan(), np.outer(a, b), rtol=1e-6)


@both
@pytest.mark.parametrize("level", [0.0, 3.0, -2.0])
def test_constant_costs_spread_the_mass_independently(solve, level, rng):
    a, b = weights(rng, 6), weights(rng, 5)
    solution = solve(np.full((6, 5), level), a, b, reg=1e-3)
    assert solution.converged
    np.testing.assert_allclose(solution.plan(), np.outer(a, b), rtol=1e-6)
    assert solution.lower == pytest.approx(level, abs=1e-12)


def test_duplicate_points_share_their_mass(rng):
    x = np.repeat(rng.random((10, 2)), 2, axis=0)
    solution = sinkhorn_newton(PointCost(x, rng.random((15, 2))), reg=1e-4)
    assert solution.converged
    P = solution.plan()
    np.testing.assert_allclose(P[::2], P[1::2], atol=1e-9)


@both
def test_forbidden_pairs_get_no_mass(solve, rng):
    cost = rng.random((12, 12))
    cost[rng.random((12, 12)) < 0.3] = np.inf
    np.fill_diagonal(cost, 1.0)  # so that there is a plan
    solution = solve(cost, reg=0.02)
    assert solution.converged
    assert not solution.plan()[np.isinf(cost)].any()
    exact = exact_transport(cost).value
    assert solution.lower <= exact + 1e-12
    assert solution.upper >= exact


@both
def test_forbidden_pairs_that_leave_no_plan_are_never_silent(solve):
    cost = np.array([[0.0, np.inf, np.inf], [1.0, np.inf, np.inf], [1.0, 1.0, 1.0]])
    solution = solve(cost, reg=0.1, maxiter=500)
    assert not solution.converged
    assert solution.reason in (Reason.STAGNATED, Reason.MAXITER, Reason.NONFINITE)
    assert math.isfinite(solution.marginal_error)
    with pytest.raises(ConvergenceError):
        solution.raise_if_failed()
    with pytest.raises(ConvergenceError, match="forbidden"):
        exact_transport(cost)


@pytest.mark.parametrize("rho", [(1.0, 1.0), (0.1, 2.0), (math.inf, 0.5), (0.5, math.inf)])
@both
def test_relaxed_marginals_close_the_gap(solve, rho, rng):
    cost, a, b = rng.random((20, 15)), weights(rng, 20), 1.3 * weights(rng, 15)
    solution = solve(cost, a, b, reg=0.05, rho=rho, tol=1e-10, maxiter=5_000)
    assert solution.converged
    # the value is that of a feasible plan and the dual value that of feasible potentials, so that
    # a closed gap proves both optimal
    assert abs(solution.gap) <= 1e-9
    assert solution.lower is solution.upper is None


def test_a_huge_weight_of_the_divergence_fixes_the_marginals(rng):
    cost, a, b = rng.random((20, 15)), weights(rng, 20), weights(rng, 15)
    fixed = sinkhorn_newton(cost, a, b, reg=0.05).plan()
    relaxed = sinkhorn_newton(cost, a, b, reg=0.05, rho=(1e8, 1e8), tol=1e-12).plan()
    np.testing.assert_allclose(relaxed, fixed, atol=1e-7)


@both
def test_a_solution_starts_a_problem_close_by(solve, rng):
    cost, a, b = rng.random((50, 50)), weights(rng, 50), weights(rng, 50)
    cold = solve(cost, a, b, reg=0.01)
    warm = solve(cost, a, b, reg=0.01, init=cold)
    assert warm.converged
    assert warm.iterations <= 2


@both
def test_history_tells_every_step_and_a_callback_stops(solve, rng):
    seen = []
    cost = rng.random((30, 30))
    solution = solve(cost, reg=0.005, callback=lambda stage: seen.append(stage) or len(seen) == 6)
    assert solution.reason is Reason.STOPPED_BY_CALLBACK
    assert solution.iterations == len(solution.history)
    assert [stage.passes for stage in solution.history] == sorted(
        stage.passes for stage in solution.history
    )
    assert math.isfinite(solution.lower)
    assert math.isfinite(solution.upper)
    full = solve(cost, reg=0.005)
    regs = [stage.reg for stage in full.history]
    assert regs == sorted(regs, reverse=True)
    assert regs[-1] == 0.005


@both
def test_limits_are_named(solve, rng):
    cost = rng.random((30, 30))
    assert solve(cost, reg=1e-3, maxiter=3).reason is Reason.MAXITER
    assert solve(cost, reg=1e-4, time_limit=0.0).reason is Reason.TIME_LIMIT


@both
@pytest.mark.parametrize(
    ("cost", "options", "message"),
    [
        (np.ones(3), {}, "cost must be a real matrix"),
        (np.ones((3, 0)), {}, "cost must be a real matrix"),
        ([[1.0, np.nan]], {}, "cost has NaN"),
        ([[1.0, -np.inf]], {}, "minus infinity"),
        (np.eye(2), {"a": [0.5, 0.4]}, "mass"),
        (np.eye(2), {"a": [1.5, -0.5]}, "a has a negative weight"),
        (np.eye(2), {"b": [0.0, 0.0]}, "b has no mass"),
        (np.eye(2), {"b": [0.5, 0.25, 0.25]}, "b must be 2 real weights"),
        (np.eye(2), {"a": [0.5, np.nan]}, "a has NaN"),
        (np.eye(2), {"reg": 0.0}, "reg"),
        (np.eye(2), {"reg": np.nan}, "reg"),
        (np.eye(2), {"tol": -1.0}, "tol"),
        (np.eye(2), {"maxiter": 0}, "maxiter"),
        (np.eye(2), {"rho": (1.0, 0.0)}, "rho"),
        (np.eye(2), {"init": np.ones(3)}, "init"),
        ([[0.0, 1.0], [np.inf, np.inf]], {}, r"row 1 .* a\[1\] > 0"),
        ([[0.0, np.inf], [1.0, np.inf]], {}, r"column 1 .* b\[1\] > 0"),
    ],
)
def test_bad_input_gets_a_clear_error(solve, cost, options, message):
    with pytest.raises(ValueError, match=message):
        solve(cost, **({"reg": 0.1} | options))


def test_unknown_linear_solvers_are_refused():
    with pytest.raises(ValueError, match="'cholesky'"):
        sinkhorn_newton(np.eye(2), reg=0.1, linear_solver="lu")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.0], [1.0]], [[0.0, 1.0]]), "coordinates"),
        (([0.0], [np.inf]), "NaN or infinite"),
        (([0.0], [1.0], 3), "p must be 1 or 2"),
    ],
)
def test_bad_points_get_a_clear_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        PointCost(*arguments)


@given(st.integers(0, 10_000), st.sampled_from([1e-1, 1e-2, 1e-3, 1e-4, 1e-5]))
@settings(max_examples=60, deadline=None)
def test_no_seed_and_no_regularisation_is_silent(seed, relative):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 25, 2)
    cost = rng.random((n, m)) ** rng.integers(1, 4)
    a, b = weights(rng, n, n // 4), weights(rng, m, m // 3)
    solution = sinkhorn_newton(cost, a, b, reg=relative)
    assert np.isfinite(solution.f).all()
    assert np.isfinite(solution.g).all()
    assert solution.converged
    assert solution.lower <= solution.upper + 1e-12


def test_rounded_plans_are_feasible_and_close(backend, rng):
    P, a, b = rng.random((8, 6)) / 48, weights(rng, 8), weights(rng, 6)
    before = np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum()
    arrays = [backend.asarray(x) for x in (P, a, b)]
    rounded = round_to_marginals(*arrays)
    backend.assert_same_kind(rounded, arrays[0])
    host = backend.to_host(rounded)
    np.testing.assert_allclose(host.sum(axis=1), a, rtol=1e-14)
    np.testing.assert_allclose(host.sum(axis=0), b, rtol=1e-14)
    assert (host >= 0).all()
    assert np.abs(host - P).sum() <= 2 * before


def test_sparse_plans_drop_no_more_than_their_share(rng):
    cost = rng.random((40, 30))
    solution = sinkhorn_newton(cost, reg=1e-3)
    P, kept = solution.plan(), solution.sparse_plan(1e-3)
    assert kept.nnz < P.size / 3
    lost = (P - kept.toarray()).sum(axis=1)
    assert (lost >= 0).all()
    assert (lost <= 1e-3 * P.sum(axis=1) * (1 + 1e-12)).all()


def test_exact_plans_have_the_marginals_and_few_entries(rng):
    cost, a, b = rng.random((12, 17)), weights(rng, 12, 3), weights(rng, 17, 4)
    exact = exact_transport(cost, a, b)
    np.testing.assert_allclose(exact.plan.sum(axis=1), a, atol=1e-9)
    np.testing.assert_allclose(exact.plan.sum(axis=0), b, atol=1e-9)
    assert exact.plan.nnz <= 9 + 13 - 1
    assert exact.value == pytest.approx((exact.plan.toarray() * cost).sum())


def test_tails_without_weight_don_t_hold_up_convergence():
    # on this grid neighbours are 10 reg apart, and the tails have a mass of 1e-15
    x = np.linspace(-8, 8, 50)
    a, b = np.exp(-0.5 * x**2), np.exp(-0.5 * x**2 / 0.8**2) + 1e-15
    solution = sinkhorn_newton(PointCost(x, x), a / a.sum(), b / b.sum(), reg=0.01, tol=1e-11)
    assert solution.converged


@pytest.mark.parametrize("mass", [1e-12, 1e12])
@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_exact_transport_knows_no_units(mass, factor, rng):
    cost, a, b = rng.random((12, 17)), weights(rng, 12), weights(rng, 17)
    wanted = exact_transport(cost, a, b)
    found = exact_transport(factor * cost, mass * a, mass * b)
    assert found.value == pytest.approx(mass * factor * wanted.value, rel=1e-9)
    np.testing.assert_allclose(found.plan.sum(axis=1), mass * a, rtol=1e-9)


def test_weights_of_single_precision_have_the_same_mass(rng):
    for _ in range(20):
        a, b = (rng.random(784).astype(np.float32) for _ in range(2))
        a, b = a / a.sum(), b / b.sum()
        assert sinkhorn(np.zeros((784, 784), np.float32), a, b, reg=0.1, maxiter=3).converged


def test_mass_that_vanishes_is_no_trouble(rng):
    # far costs let a relaxed marginal destroy nearly all mass: e^-1000 of it is left
    solution = sinkhorn_newton(rng.random((6, 7)) + 1000, reg=0.05, rho=(1.0, math.inf))
    assert np.isfinite(solution.f).all()
    assert np.isfinite(solution.marginal_error)


def test_a_claim_is_true_of_the_plan_that_is_returned(rng):
    cost = 1e6 + rng.random((20, 20))
    solution = sinkhorn_newton(cost, reg=0.05)
    P = solution.plan()
    error = np.abs(P.sum(axis=1) - 1 / 20).sum() + np.abs(P.sum(axis=0) - 1 / 20).sum()
    # the sums of 400 entries round
    assert solution.marginal_error == pytest.approx(error, abs=1e-13)


def test_what_is_lost_in_rounding_is_refused():
    with pytest.raises(ValueError, match="lost in the rounding"):
        sinkhorn_newton([[1e10, 2e10], [3e10, 1e10]], reg=1e-300)
    with pytest.raises(ValueError, match="overflow"):
        sinkhorn([[1e308, -1e308], [0.0, 1.0]], reg=1e300)


@pytest.mark.parametrize("width", [6, 8, 10])
def test_thin_tails_are_no_trouble(width):
    x = np.linspace(-width, width, 50)
    a, b = np.exp(-0.5 * x**2), np.exp(-2 * x**2)
    solution = sinkhorn_newton(PointCost(x, x), a / a.sum(), b / b.sum(), reg=0.01)
    assert solution.converged
