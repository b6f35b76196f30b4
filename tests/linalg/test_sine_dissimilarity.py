"""Sines of angles: of all pairs at once, with the digits of nearly parallel ones."""

import mpmath as mp
import numpy as np
import pytest

from resolvent.linalg import sine_dissimilarity

EPS = np.finfo(float).eps
DTYPES = ["float32", "float64", "complex64", "complex128"]


def exact(u, v, w=None):
    """The sine by Lagrange's identity with 60 digits, where nothing cancels."""
    with mp.workdps(60):
        u, v = ([mp.mpmathify(x) for x in y.astype(complex)] for y in (u, v))
        w = [mp.mpf(1)] * len(u) if w is None else [mp.mpf(float(x)) for x in w]
        norm = [mp.fsum(c * abs(x) ** 2 for c, x in zip(w, y, strict=True)) for y in (u, v)]
        dot = mp.fsum(c * mp.conj(x) * y for c, x, y in zip(w, u, v, strict=True))
        return float(mp.sqrt(1 - abs(dot) ** 2 / (norm[0] * norm[1])))


def random_snapshots(rng, shape, dtype=float):
    S = rng.standard_normal(shape)
    return (S + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else S).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weights", [False, True])
def test_sines_agree_with_many_digits(dtype, weights, rng):
    S = random_snapshots(rng, (9, 5), dtype)
    w = rng.uniform(0.1, 3, 9) if weights else None
    D = sine_dissimilarity(S, W=w)
    w = None if w is None else w.astype(D.dtype)
    wanted = [[exact(S[:, i], S[:, j], w) if i != j else 0 for j in range(5)] for i in range(5)]
    assert D.dtype == np.zeros(0, dtype).real.dtype
    # eps of the cosine over a sine of at least 0.1
    np.testing.assert_allclose(D, wanted, rtol=0, atol=100 * np.finfo(dtype).eps)


@pytest.mark.parametrize("angle", [1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-15])
@pytest.mark.parametrize("dtype", [float, complex])
def test_nearly_parallel_snapshots_keep_their_digits(angle, dtype, rng):
    u = random_snapshots(rng, 60, dtype)
    S = np.stack([u, (2 + np.arange(60) * angle) * u], axis=1)
    found, wanted = sine_dissimilarity(S)[0, 1], exact(S[:, 0], S[:, 1])
    # sqrt(N) eps by differences, N eps^(3/4) by cosines
    slack = 60**0.5 * EPS if wanted < EPS**0.25 else EPS**0.75
    assert found == pytest.approx(wanted, abs=10 * slack)


def test_scalar_multiples_have_no_angle(rng):
    S = random_snapshots(rng, (40, 1), complex) * np.array([1.0, -3.0, 1j, 1e-5 - 2e3j])
    assert np.max(sine_dissimilarity(S)) <= 40**0.5 * EPS


def test_result_is_a_dissimilarity(rng):
    S = np.concatenate([random_snapshots(rng, (6, 20)), np.eye(6), 2 * np.eye(6)], axis=1)
    D = sine_dissimilarity(S)
    np.testing.assert_array_equal(D, D.T)
    np.testing.assert_array_equal(np.diag(D), 0)
    assert D.min() >= 0
    assert D.max() <= 1
    np.testing.assert_array_equal(D[20:26, 26:] + np.eye(6), np.ones((6, 6)))


def test_it_is_the_relative_projection_error(rng):
    S = random_snapshots(rng, (12, 4), complex)
    D = sine_dissimilarity(S)
    for i, j in np.ndindex(4, 4):
        c = np.linalg.lstsq(S[:, [j]], S[:, i], rcond=None)[0]
        wanted = np.linalg.norm(S[:, i] - S[:, [j]] @ c) / np.linalg.norm(S[:, i])
        assert D[i, j] == pytest.approx(wanted, abs=100 * EPS)


