"""POD: orthonormal modes, the best approximation, never a mode or a number out of rounding."""

import numpy as np
import pytest
from scipy import sparse

from resolvent.linalg import Pod, gallery, pod
from resolvent.stopping import UnreachableToleranceWarning

METHODS = ["auto", "gram", "qr", "randomized"]
SHAPES = [(60, 12), (12, 60), (20, 20)]
DTYPES = ["float32", "float64", "complex64", "complex128"]
EPS = np.finfo(float).eps


def snapshots(shape=(60, 12), smallest=1e-4, dtype="float64", rng=0):
    values = np.geomspace(1, smallest, min(shape))
    return gallery.with_singular_values(values, shape, rng=rng, dtype=dtype), values


def take(S, method="auto", **options):
    """Everything that every method can find."""
    if method == "randomized":
        options = {"rank": min(S.shape), "rng": 0} | options
    return pod(S, method=method, **options)


def of_modes(values, r):
    """The error of the space of r modes by a Gram matrix, exact to n eps of the largest square."""
    return 4 * values.size * EPS * values[0] ** 2 / (values[r - 1] ** 2 - values[r] ** 2)


def defect(found: Pod, W=None):
    G = found.basis.conj().T @ (found.basis if W is None else W @ found.basis)
    return np.max(np.abs(G - np.eye(G.shape[0])), initial=0)


def metrics(N, rng=1):
    """The same kind of W in all the forms it may take, as a pair of argument and matrix."""
    A = sparse.diags_array([-np.ones(N - 1), 3 * np.ones(N), -np.ones(N - 1)], offsets=(-1, 0, 1))
    w = np.random.default_rng(rng).uniform(0.1, 2, N)
    dense = gallery.psd(np.geomspace(1, 1e-3, N), rng=rng)

    class Wrapped:
        shape, dtype = dense.shape, dense.dtype

        def __matmul__(self, x):
            return dense @ x

    yield "none", None, np.eye(N)
    yield "weights", w, np.diag(w)
    yield "sparse", A.tocsr(), A.toarray()
    yield "dense", dense, dense
    yield "operator", Wrapped(), dense


# trouble first


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(0, 0), (5, 0), (0, 5)])
def test_no_snapshots_have_no_modes(shape, method):
    found = take(np.zeros(shape), method)
    assert found.basis.shape == (shape[0], 0)
    assert found.singular_values.shape == (0,)
    assert found.truncation_error == 0


@pytest.mark.parametrize("method", METHODS)
def test_zero_snapshots_have_no_modes(method):
    found = take(np.zeros((7, 3)), method)
    assert found.basis.shape == (7, 0)
    assert found.truncation_error == 0
    np.testing.assert_array_equal(found.project(np.ones(7)), np.zeros(7))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(5, 1), (1, 5), (1, 1)])
def test_one_snapshot_or_one_point_is_one_mode(shape, method):
    S = np.arange(1.0, 6)[: max(shape)].reshape(shape)
    found = take(S, method)
    assert found.basis.shape == (shape[0], 1)
    assert abs(found.singular_values[0] - np.linalg.norm(S)) <= 10 * EPS * np.linalg.norm(S)
    np.testing.assert_allclose(found.project(S), S, rtol=0, atol=20 * EPS)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rank", [1, 3, 8])
def test_never_more_modes_than_the_rank(rank, method, rng):
    S = rng.standard_normal((80, rank)) @ rng.standard_normal((rank, 30))
    for data in (S, S.T, np.repeat(S[:, :rank], 4, axis=1)):
        found = take(data, method)
        assert found.basis.shape[1] == rank
        assert np.all(np.isfinite(found.basis))
        assert defect(found) <= 50 * EPS
        assert found.truncation_error <= np.sqrt(min(data.shape)) * found.floor


