from math import ceil

import numpy as np
import pytest

from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg import gallery
from resolvent.operators import Operator
from resolvent.preconditioners import Preconditioner, nystrom
from resolvent.solvers import cg

EPS = np.finfo(float).eps
METHODS = ["gaussian", "rpcholesky"]
DTYPES = ["float32", "float64", "complex64", "complex128"]


def condition(M, A, shift):
    """Of M (A + shift I) = M L L^T, which is similar to L^T M L."""
    L = np.linalg.cholesky(A + shift * np.eye(len(A)))
    values = np.linalg.eigvalsh(L.T @ (M @ L))
    return values[-1] / values[0]


def effective_dimension(spectrum, shift):
    return np.sum(spectrum / (spectrum + shift))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("decay", [1.5, 2.0])
def test_expected_condition_is_below_28_with_enough_rank(method, decay, rng):
    n, shift = 120, 1e-2
    spectrum = np.arange(1.0, n + 1) ** -(2 * decay) * 10
    A = gallery.psd(spectrum, rng=rng)
    rank = 2 * ceil(1.5 * effective_dimension(spectrum, shift)) + 1
    assert rank < n / 2
    found = [
        condition(nystrom(A, rank, shift, method=method, rng=seed), A, shift) for seed in range(10)
    ]
    # the theorem bounds the mean for the gaussian one; without M the condition is 1000
    assert np.mean(found) < 28
    assert np.max(found) < 28


@pytest.mark.parametrize("method", METHODS)
def test_too_small_a_rank_is_flagged_and_a_large_one_is_not(method, rng):
    spectrum = np.geomspace(1, 1e-8, 120)
    A = gallery.psd(spectrum, rng=rng)
    exact = effective_dimension(spectrum, 1e-6)
    small = nystrom(A, 30, 1e-6, method=method, rng=0)
    assert small.info.rank_saturated
    large = nystrom(A, 110, 1e-6, method=method, rng=0)
    assert not large.info.rank_saturated
    # from below, since the approximation is below A
    assert 0.99 * exact <= large.info.effective_dimension <= exact * (1 + 1e-9)
    assert condition(large, A, 1e-6) < 2 < 1e3 < condition(small, A, 1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", METHODS)
def test_a_matrix_of_low_rank_is_inverted(backend, method, dtype, rng):
    """M is mu (A + mu I)^{-1} on all of the space."""
    spectrum = np.concatenate([[100, 10, 5, 1], np.zeros(16)])
    A = gallery.psd(spectrum, rng=rng, dtype=dtype)
    shift = 0.5
    M = nystrom(backend.asarray(A), 8, shift, method=method, rng=0)
    assert isinstance(M, Preconditioner)
    assert M.is_spd
    kept = M.info.eigenvalues
    unit = np.finfo(dtype).eps
    np.testing.assert_allclose(kept[:4], spectrum[:4], atol=1e3 * unit * 100)
    assert np.all(kept[4:] <= 1e3 * unit * 100)
    exact = shift * np.linalg.inv(A + shift * np.eye(20))
    for shape in ((20,), (20, 3)):
        r = rng.standard_normal(shape).astype(dtype)
        given = backend.asarray(r)
        got = M @ given
        backend.assert_same_kind(got, given)
        np.testing.assert_array_equal(backend.to_host(given), r)
        # errors of 1e3 eps norm(A) in the eigenvalues, over the shift
        error = np.linalg.norm(backend.to_host(got) - exact @ r)
        assert error <= 1e3 * unit * 100 / shift * np.linalg.norm(r)


@pytest.mark.parametrize("method", METHODS)
def test_it_is_hermitian_positive_definite_by_construction(method, rng):
    for spectrum in (np.ones(30), np.geomspace(1, 1e-14, 30), np.eye(30)[0]):
        A = gallery.psd(spectrum, rng=rng, dtype=complex)
        for shift in (0.0, 1e-8):
            M = nystrom(A, 12, shift, method=method, rng=0) @ np.eye(30)
            assert np.linalg.norm(M - M.conj().T) <= 100 * EPS * np.linalg.norm(M, 2)
            # 0 < weights <= 1 but for 100 eps
            smallest = (shift + 1e-30) / (1 + shift)
            assert np.min(np.linalg.eigvalsh(M)) >= smallest * (1 - 1e-3) - 100 * EPS


def test_columns_that_were_drawn_are_met_exactly(rng):
    # of rank 3: three columns are enough, and no shift spoils them
    F = rng.standard_normal((40, 3))
    M = nystrom(F @ F.T, 3, 1.0, method="rpcholesky", rng=0)
    exact = np.linalg.eigvalsh(F.T @ F)[::-1]
    np.testing.assert_allclose(M.info.eigenvalues, exact, rtol=1e-12)


def test_rpcholesky_is_as_good_as_gaussian_in_steps(rng):
    X = rng.standard_normal((500, 3))
    squared = np.sum((X[:, None] - X) ** 2, axis=-1)
    K, shift = np.exp(-squared / 8), 1e-4
    b = rng.standard_normal(500)
    shifted = K + shift * np.eye(500)
    plain = cg(shifted, b).iterations
    steps = [
        cg(shifted, b, M=nystrom(K, 120, shift, method=method, rng=0)).raise_if_failed().iterations
        for method in METHODS
    ]
    assert max(steps) <= plain / 4
    assert steps[1] <= 1.5 * steps[0]


@pytest.mark.parametrize("method", METHODS)
def test_a_laplacian_is_not_helped(method):
    """Its largest eigenvalues are all alike: taking 40 of 900 away leaves the condition."""
    A = gallery.poisson((30, 30))
    b = np.random.default_rng(0).standard_normal(900)
    M = nystrom(A, 40, 0.0, method=method, rng=0)
    assert M.info.rank_saturated
    assert cg(A, b, M=M).iterations >= 0.9 * cg(A, b).iterations


def test_products_are_all_that_gaussian_needs(rng):
    A = gallery.psd(np.geomspace(1, 1e-9, 50), rng=rng)
    operator = Operator(A.shape, A.dtype, lambda x: A @ x)
    M, same = nystrom(operator, 20, 1e-3, rng=1), nystrom(A, 20, 1e-3, rng=1)
    np.testing.assert_array_equal(M @ np.ones(50), same @ np.ones(50))
    with pytest.raises(TypeError, match="method='gaussian'"):
        nystrom(operator, 20, 1e-3, method="rpcholesky")


@pytest.mark.parametrize("method", METHODS)
def test_sparse_and_dense_agree(method):
    A = gallery.poisson((8, 8)).astype(np.float32)
    sparse, dense = (nystrom(B, 20, 1.0, method=method, rng=0) for B in (A, A.toarray()))
    r = np.ones(64, np.float32)
    assert (sparse @ r).dtype == np.float32
    np.testing.assert_allclose(sparse @ r, dense @ r, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-100, 1e100])
