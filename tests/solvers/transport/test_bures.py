"""Bures distance, map, geodesic and barycentre against closed forms and mpmath."""

import math
from functools import partial

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvent import ConvergenceError, Reason, SingularMatrixError
from resolvent.solvers.transport import bures_barycenter, bures_distance, bures_geodesic, bures_map

EPS = np.finfo(float).eps
DTYPES = ["float32", "float64", "complex64", "complex128"]


def unit(dtype):
    return float(np.finfo(dtype).eps)


def covariance(rng, n, condition=10.0, *, rank=None, dtype="float64"):
    """A matrix of norm 1 with logarithmically spaced eigenvalues."""
    X = rng.standard_normal((n, n))
    if np.dtype(dtype).kind == "c":
        X = X + 1j * rng.standard_normal((n, n))
    Q, _ = np.linalg.qr(X)
    w = np.geomspace(1, 1 / condition, n)
    w[rank:] = 0 if rank is not None else w[rank:]
    A = (Q * w) @ Q.conj().T
    return ((A + A.conj().T) / 2).astype(dtype)


def mp_root(A):
    w, V = mpmath.eigsy(A)
    return V * mpmath.diag([mpmath.sqrt(x) for x in w]) * V.T


def mp_distance_and_map(A, B):
    with mpmath.workdps(60):
        A, B = (mpmath.matrix(X.tolist()) for X in (A, B))
        R = mp_root(A)
        S = mp_root(R * B * R)
        inverse = R**-1
        square = sum(A[i, i] + B[i, i] - 2 * S[i, i] for i in range(A.rows))
        T = inverse * S * inverse
        return float(mpmath.sqrt(square)), np.array(T.tolist(), dtype=float)


def norm(A):
    return np.linalg.norm(A, axis=(-2, -1))


def distance_slack(A, B, factor=5):
    """What a perturbation of the matrices by n eps costs: |dL| <= |dA| / (2 sqrt(λmin))."""
    n, eps = A.shape[-1], unit(A.dtype)
    return factor * n * eps * sum(np.sqrt(np.linalg.norm(X, 2) * np.linalg.cond(X)) for X in (A, B))


@pytest.mark.parametrize("dtype", DTYPES)
def test_commuting_matrices_have_the_distance_of_their_roots(dtype, rng):
    n, eps = 6, unit(dtype)
    Q = np.linalg.qr(rng.standard_normal((n, n)) + (1j if "c" in dtype else 0) * np.eye(n))[0]
    a, b = rng.uniform(0.5, 2, (2, n))
    A, B = (((Q * w) @ Q.conj().T).astype(dtype) for w in (a, b))
    d, T = bures_distance(A, B), bures_map(A, B)
    assert d.dtype == np.finfo(dtype).dtype
    assert T.dtype == np.dtype(dtype)
    # condition 4: rounding of A, B and the products, n eps each
    np.testing.assert_allclose(d, norm(np.sqrt(a) - np.sqrt(b)[None]), rtol=20 * n * eps)
    np.testing.assert_allclose(T, (Q * np.sqrt(b / a)) @ Q.conj().T, atol=20 * n * eps)
    middle = bures_geodesic(A, B, 0.5)
    wanted = (Q * (np.sqrt(a) + np.sqrt(b)) ** 2 / 4) @ Q.conj().T
    np.testing.assert_allclose(middle, wanted, atol=20 * n * eps)


@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8, 1e12])
@pytest.mark.parametrize("distance", [1.0, 1e-4, 1e-8, 1e-12])
def test_distance_keeps_its_digits_for_close_pairs(condition, distance, rng):
    A, B = covariance(rng, 6, condition), covariance(rng, 6, condition)
    if distance < 1:
        E = np.eye(6) + distance * (lambda X: X + X.T)(rng.standard_normal((6, 6)))
        B = E @ A @ E
        B = (B + B.T) / 2
    wanted, _ = mp_distance_and_map(A, B)
    assert abs(bures_distance(A, B) - wanted) <= distance_slack(A, B)
    if condition == 1e1 and distance >= 1e-12:
        # 7 digits of d = 1e-8 and 3 of d = 1e-12, where the trace formula has none
        assert bures_distance(A, B) == pytest.approx(wanted, rel=2e-15 / distance + 1e-13)