@pytest.mark.parametrize("method", METHODS)
def test_modes_stay_orthonormal_when_singular_values_fall_below_rounding(method):
    S, _ = snapshots((200, 40), smallest=1e-30)
    found = take(S, method)
    assert defect(found) <= 50 * EPS
    kept = found.singular_values[: found.basis.shape[1]]
    assert np.all(kept > found.floor * kept[0])
    left = np.linalg.norm(S - found.project(S)) / np.linalg.norm(S)
    assert left <= found.truncation_error + 10 * found.floor


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_modes_do_not_depend_on_the_scale(scale, method):
    S, values = snapshots()
    found = take(scale * S, method, tol=1e-2)
    there = take(S, method, tol=1e-2)
    assert found.basis.shape == there.basis.shape
    r = there.basis.shape[1]
    # scaled by no power of two, the snapshots are rounded
    np.testing.assert_allclose(
        found.singular_values[:r] / scale, values[:r], rtol=0, atol=4 * values.size * EPS
    )
    np.testing.assert_allclose(
        found.basis @ found.basis.T, there.basis @ there.basis.T, rtol=0, atol=of_modes(values, r)
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(bad):
    S = np.ones((4, 3))
    with pytest.raises(ValueError, match="S has NaN"):
        pod(S * bad)
    with pytest.raises(ValueError, match="W has NaN"):
        pod(S, W=bad * np.ones(4))
    with pytest.raises(ValueError, match="W has NaN"):
        pod(S, W=np.full((4, 4), bad))


@pytest.mark.parametrize(
    ("S", "options", "message"),
    [
        (np.ones(3), {}, "S must be one matrix"),
        (0.0, {}, "S must be one matrix"),
        (np.ones((2, 3, 3)), {}, "S must be one matrix"),
        (np.ones((3, 2)), {"W": np.ones(2)}, "W must be"),
        (np.ones((3, 2)), {"W": np.eye(2)}, "W of shape"),
        (np.ones((3, 2)), {"W": np.ones((3, 2))}, "W must be of shape"),
        (np.ones((3, 2)), {"W": np.array([1.0, 0, 1])}, "W must be positive"),
        (np.ones((3, 2)), {"W": np.triu(np.ones((3, 3)))}, "W must be symmetric"),
        (np.ones((3, 2)), {"method": "svd"}, "method must be one of"),
        (np.ones((3, 2)), {"tol": -1}, "tol must not"),
        (np.ones((3, 2)), {"tol": np.nan}, "tol must not"),
        (np.ones((3, 2)), {"rank": -1}, "rank must not"),
        (np.ones((3, 2)), {"passes": -1}, "passes must not"),
        (np.ones((3, 2)), {"method": "randomized"}, "needs tol or rank"),
    ],
)
def test_bad_input_is_refused_by_name(S, options, message):
    with pytest.raises(ValueError, match=message):
        pod(S, **options)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_indefinite_matrix_is_refused(shape, method):
    S, _ = snapshots(shape)
    with pytest.raises(ValueError, match="W must be positive definite"):
        take(S, method, W=-np.eye(shape[0]))


@pytest.mark.parametrize("method", METHODS)
def test_one_negative_entry_of_a_diagonal_is_refused(method):
    S, _ = snapshots((60, 30))
    W = np.diag(np.append(np.ones(59), -1e-3))
    for indefinite in (W, sparse.csr_array(W)):
        with pytest.raises(ValueError, match="W must be positive definite"):
            take(S, method, W=indefinite, rank=3)


@pytest.mark.parametrize("method", ["gram", "qr", "randomized"])
def test_an_indefinite_operator_is_refused_where_snapshots_show_it(method):
    W = np.eye(30)
    W[0, 1] = W[1, 0] = -4  # of the sum of the first two points, -3
    S = gallery.with_singular_values(np.append(10 * np.ones(3), np.ones(27)), (30, 30), rng=0)
    S[:2] *= 3  # the sketch is above zero, some of what it misses is not

    class Wrapped:
        shape, dtype = W.shape, W.dtype

        def __matmul__(self, x):
            return W @ x

    for indefinite in (W, Wrapped()):
        with pytest.raises(ValueError, match="W must be positive definite"):
            take(S, method, W=indefinite, rank=2, oversample=2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e-50, 1e50])