@pytest.mark.parametrize("method", METHODS)
def test_huge_and_tiny_scales(method, scale, rng):
    A = gallery.psd(np.geomspace(1, 1e-6, 40), rng=rng)
    M = nystrom(A, 30, 1e-3, method=method, rng=0)
    scaled = nystrom(scale * A, 30, scale * 1e-3, method=method, rng=0)
    np.testing.assert_allclose(scaled @ np.ones(40), M @ np.ones(40), rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_zero_and_order_one(method):
    M = nystrom(np.zeros((4, 4)), 2, 3.0, method=method, rng=0)
    np.testing.assert_array_equal(M @ np.arange(4.0), np.arange(4.0))
    with pytest.raises(NotPositiveDefiniteError, match="so is the shift"):
        nystrom(np.zeros((4, 4)), 2, 0.0, method=method, rng=0)
    assert (nystrom([[2.0]], 1, 1.0, method=method, rng=0) @ np.ones(1))[0] == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_a_negative_eigenvalue_that_is_seen_is_named(method, rng):
    A = gallery.hermitian(np.concatenate([np.full(10, -1.0), np.full(20, 0.1)]), rng=rng)
    with pytest.raises(NotPositiveDefiniteError):
        nystrom(A, 15, 2.0, method=method, rng=0)


def test_products_that_are_not_hermitian_are_named():
    with pytest.raises(ValueError, match="A must be Hermitian"):
        nystrom(np.triu(np.ones((5, 5))), 2, 1.0, rng=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"A": np.ones((2, 3))}, "A must be square"),
        ({"A": np.full((3, 3), np.nan)}, "A has NaN"),
        ({"rank": 0}, "rank must be between 1 and 3"),
        ({"rank": 4}, "rank must be between 1 and 3"),
        ({"shift": -1.0}, "shift must not be negative"),
        ({"shift": np.nan}, "shift must not be negative"),
        ({"method": "svd"}, "method must be one of"),
    ],
)
def test_bad_arguments_are_named(method, change, message):
    given = {"A": np.eye(3), "rank": 2, "shift": 1.0, "method": method} | change
    with pytest.raises(ValueError, match=message):
        nystrom(**given)
