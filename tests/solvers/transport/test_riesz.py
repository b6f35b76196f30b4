"""The energy distance against sums over all pairs, SciPy and central differences."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import energy_distance

from resolvent.solvers.transport import projections as shared
from resolvent.solvers.transport import riesz_mmd, riesz_mmd_gradient

EPS = np.finfo(np.float64).eps


def weights(rng, n, zeros=0):
    w = rng.random(n) + 0.1
    w[rng.permutation(n)[:zeros]] = 0
    return w / w.sum()


def brute_force(x, y, a, b):
    """Three double sums, as the definition has them."""

    def mean_distance(x, a, y, b):
        return a @ np.linalg.norm(x[:, None] - y, axis=2) @ b

    x, y = (points.reshape(len(points), -1) for points in (x, y))
    cross = mean_distance(x, a, y, b)
    return 2 * cross - mean_distance(x, a, x, a) - mean_distance(y, b, y, b)


def measures(rng, n, m, d):
    x, y = rng.standard_normal((n, d)), 0.5 + rng.standard_normal((m, d))
    return x, y, weights(rng, n), weights(rng, m)


@pytest.mark.parametrize("d", [1, 2, 7])
@pytest.mark.parametrize("sizes", [(30, 30), (17, 40), (1, 5), (5, 1), (1, 1)])
def test_the_exact_value_is_the_sum_over_all_pairs(d, sizes, rng):
    x, y, a, b = measures(rng, *sizes, d)
    found = riesz_mmd(x, y, a, b)
    # distances are below 10, their weights of sum 4
    assert found.value == pytest.approx(brute_force(x, y, a, b), abs=100 * d * EPS)
    assert found.standard_error == 0
    assert found.projections is None


def test_on_a_line_it_is_scipys_energy_distance_squared(rng):
    x, y, a, b = rng.random(200), rng.random(130), weights(rng, 200, 30), weights(rng, 130)
    found = riesz_mmd(x, y, a, b)
    assert found.value == pytest.approx(energy_distance(x, y, a, b) ** 2, rel=1000 * EPS)
    assert found == riesz_mmd(x[:, None], y[:, None], a, b, projections=50)


@pytest.mark.parametrize("d", [2, 3, 10])
def test_two_points_have_twice_their_distance(d, rng):
    x, y = rng.standard_normal((2, 1, d))
    exact = 2 * np.linalg.norm(x - y)
    assert riesz_mmd(x, y).value == pytest.approx(exact, rel=10 * d * EPS)
    sliced = riesz_mmd(x, y, projections=200_000, rng=0)
    # the constant of slicing: the error is that of the mean of 200000 numbers
    assert sliced.standard_error < 0.005 * exact
    assert abs(sliced.value - exact) < 4 * sliced.standard_error


@pytest.mark.parametrize("d", [2, 5])
def test_slices_agree_with_the_exact_value_within_their_standard_errors(d):
    x, y, a, b = measures(np.random.default_rng(1), 25, 35, d)
    exact = riesz_mmd(x, y, a, b).value
    found = [riesz_mmd(x, y, a, b, projections=200, rng=k) for k in range(300)]
    z = [(one.value - exact) / one.standard_error for one in found]
    # 300 standardised errors: mean and deviation within 4 of their own, 1/sqrt(300) and
    # 1/sqrt(600), and what skewness of the slices moves, below 0.1
    assert abs(np.mean(z)) < 4 / math.sqrt(300) + 0.1
    assert abs(np.std(z) - 1) < 4 / math.sqrt(600) + 0.1


def test_slices_agree_with_the_exact_gradient_within_their_standard_error():
    x, y, a, b = measures(np.random.default_rng(1), 25, 35, 3)
    exact = riesz_mmd_gradient(x, y, a, b).gradient
    found = [riesz_mmd_gradient(x, y, a, b, projections=100, rng=k) for k in range(300)]
    errors = [np.linalg.norm(one.gradient - exact) for one in found]
    reported = [one.standard_error for one in found]
    # mean squares of 300 norms, each with a relative spread below 1
    ratio = np.mean(np.square(errors)) / np.mean(np.square(reported))
    assert ratio == pytest.approx(1, abs=4 / math.sqrt(300))
    mean = np.mean([one.gradient for one in found], axis=0)
    assert np.linalg.norm(mean - exact) < 4 * np.mean(reported) / math.sqrt(300)


@pytest.mark.parametrize("d", [1, 4])
@pytest.mark.parametrize("projections", [None, 20])
def test_the_gradient_is_that_of_the_value_along_the_same_lines(d, projections, rng):
    x, y, a, b = measures(rng, 12, 15, d)
    options = {"projections": projections, "rng": 3}
    gradient = riesz_mmd_gradient(x, y, a, b, **options).gradient
    step, direction = 1e-6, rng.standard_normal(x.shape)
    ahead, behind = (
        riesz_mmd(x + sign * step * direction, y, a, b, **options).value for sign in (1, -1)
    )
    # rounding of values up to 10 over the step; on lines the value is piecewise linear, and over
    # pairs its third derivative over the cube of distances above 0.05 times step^2 is 1e-8
    slope = (ahead - behind) / (2 * step)
    assert np.sum(gradient * direction) == pytest.approx(slope, abs=1e-7)


def test_every_derivative_is_a_mean_of_signs(rng):
    x, y, a, b = measures(rng, 12, 15, 1)
    signs = np.sign(x - y.T) @ b - np.sign(x - x.T) @ a
    gradient = riesz_mmd_gradient(x, y, a, b).gradient
    np.testing.assert_allclose(gradient, 2 * a[:, None] * signs[:, None], atol=100 * EPS)


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_derivatives_at_ties_are_the_mean_of_both_sides(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 9, 2)
    x, y = (rng.integers(-2, 3, k).astype(float) for k in (n, m))
    a, b = weights(rng, n, n // 3), weights(rng, m, m // 3)
    signs = np.sign(x[:, None] - y) @ b - np.sign(x[:, None] - x) @ a
    gradient = riesz_mmd_gradient(x, y, a, b).gradient
    np.testing.assert_allclose(gradient, 2 * a * signs, atol=100 * EPS)
    assert riesz_mmd(x, y, a, b).value == pytest.approx(brute_force(x, y, a, b), abs=100 * EPS)


def test_equal_points_do_not_pull_each_other_over_pairs(rng):
    x = np.repeat(rng.standard_normal((5, 3)), 2, axis=0)
    gradient = riesz_mmd_gradient(x, rng.standard_normal((4, 3))).gradient
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient[::2], gradient[1::2], atol=100 * EPS)


@pytest.mark.parametrize("options", [{}, {"projections": 30, "rng": 0}])
def test_a_minimum_is_stationary(options, rng):
    x = rng.standard_normal((20, 3))
    found = riesz_mmd_gradient(x, x[::-1], **options)
    assert abs(riesz_mmd(x, x[::-1], **options).value) < 1000 * EPS
    # equal points may be parted by rounding on a line, by weights of 1/20
    assert np.abs(found.gradient).max() < (1e-13 if not options else 4 / 20)


@pytest.mark.parametrize("options", [{}, {"projections": 30, "rng": 0}])
def test_it_is_symmetric_and_the_gradients_balance(options, rng):
    x, y, a, b = measures(rng, 20, 25, 3)
    there, back = riesz_mmd(x, y, a, b, **options), riesz_mmd(y, x, b, a, **options)
    assert there.value == pytest.approx(back.value, rel=1000 * EPS)
    pull = riesz_mmd_gradient(x, y, a, b, **options).gradient.sum(axis=0)
    push = riesz_mmd_gradient(y, x, b, a, **options).gradient.sum(axis=0)
    # a translation of everything changes nothing
    np.testing.assert_allclose(pull, -push, atol=1000 * EPS)


@pytest.mark.parametrize("factor", [1e-150, 1e-3, 1e150])
@pytest.mark.parametrize("options", [{}, {"projections": 30, "rng": 0}])
def test_units_scale_the_value_and_not_the_gradient(factor, options, rng):
    x, y, a, b = measures(rng, 20, 25, 3)
    plain, scaled = (riesz_mmd(c * x, c * y, a, b, **options) for c in (1, factor))
    np.testing.assert_allclose(scaled[:2], factor * np.array(plain[:2]), rtol=1e4 * EPS)
    plain, scaled = (riesz_mmd_gradient(c * x, c * y, a, b, **options) for c in (1, factor))
    np.testing.assert_allclose(scaled.gradient, plain.gradient, atol=1e4 * EPS)
    # variances of slices whose sum of squares cancels the square of their mean in part
    assert scaled.standard_error == pytest.approx(plain.standard_error, rel=1e5 * EPS)


@pytest.mark.parametrize("options", [{}, {"projections": 30, "rng": 0}])
def test_a_common_translation_changes_nothing(options, rng):
    # on a grid of 2^-10 the translated points are exact
    x, y = (np.round(1024 * rng.standard_normal((n, 3))) / 1024 for n in (20, 25))
    assert riesz_mmd(x + 2**20, y + 2**20, **options) == riesz_mmd(x, y, **options)
    near, far = (riesz_mmd_gradient(x + c, y + c, **options).gradient for c in (0, 2**20))
    np.testing.assert_array_equal(far, near)


@pytest.mark.parametrize("options", [{}, {"projections": 30, "rng": 0}])
def test_mass_scales_by_its_square(options, rng):
    x, y, a, b = measures(rng, 20, 25, 3)
    one, three = (riesz_mmd(x, y, c * a, c * b, **options) for c in (1, 3))
    np.testing.assert_allclose(three[:2], 9 * np.array(one[:2]), rtol=1e4 * EPS)
    one, three = (riesz_mmd_gradient(x, y, c * a, c * b, **options) for c in (1, 3))
    np.testing.assert_allclose(three.gradient, 9 * one.gradient, atol=1e4 * EPS)


@pytest.mark.parametrize("options", [{}, {"projections": 30, "rng": 0}])
def test_blocks_change_nothing(options, rng, monkeypatch):
    x, y, a, b = measures(rng, 20, 25, 3)
    value, gradient = (f(x, y, a, b, **options) for f in (riesz_mmd, riesz_mmd_gradient))
    monkeypatch.setattr(shared, "_ENTRIES", 400)
    assert riesz_mmd(x, y, a, b, **options).value == pytest.approx(value.value, rel=1e4 * EPS)
    blocks = riesz_mmd_gradient(x, y, a, b, **options)
    np.testing.assert_allclose(blocks.gradient, gradient.gradient, atol=1e4 * EPS)
    assert blocks.standard_error == pytest.approx(gradient.standard_error, rel=1e5 * EPS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"projections": 20, "rng": 0}])
@pytest.mark.parametrize("d", [1, 4])
def test_every_array_library_finds_the_same(backend, dtype, options, d, rng):
    x, y, a, b = (values.astype(dtype) for values in measures(rng, 30, 23, d))
    arrays = [backend.asarray(values) for values in (x, y, a, b)]
    tolerance = 1000 * float(np.finfo(dtype).eps)
    value = riesz_mmd(*arrays, **options)
    np.testing.assert_allclose(value[:2], riesz_mmd(x, y, a, b, **options)[:2], rtol=tolerance)
    found = riesz_mmd_gradient(*arrays, **options)
    backend.assert_same_kind(found.gradient, arrays[0])
    host = riesz_mmd_gradient(x, y, a, b, **options)
    np.testing.assert_allclose(backend.to_host(found.gradient), host.gradient, atol=tolerance)


def test_the_gradient_has_the_shape_of_the_points(rng):
    x, y = rng.random(5), rng.random((4, 1))
    assert riesz_mmd_gradient(x, y).gradient.shape == (5,)
    assert riesz_mmd_gradient(y, x).gradient.shape == (4, 1)
    assert riesz_mmd_gradient([0, 1], [2, 3]).gradient.dtype == np.float64


def test_a_small_discrepancy_keeps_its_digits_on_a_line():
    # F and G differ by 1/n between each point and its copy a little further on, and only there;
    # the differences x + 1e-9 - x are exact up to rounding of x, below 1e-16
    x = np.linspace(0, 1, 1000)
    found = riesz_mmd(x, x + 1e-9).value
    assert found == pytest.approx(2 * 1000 * 1e-9 / 1000**2, rel=1e-6)


@pytest.mark.parametrize("call", [riesz_mmd, riesz_mmd_gradient])
@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 4)), {}, "x has 2 coordinates and y has 4"),
        (np.ones((0, 2)), np.ones((3, 2)), {}, "x must be real points"),
        (np.ones((2, 2)), 1.0, {}, "y must be real points"),
        (np.ones((2, 2)), np.full((2, 2), 1j), {}, "x must be real points"),
        ([[0.0, 1.0]], [[np.inf, 0.0]], {}, "y has NaN"),
        (np.ones((2, 2)), np.ones((2, 2)), {"b": [1.5, -0.5]}, "b has a negative weight"),
        (np.ones((2, 2)), np.ones((2, 2)), {"a": [0.5, 0.6]}, "mass"),
        (np.ones((2, 2)), np.ones((2, 2)), {"projections": 1}, "projections must be at least 2"),
    ],
)
def test_bad_input_gets_a_clear_error(call, x, y, options, message):
    with pytest.raises(ValueError, match=message):
        call(x, y, **options)
