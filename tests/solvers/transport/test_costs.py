"""Every kind of costs solves the same problem: stored, of points, on grids, of any library."""

import math

import numpy as np
import pytest

from resolvent import Reason
from resolvent.solvers.transport import (
    GridCost,
    PointCost,
    exact_transport,
    semidual,
    sinkhorn,
    sinkhorn_newton,
)

SOLVERS = [sinkhorn, sinkhorn_newton]
RHOS = [(math.inf, math.inf), (1.0, 2.0), (math.inf, 0.5)]
BOUNDS = ("value", "dual_value", "linear_value", "lower", "upper")


def weights(rng, n, zeros=0):
    w = rng.random(n) + 0.1
    w[rng.permutation(n)[:zeros]] = 0
    return w / w.sum()


def same(backend, found, wanted):
    """Both solve to 1e-9 in L1; potentials and bounds then agree to about that over the mass."""
    assert found.converged
    assert wanted.converged
    np.testing.assert_allclose(backend.to_host(found.plan()), wanted.plan(), atol=2e-9)
    for name in BOUNDS:
        one, other = getattr(found, name), getattr(wanted, name)
        assert (one is None) == (other is None)
        assert one is None or one == pytest.approx(other, abs=1e-7)


@pytest.mark.parametrize("solve", SOLVERS)
@pytest.mark.parametrize("rho", RHOS)
@pytest.mark.parametrize("reg", [0.1, 0.01])
def test_every_library_solves_as_numpy_does(backend, solve, rho, reg, rng):
    cost, a, b = rng.random((20, 25)), weights(rng, 20, 3), weights(rng, 25, 4)
    options = {"reg": reg, "rho": rho, "tol": 1e-9}
    wanted = solve(cost, a, b, **options)
    arrays = [backend.asarray(x) for x in (cost, a, b)]
    found = solve(*arrays, **options)
    backend.assert_same_kind(found.f, arrays[0])
    same(backend, found, wanted)


GRIDS = [((5, 7), (5, 7)), ((4, 3, 2), (4, 3, 2)), ((9,), (12,)), ((6, 4), (3, 8))]


def grid(rng, shape):
    return [np.sort(rng.random(k)) for k in shape]


def points(axes):
    mesh = np.meshgrid(*axes, indexing="ij")
    return np.stack([x.ravel() for x in mesh], axis=1)


@pytest.mark.parametrize(("source", "target"), GRIDS)
@pytest.mark.parametrize("rho", RHOS)
@pytest.mark.parametrize("p", [1, 2])
def test_a_grid_solves_as_its_points_do(backend, source, target, rho, p, rng):
    axes, to = grid(rng, source), grid(rng, target)
    x, y = points(axes), points(to)
    a, b = weights(rng, len(x), 2), weights(rng, len(y), 3)
    options = {"reg": 0.02, "rho": rho, "tol": 1e-9}
    wanted = sinkhorn_newton(PointCost(x, y, p), a, b, **options)
    cost = GridCost([backend.asarray(x) for x in axes], [backend.asarray(x) for x in to], p)
    found = sinkhorn_newton(cost, backend.asarray(a), backend.asarray(b), **options)
    same(backend, found, wanted)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3])
def test_rows_of_a_grid_are_its_costs(p, rng):
    axes, to = grid(rng, (4, 3)), grid(rng, (2, 5))
    wanted = (np.abs(points(axes)[:, None] - points(to)) ** p).sum(axis=-1)
    cost = GridCost(axes, to, p)
    np.testing.assert_allclose(cost.rows(np.arange(12)), wanted, rtol=1e-14)
    rows, columns = np.array([1, 5, 11]), np.array([0, 9])
    part = cost.take(rows, columns)
    np.testing.assert_allclose(part.rows(np.arange(3)), wanted[np.ix_(rows, columns)], rtol=1e-14)
    np.testing.assert_allclose(part.T.rows(np.arange(2)), wanted[np.ix_(rows, columns)].T)
    assert cost.span == pytest.approx((wanted.min(), wanted.max()))


def test_bounds_of_a_grid_hold_the_exact_cost_at_any_error(rng):
    axes = grid(rng, (5, 4))
    cost, a, b = GridCost(axes), weights(rng, 20, 2), weights(rng, 20)
    exact = exact_transport(cost, a, b).value
    for maxiter in (1, 3, 10, 200):
        found = sinkhorn(cost, a, b, reg=0.01, maxiter=maxiter, tol=1e-12)
        assert found.lower <= exact + 1e-12
        assert exact <= found.upper + 1e-12
        assert found.dual_value <= found.value