@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8])
def test_map_agrees_with_mpmath_and_pushes_forward(condition, rng):
    A, B = covariance(rng, 6, condition), covariance(rng, 6, condition)
    T = bures_map(A, B)
    _, wanted = mp_distance_and_map(A, B)
    # A^{-1} # B: relative perturbation eps κ(A)
    assert norm(T - wanted) <= 10 * EPS * condition * norm(wanted)
    np.testing.assert_array_equal(T, T.T)
    assert np.linalg.eigvalsh(T).min() > 0
    slack = 10 * 6 * EPS * np.sqrt(condition) * np.linalg.norm(T, 2) ** 2
    assert norm(T @ A @ T - B) <= slack


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_map_solves_its_equation(n, dtype, rng):
    A, B = (covariance(rng, n, dtype=dtype) for _ in range(2))
    T = bures_map(A, B)
    # condition 10, norm 1: T is at most sqrt(10)
    assert norm(T @ A @ T - B) <= 100 * n * unit(dtype)
    np.testing.assert_allclose(bures_map(B, A) @ T, np.eye(n), atol=200 * n * unit(dtype))
    np.testing.assert_allclose(bures_map(A, A), np.eye(n), atol=100 * n * unit(dtype))


seeds = st.integers(0, 10_000)


@given(seeds, st.integers(1, 6), st.sampled_from([1e1, 1e4, 1e8]))
@settings(max_examples=40, deadline=None)
def test_it_is_a_metric_and_unitarily_invariant(seed, n, condition):
    rng = np.random.default_rng(seed)
    A, B, C = (covariance(rng, n, condition, dtype="complex128") for _ in range(3))
    slack = distance_slack(A, B) + distance_slack(B, C)
    ab = bures_distance(A, B)
    assert bures_distance(A, A) <= slack
    assert abs(ab - bures_distance(B, A)) <= slack
    assert ab <= bures_distance(A, C) + bures_distance(C, B) + slack
    # between the distance of commuting matrices with these spectra and that of the roots
    assert ab <= norm(root_of(A) - root_of(B)) + slack
    Q, _ = np.linalg.qr(rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n)))
    turned = [Q @ X @ Q.conj().T for X in (A, B)]
    assert abs(ab - bures_distance(*((X + X.conj().T) / 2 for X in turned))) <= slack


def root_of(A):
    w, V = np.linalg.eigh(A)
    return (V * np.sqrt(np.maximum(w, 0))) @ V.conj().T


@given(seeds, st.floats(0, 1), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_the_geodesic_has_constant_speed(seed, t, rank):
    rng = np.random.default_rng(seed)
    A, B = (covariance(rng, 5, 10.0, rank=rank) for _ in range(2))
    middle = bures_geodesic(A, B, t)
    np.testing.assert_array_equal(middle, middle.T)
    d = bures_distance(A, B)
    # singular matrices: the root of n eps
    slack = 5 * math.sqrt(5 * EPS)
    assert abs(bures_distance(A, middle) - t * d) <= slack
    assert abs(bures_distance(middle, B) - (1 - t) * d) <= slack


def test_the_geodesic_ends_at_both_matrices(rng):
    A, B = covariance(rng, 5, 1e6), covariance(rng, 5, 1e6)
    np.testing.assert_allclose(bures_geodesic(A, B, 0), A, atol=5 * 5 * EPS)
    np.testing.assert_allclose(bures_geodesic(A, B, 1), B, atol=5 * 5 * EPS)
    with pytest.raises(ValueError, match="t must be between 0 and 1, got 1.5"):
        bures_geodesic(A, B, 1.5)


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e12, 1e300])
def test_units_change_nothing(scale, rng):
    A, B = covariance(rng, 4), covariance(rng, 4)
    d = bures_distance(A, B)
    assert bures_distance(scale * A, scale * B) == pytest.approx(math.sqrt(scale) * d, rel=1e-13)
    np.testing.assert_allclose(
        bures_map(A, scale * B), math.sqrt(scale) * bures_map(A, B), rtol=1e-11
    )
    found = bures_barycenter(np.stack([scale * A, scale * B]))
    np.testing.assert_allclose(found.covariance, scale * bures_geodesic(A, B, 0.5), rtol=1e-9)


