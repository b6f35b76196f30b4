"""Compiled passes over the plan against SciPy's, entry by entry."""

import numpy as np
import pytest
from scipy.special import logsumexp

from resolvent.linalg.compiled.cost_rows import Points, Stored
from resolvent.solvers.compiled.schur import schur_complement
from resolvent.solvers.compiled.transport import Large, sweep
from resolvent.solvers.compiled.transport_bounds import c_transform, plan_sums, rounded_costs
from resolvent.solvers.transport import sinkhorn_newton
from resolvent.solvers.transport.bounds import bounds
from resolvent.solvers.transport.problem import transport_problem

SHAPES = [(1, 1), (3, 7), (8, 8), (20, 33), (5, 64)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("damp", [1.0, 0.7])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_sweep_normalises_the_rows(shape, damp, parts, rng):
    n, m = shape
    C, v, log_a = 30 * rng.random(shape), rng.standard_normal(m), np.log(rng.random(n) + 0.1)
    u, columns = sweep(Stored(C), 2.0, v, log_a, damp, parts)
    wanted = damp * (log_a - logsumexp(v - 2.0 * C, axis=1))
    np.testing.assert_allclose(u, wanted, rtol=1e-13, atol=1e-13)
    P = np.exp(wanted[:, None] + v - 2.0 * C)
    np.testing.assert_allclose(columns, P.sum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sweep_stores_the_plan_or_its_large_entries(shape, rng):
    n, m = shape
    C, v, b = rng.random(shape), rng.standard_normal(m), rng.random(m)
    log_a, P = np.log(rng.random(n) + 0.1), np.empty(shape)
    u, _ = sweep(Stored(C), 10.0, v, log_a, 1.0, 2, P)
    np.testing.assert_allclose(P, np.exp(u[:, None] + v - 10 * C), rtol=1e-12)
    room = n * m + 1
    store = Large(
        0.05,
        b,
        np.zeros((2, n + 1), dtype=np.int64),
        np.empty((2, room), dtype=np.int32),
        np.empty((2, room)),
    )
    sweep(Stored(C), 10.0, v, log_a, 1.0, 2, store)
    large = 0.05 * np.minimum(P.sum(axis=1)[:, None], b) < P
    np.testing.assert_array_equal(store.counts[:, 1:].sum(axis=0), large.sum(axis=1))
    kept = [store.values[t, : store.counts[t, 0]] for t in range(2)]
    np.testing.assert_allclose(np.concatenate(kept), P[large], rtol=1e-12)


@pytest.mark.parametrize("p", [1, 2])
def test_rows_of_points_are_their_distances(p, rng):
    x, y = rng.standard_normal((9, 3)), rng.standard_normal((13, 3))
    C = (np.abs(x[:, None] - y) ** p).sum(axis=-1)
    points = Points(x, np.ascontiguousarray(y.T), np.empty((1,) * (3 - p)))
    v, log_a = rng.standard_normal(13), np.zeros(9)
    one, other = (sweep(cost, 1.0, v, log_a, 1.0, 2) for cost in (points, Stored(C)))
    np.testing.assert_allclose(one[0], other[0], rtol=1e-12)
    np.testing.assert_allclose(one[1], other[1], rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_bounds_are_those_of_the_formulas(shape, rng):
    n, m = shape
    C, u, v = rng.random(shape), rng.standard_normal(n), rng.standard_normal(m)
    x, y, left, right = rng.random(n), rng.random(m), 0.1 * rng.random(n), rng.random(m)
    P = x[:, None] * np.exp(u[:, None] + v - 3 * C) * y
    rows, columns, cost = plan_sums(Stored(C), 3.0, u, v, x, y, 2)
    np.testing.assert_allclose(rows, P.sum(axis=1), rtol=1e-13)
    np.testing.assert_allclose(columns, P.sum(axis=0), rtol=1e-13)
    assert cost == pytest.approx(np.sum(P * C), rel=1e-13)
    Q = P + np.outer(left, right)
    found = rounded_costs(Stored(C), 3.0, u, v, x, y, left, right, 2)
    np.testing.assert_allclose(found, [np.sum(Q * C), np.sum(Q * (np.log(Q) - 1))], rtol=1e-12)
    np.testing.assert_allclose(
        c_transform(Stored(C), u, m, 2), (C - u[:, None]).min(axis=0), rtol=1e-14
    )


def test_bounds_hold_for_potentials_of_any_quality(rng):
    C = rng.random((25, 20))
    problem = transport_problem(C)
    best = sinkhorn_newton(C, reg=0.02, tol=1e-12)
    for _ in range(20):
        u, v = 5 * rng.standard_normal(25), 5 * rng.standard_normal(20)
        found = bounds(problem, u, v, 0.02)
        assert found.dual_value <= best.value + 1e-12
        assert found.value >= best.dual_value - 1e-12
        assert found.lower <= best.upper
        assert found.upper >= best.lower


def test_the_schur_complement_is_that_of_the_plan(rng):
    from scipy import sparse

    P = sparse.random_array((15, 12), density=0.3, rng=rng, format="csr")
    P.sort_indices()
    rows, S = rng.random(15) + 1, np.zeros((12, 12))
    schur_complement(P.indptr, P.indices, P.data, rows, S)
    wanted = -(P.T @ sparse.diags_array(1 / rows) @ P).toarray()
    np.testing.assert_allclose(S, np.tril(wanted), atol=1e-15)