@pytest.mark.parametrize(
    ("axes", "options", "message"),
    [
        ([], {}, "at least one"),
        ([[0.0, 1.0]], {"to": []}, "as many"),
        ([[[0.0, 1.0]]], {}, "real vectors"),
        ([[0.0, np.nan]], {}, "NaN"),
        ([[0.0, 1.0]], {"p": 0.5}, "p must be at least 1"),
    ],
)
def test_grids_that_are_none_are_refused(axes, options, message):
    with pytest.raises(ValueError, match=message):
        GridCost(axes, **options)


def test_marginals_of_another_library_are_refused(rng):
    strict = pytest.importorskip("array_api_strict")
    with pytest.raises(TypeError, match="as the costs are"):
        sinkhorn(rng.random((3, 3)), strict.asarray(np.full(3, 1 / 3)), reg=0.1)


def test_forbidden_pairs_are_forbidden_on_every_library(backend, rng):
    cost = rng.random((8, 8))
    cost[rng.random((8, 8)) < 0.3] = np.inf
    np.fill_diagonal(cost, 1.0)
    wanted = sinkhorn_newton(cost, reg=0.05)
    found = sinkhorn_newton(backend.asarray(cost), reg=0.05)
    assert found.converged
    np.testing.assert_allclose(backend.to_host(found.plan()), wanted.plan(), atol=1e-9)
    assert not wanted.plan()[np.isinf(cost)].any()


def test_an_operator_is_the_plan(rng):
    cost, a, b = rng.random((6, 9)), weights(rng, 6, 1), weights(rng, 9, 2)
    for costs in (cost, PointCost(rng.random((6, 2)), rng.random((9, 2)))):
        solution = sinkhorn_newton(costs, a, b, reg=0.1)
        P, operator = solution.plan(), solution.plan_operator()
        x, y = rng.standard_normal(6), rng.standard_normal(9)
        np.testing.assert_allclose(operator @ y, P @ y, atol=1e-14)
        np.testing.assert_allclose(operator.H @ x, P.T @ x, atol=1e-14)
        Y = rng.standard_normal((9, 3))
        np.testing.assert_allclose(operator @ Y, P @ Y, atol=1e-14)


def test_a_map_takes_points_to_the_mean_of_their_row(rng):
    x, y = rng.standard_normal((12, 3)), rng.standard_normal((15, 3))
    solution = sinkhorn_newton(PointCost(x, y), reg=0.3, tol=1e-12)
    P = solution.plan()
    np.testing.assert_allclose(solution.map(x), P @ y / P.sum(axis=1)[:, None], rtol=1e-10)


def test_the_map_of_a_translation_translates(rng):
    x = rng.standard_normal((400, 2))
    shift = np.array([3.0, -1.0])
    moved = sinkhorn_newton(PointCost(x, x + shift), reg=1e-3).map(x)
    np.testing.assert_allclose(moved, x + shift, atol=0.05)  # blurred by about sqrt(reg)


def test_a_map_needs_points(rng):
    with pytest.raises(TypeError, match="PointCost"):
        sinkhorn(rng.random((3, 3)), reg=1).map([[0.0]])


def test_the_legendre_transform_is_the_supremum_over_marginals(backend, rng):
    cost, a, b = rng.random((7, 6)), weights(rng, 7, 1), weights(rng, 6)
    solution = sinkhorn_newton(cost, a, b, reg=0.1, tol=1e-13)
    at = semidual(backend.asarray(cost), backend.asarray(solution.g), backend.asarray(a), reg=0.1)
    np.testing.assert_allclose(backend.to_host(at.gradient), b, atol=1e-12)
    assert at.value == pytest.approx(b @ solution.g - solution.value, abs=1e-12)
    for _ in range(20):
        other = weights(rng, 6)
        value = sinkhorn_newton(cost, a, other, reg=0.1, tol=1e-12).value
        assert at.value >= other @ solution.g - value - 1e-11


def test_the_legendre_transform_takes_any_mass(rng):
    cost, a, g = rng.random((7, 6)), 3 * weights(rng, 7), rng.random(6)
    found = semidual(cost, g, a, reg=0.2)
    assert found.gradient.sum() == pytest.approx(3)


def test_the_legendre_transform_has_its_gradient(rng):
    cost, a, g, d = rng.random((7, 6)), weights(rng, 7), rng.random(6), rng.standard_normal(6)
    h = 1e-6
    ends = [semidual(cost, g + s * d, a, reg=0.2).value for s in (h, -h)]
    # the third derivative is at most |d|^3 / reg^2
    assert semidual(cost, g, a, reg=0.2).gradient @ d == pytest.approx(
        (ends[0] - ends[1]) / (2 * h), abs=1e-8
    )


def test_a_callback_stops_on_a_grid(rng):
    cost = GridCost(grid(rng, (5, 5)))
    stopped = sinkhorn(cost, reg=1e-3, callback=lambda stage: stage.passes >= 3)
    assert stopped.reason is Reason.STOPPED_BY_CALLBACK
    assert stopped.passes == 3
