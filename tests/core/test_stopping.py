"""The one rule: norm(b - A x) <= max(rtol norm(b), atol)."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvent.stopping import Stop, UnreachableToleranceWarning

EPS = np.finfo(float).eps


@given(st.floats(1e-10, 1), st.floats(0, 10), st.floats(0, 20))
def test_met_is_the_rule(rtol, atol, residual):
    b = np.array([3.0, -4.0])  # norm 5
    stop = Stop.for_rhs(b, rtol=rtol, atol=atol)
    # 2 eps: one rounding each in the threshold computed there and here
    assert float(stop.threshold) == pytest.approx(max(5 * rtol, atol), rel=2 * EPS)
    assert stop.met(residual) == (residual <= stop.threshold)


def test_threshold_is_the_norm_times_rtol_on_every_array(backend):
    host = np.array([[3.0, 0.0, 1.0], [4.0, 0.0, 1.0]])
    stop = Stop.for_rhs(backend.asarray(host), rtol=0.5)
    assert type(stop.threshold) is np.ndarray
    np.testing.assert_allclose(stop.threshold, [2.5, 0, 0.5**0.5], rtol=4 * EPS)


def test_every_column_has_its_own_threshold():
    stop = Stop.for_rhs(np.array([[1.0, 100.0]]), rtol=0.1)
    assert stop.met(np.array([0.09, 9.0]))
    assert not stop.met(np.array([0.11, 9.0]))
    assert not stop.met(np.array([0.09, np.nan]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize("power", [-0.9, 0.9])
def test_huge_and_tiny_scales_neither_overflow_nor_underflow(dtype, power):
    info = np.finfo(dtype)
    scale = float(info.max) ** power  # its square is out of range
    b = (scale * np.array([3.0, 4.0])).astype(dtype)
    stop = Stop.for_rhs(b, rtol=0.5)
    # 8 eps: roundings of b, of b / max(b), of the norm's three operations and of two products
    np.testing.assert_allclose(stop.threshold / scale, 2.5, rtol=8 * float(info.eps))


def test_zero_right_hand_side_is_met_by_zero_alone():
    stop = Stop.for_rhs(np.zeros(3))
    assert stop.met(0.0)
    assert not stop.met(1e-300)


def test_empty_right_hand_side_is_met():
    assert Stop.for_rhs(np.zeros(0)).met(0.0)
    assert Stop.for_rhs(np.zeros((3, 0))).met(np.zeros(0))
    assert Stop.for_rhs(np.zeros((0, 2))).met(np.zeros(2))


def test_maxiter_is_ten_times_n_unless_given():
    assert Stop.for_rhs(np.ones(7)).maxiter == 70
    assert Stop.for_rhs(np.ones(7), maxiter=0).maxiter == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_warns_exactly_below_what_the_dtype_can_reach(dtype):
    b, eps = np.ones(5, dtype), float(np.finfo(dtype).eps)
    with pytest.warns(UnreachableToleranceWarning, match=str(b.dtype)):
        Stop.for_rhs(b, rtol=0.9 * eps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Stop.for_rhs(b, rtol=1.1 * eps)
        Stop.for_rhs(b, rtol=0.0, atol=4 * eps)
        Stop.for_rhs(np.zeros(5, dtype), rtol=0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rtol": -1e-6}, "rtol must not be negative"),
        ({"rtol": np.nan}, "rtol"),
        ({"atol": -1.0}, "atol"),
        ({"maxiter": -1}, "maxiter"),
    ],
)
def test_bad_options_are_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        Stop.for_rhs(np.ones(2), **options)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nonfinite_right_hand_side_is_refused(bad):
    with pytest.raises(ValueError, match="b has NaN or infinite"):
        Stop.for_rhs(np.array([1.0, bad]))


@pytest.mark.parametrize("shape", [(), (2, 2, 2)])
def test_right_hand_side_of_a_wrong_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"b must be of shape \(n,\) or \(n, k\)"):
        Stop.for_rhs(np.ones(shape))
