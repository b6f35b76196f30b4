import numpy as np
import pytest

from resolvent.preconditioners.learned.losses.iterations_surrogate import iterations_surrogate


def history_of(rng, shape, lowest=-6):
    return 10 ** np.sort(rng.uniform(lowest, 0, shape), axis=-1)[..., ::-1].copy()


def value_of(history, **options):
    return float(np.sum(iterations_surrogate(history, 1e-3, **options)[0]))


@pytest.mark.parametrize("seed", range(3))
def test_tends_to_the_count_of_steps_as_sharpness_grows(seed):
    history = history_of(np.random.default_rng(seed), (5, 40))
    count = np.argmax(history <= 1e-3, axis=1)
    # an entry at a factor q from the tolerance is wrong by less than q^-a
    distance = np.min(np.abs(np.log(history / 1e-3)))
    gaps = []
    for sharpness in (10, 100, 30 / distance):
        value, _ = iterations_surrogate(history, 1e-3, sharpness=sharpness)
        gaps.append(np.max(np.abs(value - count)))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 40 * np.exp(-30)


@pytest.mark.parametrize("shape", [(1,), (30,), (1, 1), (4, 30)])
@pytest.mark.parametrize("sharpness", [1.5, 4, 20])
def test_slope_is_the_derivative(shape, sharpness):
    rng = np.random.default_rng(0)
    history = 1e-3 * np.exp(2 / sharpness * rng.standard_normal(shape))  # where the slope is
    direction = history * rng.standard_normal(shape)
    _, slope = iterations_surrogate(history, 1e-3, sharpness=sharpness)
    # of third order in sharpness * h = 1e-4, and rounding of 1e-16 / 1e-4 of the value
    h = 1e-4 / sharpness
    difference = value_of(history + h * direction, sharpness=sharpness) - value_of(
        history - h * direction, sharpness=sharpness
    )
    scale = np.sum(np.abs(slope * direction))
    assert abs(difference / (2 * h) - np.sum(slope * direction)) <= 1e-6 * scale


@pytest.mark.parametrize("start", [0.5, 0.52, 0.6])
@pytest.mark.parametrize(("mu", "sharpness"), [(0.9, 4.0), (0.64, 4.0), (0.5, 2.5)])
def test_a_factor_at_the_start_saves_the_steps_that_gain_it(mu, sharpness, start):
    # the sum over k of the derivative of a sigmoid is its integral over the step h, by Poisson's
    # summation up to 2 sum(y / sinh(y)), y = 2 pi^2 j / h, and what is left out before the start
    history = start * mu ** np.arange(400)
    _, slope = iterations_surrogate(history, 1e-3, sharpness=sharpness)
    y = 2 * np.pi**2 * np.arange(1, 5) / (-sharpness * np.log(mu))
    rel = 2 * np.sum(y / np.sinh(y)) + 20 * (1e-3 / start) ** sharpness
    assert rel < 1e-3
    assert np.sum(slope * history) == pytest.approx(-1 / np.log(mu), rel=rel)


def test_a_sharp_count_of_a_fast_iteration_saves_other_steps():
    # h = 20 log 10 = 46: the nearest residual is a factor sqrt(10) from the tolerance, or on it
    slopes = []
    for start in (1e-3 * 10**0.5, 1e-3):
        history = start * 0.1 ** np.arange(-5.0, 20)
        slopes.append(float(np.sum(iterations_surrogate(history, 1e-3, sharpness=20)[1] * history)))
    assert slopes[0] < 1e-7
    assert slopes[1] == pytest.approx(20 / 4, rel=1e-9)


def test_zero_and_infinite_residuals_count_in_full_and_have_no_slope():
    value, slope = iterations_surrogate([np.inf, 1.0, 0.0, 0.0], 1e-3, sharpness=50)
    assert float(value) == pytest.approx(2, abs=1e-12)
    assert np.all(np.isfinite(slope))
    assert slope[0] == slope[2] == slope[3] == 0


@pytest.mark.parametrize("history", [np.zeros(5), np.full(5, 5e-324), np.full(5, 1e308)])
def test_extreme_residuals_give_finite_numbers(history):
    with np.errstate(all="raise", under="ignore"):
        value, slope = iterations_surrogate(history, 1e-3, sharpness=4)
    assert float(value) == (5 if history[0] > 1 else 0)
    assert np.all(np.isfinite(slope))


def test_rows_of_a_batch_are_counted_on_their_own():
    history = history_of(np.random.default_rng(1), (3, 20))
    value, slope = iterations_surrogate(history, 1e-3, sharpness=4)
    assert value.shape == (3,)
    for k in range(3):
        one, its_slope = iterations_surrogate(history[k], 1e-3, sharpness=4)
        assert one.shape == ()
        assert float(one) == pytest.approx(float(value[k]), rel=1e-14)
        np.testing.assert_array_equal(its_slope, slope[k])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_array_library(backend, dtype):
    host = history_of(np.random.default_rng(2), (2, 10)).astype(dtype)
    history = backend.asarray(host)
    for result, expected in zip(
        iterations_surrogate(history, 1e-3, sharpness=4),
        iterations_surrogate(host.astype("float64"), 1e-3, sharpness=4),
        strict=True,
    ):
        backend.assert_same_kind(result, history)
        # a logarithm of 7 with relative rounding eps, times the sharpness: some 30 eps
        rtol = 100 * np.finfo(dtype).eps
        np.testing.assert_allclose(backend.to_host(result), expected, rtol=rtol)


def test_whole_numbers_are_taken():
    value, _ = iterations_surrogate([100, 10, 1], 5.0, sharpness=60)
    assert float(value) == pytest.approx(2, abs=1e-12)


@pytest.mark.parametrize("history", [[], np.ones((2, 0)), np.ones((2, 2, 2)), 1.0])
def test_a_wrong_shape_is_refused(history):
    with pytest.raises(ValueError, match="history must be"):
        iterations_surrogate(history, 1e-3, sharpness=4)


@pytest.mark.parametrize("history", [[1.0, np.nan], [1.0, -1.0]])
def test_what_is_no_norm_is_refused(history):
    with pytest.raises(ValueError, match="history must hold norms"):
        iterations_surrogate(history, 1e-3, sharpness=4)


@pytest.mark.parametrize("tol", [0.0, -1.0, np.nan, np.inf])
def test_a_tolerance_that_is_not_positive_is_refused(tol):
    with pytest.raises(ValueError, match="tol"):
        iterations_surrogate([1.0], tol, sharpness=4)


@pytest.mark.parametrize("sharpness", [1.0, 0.0, np.nan, np.inf])
def test_a_sharpness_with_unbounded_slope_is_refused(sharpness):
    with pytest.raises(ValueError, match="sharpness"):
        iterations_surrogate([1.0], 1e-3, sharpness=sharpness)