def test_small_units_are_not_taken_for_noise(rng):
    d = bures_distance(np.diag([1.0, 1e-24]), np.diag([1.0, 4e-24]))
    assert d == pytest.approx(1e-12, rel=1e-12)
    units = np.array([1.0, 1e-6, 1e-12])
    A = np.stack([units[:, None] * covariance(rng, 3) * units for _ in range(2)])
    found = bures_barycenter(A).covariance / np.outer(units, units)
    assert np.linalg.cond(found) < 1e3


@pytest.mark.parametrize("dtype", DTYPES)
def test_zero_and_empty_matrices(dtype, rng):
    A = covariance(rng, 4, dtype=dtype)
    zero = np.zeros_like(A)
    root = math.sqrt(np.trace(A).real)
    assert bures_distance(zero, A) == pytest.approx(root, rel=20 * unit(dtype))
    assert bures_distance(A, zero) == pytest.approx(root, rel=20 * unit(dtype))
    assert bures_distance(zero, zero) == 0
    np.testing.assert_array_equal(bures_map(A, zero), zero)
    np.testing.assert_allclose(bures_geodesic(zero, A, 0.5), A / 4, atol=20 * unit(dtype))
    assert bures_distance(zero[:0, :0], A[:0, :0]) == 0
    assert bures_map(A[:0, :0], zero[:0, :0]).shape == (0, 0)


def test_numbers_are_variances():
    assert bures_distance(4.0, 9.0) == 1
    assert bures_map(4.0, 9.0) == 1.5
    assert bures_geodesic(4.0, 16.0, 0.5) == 9


def test_low_rank_matrices_have_the_distance_of_their_ranges(rng):
    # rank one: tr xx' + tr yy' - 2 |x'y|
    x, y = rng.standard_normal((2, 5))
    wanted = math.sqrt(x @ x + y @ y - 2 * abs(x @ y))
    A, B = np.outer(x, x), np.outer(y, y)
    # n eps norm(A) of noise counts by its root
    assert bures_distance(A, B) == pytest.approx(wanted, abs=math.sqrt(5 * EPS * x @ x))
    assert bures_distance(A, A) <= math.sqrt(5 * EPS * x @ x)
    for wide in (covariance(rng, 5), np.eye(5)):
        assert bures_distance(A, wide) == pytest.approx(bures_distance(wide, A), abs=1e-7)


def test_batches_broadcast_and_agree_with_single_matrices(rng):
    A = np.stack([covariance(rng, 3, 100.0) for _ in range(6)]).reshape(2, 3, 3, 3)
    B = covariance(rng, 3)
    d, T = bures_distance(A, B), bures_map(A, B)
    middle = bures_geodesic(B, A, 0.25)
    assert d.shape == (2, 3)
    assert T.shape == middle.shape == (2, 3, 3, 3)
    for place in np.ndindex(2, 3):
        assert d[place] == pytest.approx(bures_distance(A[place], B), rel=1e-13)
        np.testing.assert_allclose(T[place], bures_map(A[place], B), atol=1e-11)
        np.testing.assert_allclose(middle[place], bures_geodesic(B, A[place], 0.25), atol=1e-13)
    mixed = np.stack([B, np.zeros((3, 3))])
    np.testing.assert_allclose(bures_distance(mixed, B), [0, np.trace(B) ** 0.5], atol=1e-7)


def test_every_array_library(backend, rng):
    for dtype in DTYPES:
        eps = unit(dtype)
        A, B = (covariance(rng, 4, dtype=dtype) for _ in range(2))
        low = covariance(rng, 4, rank=2, dtype=dtype)
        a, b, c = (backend.asarray(X) for X in (A, B, low))
        for call in (bures_map, partial(bures_geodesic, t=0.3)):
            found = call(a, b)
            backend.assert_same_kind(found, a)
            np.testing.assert_allclose(backend.to_host(found), call(A, B), atol=200 * eps)
        d = bures_distance(a, c)
        assert d.shape == ()
        backend.assert_same_kind(d, backend.xp.abs(a))
        assert float(d) == pytest.approx(float(bures_distance(A, low)), abs=10 * math.sqrt(eps))
        stack = backend.asarray(np.stack([A, B]))
        found = bures_barycenter(stack, backend.asarray(np.array([0.7, 0.3])))
        backend.assert_same_kind(found.covariance, a)
        wanted = bures_geodesic(A, B, 0.3)
        np.testing.assert_allclose(
            backend.to_host(found.covariance), wanted, atol=10 * eps ** (2 / 3)
        )
        for host, moved in ((A, a), (B, b), (low, c)):
            np.testing.assert_array_equal(backend.to_host(moved), host)


