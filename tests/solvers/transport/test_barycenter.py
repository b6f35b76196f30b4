"""Barycentres and divergences against closed forms and their own bounds."""

import math

import numpy as np
import pytest

from resolvent import Reason
from resolvent.solvers.transport import (
    GridCost,
    PointCost,
    barycenter,
    sinkhorn_divergence,
    sinkhorn_newton,
)


def histogram(x, centre, width):
    w = np.exp(-0.5 * ((x - centre) / width) ** 2)
    return w / w.sum()


def test_the_barycentre_of_equal_histograms_solves_a_transport_to_them(rng):
    x = np.linspace(0, 1, 30)
    b = rng.random(30) + 0.1
    b /= b.sum()
    middle = barycenter(PointCost(x, x), [b, b, b], reg=1e-2, tol=1e-11)
    assert middle.converged
    assert middle.value == pytest.approx(middle.dual_value, abs=1e-9)
    to_b = sinkhorn_newton(PointCost(x, x), middle.weights, b, reg=1e-2)
    assert to_b.value == pytest.approx(middle.value, abs=1e-9)


def test_the_barycentre_of_gaussians_of_one_width_is_a_wider_one():
    # For one histogram the problem has no row potential: a = K (b / K 1), b blurred by the kernel
    # exp(-(x - y)^2 / reg), whose variance is reg / 2. Translations only add linear potentials.
    x, width, reg = np.linspace(-10, 10, 401), 1.0, 0.4
    pair = [histogram(x, centre, width) for centre in (-1.0, 2.0)]
    middle = barycenter(GridCost([x]), pair, [2.0, 1.0], reg=reg, tol=1e-10)
    assert middle.converged
    mean = x @ middle.weights
    assert mean == pytest.approx(0.0, abs=1e-6)
    assert (x - mean) ** 2 @ middle.weights == pytest.approx(width**2 + reg / 2, rel=1e-5)


def test_no_histogram_does_better_than_the_barycentre(rng):
    cost = rng.random((12, 9))
    given = [w / w.sum() for w in rng.random((3, 9))]
    lam = np.array([0.5, 0.3, 0.2])
    best = barycenter(cost, given, lam, reg=0.1, tol=1e-10)
    assert best.gap == pytest.approx(0, abs=1e-8)
    for _ in range(10):
        a = best.weights * np.exp(0.1 * rng.standard_normal(12))
        a /= a.sum()
        value = sum(
            w * sinkhorn_newton(cost, a, b, reg=0.1).value for w, b in zip(lam, given, strict=True)
        )
        assert value >= best.dual_value - 1e-12


def test_barycentres_are_the_same_on_every_library(backend, rng):
    cost = rng.random((8, 6))
    given = [w / w.sum() for w in rng.random((2, 6))]
    given[0][2] = 0
    given[0] /= given[0].sum()
    wanted = barycenter(cost, given, reg=0.05)
    found = barycenter(backend.asarray(cost), [backend.asarray(b) for b in given], reg=0.05)
    assert found.converged
    np.testing.assert_allclose(backend.to_host(found.weights), wanted.weights, atol=1e-10)
    assert found.value == pytest.approx(wanted.value, abs=1e-9)


@pytest.mark.parametrize("mass", [1.0, 1000.0])
@pytest.mark.parametrize("maxiter", [2, 5, 40])
def test_a_barycentre_that_takes_too_long_says_so_and_is_bounded(mass, maxiter, rng):
    given = [mass * w / w.sum() for w in rng.random((2, 20))]
    cost = rng.random((20, 20))
    best = barycenter(cost, given, reg=3e-3, tol=1e-9).raise_if_failed()
    stopped = barycenter(cost, given, reg=3e-3, maxiter=maxiter, tol=1e-9)
    assert stopped.reason is Reason.MAXITER
    assert np.isfinite(stopped.weights).all()
    assert stopped.dual_value <= best.value + 1e-9 * mass
    assert best.dual_value <= stopped.value + 1e-9 * mass


@pytest.mark.parametrize(
    ("histograms", "weights", "message"),
    [
        ([], None, "0 histograms"),
        ([np.ones(4) / 4, np.ones(4)], None, "equal mass"),
        ([np.ones(4) / 4], [-1.0], "positive weights"),
        ([np.ones(3) / 3], None, r"histograms\[0\]"),
    ],
)
def test_barycentres_of_nonsense_are_refused(histograms, weights, message):
    with pytest.raises(ValueError, match=message):
        barycenter(np.ones((4, 4)), histograms, weights, reg=0.1)


