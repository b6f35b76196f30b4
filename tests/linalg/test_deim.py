"""DEIM and Q-DEIM: points are pivots of LU and QR factorisations; more points are more stable."""

import numpy as np
import pytest
import scipy.linalg
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.linalg import deim, gallery, qdeim

DTYPES = ["float32", "float64", "complex64", "complex128"]
METHODS = [deim, qdeim]
EPS = np.finfo(float).eps


def modes(N=60, M=7, dtype="float64", rng=0):
    return gallery.haar((N, M), rng=rng, dtype=dtype)


def smooth(N=400, M=12):
    """Orthonormal polynomials on equidistant points: neighbours are nearly the same."""
    x = np.linspace(-1, 1, N)
    return np.linalg.qr(np.polynomial.chebyshev.chebvander(x, M - 1))[0]


def textbook(U):
    """The loop of Chaturantabut and Sorensen."""
    points = [np.argmax(np.abs(U[:, 0]))]
    for k in range(1, U.shape[1]):
        c = np.linalg.solve(U[points, :k], U[points, k])
        points.append(np.argmax(np.abs(U[:, k] - U[:, :k] @ c)))
    return np.array(points)


# trouble first


@pytest.mark.parametrize("method", METHODS)
def test_no_modes_need_no_points(method):
    for N in (0, 5):
        found = method(np.zeros((N, 0)))
        assert found.points.shape == (0,)
        np.testing.assert_array_equal(found(np.zeros(0)), np.zeros(N))


@pytest.mark.parametrize("method", METHODS)
def test_one_mode_is_known_where_it_is_largest(method):
    found = method([[0.6], [-0.8], [0.0]])
    assert found.points.tolist() == [1]
    assert found.stability == pytest.approx(1 / 0.8)
    assert method([[2.0]]).points.tolist() == [0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e-150, 1.0, 1e150])
def test_dependent_modes_are_refused(method, size):
    U = modes()
    for bad in (np.zeros(60), U[:, 0], U[:, :3] @ [1.0, 2, 3]):
        with pytest.raises(SingularMatrixError, match="depend|zero"):
            method(size * np.column_stack([U[:, :3], bad, U[:, 4:]]))
    with pytest.raises(SingularMatrixError):
        method(np.zeros((4, 2)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_points_do_not_depend_on_the_scale(method, size):
    np.testing.assert_array_equal(method(size * modes()).points, method(modes()).points)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("U", "W", "message"),
    [
        (np.ones(3), None, "U must be a matrix"),
        (np.ones((2, 3)), None, "no more modes than points"),
        (np.ones((2, 2, 2)), None, "U must be one matrix"),
        (np.full((3, 2), np.nan), None, "U has NaN"),
        (np.eye(3), np.ones(2), "W must be"),
        (np.eye(3), -np.ones(3), "W must be positive"),
        (np.eye(3), -np.eye(3), "W must be positive"),
        (np.eye(3), np.eye(2), "W of shape"),
    ],
)
def test_bad_input_is_refused_by_name(method, U, W, message):
    with pytest.raises(ValueError, match=message):
        method(U, W=W)


@pytest.mark.parametrize("method", METHODS)
def test_a_matrix_without_entries_is_refused(method):
    class Wrapped:
        shape, dtype = (3, 3), np.dtype(float)

        def __matmul__(self, x):
            return 2 * x

    with pytest.raises(TypeError, match="known entries"):
        method(np.eye(3), W=Wrapped())


@pytest.mark.parametrize("oversample", [-1, 54])
def test_more_points_than_there_are_is_refused(oversample):
    with pytest.raises(ValueError, match="oversample must be from 0 to 53"):
        qdeim(modes(), oversample=oversample)


# identities


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("N", "M"), [(9, 9), (60, 7), (500, 30)])
def test_points_of_deim_are_those_of_the_loop_and_pivots_of_lu(N, M, dtype):
    U = modes(N, M, dtype)
    points = deim(U).points
    np.testing.assert_array_equal(points, textbook(U))
    if U.dtype.kind == "f":  # LAPACK compares complex numbers by other norms
        rows, _, _ = scipy.linalg.lu(U, p_indices=True)
        np.testing.assert_array_equal(points, np.argsort(rows)[:M])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("N", "M"), [(9, 8), (60, 7), (500, 30)])
def test_points_of_qdeim_are_pivots_of_qr(N, M, dtype):
    U = modes(N, M, dtype)
    pivots = scipy.linalg.qr(U.conj().T, pivoting=True, mode="r")[1]
    np.testing.assert_array_equal(qdeim(U).points, pivots[:M])


@pytest.mark.parametrize("smallest", [1e-4, 1e-8, 1e-11])
def test_pivots_of_qr_are_found_where_norms_cancel(smallest):
    U = gallery.with_singular_values(np.geomspace(1, smallest, 12), (200, 12), rng=2)
    pivots = scipy.linalg.qr(U.T, pivoting=True, mode="r")[1]
    np.testing.assert_array_equal(qdeim(U).points, pivots[:12])


