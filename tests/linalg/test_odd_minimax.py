"""Odd minimax polynomials: equioscillation, the published table, the number of steps."""

import numpy as np
import pytest

from resolvent.linalg.odd_minimax import composition, optimal_odd

# Amsel, Persson, Musco, Gower (2025): the quintics for singular values in [1e-3, 1], cushioned.
TABLE = [
    (8.28721201814563, -23.595886519098837, 17.300387312530933),
    (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
    (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
    (3.3184196573706015, -2.488488024314874, 0.51004894012372),
    (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    (1.891301407787398, -1.2679958271945868, 0.37680408948524835),
    (1.8750014808534479, -1.2500016453999487, 0.3750001645474248),
    (1.875, -1.25, 0.375),
]


def value(coefficients, x):
    return sum(c * x ** (2 * k + 1) for k, c in enumerate(coefficients))


@pytest.mark.parametrize("degree", [3, 5])
@pytest.mark.parametrize("lower", [1e-6, 1e-2, 0.3, 0.9, 0.999, 1 - 1e-5])
@pytest.mark.parametrize("upper", [1.0, 1.7])
def test_error_equioscillates(lower, upper, degree):
    coefficients = optimal_odd(lower * upper, upper, degree)
    x = np.linspace(lower * upper, upper, 100_001)
    error = 1 - value(coefficients, x)
    largest = np.max(np.abs(error))
    inner = error[1:-1][np.diff(np.sign(np.diff(error))) != 0]  # the error at its inner extrema
    signs = [1, -1, 1] if degree == 3 else [1, -1, 1, -1]
    alternation = [error[0], *inner, error[-1]] if largest > 1e-5 else largest * np.array(signs)
    # Chebyshev: best if and only if the largest error is met (degree + 1)/2 + 1 times in turn.
    # The grid misses an extremum by h²/8 times a curvature below 100. Below 1e-5
    # rounding hides the extrema.
    np.testing.assert_allclose(alternation, largest * np.array(signs), rtol=0, atol=1e-8 * largest)


def test_quintics_are_the_published_ones():
    # from 1e-9 of the end on rounding decides about the digits of the interval
    np.testing.assert_allclose(composition(1e-3, tolerance=1e-15), TABLE, rtol=0, atol=1e-8)
    np.testing.assert_allclose(composition(1e-3)[:6], TABLE[:6], rtol=1e-12)


@pytest.mark.parametrize(
    ("lower", "steps"), [(1e-1, 5), (1e-2, 6), (1e-3, 8), (1e-4, 10), (1e-6, 13)]
)
def test_composition_takes_as_many_quintics_as_published(lower, steps):
    assert len(composition(lower, tolerance=np.finfo(float).eps)) == steps


@pytest.mark.parametrize("degree", [3, 5])
@pytest.mark.parametrize("lower", [1e-15, 1e-8, 1e-2, 0.5, 1.0])
def test_composition_maps_the_interval_to_one(lower, degree):
    x = np.geomspace(lower, 1, 2001)
    for coefficients in composition(lower, degree=degree):
        # the cushion: no singular value is nearly lost by a quintic
        assert degree == 3 or np.all(value(coefficients, x) / x * np.max(x) > 0.2)
        x = value(coefficients, x)
    np.testing.assert_allclose(x, 1, rtol=0, atol=1e-14)


def test_cubic_slope_at_zero_tends_to_three_root_three():
    assert optimal_odd(1e-12, 1.0, 3)[0] == pytest.approx(3 * 3**0.5, rel=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda: optimal_odd(0.0, 1.0, 5),
        lambda: optimal_odd(2.0, 1.0, 3),
        lambda: optimal_odd(float("nan"), 1.0, 3),
        lambda: optimal_odd(0.5, 1.0, 7),
        lambda: composition(0.0),
        lambda: composition(1.5),
        lambda: composition(0.5, degree=4),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError, match=r"interval|lower|degree"):
        call()