def test_weights_beyond_the_range_of_the_snapshots_are_refused(method, size):
    S, _ = snapshots((20, 5), dtype="float32")
    with pytest.raises(ValueError, match="W must be within the range of float32"):
        take(S, method, W=np.full(20, size))
    with (
        pytest.raises(ValueError, match="W (must be positive|leaves the range)"),
        np.errstate(over="ignore", invalid="ignore"),
    ):
        take(S, method, W=size * np.eye(20))


@pytest.mark.parametrize("name", ["rank", "oversample", "passes"])
def test_counts_must_be_whole(name):
    with pytest.raises(TypeError, match=f"{name} must be a whole number"):
        pod(np.eye(3), **{name: 1.5})


def test_a_complex_matrix_needs_complex_snapshots(rng):
    W = gallery.psd(np.geomspace(1, 0.1, 6), rng=rng, dtype=complex)
    with pytest.raises(TypeError, match="complex"):
        pod(rng.standard_normal((6, 3)), W=W)


def test_the_method_of_snapshots_warns_where_it_is_blind():
    S, _ = snapshots()
    with pytest.warns(UnreachableToleranceWarning, match="method='qr'"):
        pod(S, tol=1e-9, method="gram")


# what a POD is


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", METHODS)
def test_singular_values_and_errors_are_those_of_the_svd(method, shape, dtype):
    S, values = snapshots(shape, 1e-2, dtype)
    unit = np.finfo(dtype).eps
    for r in (0, 1, 4, 12):
        found = take(S, method, rank=r, oversample=shape[0])
        assert found.basis.dtype == S.dtype
        assert found.basis.shape == (shape[0], r)
        assert found.singular_values.dtype == np.empty(0, dtype).real.dtype
        # squares from the Gram matrix are exact to n eps, and the smallest value is 1e-2
        tolerance = 2 * values.size * unit / (2 * values[-1])
        np.testing.assert_allclose(found.singular_values, values, rtol=0, atol=tolerance)
        assert defect(found) <= 50 * unit
        left = np.linalg.norm(S - found.project(S)) / np.linalg.norm(values)
        best = np.linalg.norm(values[r:]) / np.linalg.norm(values)
        assert abs(left - best) <= 50 * unit
        assert abs(found.truncation_error - best) <= tolerance


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
@pytest.mark.parametrize("method", METHODS)
def test_modes_are_those_of_the_weighted_svd(method, shape):
    S, _ = snapshots(shape, 1e-2)
    for name, W, dense in metrics(shape[0]):
        L = np.linalg.cholesky(dense)
        left, values, _ = np.linalg.svd(L.T @ S, full_matrices=False)
        wanted = np.linalg.solve(L.T, left[:, :3])
        found = take(S, method, W=W, rank=3, oversample=30)
        assert defect(found, dense) <= 200 * EPS, name
        # sums of 30 numbers, relative to the largest singular value, and the condition 1e3 of W
        tolerance = 30 * EPS * 1e3
        np.testing.assert_allclose(found.singular_values[:3], values[:3], rtol=0, atol=tolerance)
        cosines = np.abs(np.diagonal(wanted.T @ dense @ found.basis))
        np.testing.assert_allclose(cosines, 1, rtol=0, atol=tolerance, err_msg=name)
        ratio = np.linalg.norm(values[3:]) / np.linalg.norm(values)
        assert found.truncation_error == pytest.approx(ratio, abs=tolerance)


