"""The sliced Wasserstein distance against closed forms, linear programming and its own error."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, wasserstein_distance

from resolvent.solvers.transport import PointCost, exact_transport, sliced_wasserstein
from resolvent.solvers.transport import projections as shared

EPS = np.finfo(np.float64).eps
CONTROLS = ["none", "lower", "upper", "both"]
every_control = pytest.mark.parametrize("control", CONTROLS)


def weights(rng, n, zeros=0):
    w = rng.random(n) + 0.1
    w[rng.permutation(n)[:zeros]] = 0
    return w / w.sum()


def stretched(rng, n=60, d=5, shift=0.7):
    """Two clouds with different means and covariances."""
    scales = np.linspace(0.5, 2, d)
    return rng.standard_normal((n, d)), rng.standard_normal((n, d)) * scales + shift


@pytest.mark.parametrize("sizes", [(40, 40), (30, 47), (1, 5), (5, 1), (1, 1)])
@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_on_a_line_it_is_the_cost_of_an_optimal_plan(sizes, p, rng):
    n, m = sizes
    x, y, a, b = rng.standard_normal(n), rng.standard_normal(m), weights(rng, n), weights(rng, m)
    found = sliced_wasserstein(x, y, a, b, p=p)
    exact = exact_transport(np.abs(x[:, None] - y) ** p, a, b).value
    assert found.value == pytest.approx(exact, rel=1e-9)  # HiGHS meets sums to about 1e-10
    assert found.standard_error == 0
    assert found.projections == 1


def test_on_a_line_it_is_scipys_first_distance(rng):
    x, y, a, b = rng.random(200), rng.random(130), weights(rng, 200, 30), weights(rng, 130)
    # cumulative sums of some hundred weights
    expected = wasserstein_distance(x, y, a, b)
    assert sliced_wasserstein(x, y, a, b, p=1).value == pytest.approx(expected, rel=1000 * EPS)


@pytest.mark.parametrize("p", [1, 2])
def test_sorting_and_quantiles_agree(p, rng):
    x, y = stretched(rng)
    sorted_points = sliced_wasserstein(x, y, p=p, rng=0)
    # a point of no weight sends the same measure the other way
    a = np.append(np.full(60, 1 / 60), 0.0)
    quantiles = sliced_wasserstein(np.append(x, [5 * x[0]], axis=0), y, a, p=p, rng=0)
    # 60 cumulative sums of weights, and centres that are summed in another order
    np.testing.assert_allclose(quantiles[:4], sorted_points[:4], rtol=1e4 * EPS)


def test_repeated_points_are_weights(rng):
    x, y = stretched(rng, n=20)
    copies = rng.integers(1, 4, 20)
    repeated = sliced_wasserstein(np.repeat(x, copies, axis=0), y, rng=0)
    weighted = sliced_wasserstein(x, y, copies / copies.sum(), rng=0)
    np.testing.assert_allclose(repeated[:4], weighted[:4], rtol=1e4 * EPS)


@every_control
def test_estimates_agree_with_many_lines_within_their_standard_errors(control):
    x, y = stretched(np.random.default_rng(3))
    reference = sliced_wasserstein(x, y, projections=20_000, rng=99)
    found = [sliced_wasserstein(x, y, projections=100, control=control, rng=k) for k in range(400)]
    z = [(one.value - reference.value) / one.standard_error for one in found]
    # 400 standardised errors of about 100 degrees of freedom: the mean within 4 of its own
    # standard deviations, which the bias of fitted coefficients, 1/sqrt(100) of one, hardly moves
    assert abs(np.mean(z)) < 4 / math.sqrt(400) + 0.1
    # their standard deviation is 1 up to 1/sqrt(800) = 0.035, and skewness of the costs
    assert 0.85 < np.std(z) < 1.2


@every_control
def test_few_lines_report_what_the_fit_costs(control):
    x, y = stretched(np.random.default_rng(3), n=20)
    exact = sliced_wasserstein(x, y, projections=20_000, rng=99).value
    options = {"projections": 8, "control": control}
    found = [sliced_wasserstein(x, y, **options, rng=k) for k in range(3000)]
    wrong = np.sqrt(np.mean([(one.value - exact) ** 2 for one in found]))
    stated = np.sqrt(np.mean([one.standard_error**2 for one in found]))
    # 3000 squares with a relative spread of about 2 are known to 4 %, and costs that are skewed
    # make the fit a little worse than it says; two coefficients for 8 lines cost 18 % by the
    # degrees of freedom, and about as much by the distance of the control from its mean
    assert stated == pytest.approx(wrong, rel=0.12)


def test_each_control_reduces_the_variance_as_it_reports():
    x, y = stretched(np.random.default_rng(3))
    spread = {}
    for control in CONTROLS:
        runs = [
            sliced_wasserstein(x, y, projections=50, control=control, rng=k) for k in range(300)
        ]
        spread[control] = np.var([one.value for one in runs])
        ratio = np.median([one.variance_ratio for one in runs])
        # two variances of 300 values, each known to sqrt(2/300) = 8 %
        assert spread[control] / spread["none"] == pytest.approx(ratio, rel=0.35)
    assert spread["both"] < min(spread["lower"], spread["upper"])
    assert max(spread["lower"], spread["upper"]) < 0.7 * spread["none"]


def test_the_sample_chooses_the_lines_and_not_the_control(rng):
    x, y = stretched(rng)
    found = [sliced_wasserstein(x, y, control=control, rng=7) for control in (*CONTROLS, None)]
    assert len({one.plain for one in found}) == 1
    assert len({one.plain_error for one in found}) == 1
    assert found[0] == found[-1]
    assert found[0].value == found[0].plain
    assert found[0].variance_ratio == 1


@pytest.mark.parametrize("control", ["lower", "both"])
@pytest.mark.parametrize("d", [2, 20])
def test_the_lower_control_leaves_no_variance_of_a_translation(control, d, rng):
    x, t = rng.standard_normal((50, d)), rng.standard_normal(d)
    found = sliced_wasserstein(x, x + t, control=control, rng=0)
    # coordinates are below 4 and differences of two sums of d products
    slack = 1000 * d * EPS
    assert found.value == pytest.approx(t @ t / d, rel=slack)
    assert found.standard_error < slack * found.value
    assert found.plain_error > 1e-3 * found.value


def test_gaussians_have_a_closed_form():
    # isotropic ones: along every line (theta^T t)^2 + (s - 1)^2
    rng = np.random.default_rng(5)
    n, d, s = 20_000, 3, 2.0
    t = np.array([1.0, 0.0, -2.0])
    x, y = rng.standard_normal((n, d)), t + s * rng.standard_normal((n, d))
    found = sliced_wasserstein(x, y, projections=50, rng=0)
    exact = t @ t / d + (s - 1) ** 2
    # the sample means are off by sqrt((1 + s^2) / n) = 0.016 in each coordinate, which enters times
    # 2 |t| / d, and the deviations by s / sqrt(2 n) = 0.01, which enters times 2 (s - 1)
    assert found.value == pytest.approx(exact, abs=4 * (0.016 * 2 * math.sqrt(5) / d + 0.02))


def test_quantiles_of_a_gaussian_have_the_distance_of_their_deviations():
    q = norm.ppf((np.arange(500) + 0.5) / 500)
    found = sliced_wasserstein(q, 3 * q + 1)
    assert found.value == pytest.approx(1 + 4 * np.mean(q**2), rel=1000 * EPS)


def test_it_is_symmetric(rng):
    x, y = stretched(rng)
    a, b = weights(rng, 60), weights(rng, 60)
    there, back = sliced_wasserstein(x, y, a, b, rng=0), sliced_wasserstein(y, x, b, a, rng=0)
    np.testing.assert_allclose(there[:4], back[:4], rtol=1e4 * EPS)


@pytest.mark.parametrize("factor", [1e-120, 1e-3, 1e120])
@pytest.mark.parametrize("p", [1, 2])
def test_units_scale_the_value_by_their_power(factor, p, rng):
    x, y = stretched(rng)
    plain = sliced_wasserstein(x, y, p=p, rng=0)
    scaled = sliced_wasserstein(factor * x, factor * y, p=p, rng=0)
    np.testing.assert_allclose(scaled[:4], factor**p * np.array(plain[:4]), rtol=1e4 * EPS)


def test_a_common_translation_changes_nothing(rng):
    # on a grid of 2^-10 the translated points are exact
    x, y = (np.round(1024 * points) / 1024 for points in stretched(rng))
    assert sliced_wasserstein(x + 2**20, y + 2**20, rng=0) == sliced_wasserstein(x, y, rng=0)


def test_mass_scales_the_value(rng):
    x, y = stretched(rng)
    a, b = weights(rng, 60), weights(rng, 60)
    one, three = (sliced_wasserstein(x, y, mass * a, mass * b, rng=0) for mass in (1, 3))
    np.testing.assert_allclose(three[:4], 3 * np.array(one[:4]), rtol=1e4 * EPS)


@every_control
def test_equal_measures_have_the_distance_zero(control, rng):
    x = rng.standard_normal((30, 4))
    found = sliced_wasserstein(x, x[rng.permutation(30)], control=control, rng=0)
    # squares of differences of equal coordinates, rounded
    assert abs(found.value) < (100 * EPS) ** 2
    assert found.standard_error < (100 * EPS) ** 2


@every_control
def test_one_point_each_is_a_translation(control, rng):
    x, y = rng.standard_normal((2, 1, 3))
    found = sliced_wasserstein(x, y, control=control, projections=500, rng=0)
    exact = np.sum((x - y) ** 2) / 3
    assert abs(found.value - exact) <= 5 * found.standard_error + 1000 * EPS * exact


def test_a_control_that_is_constant_is_left_out():
    # the covariances are multiples of the identity, so that both forms are the same on all lines
    corners = np.concatenate([np.eye(3), -np.eye(3)])
    found = sliced_wasserstein(corners, 2 * corners, rng=0, projections=50)
    assert found.value == found.plain
    # the residual loses no degrees of freedom either
    assert found.standard_error == pytest.approx(found.plain_error, rel=1000 * EPS)
    assert found.plain == pytest.approx(1 / 3, rel=1e4 * EPS)  # every line: |y - x|^2 = |x|^2


@pytest.mark.parametrize("sizes", [(60, 60), (60, 41)])
def test_blocks_change_nothing(sizes, rng, monkeypatch):
    x, y = stretched(rng)
    x, y = x[: sizes[0]], y[: sizes[1]]
    whole = sliced_wasserstein(x, y, rng=0)
    monkeypatch.setattr(shared, "_ENTRIES", 3 * sum(sizes))
    np.testing.assert_allclose(sliced_wasserstein(x, y, rng=0)[:4], whole[:4], rtol=1e4 * EPS)


def test_memory_does_not_grow_with_the_number_of_lines(rng, monkeypatch):
    rows = []

    def spy(*arguments):
        for theta in shared.directions(*arguments):
            rows.append(len(theta))
            yield theta

    monkeypatch.setattr("resolvent.solvers.transport.sliced.directions", spy)
    x = rng.standard_normal((3000, 2))
    sliced_wasserstein(x, 2 * x, projections=700)
    assert sum(rows) == 700
    assert max(rows) * 6000 <= shared._ENTRIES


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sizes", [(30, 30), (30, 23)])
def test_every_array_library_finds_the_same(backend, dtype, sizes, rng):
    x, y = (rng.standard_normal((n, 4)).astype(dtype) for n in sizes)
    a, b = (weights(rng, n).astype(dtype) for n in sizes)
    host = sliced_wasserstein(x, y, a, b, rng=0)
    found = sliced_wasserstein(*map(backend.asarray, (x, y, a, b)), rng=0)
    uniform = sliced_wasserstein(backend.asarray(x), backend.asarray(y), rng=0)
    # sums of 30 squares of coordinates up to 4
    tolerance = 1000 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(found[:2], host[:2], rtol=tolerance)
    assert uniform.value == pytest.approx(sliced_wasserstein(x, y, rng=0).value, rel=tolerance)


def test_single_precision_is_as_good_as_its_points(rng):
    x, y = (points.astype(np.float32) for points in stretched(rng, n=2000))
    a = weights(rng, 2000).astype(np.float32)
    single = sliced_wasserstein(x, y, a, rng=0)
    double = sliced_wasserstein(*(z.astype(np.float64) for z in (x, y, a)), rng=0)
    # rounding of 2000 weights of sum 1 is independent; coordinates are below 8
    assert single.value == pytest.approx(double.value, rel=100 * float(np.finfo(np.float32).eps))


@given(st.integers(0, 10_000), st.sampled_from(CONTROLS))
@settings(max_examples=40, deadline=None)
def test_no_small_problem_is_silent(seed, control):
    rng = np.random.default_rng(seed)
    n, m, d = rng.integers(1, 8, 3)
    x, y = rng.integers(-2, 3, (n, d)), rng.integers(-2, 3, (m, d))  # with duplicates
    a, b = weights(rng, n, n // 3), weights(rng, m, m // 3)
    found = sliced_wasserstein(x, y, a, b, control=control, projections=8, rng=seed)
    assert np.isfinite(found).all()
    assert found.standard_error >= 0
    # projections bring points closer, so that no line costs more than an optimal plan
    exact = exact_transport(PointCost(x, y), a, b).value
    assert -1e-12 <= found.plain <= exact + 1e-9 * (1 + exact)


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 4)), {}, "x has 2 coordinates and y has 4"),
        (np.ones((3, 2)), np.ones(3), {}, "x has 2 coordinates and y has 1"),
        (np.ones((0, 2)), np.ones((3, 2)), {}, "x must be real points"),
        (np.ones((2, 2)), np.ones((2, 2, 2)), {}, "y must be real points"),
        (np.ones((2, 2), dtype=complex), np.ones((2, 2)), {}, "x must be real points"),
        ([[0.0, np.nan]], [[0.0, 0.0]], {}, "x has NaN"),
        (np.ones((2, 2)), np.ones((2, 2)), {"a": [1.5, -0.5]}, "a has a negative weight"),
        (np.ones((2, 2)), np.ones((2, 2)), {"b": [0.0, 0.0]}, "b has no mass"),
        (np.ones((2, 2)), np.ones((2, 2)), {"b": [1.0]}, "b must be 2 weights"),
        (np.ones((2, 2)), np.ones((2, 2)), {"a": [0.5, 0.6]}, "mass"),
        (np.ones((2, 2)), np.ones((2, 2)), {"a": [0.5, np.nan]}, "a has NaN"),
        (np.ones((2, 2)), np.ones((2, 2)), {"p": 0.5}, "p must be at least 1"),
        (np.ones((2, 2)), np.ones((2, 2)), {"p": np.nan}, "p must be at least 1"),
        (np.ones((2, 2)), np.ones((2, 2)), {"p": np.inf}, "p must be at least 1"),
        (np.ones((2, 2)), np.ones((2, 2)), {"control": "middle"}, "control must be one of"),
        (np.ones((2, 2)), np.ones((2, 2)), {"projections": 3}, "at least 4 projections"),
        (np.ones((2, 2)), np.ones((2, 2)), {"projections": 2, "control": "lower"}, "at least 3"),
        (np.ones((2, 2)), np.ones((2, 2)), {"projections": 1, "control": None}, "at least 2"),
    ],
)
def test_bad_input_gets_a_clear_error(x, y, options, message):
    with pytest.raises(ValueError, match=message):
        sliced_wasserstein(x, y, **options)