A2, INDEFINITE = np.eye(2), np.diag([1.0, -1e-3])


@pytest.mark.parametrize("call", [bures_distance, bures_map, partial(bures_geodesic, t=0.5)])
@pytest.mark.parametrize(
    ("A", "B", "error", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 3)), ValueError, "A must be square"),
        (np.ones(3), np.ones(3), ValueError, "A must be a matrix"),
        (A2, np.eye(3), ValueError, "not of one order"),
        (A2, [[1.0, np.nan], [np.nan, 1.0]], ValueError, "B has NaN or infinite"),
        (A2, [[1.0, 0.5], [0.0, 1.0]], ValueError, "B must be symmetric"),
        ([[1.0, 1j], [1j, 2.0]], A2, ValueError, "A must be symmetric"),
        (INDEFINITE, A2, ValueError, "A must be positive semidefinite.*eigenvalue -0.001"),
        (A2, np.stack([A2, INDEFINITE]), ValueError, "B must be positive semidefinite"),
        (A2, [["a", "b"], ["c", "d"]], TypeError, "numeric"),
    ],
)
def test_bad_matrices_get_a_clear_error(call, A, B, error, message):
    with pytest.raises(error, match=message):
        call(A, B)


@pytest.mark.parametrize(
    "A", [np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 1.0, 0.0]), np.diag([1.0, 1.0, 1e-20])]
)
def test_no_map_from_a_singular_matrix(backend, A):
    with pytest.raises(SingularMatrixError, match="add a ridge to A"):
        bures_map(backend.asarray(A), backend.asarray(np.eye(3)))
    np.testing.assert_allclose(
        backend.to_host(bures_map(backend.asarray(A + 1e-3 * np.eye(3)), backend.asarray(A))),
        np.linalg.pinv(A + 1e-3 * np.eye(3)) @ root_of((A + 1e-3 * np.eye(3)) @ A),
        atol=1e-6,  # A^{-1} A^{1/2} B^{1/2} of commuting matrices; B counts by the root of n eps
    )


# barycentres


@pytest.mark.parametrize("dtype", DTYPES)
def test_barycentre_of_commuting_matrices_is_the_square_of_the_mean_root(dtype, rng):
    n, k, eps = 5, 4, unit(dtype)
    Q = np.linalg.qr(rng.standard_normal((n, n)) + (1j if "c" in dtype else 0) * np.eye(n))[0]
    spectra, w = rng.uniform(0.1, 2, (k, n)), rng.dirichlet(np.ones(k))
    found = bures_barycenter(((Q * spectra[:, None]) @ Q.conj().T).astype(dtype), 7 * w)
    assert found.converged
    assert found.iterations == 1
    mean = w @ np.sqrt(spectra)
    np.testing.assert_allclose(found.covariance, (Q * mean**2) @ Q.conj().T, atol=50 * n * eps)
    variance = np.sum(w[:, None] * (np.sqrt(spectra) - mean) ** 2)
    assert found.variance == pytest.approx(variance, rel=100 * n * eps)


@pytest.mark.parametrize("condition", [1e1, 1e6])
def test_barycentre_of_two_is_a_point_of_the_geodesic(condition, rng):
    A, B = covariance(rng, 6, condition), covariance(rng, 6, condition)
    found = bures_barycenter(np.stack([A, B]), [0.8, 0.2], tol=1e-13).raise_if_failed()
    np.testing.assert_allclose(found.covariance, bures_geodesic(A, B, 0.2), atol=1e-11)
    assert found.variance == pytest.approx(0.8 * 0.2 * bures_distance(A, B) ** 2, rel=1e-10)


@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8])
def test_maps_from_the_barycentre_have_the_mean_identity(condition, rng):
    A = np.stack([covariance(rng, 5, condition, dtype="complex128") for _ in range(4)])
    w = rng.dirichlet(np.ones(4))
    found = bures_barycenter(A, w, tol=1e-14)
    T = np.sum(w[:, None, None] * bures_map(found.covariance, A), axis=0) - np.eye(5)
    # (T - I) L is the residual; the map itself loses eps κ(S)
    root = root_of(found.covariance)
    slack = 20 * 5 * EPS * np.linalg.cond(found.covariance)
    assert norm(T @ root) <= (found.residual + slack) * norm(root)
    assert found.variance == pytest.approx(w @ bures_distance(found.covariance, A) ** 2, rel=1e-12)