@pytest.mark.parametrize("smallest", [1e-4, 1e-8, 1e-11])
def test_pivots_of_lu_are_found_where_columns_nearly_depend(smallest):
    U = gallery.with_singular_values(np.geomspace(1, smallest, 20), (200, 20), rng=2)
    rows, _, _ = scipy.linalg.lu(U, p_indices=True)
    np.testing.assert_array_equal(deim(U).points, np.argsort(rows)[:20])
    np.testing.assert_array_equal(deim(np.asfortranarray(U)).points, deim(U).points)


def test_points_of_qdeim_do_not_depend_on_the_basis_of_the_space():
    U, V = modes(M=12), gallery.haar((12, 12), rng=1)
    np.testing.assert_array_equal(qdeim(U).points, qdeim(U @ V).points)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("method", METHODS)
def test_fields_of_the_space_come_back_from_their_values(method, dtype, rng):
    U = modes(dtype=dtype)
    found = method(U)
    f = U @ rng.standard_normal((7, 3)).astype(dtype)
    tolerance = 100 * np.finfo(dtype).eps * found.stability
    assert found(f[found.points]).dtype == f.dtype
    np.testing.assert_allclose(found(f[found.points]), f, rtol=0, atol=tolerance)


@pytest.mark.parametrize("method", METHODS)
def test_the_error_is_at_most_stability_times_the_best(method, rng):
    U = smooth()
    found = method(U)
    assert found.stability == pytest.approx(
        np.linalg.norm(np.linalg.inv(U[found.points]), 2), rel=1e-10
    )
    f = np.exp(rng.uniform(0, 3, 20) * np.linspace(-1, 1, 400)[:, None])
    best = np.linalg.norm(f - U @ (U.T @ f), axis=0)
    error = np.linalg.norm(f - found(f[found.points]), axis=0)
    # rounding is that of f, of norm 100
    assert np.all(error <= found.stability * (best + 1e4 * EPS))


@pytest.mark.parametrize("M", [1, 2, 5, 12, 25])
def test_qdeim_is_as_stable_as_its_bound_says(M):
    for U in (modes(100, M, rng=M), smooth(100, M)):
        bound = np.sqrt(100 - M + 1) * np.sqrt(4.0**M + 6 * M - 1) / 3
        assert 1 - 10 * EPS <= qdeim(U).stability <= bound


def test_the_bound_of_qdeim_is_nearly_reached():
    """Kahan's matrix, whose columns are in the order of their pivots, as rows of modes."""
    M, angle = 8, 0.05
    s, c = np.sin(angle), np.cos(angle)
    R = s ** np.arange(M)[:, None] * (np.eye(M) - c * np.triu(np.ones((M, M)), 1))
    R *= (1 + 1e-5) ** -np.arange(M)[None, :]  # ties break as they should
    found = qdeim(R.T)
    np.testing.assert_array_equal(found.points, np.arange(M))
    # what the bound of triangular matrices says of the inverse, in units of the last pivot
    bound = np.sqrt(4.0**M + 6 * M - 1) / 3
    assert bound / 2 <= found.stability * abs(R[-1, -1]) <= bound


# more points


@pytest.mark.parametrize("M", [1, 2, 12])
def test_every_point_more_is_at_least_as_stable(M):
    U = smooth(400, M)
    found = [qdeim(U, oversample=k) for k in range(6)]
    stability = np.array([fit.stability for fit in found])
    assert np.all(stability[1:] < stability[:-1])
    for fit in found:
        np.testing.assert_array_equal(
            fit.points[: M + 1], found[-1].points[: fit.points.size][: M + 1]
        )
        assert np.unique(fit.points).size == fit.points.size


def test_a_point_more_raises_the_singular_value_as_its_bound_promises():
    U = smooth()
    points = qdeim(U).points
    _, s, Yh = np.linalg.svd(U[points])
    z2 = (U @ Yh.T) ** 2
    gap, total = s[-2] ** 2 - s[-1] ** 2, np.sum(z2, axis=1) + s[-2] ** 2 - s[-1] ** 2
    bounds = (total - np.sqrt(total**2 - 4 * gap * z2[:, -1])) / 2
    bounds[points] = 0
    found = qdeim(U, oversample=1)
    assert found.points[-1] == np.argmax(bounds)
    assert found.stability**-2 >= (s[-1] ** 2 + np.max(bounds)) * (1 - 1e-10)


def test_all_points_are_as_stable_as_it_gets():
    U = modes(20, 4)
    found = qdeim(U, oversample=16)
    assert sorted(found.points) == list(range(20))
    assert found.stability == pytest.approx(1, rel=1e-12)


def test_more_points_damp_noise(rng):
    U = smooth(400, 30)
    noise = rng.standard_normal((400, 50))
    errors = [
        np.linalg.norm(fit(noise[fit.points]))
        for fit in (qdeim(U, oversample=k) for k in (0, 30, 120))
    ]
    assert errors[0] > errors[1] > errors[2]