def test_complex_snapshots_take_a_complex_matrix(rng):
    W = gallery.psd(np.geomspace(1, 0.1, 20), rng=rng, dtype=complex)
    S = rng.standard_normal((20, 6)) + 1j * rng.standard_normal((20, 6))
    for method in METHODS:
        assert defect(take(S, method, W=W), W) <= 200 * EPS


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tol", [0.5, 1e-1, 1e-3, 1e-6])
def test_no_fewer_modes_meet_the_tolerance(tol, method):
    S, values = snapshots((100, 40), 1e-8)
    tails = np.sqrt(np.cumsum(values[::-1] ** 2)[::-1])
    found = take(S, method, tol=tol)
    assert found.basis.shape[1] == np.sum(tails > tol * tails[0])
    assert np.linalg.norm(S - found.project(S)) <= tol * np.linalg.norm(S)
    assert found.truncation_error <= tol


def test_a_projection_is_orthogonal_and_idempotent(rng):
    S, _ = snapshots((40, 10))
    _, W, dense = list(metrics(40))[3]
    found = pod(S, W=W, rank=4)
    u = rng.standard_normal((40, 3))
    P = found.project(u)
    np.testing.assert_allclose(found.project(P), P, rtol=0, atol=1e-12)
    assert np.max(np.abs(found.basis.T @ (dense @ (u - P)))) <= 1e-12
    np.testing.assert_allclose(found.project(u[:, 0]), P[:, 0], rtol=0, atol=1e-13)
    assert found.coefficients(u[:, 0]).shape == (4,)


def test_weights_may_be_lists_or_pandas():
    pandas = pytest.importorskip("pandas")
    S, _ = snapshots((12, 5), 1e-2)
    w, W = np.linspace(1, 2, 12), gallery.psd(np.geomspace(1, 0.1, 12), rng=0)
    for given, same in (
        (w.tolist(), w),
        (tuple(w), w),
        (pandas.Series(w), w),
        (W.tolist(), W),
        (pandas.DataFrame(W), W),
    ):
        np.testing.assert_array_equal(pod(S, W=given).basis, pod(S, W=same).basis)
    with pytest.raises(ValueError, match="W of shape"):
        pod(S, W=W[:3].tolist())


@pytest.mark.parametrize("method", METHODS)
def test_half_precision_goes_out_as_it_came_in(method):
    S, values = snapshots(smallest=0.1)
    half = np.finfo(np.float16).eps
    found = take(S.astype(np.float16), method, rank=4)
    assert found.basis.dtype == found.singular_values.dtype == np.float16
    assert defect(found) <= 60 * half  # sums of 60 rounded products
    np.testing.assert_allclose(found.singular_values, values, rtol=0, atol=half)


# how the methods differ


def test_auto_takes_the_cheapest_method_that_sees_enough():
    S, _ = snapshots((100, 20), 1e-12)
    assert pod(S).method == "qr"
    assert pod(S, tol=1e-4).method == "gram"
    assert pod(S, tol=1e-10).method == "qr"
    assert pod(S, rank=5).method == "gram"
    assert pod(S, rank=20).method == "qr"
    assert pod(S, rank=20).basis.shape[1] == 20


def test_auto_meets_the_tolerance_at_the_edge_of_what_a_gram_matrix_sees():
    S = gallery.with_singular_values(np.geomspace(1, 1e-9, 60), (110, 60), rng=1)
    tol = 1.7e-8
    assert pod(S, tol=tol, method="gram").truncation_error > tol  # a mode is below the floor
    found = pod(S, tol=tol)
    assert found.method == "qr"
    assert found.truncation_error <= tol
    assert np.linalg.norm(S - found.project(S)) <= tol * np.linalg.norm(S)


def test_qr_sees_what_the_gram_matrix_squares_away():
    S, values = snapshots((100, 20), 1e-12)
    found = pod(S, method="qr")
    # absolute error: n eps of the largest, 1
    np.testing.assert_allclose(found.singular_values, values, rtol=0, atol=50 * 20 * EPS)
    assert pod(S, method="gram").basis.shape[1] == np.sum(values > np.sqrt(EPS))


