import numpy as np
import pytest
from scipy.signal import correlate2d

from resolvent.preconditioners.learned.networks.convolution import convolution, doubled, halved

SIZES = [(1, 1), (1, 4), (2, 3), (5, 5), (6, 8)]


def slope_matches(f, x, rng):
    """A bilinear or linear map and its adjoint: <g, f(x)> == <back(g), x>."""
    value, back = f(x)
    g = rng.standard_normal(value.shape)
    # sums of at most a few thousand products
    assert np.sum(g * value) == pytest.approx(np.sum(back(g, {}) * x), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("size", SIZES)
def test_convolution_is_scipys_correlation_summed_over_the_channels(size, rng):
    x = rng.standard_normal((3, 2, *size))
    W = rng.standard_normal((4, 27))
    got, _ = convolution({"w": W}, "w", x)
    kernels = W.reshape(4, 3, 3, 3)  # out, row, column, in
    for out in range(4):
        for image in range(2):
            want = sum(correlate2d(x[c, image], kernels[out, :, :, c], "same") for c in range(3))
            np.testing.assert_allclose(got[out, image], want, rtol=0, atol=1e-13)


@pytest.mark.parametrize("size", SIZES)
def test_the_way_back_of_a_convolution_is_its_adjoint(size, rng):
    weights = {"w": rng.standard_normal((4, 27))}
    x = rng.standard_normal((3, 2, *size))
    slope_matches(lambda x: convolution(weights, "w", x), x, rng)


def test_the_derivative_by_the_kernel_is_the_adjoint_too_and_adds_up(rng):
    x, W = rng.standard_normal((2, 3, 5, 4)), rng.standard_normal((3, 18))
    value, back = convolution({"w": W}, "w", x)
    g, gradient = rng.standard_normal(value.shape), {}
    back(g, gradient)
    assert np.sum(gradient["w"] * W) == pytest.approx(np.sum(g * value), rel=1e-12)
    back(g, gradient)
    assert np.sum(gradient["w"] * W) == pytest.approx(2 * np.sum(g * value), rel=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_halving_and_doubling_are_adjoint_up_to_four_and_inverse(size, rng):
    x = rng.standard_normal((2, 3, *size))
    half, _ = halved(x)
    assert half.shape[2:] == tuple((n + 1) // 2 for n in size)
    slope_matches(halved, x, rng)
    slope_matches(lambda y: doubled(y, size), half, rng)
    if size == (6, 8):
        np.testing.assert_allclose(halved(doubled(half, size)[0])[0], half, rtol=0, atol=1e-15)
        for i, j in ((0, 0), (2, 3)):
            block = x[..., 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            np.testing.assert_allclose(half[..., i, j], block.mean(axis=(2, 3)), atol=1e-15)


def test_all_keep_single_precision(rng):
    x = rng.standard_normal((1, 1, 5, 5)).astype(np.float32)
    W = rng.standard_normal((2, 9)).astype(np.float32)
    for value, back in (convolution({"w": W}, "w", x), halved(x), doubled(x, (9, 10))):
        assert value.dtype == np.float32
        assert back(value, {}).dtype == np.float32


def test_they_run_in_other_libraries(backend, rng):
    x, W = rng.standard_normal((2, 1, 5, 6)), rng.standard_normal((3, 18))
    for f in (lambda x, w: convolution({"w": w}, "w", x), lambda x, _: halved(x)):
        want, host_back = f(x, W)
        there = backend.asarray(x)
        value, back = f(there, backend.asarray(W))
        backend.assert_same_kind(value, there)
        np.testing.assert_allclose(backend.to_host(value), want, rtol=0, atol=1e-13)
        slope = backend.to_host(back(value, {}))
        np.testing.assert_allclose(slope, host_back(want, {}), rtol=0, atol=1e-12)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="with 2 channels for w, got shape"):
        convolution({"w": np.ones((1, 18))}, "w", np.ones((1, 1, 4, 4)))
    with pytest.raises(ValueError, match="x must be"):
        convolution({"w": np.ones((1, 9))}, "w", np.ones((1, 4, 4)))
    with pytest.raises(ValueError, match="size must be twice"):
        doubled(np.ones((1, 1, 2, 2)), (5, 4))