def test_objective_falls_and_the_history_tells_every_step(rng):
    A = np.stack([covariance(rng, 6, 1e4) for _ in range(5)])
    stopped = [bures_barycenter(A, tol=0, maxiter=k) for k in range(15)]
    variances = [found.variance for found in stopped]
    assert all(np.diff(variances) <= 1e-15)
    assert variances[0] > variances[-1]
    for k, found in enumerate(stopped):
        assert found.reason is Reason.MAXITER
        assert found.iterations == k
        assert found.history.shape == (k + 1,)
        assert found.residual == found.history.min()
    with pytest.raises(ConvergenceError, match="MAXITER"):
        stopped[-1].raise_if_failed()
    # the residual is the distance to the next iterate
    step = bures_distance(stopped[3].covariance, stopped[4].covariance)
    unit = math.sqrt(np.trace(stopped[3].covariance))
    assert stopped[3].residual * unit == pytest.approx(step, rel=1e-9)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_singular_covariances_are_no_exception(rank, rng):
    A = np.stack([covariance(rng, 5, 10.0, rank=rank) for _ in range(3)])
    found = bures_barycenter(A, maxiter=3000)
    assert found.converged
    # the objective of definite ones tends to it as the root of the ridge
    ridge = 1e-10
    near = bures_barycenter(A + ridge * np.eye(5), maxiter=3000)
    assert found.variance == pytest.approx(near.variance, abs=10 * 5 * math.sqrt(ridge))


def test_a_shared_null_space_stays(rng):
    A = np.zeros((3, 5, 5))
    A[:, :3, :3] = [covariance(rng, 3) for _ in range(3)]
    found = bures_barycenter(A)
    assert found.converged
    inside = bures_barycenter(A[:, :3, :3])
    np.testing.assert_allclose(found.covariance[:3, :3], inside.covariance, atol=1e-12)
    assert not np.any(found.covariance[3:])


def test_one_covariance_none_and_equal_ones(rng):
    A = covariance(rng, 4)
    for stack in (A[None], np.stack([A, A, A])):
        found = bures_barycenter(stack)
        assert found.iterations == 0
        np.testing.assert_allclose(found.covariance, A, atol=10 * 4 * EPS)
    zero = bures_barycenter(np.zeros((2, 3, 3)))
    assert zero.converged
    assert not np.any(zero.covariance)
    np.testing.assert_allclose(bures_barycenter(np.stack([A, np.eye(4)]), [1, 0]).covariance, A)


def test_an_unreachable_tolerance_is_named(rng):
    A = np.stack([covariance(rng, 8, 100.0) for _ in range(3)])
    found = bures_barycenter(A, tol=1e-30)
    assert found.reason is Reason.STAGNATED
    assert found.residual <= 8 * EPS * 10  # n eps sqrt(κ)
    assert "STAGNATED" in repr(found)


@pytest.mark.parametrize(
    ("A", "options", "message"),
    [
        (np.eye(2), {}, r"shape \(k, n, n\)"),
        (np.ones((0, 2, 2)), {}, r"shape \(k, n, n\)"),
        (np.ones((2, 2, 3)), {}, "covariances must be square"),
        ([np.eye(2), INDEFINITE], {}, "positive semidefinite"),
        ([[[1.0, 0.5], [0.0, 1.0]]], {}, "symmetric"),
        ([[[np.inf]]], {}, "NaN or infinite"),
        ([A2, A2], {"weights": [1.0]}, "2 finite numbers"),
        ([A2, A2], {"weights": [1.0, np.nan]}, "2 finite numbers"),
        ([A2, A2], {"weights": [1.5, -0.5]}, "negative"),
        ([A2, A2], {"weights": [0.0, 0.0]}, "all zero"),
        ([A2, A2], {"tol": -1.0}, "tol"),
        ([A2, A2], {"tol": math.nan}, "tol"),
        ([A2, A2], {"maxiter": -1}, "maxiter"),
    ],
)
def test_bad_barycentres_get_a_clear_error(A, options, message):
    with pytest.raises(ValueError, match=message):
        bures_barycenter(A, **options)
