"""Bandits: their distributions, what they find, and SSOR tuned by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

from resolvent.errors import SingularMatrixError
from resolvent.linalg import gallery
from resolvent.solvers import ParameterBandit, TunedSSOR, cg
from resolvent.solvers.tuning import BinnedTsallisINF, ChebyshevBandit, TsallisINF
from resolvent.solvers.tuning.tsallis_inf import published_distribution, safe_distribution

KINDS = ["tsallis-inf", "tsallis-inf-cb", "cheb-cb"]


def play(bandit, cost, contexts):
    """Return the parameters that were chosen and what they cost."""
    chosen, costs = [], []
    for c in contexts:
        chosen.append(bandit.suggest(c))
        costs.append(cost(chosen[-1], c))
        bandit.observe(costs[-1])
    return np.array(chosen), np.array(costs)


losses = st.lists(st.floats(0, 1e6), min_size=1, max_size=30).map(np.array)


@settings(max_examples=60, deadline=None)
@given(k=losses, rounds=st.integers(1, 10**6))
def test_safe_distribution_solves_its_equation(k, rounds):
    eta = 2 / np.sqrt(rounds)
    p = safe_distribution(k, eta)
    assert np.all(p > 0)
    assert p.sum() == pytest.approx(1)
    low, high = k.min() - 2.1 * np.sqrt(k.size) / eta, k.min() - 1.9 / eta
    F = lambda x: np.sum(4 / (eta * (k - x)) ** 2) - 1  # noqa: E731
    x = brentq(F, low, high, xtol=1e-13 * abs(low), rtol=1e-14)
    wanted = 4 / (eta * (k - x)) ** 2
    # the distances k - x are known to the rounding of k and x
    noise = 1e-11 * (abs(x) + k.max()) / (k.min() - x)
    np.testing.assert_allclose(p, wanted, rtol=1e-9 + 10 * noise)


def test_distribution_minimises_the_regularised_loss(rng):
    k, eta = rng.uniform(0, 5, 4), 0.7

    def objective(p):
        return k @ p - 4 / eta * np.sum(np.sqrt(p))

    constraint = {"type": "eq", "fun": lambda p: p.sum() - 1}
    wanted = minimize(
        objective, np.full(4, 0.25), bounds=[(1e-9, 1)] * 4, constraints=constraint, tol=1e-12
    )
    np.testing.assert_allclose(safe_distribution(k, eta), wanted.x, atol=1e-5)


def test_the_published_start_is_right_near_minus_one_and_wrong_far_from_it():
    near = np.array([0.0, 0.5, 0.2])  # first round: eta = 2, the root is left of -1
    np.testing.assert_allclose(published_distribution(near, 2.0), safe_distribution(near, 2.0))
    # many rounds later the root is far right of -1: the first step leaves the branch
    far, eta = np.array([1000.0, 1100.0, 1300.0]), 2 / np.sqrt(3000)
    published, safe = published_distribution(far, eta), safe_distribution(far, eta)
    assert safe[0] > 0.5
    assert abs(published[0] - safe[0]) > 0.1
    assert published.sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_are_a_distribution_and_suggestions_follow_it(kind, rng):
    bandit = ParameterBandit([1, 2, 3, 4], kind, interval=(0.0, 1.0), rng=rng)
    play(bandit, lambda arm, c: 5 + arm * c, rng.random(30))
    p = bandit.probabilities(0.3)
    assert np.all(p >= 0)
    assert p.sum() == pytest.approx(1)
    draws = [bandit.suggest(0.3) for _ in range(4000)]
    seen = np.bincount(draws, minlength=5)[1:] / 4000
    # four standard deviations of a frequency
    assert np.all(np.abs(seen - p) <= 4 * np.sqrt(p * (1 - p) / 4000) + 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_finds_the_cheapest_parameter(kind, rng):
    grid = np.linspace(1.0, 1.9, 10)
    bandit = ParameterBandit(grid, kind, interval=(0.0, 1.0), rng=1)
    noise = rng.uniform(0.8, 1.2, 3000).tolist()
    chosen, costs = play(
        bandit, lambda omega, _: noise.pop() * (20 + 200 * abs(omega - 1.5)), rng.random(3000)
    )
    assert np.mean(np.isclose(chosen[-500:], 1.5)) > 0.4
    # uniform play costs 70 in the mean
    assert costs.mean() < 40


def test_contextual_kinds_follow_the_context(rng):
    grid, contexts = np.linspace(0, 1, 11), rng.random(4000)
    costs = {}
    for kind in (TsallisINF(), BinnedTsallisINF(bins=4), ChebyshevBandit(degree=4)):
        bandit = ParameterBandit(grid, kind, interval=(0.0, 1.0), rng=2)
        chosen, cost = play(bandit, lambda x, c: 10 + 100 * (x - c) ** 2, contexts)
        costs[kind.name] = cost[-1000:].mean() - 10
    # the best fixed parameter, 1/2, costs 100/12 above the least; the best of a quarter 100/12/16
    assert costs["tsallis-inf"] > 0.9 * 100 / 12
    assert costs["tsallis-inf-cb"] < 0.6 * 100 / 12
    assert costs["cheb-cb"] < 0.1 * 100 / 12


def test_chebyshev_fit_is_the_least_squares_fit_of_the_history(rng):
    contexts = rng.uniform(2.0, 4.0, 50)
    f = np.polynomial.chebyshev.chebvander(contexts - 3, 3)
    losses = 50 + 3 * contexts + rng.uniform(-1, 1, 50)
    learner = ChebyshevBandit(degree=3).learner(2, (2.0, 4.0))
    for loss, c in zip(losses, contexts, strict=True):
        learner.learn(1, loss, 0.5, c)
    wanted, *_ = np.linalg.lstsq(f, losses)
    # normal equations square the condition, about 3, of the features
    np.testing.assert_allclose(learner.theta[1], wanted, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(learner.theta[0], 0)


def test_chebyshev_fit_stays_in_the_box_and_is_best_there(rng):
    contexts = rng.uniform(0, 1, 30)
    losses = np.where(contexts > 0.5, 100.0, 90.0)  # a jump: high coefficients are large
    learner = ChebyshevBandit(degree=9).learner(1, (0.0, 1.0))
    for loss, c in zip(losses, contexts, strict=True):
        learner.learn(0, loss, 1.0, c)
    theta, box = learner.theta[0], learner.box
    assert np.all(np.abs(theta) <= box * (1 + 1e-12))
    f = np.polynomial.chebyshev.chebvander(2 * contexts - 1, 9)
    gradient = f.T @ (f @ theta - losses)
    inside = np.abs(theta) < box * (1 - 1e-9)
    scale = np.linalg.norm(f.T @ losses)
    assert np.all(np.abs(gradient[inside]) <= 1e-8 * scale)
    assert np.all(gradient[~inside] * np.sign(theta[~inside]) <= 1e-8 * scale)


def test_the_same_seed_makes_the_same_choices():
    runs = [
        play(ParameterBandit(range(5), rng=7), lambda arm, _: 10 + arm, [None] * 200)[0]
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*runs)


def test_a_cap_tames_catastrophes(rng):
    costs = {}
    for cap in (None, 10):
        bandit = ParameterBandit(range(4), cap=cap, rng=3)
        played = []
        for disaster in rng.random(3000) < 0.003:
            arm = bandit.suggest()
            played.append(arm)
            bandit.observe(1e6 if disaster else 10 + 10 * arm)
        costs[cap] = np.mean(played[-1000:])
    assert costs[10] < 0.2 < costs[None]


@pytest.mark.parametrize("kind", KINDS)
def test_costs_at_the_lower_bound_and_a_single_parameter_do_no_harm(kind):
    bandit = ParameterBandit(["only"], kind, interval=(0.0, 1.0), lowest=3.0, rng=0)
    for _ in range(5):
        assert bandit.suggest(0.5) == "only"
        bandit.observe(3.0)
    bandit = ParameterBandit([1, 2], kind, interval=(0.0, 1.0), rng=0)
    play(bandit, lambda *_: 7.0, [0.0, 1.0, -5.0, 9.0] * 5)
    assert bandit.probabilities(0.5).sum() == pytest.approx(1)


def test_misuse_is_refused():
    with pytest.raises(ValueError, match="grid"):
        ParameterBandit([])
    for kind in ("tsalis", TsallisINF, None):
        with pytest.raises(ValueError, match="kind must be one of"):
            ParameterBandit([1], kind)
    with pytest.raises(ValueError, match="cap"):
        ParameterBandit([1], cap=1.0)
    with pytest.raises(ValueError, match="needs interval"):
        ParameterBandit([1], "cheb-cb")
    for interval in ((1.0, 1.0), (0.0, np.inf)):
        with pytest.raises(ValueError, match="interval must be"):
            ParameterBandit([1], "tsallis-inf-cb", interval=interval)
    with pytest.raises(ValueError, match="newton_start"):
        TsallisINF("unsafe")
    with pytest.raises(ValueError, match="newton_start"):
        BinnedTsallisINF(3, "unsafe")
    with pytest.raises(ValueError, match="bins"):
        BinnedTsallisINF(0)
    with pytest.raises(ValueError, match="degree"):
        ChebyshevBandit(-1)


def test_observations_need_a_suggestion_and_a_finite_cost():
    bandit = ParameterBandit([1, 2], lowest=1.0, rng=0)
    with pytest.raises(RuntimeError, match="suggest"):
        bandit.observe(2.0)
    bandit.suggest()
    for cost in (np.nan, np.inf, 0.5):
        with pytest.raises(ValueError, match="cost must be finite"):
            bandit.observe(cost)
    bandit.observe(1.0)
    with pytest.raises(RuntimeError, match="suggest"):
        bandit.observe(2.0)


@pytest.mark.parametrize("context", [None, np.nan])
def test_a_contextual_kind_needs_a_context(context):
    bandit = ParameterBandit([1, 2], "cheb-cb", interval=(0.0, 1.0))
    with pytest.raises(ValueError, match="finite context"):
        bandit.suggest(context)


def test_tuned_ssor_solves_every_system_and_learns(rng):
    A = gallery.poisson((20, 20))
    tuned = TunedSSOR(np.linspace(0.2, 1.8, 5), rng=0)
    omegas = []
    for _ in range(150):
        b = rng.standard_normal(400)
        solution = tuned.solve(A, b, rtol=1e-9)
        assert solution.converged
        assert np.linalg.norm(b - A @ solution.x) <= 1e-9 * np.linalg.norm(b)
        omegas.append(solution.info.omega)
    p = tuned.bandit.probabilities()
    # CG with SSOR takes more than twice as many steps at 0.2 as at 1.4
    assert p[0] < p[3]
    assert omegas.count(tuned.bandit.grid[3]) > omegas.count(tuned.bandit.grid[0])


def test_tuned_ssor_passes_options_and_context_on(rng):
    A, b = gallery.poisson((8, 8)), rng.standard_normal(64)
    tuned = TunedSSOR([1.5], "cheb-cb", interval=(0.0, 1.0), order="backward")
    x = cg(A, b, rtol=1e-12).x
    assert tuned.solve(A, b, context=0.2, x0=x).iterations == 0
    assert tuned.solve(A, b, context=0.2, maxiter=2).iterations == 2
    with pytest.raises(ValueError, match="context"):
        tuned.solve(A, b)


def test_a_grid_that_ssor_cannot_take_is_refused_at_once():
    with pytest.raises(ValueError, match="grid must be between 0 and 2, got 2"):
        TunedSSOR([1.0, 1.5, 2.0])


def test_tuned_ssor_survives_a_system_that_has_no_ssor():
    tuned = TunedSSOR([1.5], rng=0)
    with pytest.raises(SingularMatrixError):
        tuned.solve(np.array([[0.0, 1], [1, 0]]), np.ones(2))
    assert tuned.solve(gallery.poisson(5), np.ones(5)).converged


def test_a_solve_that_was_cut_short_does_not_look_cheap(monkeypatch):
    tuned = TunedSSOR(rng=0)
    costs = []
    monkeypatch.setattr(type(tuned.bandit), "observe", lambda _, cost: costs.append(cost))
    A = gallery.poisson((6, 6))
    tuned.solve(A, np.ones(36), time_limit=0.0)
    solution = tuned.solve(A, np.ones(36))
    assert costs == [360, solution.iterations]
    assert tuned.solve([[2.0, 1.0], [1.0, 2.0]], [1.0, 0.0], maxiter=1).converged is False
    assert costs[-1] == 20