def test_modes_kept_by_the_gram_matrix_have_accurate_singular_values():
    S, values = snapshots((100, 20), 1e-12)
    found = pod(S, method="gram")
    kept = found.basis.shape[1]
    # the space of all kept modes is exact to sqrt(eps), which enters squared
    np.testing.assert_allclose(
        found.singular_values[: kept - 2], values[: kept - 2], rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("decay", [0.5, 0.9])
def test_random_sketches_are_nearly_optimal_and_know_their_error(decay):
    S = gallery.with_singular_values(decay ** np.arange(80.0), (300, 80), rng=0)
    best = pod(S, rank=15, method="qr").truncation_error
    for passes in (0, 1, 2):
        found = pod(S, rank=15, method="randomized", passes=passes, rng=3)
        left = np.linalg.norm(S - found.project(S)) / np.linalg.norm(S)
        # Halko et al., theorem 10.5: sqrt(1 + r / (oversample - 1)) in the mean without passes
        assert best - 50 * EPS <= left <= best * np.sqrt(1 + 15 / 9)
        assert found.truncation_error == pytest.approx(left, rel=5 / np.sqrt(20))
    assert left <= 1.01 * best


def test_a_random_sketch_grows_until_it_meets_the_tolerance():
    S = gallery.with_singular_values(0.9 ** np.arange(300.0), (400, 300), rng=0)
    found = pod(S, tol=1e-5, method="randomized", rng=0)
    assert np.linalg.norm(S - found.project(S)) <= 1.5e-5 * np.linalg.norm(S)
    assert 42 < found.basis.shape[1] < 130


def test_a_seed_makes_a_random_sketch_repeatable():
    S, _ = snapshots((50, 30))
    one, two = (pod(S, rank=5, method="randomized", rng=7).basis for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
@pytest.mark.parametrize("method", METHODS)
def test_every_backend_keeps_kind_and_input(backend, shape, method):
    host, values = snapshots(shape, 1e-2)
    w = np.linspace(1, 2, shape[0])
    S = backend.asarray(host)
    for W, dense in [(None, None), (w, np.diag(w)), (np.diag(w), np.diag(w))]:
        given = None if W is None else backend.asarray(W)
        found = take(S, method, W=given, rank=4, oversample=30)
        backend.assert_same_kind(found.basis, S)
        backend.assert_same_kind(found.singular_values, S)
        backend.assert_same_kind(found.project(S), S)
        there = take(host, method, W=W, rank=4, oversample=30)
        np.testing.assert_allclose(
            backend.to_host(found.project(S)), there.project(host), rtol=0, atol=of_modes(values, 4)
        )
        G = backend.to_host(found.basis)
        assert defect(Pod(G, values, 0, 0, "", None), dense) <= 200 * EPS
    np.testing.assert_array_equal(backend.to_host(S), host)


def test_float32_snapshots_stay_float32_under_double_weights():
    S, _ = snapshots(dtype="float32")
    assert pod(S, W=np.ones(60)).basis.dtype == np.float32
    assert pod(S, W=sparse.eye_array(60).tocsr()).basis.dtype == np.float32


def test_modes_are_those_of_pymor():
    pymor = pytest.importorskip("pymor.algorithms.pod", reason="pyMOR is not installed")
    from pymor.core.logger import set_log_levels
    from pymor.vectorarrays.numpy import NumpyVectorSpace

    set_log_levels({"pymor": "ERROR"})
    S, sigma = snapshots((60, 12), 1e-4)
    modes, values = pymor.pod(NumpyVectorSpace.from_numpy(S.copy()), modes=6)
    found = pod(S, rank=6)
    np.testing.assert_allclose(found.singular_values[:6], values, rtol=of_modes(sigma, 6))
    np.testing.assert_allclose(
        found.project(modes.to_numpy()), modes.to_numpy(), rtol=0, atol=of_modes(sigma, 6)
    )
