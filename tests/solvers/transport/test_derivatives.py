"""Derivatives of transport against central differences, on every data it depends on."""

import math

import array_api_strict
import numpy as np
import pytest

from resolvent import ConvergenceError
from resolvent.solvers.transport import PointCost, sinkhorn_newton, transport_jvp, transport_vjp

TIGHT = 1e-13
RHOS = [(math.inf, math.inf), (1.0, 2.0), (math.inf, 0.5), (0.3, math.inf)]
# A central difference errs by h^2 times a third derivative, which grows as 1 / reg^2, and by the
# tolerance of the solutions over h.
STEP, CLOSE = 1e-5, 1e-6
every_rho = pytest.mark.parametrize("rho", RHOS)
every_reg = pytest.mark.parametrize("reg", [0.3, 0.05])


@pytest.fixture
def data(rng):
    n, m = 7, 9
    a, b = rng.random(n) + 0.2, rng.random(m) + 0.2
    return {"cost": rng.random((n, m)), "a": a / a.sum(), "b": b / b.sum()}


@pytest.fixture
def loss(rng):
    """A linear function of potentials, plan and value, and its gradients."""
    return {
        "f": rng.standard_normal(7),
        "g": rng.standard_normal(9),
        "plan": rng.standard_normal((7, 9)),
        "value": 0.7,
    }


def solve(cost, a, b, reg, rho):
    return sinkhorn_newton(cost, a, b, reg=reg, rho=rho, tol=TIGHT).raise_if_failed()


def total(solution, loss):
    parts = loss["f"] @ solution.f, loss["g"] @ solution.g, np.sum(loss["plan"] * solution.plan())
    return sum(parts) + loss["value"] * solution.value


def direction(rng, data, rho):
    moves = {name: rng.standard_normal(x.shape) for name, x in data.items()}
    if all(map(math.isinf, rho)):
        for name in ("a", "b"):
            moves[name] -= moves[name].mean()
    return moves


@every_rho
@every_reg
def test_gradients_are_central_differences(rho, reg, data, loss, rng):
    gradients = transport_vjp(solve(**data, reg=reg, rho=rho), **loss)
    for name, move in direction(rng, data, rho).items():
        ends = [
            total(solve(**{**data, name: data[name] + h * move}, reg=reg, rho=rho), loss)
            for h in (STEP, -STEP)
        ]
        wanted = (ends[0] - ends[1]) / (2 * STEP)
        scale = np.linalg.norm(getattr(gradients, name)) * np.linalg.norm(move)
        assert abs(np.sum(getattr(gradients, name) * move) - wanted) <= CLOSE * scale
    ends = [total(solve(**data, reg=reg + h, rho=rho), loss) for h in (STEP, -STEP)]
    assert gradients.reg == pytest.approx((ends[0] - ends[1]) / (2 * STEP), rel=10 * CLOSE)


@every_rho
def test_a_jacobian_and_its_adjoint_agree(rho, data, loss, rng):
    solution = solve(**data, reg=0.1, rho=rho)
    gradients, moves = transport_vjp(solution, **loss), direction(rng, data, rho)
    tangents = transport_jvp(solution, **moves, reg=0.2)
    one = loss["f"] @ tangents.f + loss["g"] @ tangents.g + loss["value"] * tangents.value
    one += np.sum(loss["plan"] * tangents.plan())
    other = sum(np.sum(getattr(gradients, name) * move) for name, move in moves.items())
    assert one == pytest.approx(other + 0.2 * gradients.reg, rel=1e-9)


@pytest.mark.parametrize("p", [1, 2])
def test_gradients_reach_the_points(p, loss, rng):
    points = {"x": rng.standard_normal((7, 2)), "y": rng.standard_normal((9, 2))}

    def solution(x, y):
        return sinkhorn_newton(PointCost(x, y, p), reg=0.5, tol=TIGHT)

    gradients = transport_vjp(solution(**points), **loss)
    assert gradients.cost is None
    for name in points:
        move = rng.standard_normal(points[name].shape)
        ends = [
            total(solution(**{**points, name: points[name] + h * move}), loss)
            for h in (STEP, -STEP)
        ]
        wanted = (ends[0] - ends[1]) / (2 * STEP)
        scale = np.linalg.norm(getattr(gradients, name)) * np.linalg.norm(move)
        assert abs(np.sum(getattr(gradients, name) * move) - wanted) <= CLOSE * scale
        tangents = transport_jvp(solution(**points), **{name: move})
        one = loss["f"] @ tangents.f + loss["g"] @ tangents.g + loss["value"] * tangents.value
        assert one + np.sum(loss["plan"] * tangents.plan()) == pytest.approx(wanted, rel=1e-5)


