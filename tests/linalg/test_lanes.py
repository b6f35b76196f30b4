"""Functions of vector registers against NumPy, also in more digits."""

import numpy as np
from numba import njit

from resolvent.linalg.compiled.lanes import count, exp, inverse_sqrt, load_run, store_run


@njit
def exponentials(x, y):
    for i in range(0, x.size, count(x)):
        store_run(y, i, exp(load_run(x, i)))


@njit
def inverse_roots(x, y):
    for i in range(0, x.size, count(x)):
        store_run(y, i, inverse_sqrt(load_run(x, i)))


def test_exponentials_are_right_to_rounding():
    x = np.concatenate([np.linspace(-707.9, 0, 80_000), np.linspace(0, 700, 8_000)])
    y = np.empty_like(x)
    exponentials(x, y)
    np.testing.assert_allclose(y, np.exp(x), rtol=4e-16)


def test_exponentials_of_what_is_far_below_are_zero():
    x = np.array([-708.5, -1e4, -1e300, -np.inf, 0.0, -0.0, -1e-300, 1.0])
    y = np.empty_like(x)
    exponentials(x, y)
    np.testing.assert_array_equal(y, [0, 0, 0, 0, 1, 1, 1, np.exp(1.0)])


def test_inverse_roots_are_right_to_rounding():
    # two octaves of fractions, at both parities of the exponent, and all exponents
    fractions = np.linspace(1, 4, 80_000, endpoint=False)
    powers = np.ldexp(1.7, np.arange(-1022, 1024))
    x = np.concatenate([fractions, powers, powers[:2]])
    assert len(x) % 8 == 0
    y = np.empty_like(x)
    inverse_roots(x, y)
    exact = 1 / np.sqrt(x.astype(np.longdouble))
    assert np.max(np.abs(y / exact - 1)) < 0.75 * np.finfo(float).eps


def test_inverse_roots_of_what_has_no_normal_square_are_zero():
    smallest = np.finfo(float).tiny
    x = np.array([0.0, -0.0, 5e-324, smallest / 2, -1.0, smallest, 4.0, np.finfo(float).max])
    y = np.empty_like(x)
    inverse_roots(x, y)
    np.testing.assert_array_equal(y[:5], 0)
    np.testing.assert_allclose(y[5:], [2.0**511, 0.5, np.finfo(float).max ** -0.5], rtol=4e-16)


def test_inverse_roots_of_what_is_not_finite_are_not_finite():
    x = np.array([np.inf, np.nan, -np.nan, -np.inf, 1.0, 1.0, 1.0, 1.0])
    y = np.empty_like(x)
    inverse_roots(x, y)
    np.testing.assert_array_equal(y[:4], [np.inf, np.nan, np.nan, 0])