def test_matrix_inner_product_is_that_of_transformed_snapshots(rng):
    L = np.tril(rng.standard_normal((10, 10))) + 4 * np.eye(10)
    S = random_snapshots(rng, (10, 6), complex)
    S[:, 5] = S[:, 4] * (1 + 1e-9 * np.arange(10))
    # the condition of L, below 100
    wanted = sine_dissimilarity(L.T @ S)
    np.testing.assert_allclose(sine_dissimilarity(S, W=L @ L.T), wanted, rtol=0, atol=1e4 * EPS)
    assert sine_dissimilarity(S, W=L @ L.T)[4, 5] == pytest.approx(wanted[4, 5], rel=1e-4)


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_scale_changes_nothing(scale, rng):
    S = random_snapshots(rng, (8, 5))
    scaled = S * np.array([1.0, scale, 1.0, scale, 1.0])
    np.testing.assert_allclose(sine_dissimilarity(scaled), sine_dissimilarity(S), atol=20 * EPS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("end", ["smallest_subnormal", "max"])
def test_the_ends_of_the_range_change_nothing(end, dtype):
    unit = getattr(np.finfo(dtype), end)
    S = np.array([[1, 1, 0], [1, 1, 1], [1, 1, 0], [1, 1, 0]])
    with np.errstate(over="raise", invalid="raise"):
        D = sine_dissimilarity((S * unit).astype(dtype))
    # a cosine of 1/2
    wanted = 0.75**0.5 * np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0]])
    np.testing.assert_allclose(D, wanted, atol=10 * np.finfo(dtype).eps)


@pytest.mark.parametrize("shape", [(0, 0), (5, 0), (5, 1), (1, 3)])
@pytest.mark.parametrize("weighted", [False, True])
def test_edges(backend, shape, weighted):
    S = backend.asarray(np.ones(shape))
    D = sine_dissimilarity(S, W=backend.asarray(np.ones(shape[0])) if weighted else None)
    backend.assert_same_kind(D, S)
    np.testing.assert_array_equal(backend.to_host(D), np.zeros((shape[1],) * 2))


@pytest.mark.parametrize("weighted", [False, True])
def test_columns_without_entries_are_zero(backend, weighted):
    S = backend.asarray(np.zeros((0, 2)))
    with pytest.raises(ValueError, match="columns \\[0, 1\\] of S"):
        sine_dissimilarity(S, W=backend.asarray(np.zeros(0)) if weighted else None)


@pytest.mark.parametrize("size", [1e-100, 1.0, 1e100])
@pytest.mark.parametrize("dtype", [float, complex])
def test_an_indefinite_matrix_is_refused(size, dtype):
    hidden = size * np.array([[1.0, 2.0], [2.0, 1.0]], dtype=dtype)  # 3 and -1
    shown = size * np.diag([1.0, -0.5]).astype(dtype)
    for W, S in (
        (hidden, [[1.0, 0.0], [0.0, 1.0]]),  # a cosine of 2
        (hidden, [[1.0], [-1.0]]),  # a square of -2
        (shown, [[1.0, 1.0], [0.0, 1.0]]),
    ):
        with pytest.raises(ValueError, match="W must be positive"):
            sine_dissimilarity(np.array(S, dtype=dtype), W=W)


def test_a_definite_matrix_of_large_condition_passes(rng):
    h = 1e-4  # smooth functions, in the inner product of their derivatives
    x = np.arange(1, 2000)[:, None] * h
    stiffness = (2 * np.eye(1999) - np.eye(1999, k=1) - np.eye(1999, k=-1)) / h
    S = np.cos(x * rng.random(6)) - np.cos(x * rng.random(6))
    assert np.all(sine_dissimilarity(S, W=stiffness) <= 1)


def test_every_backend_keeps_kind_and_input(backend, rng):
    host = random_snapshots(rng, (10, 6))
    host[:, 1] = host[:, 0] + 1e-9 * host[:, 2]
    S = backend.asarray(host)
    D = sine_dissimilarity(S)
    backend.assert_same_kind(D, S)
    np.testing.assert_allclose(backend.to_host(D), sine_dissimilarity(host), atol=20 * EPS)
    np.testing.assert_array_equal(backend.to_host(S), host)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="columns \\[1, 2\\] of S"):
        sine_dissimilarity([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="columns \\[0\\]"):
        sine_dissimilarity(np.zeros((0, 1)))
    with pytest.raises(ValueError, match="S has NaN"):
        sine_dissimilarity([[np.nan]])
    with pytest.raises(ValueError, match="S must be a matrix"):
        sine_dissimilarity(np.ones((2, 3, 3)))
    with pytest.raises(ValueError, match="W must be"):
        sine_dissimilarity(np.ones((2, 3)), W=np.ones(3))
    with pytest.raises(ValueError, match="W must be"):
        sine_dissimilarity(np.ones((2, 3)), W=[1.0, -1.0])
