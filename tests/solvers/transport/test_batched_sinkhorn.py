"""Batches of small problems: each as if it were alone, each with its own certificate."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvent.errors import ConvergenceError
from resolvent.results import Reason
from resolvent.solvers.compiled.laplacian import solve_laplacian
from resolvent.solvers.transport import batched_sinkhorn, exact_transport, sinkhorn_newton
from resolvent.solvers.transport.batches import transport_batch
from resolvent.solvers.transport.lockstep import sinkhorn_in_lockstep


def weights(rng, *shape, zeros=0):
    w = rng.random(shape) + 0.1
    w[..., :zeros] = 0
    return w / w.sum(axis=-1, keepdims=True)


def errors(P, a, b):
    return np.abs(P.sum(axis=-1) - a).sum(axis=-1) + np.abs(P.sum(axis=-2) - b).sum(axis=-1)


def instances(rng):
    """Batches of the families of the field."""
    yield "assignment", rng.random((3, 20, 20)), None, None
    yield "rectangular", rng.random((3, 13, 27)), weights(rng, 3, 13), weights(rng, 3, 27)
    x, y = rng.standard_normal((2, 3, 24, 2))
    yield "points", ((x[:, :, None] - y[:, None]) ** 2).sum(axis=-1), weights(rng, 24), None
    yield "integers", rng.integers(0, 4, (3, 16, 16)), None, None
    yield (
        "zeros",
        rng.random((3, 12, 18)),
        weights(rng, 3, 12, zeros=4),
        weights(rng, 3, 18, zeros=7),
    )


FAMILIES = ["assignment", "rectangular", "points", "integers", "zeros"]


def instance(family, seed=0):
    found = {name: rest for name, *rest in instances(np.random.default_rng(seed))}
    return found[family]


def of(w, k):
    return w if w is None or w.ndim == 1 else w[k]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("relative", [1e-1, 1e-2, 1e-3])
def test_every_problem_is_solved_as_if_alone(family, relative):
    costs, a, b = instance(family)
    reg = relative * np.ptp(costs)
    solution = batched_sinkhorn(costs, a, b, reg=reg, tol=1e-11)
    assert solution.converged
    P = solution.plan()
    for k, cost in enumerate(costs):
        alone = sinkhorn_newton(cost, of(a, k), of(b, k), reg=reg, tol=1e-11)
        assert alone.converged
        # error 1e-11 of the marginals times their condition, which grows as reg falls
        np.testing.assert_allclose(P[k], alone.plan(), atol=1e-8)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("relative", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
@pytest.mark.parametrize("tol", [1e-6, 1e-9])
def test_both_marginals_are_met(family, relative, tol):
    costs, a, b = instance(family, seed=1)
    n, m = costs.shape[-2:]
    reg = relative * np.ptp(costs)
    solution = batched_sinkhorn(costs, a, b, reg=reg, tol=tol)
    assert solution.converged
    assert (solution.reasons == Reason.CONVERGED).all()
    a, b = (np.full(k, 1 / k) if w is None else w for w, k in ((a, n), (b, m)))
    found = errors(solution.plan(), a, b)
    # exponents of up to max|f + g - C| / reg are rounded
    rounding = 20 * np.finfo(float).eps / relative
    np.testing.assert_allclose(solution.marginal_errors, found, atol=rounding)
    assert (found <= tol + rounding).all()


def test_each_problem_has_its_own_regularisation_and_end(rng):
    costs, reg = rng.random((5, 19, 23)), np.array([1.0, 0.1, 0.01, 1e-3, 1e-4])
    together = batched_sinkhorn(costs, reg=reg, tol=1e-9)
    assert together.converged
    assert len(set(together.iterations)) > 3
    for k in range(5):
        alone = batched_sinkhorn(costs[k], reg=reg[k], tol=1e-9)
        assert alone.f.shape == (19,)
        assert alone.iterations.shape == ()
        assert alone.iterations == together.iterations[k]
        np.testing.assert_array_equal(alone.f, together.f[k])
        np.testing.assert_array_equal(alone.g, together.g[k])


def test_batches_have_any_number_of_axes(rng):
    costs, a, reg = rng.random((2, 3, 5, 7)), weights(rng, 5), np.full((2, 3), 0.1)
    solution = batched_sinkhorn(costs, a, weights(rng, 2, 3, 7), reg=reg)
    assert solution.plan().shape == (2, 3, 5, 7)
    for found in (solution.reasons, solution.marginal_errors, solution.iterations, solution.reg):
        assert found.shape == (2, 3)


def test_one_problem_that_fails_is_named_and_leaves_the_others_alone(rng):
    costs = rng.random((4, 16, 16))
    costs[2] = np.where(np.arange(16) < 4, 1.0, np.inf)  # rows 4 and on fight for four columns
    costs[2, :4] = 1.0
    solution = batched_sinkhorn(costs, reg=0.05, maxiter=2_000)
    assert not solution.converged
    assert solution.reason is solution.reasons[2]
    assert solution.reasons[2] in (Reason.STAGNATED, Reason.MAXITER)
    assert (solution.reasons[[0, 1, 3]] == Reason.CONVERGED).all()
    assert np.isfinite(solution.f).all()
    assert np.isfinite(solution.g).all()
    # twelve rows have their mass in four columns, which want a quarter
    assert solution.marginal_errors[2] >= 1 - 1e-9
    with pytest.raises(ConvergenceError, match=solution.reason.name):
        solution.raise_if_failed()


def test_limits_are_named(rng):
    solution = batched_sinkhorn(rng.random((3, 30, 30)), reg=[1.0, 1e-3, 1e-3], maxiter=9)
    assert list(solution.reasons) == [Reason.CONVERGED, Reason.MAXITER, Reason.MAXITER]
    assert (solution.iterations <= 9).all()
    assert np.isfinite(solution.marginal_errors).all()


def test_tolerances_below_rounding_are_named(rng):
    costs = rng.random((2, 10, 10))
    solution = batched_sinkhorn(costs, reg=1e-4, tol=1e-18, maxiter=5_000)
    assert solution.reason in (Reason.STAGNATED, Reason.MAXITER)
    assert (solution.marginal_errors < 1e-10).all()


@pytest.mark.parametrize("tiny", [1e-8, 1e-12])
def test_tiny_regularisation_is_never_silent(tiny, rng):
    solution = batched_sinkhorn(rng.random((4, 24, 24)), reg=tiny, maxiter=3_000)
    assert np.isfinite(solution.f).all()
    assert np.isfinite(solution.g).all()
    found = errors(solution.plan(), 1 / 24, 1 / 24)
    # exponents of size 1 / tiny are rounded to eps / tiny, and the certificate says so
    honest = np.abs(solution.marginal_errors - found) <= 1e-12 + 1e-2 * found
    assert honest.all()
    assert ((solution.marginal_errors <= 1e-6) == (solution.reasons == Reason.CONVERGED)).all()


@pytest.mark.parametrize("factor", [1e-12, 1e12])
def test_units_of_the_cost_change_nothing(factor, rng):
    costs = rng.random((3, 20, 25))
    plain = batched_sinkhorn(costs, reg=0.01)
    scaled = batched_sinkhorn(factor * costs, reg=factor * 0.01)
    np.testing.assert_array_equal(scaled.iterations, plain.iterations)
    np.testing.assert_allclose(scaled.plan(), plain.plan(), rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("mass", [1e-12, 1e12])
def test_units_of_the_mass_change_nothing(mass, rng):
    costs, a, b = rng.random((3, 20, 25)), weights(rng, 20), weights(rng, 25)
    plain = batched_sinkhorn(costs, a, b, reg=0.05, tol=1e-10)
    heavy = batched_sinkhorn(costs, mass * a, mass * b, reg=0.05, tol=1e-10)
    assert heavy.converged
    np.testing.assert_allclose(heavy.plan(), mass * plain.plan(), rtol=1e-8)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (7, 1), (2, 30), (8, 8), (9, 17)])
def test_few_atoms_are_no_trouble(n, m, rng):
    costs, a, b = rng.random((2, n, m)), weights(rng, 2, n), weights(rng, 2, m)
    solution = batched_sinkhorn(costs, a, b, reg=0.01)
    assert solution.converged
    if min(n, m) == 1:
        independent = a[:, :, None] * b[:, None, :]
        np.testing.assert_allclose(solution.plan(), independent, rtol=1e-6)


@pytest.mark.parametrize("level", [0.0, 3.0, -2.0])
def test_constant_costs_spread_the_mass_independently(level, rng):
    a, b = weights(rng, 6), weights(rng, 5)
    solution = batched_sinkhorn(np.full((2, 6, 5), level), a, b, reg=1e-3)
    assert solution.converged
    np.testing.assert_allclose(solution.plan(), [np.outer(a, b)] * 2, rtol=1e-6)


def test_duplicate_atoms_share_their_mass(rng):
    costs = np.repeat(rng.random((2, 6, 9)), 2, axis=1)
    P = batched_sinkhorn(costs, reg=1e-3, tol=1e-9).raise_if_failed().plan()
    np.testing.assert_allclose(P[:, ::2], P[:, 1::2], atol=1e-12)


def test_atoms_without_mass_have_no_plan():
    costs, a, b = instance("zeros")
    solution = batched_sinkhorn(costs, a, b, reg=0.02, tol=1e-11)
    P = solution.plan()
    assert not P[:, :4].any()
    assert not P[:, :, :7].any()
    inside = batched_sinkhorn(costs[:, 4:, 7:], a[:, 4:], b[:, 7:], reg=0.02, tol=1e-11)
    np.testing.assert_allclose(P[:, 4:, 7:], inside.plan(), atol=1e-9)
    np.testing.assert_array_equal(np.isinf(solution.f), a == 0)
    np.testing.assert_array_equal(np.isinf(solution.g), b == 0)


def test_forbidden_pairs_get_no_mass(rng):
    costs = rng.random((3, 12, 12))
    costs[rng.random(costs.shape) < 0.3] = np.inf
    costs[:, range(12), range(12)] = 1.0  # so that there is a plan
    solution = batched_sinkhorn(costs, reg=0.02)
    assert solution.converged
    P = solution.plan()
    assert not P[np.isinf(costs)].any()
    for k in range(3):
        linear = np.sum(P[k] * np.where(np.isinf(costs[k]), 0, costs[k]))
        # an entropic plan costs more than the exact one, by at most reg log(n m)
        assert -1e-6 <= linear - exact_transport(costs[k]).value <= 0.02 * np.log(144)


def test_an_empty_batch_is_solved(backend):
    solution = batched_sinkhorn(backend.asarray(np.empty((0, 3, 4))), reg=0.1)
    assert solution.converged
    assert solution.f.shape == (0, 3)
    assert solution.plan().shape == (0, 3, 4)
    assert solution.reasons.shape == (0,)


def test_single_precision_costs_have_plans_of_their_own(rng):
    costs = rng.random((3, 10, 10)).astype(np.float32)
    solution = batched_sinkhorn(costs, weights(rng, 10).astype(np.float32), reg=0.05)
    assert solution.plan().dtype == np.float32
    assert solution.f.dtype == np.float64
    assert (solution.marginal_errors <= 1e-6).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_library_finds_the_same_plans(backend, family):
    costs, a, b = instance(family)
    reg = 0.05 * np.ptp(costs)
    there = [None if w is None else backend.asarray(w) for w in (costs.astype(float), a, b)]
    solution = batched_sinkhorn(*there, reg=reg, tol=1e-10)
    assert solution.converged
    P = solution.plan()
    backend.assert_same_kind(P, there[0])
    backend.assert_same_kind(solution.f, there[0])
    host = batched_sinkhorn(costs, a, b, reg=reg, tol=1e-10).plan()
    np.testing.assert_allclose(backend.to_host(P), host, atol=1e-8)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("relative", [1e-1, 2e-2])
def test_steps_together_lead_to_what_steps_alone_find(family, relative):
    costs, a, b = instance(family, seed=2)
    batch = transport_batch(costs, a, b, relative * np.ptp(costs))
    found = sinkhorn_in_lockstep(batch.xp, batch.costs, batch.a, batch.b, batch.reg, 1e-10, 20_000)
    assert (found.errors <= 1e-10).all()
    with np.errstate(invalid="ignore"):
        exponents = (found.f[:, :, None] + found.g[:, None, :] - costs) / batch.reg[:, None, None]
    host = batched_sinkhorn(costs, a, b, reg=batch.reg, tol=1e-10).plan()
    np.testing.assert_allclose(np.exp(exponents), host, atol=1e-8)


def test_steps_together_name_what_they_did_not_reach(rng):
    batch = transport_batch(rng.random((2, 20, 20)), None, None, [1.0, 1e-4])
    found = sinkhorn_in_lockstep(*(batch[k] for k in (0, 3, 4, 5, 7)), 1e-9, 50)
    assert found.errors[0] <= 1e-9 < found.errors[1] < np.inf
    assert found.iterations[0] <= found.iterations[1] == 50


@pytest.mark.parametrize("arrays", [1, 2])
def test_mixed_arguments_are_refused(arrays, rng):
    strict = pytest.importorskip("array_api_strict")
    costs, a = rng.random((2, 3, 3)), weights(rng, 3)
    given = (strict.asarray(costs), a) if arrays == 1 else (costs, strict.asarray(a))
    with pytest.raises(TypeError, match="one library"):
        batched_sinkhorn(*given, reg=0.1)


@pytest.mark.parametrize(
    ("costs", "options", "message"),
    [
        (np.ones(3), {}, "costs must be real matrices"),
        (np.ones((2, 3, 0)), {}, "costs must be real matrices"),
        (np.ones((2, 3, 3)) * 1j, {}, "costs must be real matrices"),
        ([[1.0, np.nan]], {}, "costs has NaN"),
        ([[1.0, -np.inf]], {}, "minus infinity"),
        (np.eye(2), {"a": [0.5, 0.4]}, "mass"),
        (np.eye(2), {"a": [1.5, -0.5]}, "a has NaN, an infinite or a negative"),
        (np.eye(2), {"a": [0.5, np.nan]}, "a has NaN"),
        (np.eye(2), {"b": [0.0, 0.0]}, "b has no mass"),
        (np.eye(2), {"b": [0.5, 0.25, 0.25]}, r"b must be weights \(2,\)"),
        (np.ones((3, 2, 2)), {"b": np.ones((2, 2)) / 2}, r"b must be weights"),
        (np.eye(2), {"reg": 0.0}, "reg must be positive"),
        (np.eye(2), {"reg": np.nan}, "reg must be positive"),
        (np.ones((3, 2, 2)), {"reg": [0.1, 0.2]}, r"reg must be .* \(3,\)"),
        (np.eye(2), {"reg": 1e-305}, "costs / reg must be below"),
        (np.full((2, 2), 1e305), {}, "costs / reg must be below"),
        (np.eye(2), {"tol": -1.0}, "tol"),
        (np.eye(2), {"maxiter": 0}, "maxiter"),
        ([[0.0, 1.0], [np.inf, np.inf]], {}, "a gives mass"),
        ([[0.0, np.inf], [1.0, np.inf]], {}, "b gives mass"),
        ([[0.0, np.inf], [1.0, 1.0]], {"b": [0.0, 1.0]}, "a gives mass"),
    ],
)
def test_bad_input_gets_a_clear_error(costs, options, message):
    with pytest.raises(ValueError, match=message):
        batched_sinkhorn(costs, **({"reg": 0.1} | options))


@given(st.integers(0, 10_000), st.sampled_from([1e-1, 1e-2, 1e-3, 1e-4, 1e-5]))
@settings(max_examples=40, deadline=None)
def test_no_seed_and_no_regularisation_is_silent(seed, relative):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 25, 2)
    costs = rng.random((3, n, m)) ** rng.integers(1, 4)
    a, b = weights(rng, 3, n, zeros=n // 4), weights(rng, 3, m, zeros=m // 3)
    solution = batched_sinkhorn(costs, a, b, reg=relative)
    assert solution.converged
    assert (errors(solution.plan(), a, b) <= 1.1e-6).all()


@pytest.mark.parametrize("spread", [0, 40])
@pytest.mark.parametrize("leaks", [1.0, 1e-30])
def test_laplacians_are_solved_to_rounding_whatever_their_weights(spread, leaks, rng):
    m = 16
    W = rng.random((m, m)) * 10.0 ** -rng.integers(0, spread + 1, (m, m))
    W = np.triu(W, 1)
    leak, right = leaks * rng.random(m), rng.random(m)
    wanted = exact_solution(W + W.T, leak, right)
    x = right.reshape(-1, 8).copy()
    solve_laplacian(W.reshape(m, -1, 8).copy(), leak.reshape(-1, 8).copy(), x)
    # positive data: sums of positive numbers only, some operations for each of 2 m levels
    np.testing.assert_allclose(x.ravel(), wanted, rtol=4 * m * m * np.finfo(float).eps)


def exact_solution(W, leak, right):
    m = len(leak)
    A = [[Fraction(-float(W[i, j])) for j in range(m)] for i in range(m)]
    for i in range(m):
        A[i][i] = Fraction(float(leak[i])) + sum(Fraction(float(w)) for w in W[i])
    x = [Fraction(float(value)) for value in right]
    for k in range(m):
        for i in range(k + 1, m):
            share = A[i][k] / A[k][k]
            for j in range(k, m):
                A[i][j] -= share * A[k][j]
            x[i] -= share * x[k]
    for k in reversed(range(m)):
        x[k] = (x[k] - sum(A[k][j] * x[j] for j in range(k + 1, m))) / A[k][k]
    return [float(value) for value in x]


def test_parts_of_a_laplacian_that_nothing_joins_are_solved_apart():
    W = np.zeros((8, 8))
    W[0, 1], W[2, 3] = 2.0, 4.0
    x = np.array([[1.0, -1.0, 2.0, -2.0, 0.0, 0.0, 0.0, 0.0]])
    solve_laplacian(W.reshape(8, 1, 8), np.zeros((1, 8)), x)
    np.testing.assert_array_equal(x[0], [0.5, 0, 0.5, 0, 0, 0, 0, 0])