# weights


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_stability_bounds_errors_in_the_weighted_norm(method, size, rng):
    w = size * np.exp(rng.uniform(-4, 4, 200))
    roots = np.sqrt(w)[:, None]
    U = modes(200, 8) / roots
    for options in [{}] if method is deim else [{}, {"oversample": 5}]:
        found = method(U, W=w, **options)
        units = np.eye(200) / roots.T  # orthonormal in the weighted inner product
        error = roots * (units - found(units[found.points]))
        # an oblique projection has the norm of what it leaves; stability is some tens
        assert found.stability == pytest.approx(np.linalg.norm(error, 2), rel=100 * 8 * EPS)
        f = rng.standard_normal((200, 20))
        left = np.linalg.norm(roots * (f - found(f[found.points])), axis=0)
        best = np.linalg.norm(roots * (f - U @ (U.T @ (w[:, None] * f))), axis=0)
        assert np.all(left <= found.stability * best)


@pytest.mark.parametrize("method", METHODS)
def test_constant_weights_are_another_unit(method):
    U = smooth()
    found = method(20 * U, W=np.full(400, 1 / 400))  # the inner product of functions
    # as well conditioned as the stability, some tens
    assert found.stability == pytest.approx(method(U).stability, rel=100 * 12 * EPS)
    assert method(np.eye(3) / 2, W=4 * np.ones(3)).stability == pytest.approx(1, rel=4 * EPS)


@pytest.mark.parametrize("method", METHODS)
def test_stability_bounds_errors_in_the_norm_of_a_matrix_by_a_factor(method, rng):
    N = 80
    W = np.diag(np.linspace(1, 9, N)) @ (4 * np.eye(N) + np.eye(N, k=1) + np.eye(N, k=-1))
    W = W @ np.diag(np.linspace(1, 9, N))
    L, d = np.linalg.cholesky(W), np.sqrt(np.diag(W))
    U = np.linalg.solve(L.T, modes(N, 6))
    found = method(U, W=W)
    factor = np.linalg.eigvalsh(W / d / d[:, None])[0] ** -0.5
    f = rng.standard_normal((N, 50))
    left = np.linalg.norm(L.T @ (f - found(f[found.points])), axis=0)
    best = np.linalg.norm(L.T @ (f - U @ (U.T @ (W @ f))), axis=0)
    assert np.all(left <= factor * found.stability * best)


@pytest.mark.parametrize("method", METHODS)
def test_weights_count_as_scaled_rows(method):
    w = np.linspace(0.1, 10, 60)
    U = modes()
    wanted = method(np.sqrt(w)[:, None] * U).points
    W = np.diag(w) + np.diag(0.05 * np.ones(59), 1) + np.diag(0.05 * np.ones(59), -1)
    for weights in (w, np.diag(w), W, sparse.csr_array(W)):
        found = method(U, W=weights)
        np.testing.assert_array_equal(found.points, wanted)
        np.testing.assert_array_equal(found.basis, U)
    assert not np.array_equal(method(U).points, wanted)


def test_the_diagonal_of_a_matrix_is_enough():
    """The norm of the interpolation in W, bounded by that for the diagonal."""
    N = 80
    W = sparse.diags_array([np.ones(N - 1), 4 * np.ones(N), np.ones(N - 1)], offsets=(-1, 0, 1))
    W = sparse.diags_array(np.linspace(1, 9, N)) @ W @ sparse.diags_array(np.linspace(1, 9, N))
    dense, d = W.toarray(), np.sqrt(W.diagonal())
    L = np.linalg.cholesky(dense)
    U = np.linalg.solve(L.T, modes(N, 6))
    found = qdeim(U, W=W)
    I = U @ np.linalg.solve(U[found.points], np.eye(N)[found.points])  # noqa: E741
    norm = np.linalg.norm(L.T @ np.linalg.solve(L, I.T).T, 2)
    diagonal = np.linalg.norm(d[:, None] * I / d, 2)
    assert norm <= np.sqrt(np.linalg.cond(dense / d / d[:, None])) * diagonal


# libraries


@pytest.mark.parametrize("options", [{}, {"W": True}, {"oversample": 3}])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_every_backend_chooses_the_same_points(backend, method, dtype, options):
    if "oversample" in options and method is deim:
        options = {}
    host = modes(dtype=dtype)
    U = backend.asarray(host)
    if "W" in options:
        options = {"W": np.linspace(0.1, 10, 60)}
    there = method(host, **options)
    options = {k: backend.asarray(v) if k == "W" else v for k, v in options.items()}
    found = method(U, **options)
    np.testing.assert_array_equal(found.points, there.points)
    values = backend.asarray(host[found.points])
    backend.assert_same_kind(found(values), U)
    np.testing.assert_array_equal(backend.to_host(U), host)


@pytest.mark.parametrize("name", ["deim", "qdeim"])
def test_points_are_those_of_pymor(name):
    ei = pytest.importorskip("pymor.algorithms.ei", reason="pyMOR is not installed")
    from pymor.core.logger import set_log_levels
    from pymor.vectorarrays.numpy import NumpyVectorSpace

    set_log_levels({"pymor": "ERROR"})
    U = modes(300, 20)
    points = getattr(ei, name)(NumpyVectorSpace.from_numpy(U.copy()), pod=False)[0]
    np.testing.assert_array_equal({"deim": deim, "qdeim": qdeim}[name](U).points, points)