def test_the_value_has_the_plan_and_the_potentials_for_gradients(data):
    solution = solve(**data, reg=0.02, rho=RHOS[0])
    gradients = transport_vjp(solution, value=1.0)
    np.testing.assert_allclose(gradients.cost, solution.plan(), atol=1e-12)
    np.testing.assert_allclose(gradients.a, solution.f, atol=1e-12)
    np.testing.assert_allclose(gradients.b, solution.g, atol=1e-12)


def test_small_regularisations_have_derivatives(rng):
    cost, loss = rng.random((30, 30)), {"f": rng.standard_normal(30), "g": np.zeros(30)}
    reg, move = 5e-3, rng.standard_normal((30, 30))
    gradients = transport_vjp(sinkhorn_newton(cost, reg=reg, tol=TIGHT), **loss)
    h = 1e-7
    ends = [sinkhorn_newton(cost + s * move, reg=reg, tol=TIGHT) for s in (h, -h)]
    wanted = loss["f"] @ (ends[0].f - ends[1].f) / (2 * h)
    assert np.sum(gradients.cost * move) == pytest.approx(wanted, rel=1e-4)


def test_atoms_without_mass_have_no_gradient(data, loss):
    data["a"][2] = data["b"][5] = 0
    data["a"], data["b"] = (x / x.sum() for x in (data["a"], data["b"]))
    solution = solve(**data, reg=0.1, rho=RHOS[0])
    with pytest.raises(ValueError, match="an atom without mass"):
        transport_vjp(solution, **loss)
    loss["f"][2] = loss["g"][5] = 0
    gradients = transport_vjp(solution, **loss)
    assert gradients.a[2] == gradients.b[5] == 0
    assert not gradients.cost[2].any()
    assert not gradients.cost[:, 5].any()
    assert gradients.cost.any()


def test_other_libraries_give_the_same_gradients(data, loss):
    solution = solve(**data, reg=0.1, rho=RHOS[1])
    wanted = transport_vjp(solution, **loss)
    strict = {name: array_api_strict.asarray(x) for name, x in data.items()}
    bars = {
        name: loss[name] if name == "value" else array_api_strict.asarray(loss[name])
        for name in loss
    }
    found = transport_vjp(solve(**strict, reg=0.1, rho=RHOS[1]), **bars)
    for name in ("cost", "a", "b"):
        assert isinstance(getattr(found, name), type(strict["a"]))
        np.testing.assert_allclose(
            np.asarray(getattr(found, name)), getattr(wanted, name), rtol=1e-8
        )


def test_what_has_not_converged_has_no_derivatives(data):
    stopped = sinkhorn_newton(**data, reg=1e-3, maxiter=1)
    with pytest.raises(ConvergenceError, match="MAXITER"):
        transport_vjp(stopped, value=1.0)


def test_what_rounding_would_decide_is_refused():
    # the blocks of this plan are joined by e^(-1 / 0.03) = 3e-15
    apart = sinkhorn_newton([[0.0, 1.0], [1.0, 0.0]], reg=0.03)
    with pytest.raises(ConvergenceError, match="falls apart"):
        transport_vjp(apart, f=[1.0, -1.0])
    assert transport_vjp(apart, value=1.0).cost[0, 0] == pytest.approx(0.5)


def test_forbidden_pairs_have_gradients(rng):
    cost = rng.random((6, 6))
    cost[0, 3] = np.inf
    solution = sinkhorn_newton(cost, reg=0.2, tol=TIGHT)
    gradients = transport_vjp(solution, plan=cost)
    assert gradients.cost[0, 3] == 0
    assert np.isfinite(gradients.cost).all()


def test_wrong_directions_are_refused(data):
    solution = solve(**data, reg=0.1, rho=RHOS[0])
    with pytest.raises(ValueError, match=r"f must have the shape \(7,\)"):
        transport_vjp(solution, f=np.ones(8))
    with pytest.raises(ValueError, match="more mass"):
        transport_jvp(solution, a=np.ones(7))
    with pytest.raises(ValueError, match="PointCost"):
        transport_jvp(solution, x=np.ones((7, 2)))