@pytest.mark.parametrize("reg", [10.0, 0.1, 1e-3])
@pytest.mark.parametrize("p", [1, 2])
def test_a_measure_has_no_divergence_from_itself(reg, p, rng):
    x = rng.standard_normal((40, 2))
    found = sinkhorn_divergence(PointCost(x, x, p), reg=reg)
    assert found.converged
    assert found.lower <= 0 <= found.upper
    assert abs(found.value) < 1e-9


def test_divergences_of_translations_are_their_squares(rng):
    # S(a, a + t) = |t|^2 for squared distances: the potentials only gain linear terms
    x, t = rng.standard_normal((60, 3)), np.array([0.3, -0.2, 1.0])
    found = sinkhorn_divergence(PointCost(x, x + t), reg=0.2)
    assert found.value == pytest.approx(t @ t, rel=1e-8)


def test_divergences_are_positive_and_tend_to_the_energy_distance(rng):
    x, y = rng.standard_normal((30, 2)), rng.standard_normal((40, 2)) + 0.5
    for reg in (0.01, 0.1, 1.0):
        assert sinkhorn_divergence(PointCost(x, y, 1), reg=reg).lower > 0

    def mean(u, v):
        return np.abs(u[:, None] - v).sum(axis=-1).mean()

    energy = mean(x, y) - 0.5 * mean(x, x) - 0.5 * mean(y, y)
    assert sinkhorn_divergence(PointCost(x, y, 1), reg=1e4).value == pytest.approx(energy, rel=1e-3)


def test_divergences_of_stored_costs_need_those_within(rng):
    x, y = rng.standard_normal((10, 2)), rng.standard_normal((12, 2))

    def costs(u, v):
        return ((u[:, None] - v) ** 2).sum(axis=-1)

    wanted = sinkhorn_divergence(PointCost(x, y), reg=0.1)
    found = sinkhorn_divergence(costs(x, y), reg=0.1, within=(costs(x, x), costs(y, y)))
    assert found.value == pytest.approx(wanted.value, rel=1e-9)
    with pytest.raises(TypeError, match="within"):
        sinkhorn_divergence(costs(x, y), reg=0.1)


def test_gradients_of_divergences_are_central_differences(rng):
    x, y = rng.standard_normal((8, 2)), rng.standard_normal((9, 2))
    a = rng.random(8) + 0.2
    a /= a.sum()

    def value(x, a=a, reg=0.5):
        return sinkhorn_divergence(PointCost(x, y), a, reg=reg, tol=1e-13).value

    gradients = sinkhorn_divergence(PointCost(x, y), a, reg=0.5, tol=1e-13).gradients()
    h, move, shift = 1e-5, rng.standard_normal((8, 2)), rng.standard_normal(8)
    shift -= shift.mean()
    wanted = (value(x + h * move) - value(x - h * move)) / (2 * h)
    assert np.sum(gradients.x * move) == pytest.approx(wanted, rel=1e-6)
    wanted = (value(x, a + h * shift) - value(x, a - h * shift)) / (2 * h)
    assert gradients.a @ shift == pytest.approx(wanted, rel=1e-6)
    wanted = (value(x, reg=0.5 + h) - value(x, reg=0.5 - h)) / (2 * h)
    assert gradients.reg == pytest.approx(wanted, rel=1e-6)


def test_gradients_of_divergences_hold_where_there_is_no_mass():
    cost, a = PointCost([0.0, 1.0, 2.0], [2.0, 3.0]), np.array([0.5, 0.5, 0.0])
    gradient = sinkhorn_divergence(cost, a, reg=0.1, tol=1e-13).gradients().a
    move = np.array([0.0, -1.0, 1.0])
    h = 1e-9  # the value has a term h^2 log(h), no central difference
    ends = [sinkhorn_divergence(cost, a + s * move, reg=0.1, tol=1e-13).value for s in (h, 0)]
    assert gradient @ move == pytest.approx((ends[0] - ends[1]) / h, rel=0.05)


def test_a_divergence_that_did_not_converge_says_so(rng):
    x = rng.standard_normal((50, 2))
    stopped = sinkhorn_divergence(PointCost(x, x + 1), reg=1e-5, time_limit=1e-9)
    assert stopped.reason is Reason.TIME_LIMIT
    assert stopped.lower <= stopped.upper
    assert math.isfinite(stopped.value)
