"""Local bases: pieces of a few modes, found again by parameters or by projection."""

import numpy as np
import pytest
import scipy.sparse
from scipy.spatial.distance import cdist

from resolvent.linalg import sine_dissimilarity
from resolvent.solvers.reduced import LocalBases

EPS = np.finfo(float).eps


def fronts(N=120, n=60):
    x, centres = np.linspace(0, 1, N)[:, None], np.linspace(0.2, 0.8, n)
    return np.tanh((x - centres) / 0.05) + 1.5, centres


def planes(rng, N=20, n=12, dtype=float):
    """Snapshots of three spaces of two dimensions that are orthogonal to each other."""
    A = rng.standard_normal((N, 6)) + (1j * rng.standard_normal((N, 6)) if dtype is complex else 0)
    Q, _ = np.linalg.qr(A)
    angles = rng.uniform(0, 0.5, (3, n))
    pieces = [
        Q[:, 2 * i : 2 * i + 2] @ np.stack([np.cos(angles[i]), np.sin(angles[i])]) for i in range(3)
    ]
    return np.concatenate(pieces, axis=1) * 10.0 ** rng.uniform(-3, 3, 3 * n)


@pytest.mark.parametrize("dtype", [float, complex])
def test_sines_find_spaces_whatever_the_amplitudes(dtype, rng):
    S = planes(rng, dtype=dtype)
    local = LocalBases.fit(S, 3, rank=2)
    labels = local.clusters.labels.reshape(3, 12)
    assert np.all(labels == labels[:, :1])
    assert np.unique(labels).size == 3
    found = local.errors(S)
    # modes of a cluster whose amplitudes differ by 1e6
    assert found.largest <= 1e6 * 20 * EPS
    np.testing.assert_array_equal(found.labels, local.clusters.labels)
    assert LocalBases.fit(S, 3, rank=2, dissimilarity="euclidean").errors(S).largest > 0.1


def test_projection_is_orthogonal_and_errors_are_those_of_it(rng):
    S, _ = fronts()
    local = LocalBases.fit(S, 4, rank=3)
    U = S[:, ::7]
    labels = rng.integers(0, 4, U.shape[1])
    P, found = local.project(U, labels), local.errors(U, labels)
    wanted = np.linalg.norm(U - P, axis=0) / np.linalg.norm(U, axis=0)
    np.testing.assert_allclose(found.relative, wanted, rtol=0, atol=found.floor)
    for j, i in enumerate(labels):
        V = local.bases[i].basis
        assert np.max(np.abs(V.T @ (U - P)[:, j])) <= 120 * EPS * np.linalg.norm(U[:, j])
    np.testing.assert_allclose(local.project(P, labels), P, atol=120 * EPS * np.abs(P).max())
    np.testing.assert_allclose(local.project(U[:, 0], labels[:1]), P[:, 0], atol=120 * EPS * 3)


def test_without_labels_each_snapshot_has_its_best_basis():
    S, _ = fronts()
    local = LocalBases.fit(S, 3, rank=2)
    every = np.stack([local.errors(S, [i] * 60).relative for i in range(3)])
    best = local.errors(S)
    np.testing.assert_allclose(best.relative, every.min(axis=0), rtol=0, atol=best.floor)
    np.testing.assert_array_equal(best.labels, every.argmin(axis=0))
    np.testing.assert_array_equal(local.project(S), local.project(S, best.labels))


def test_more_pieces_of_the_same_size_leave_less():
    S, _ = fronts()
    left = [LocalBases.fit(S, k, rank=4).errors(S).largest for k in (1, 2, 4, 8)]
    assert np.all(np.diff(left) < 0)
    assert left[-1] < 0.02 * left[0]


def test_truncated_bases_are_those_of_a_smaller_rank():
    S, _ = fronts()
    found, wanted = (LocalBases.fit(S, 3, rank=r) for r in (6, 2))
    found = found.truncate(2)
    np.testing.assert_allclose(found.errors(S).relative, wanted.errors(S).relative, atol=1e4 * EPS)
    for small, basis in zip(found.bases, wanted.bases, strict=True):
        assert small.basis.shape == (120, 2)
        assert small.truncation_error == pytest.approx(basis.truncation_error, rel=1e-6)
    assert wanted.truncate(9).bases == wanted.bases
    assert wanted.truncate(0).errors(S).largest == pytest.approx(1, abs=4 * EPS)
    with pytest.raises(ValueError, match="rank"):
        wanted.truncate(-1)


def test_tolerance_bounds_what_each_basis_leaves():
    S, _ = fronts()
    local = LocalBases.fit(S, 4, tol=1e-3)
    labels = local.clusters.labels
    for i, basis in enumerate(local.bases):
        block = S[:, labels == i]
        left = np.linalg.norm(block - basis.basis @ (basis.basis.T @ block))
        assert left <= 1e-3 * np.linalg.norm(block)


def test_parameters_are_assigned_to_the_nearest_medoid_in_units_of_their_range():
    S, centres = fronts()
    local = LocalBases.fit(S, 5, rank=2, params=np.stack([centres, 1e6 * centres[::-1]], axis=1))
    medoids = local.clusters.medoids
    assert local.assign(local.classifier.medoids).tolist() == list(range(5))
    between = np.stack([centres, 1e6 * centres[::-1]], axis=1)
    nearest = np.argmin(np.abs(centres[:, None] - centres[medoids]), axis=1)
    np.testing.assert_array_equal(local.assign(between), nearest)
    one = LocalBases.fit(S, 5, rank=2, params=centres)
    np.testing.assert_array_equal(one.assign(centres), nearest)
    constant = LocalBases.fit(S, 2, rank=1, params=np.ones(60))
    assert constant.assign([1.0, 2.0]).tolist() == [0, 0]


def test_a_matrix_of_dissimilarities_is_taken_as_it_is():
    S, centres = fronts()
    by_name, by_matrix = (
        LocalBases.fit(S, 4, rank=2, dissimilarity=D).clusters
        for D in ("sine", sine_dissimilarity(S))
    )
    np.testing.assert_array_equal(by_name.labels, by_matrix.labels)
    uniform = LocalBases.fit(S, 4, rank=2, dissimilarity=np.abs(centres[:, None] - centres))
    assert np.ptp(np.bincount(uniform.clusters.labels)) <= 2


@pytest.mark.parametrize("dtype", [float, complex])
def test_euclidean_distances_are_those_of_the_inner_product(dtype, rng):
    S = planes(rng, dtype=dtype) * (1 + rng.random(36))
    L = np.tril(rng.standard_normal((20, 20))) + 5 * np.eye(20)
    U = L.T @ S
    parts = np.concatenate([U.real, U.imag]).T
    wanted = LocalBases.fit(S, 3, rank=2, dissimilarity=cdist(parts, parts))
    found = LocalBases.fit(S, 3, rank=2, dissimilarity="euclidean", W=L @ L.T)
    np.testing.assert_array_equal(found.clusters.labels, wanted.clusters.labels)


@pytest.mark.parametrize("kind", ["weights", "dense", "sparse"])
def test_inner_product_is_that_of_scaled_snapshots(kind, rng):
    S, _ = fronts(40, 30)
    w = rng.uniform(0.5, 2, 40)
    W = {"weights": w, "dense": np.diag(w), "sparse": scipy.sparse.diags_array(w)}[kind]
    found, wanted = (
        LocalBases.fit(S, 3, rank=2, W=W),
        LocalBases.fit(np.sqrt(w)[:, None] * S, 3, rank=2),
    )
    np.testing.assert_array_equal(found.clusters.labels, wanted.clusters.labels)
    errors = wanted.errors(np.sqrt(w)[:, None] * S).relative
    np.testing.assert_allclose(found.errors(S).relative, errors, atol=100 * 40 * EPS)


def test_zero_vectors_have_no_error_and_empty_ones_pass():
    S, _ = fronts()
    local = LocalBases.fit(S, 2, rank=2)
    assert local.errors(np.zeros(120)).relative.tolist() == [0.0]
    assert local.errors(np.zeros((120, 0))).largest == 0
    assert local.errors(np.zeros((120, 0)), []).relative.shape == (0,)
    assert local.project(np.zeros((120, 0))).shape == (120, 0)
    assert local.project(np.zeros((120, 0)), []).shape == (120, 0)


def test_as_many_clusters_as_snapshots_are_exact():
    S, _ = fronts(30, 6)
    local = LocalBases.fit(S, 6, rank=3)
    assert [basis.basis.shape[1] for basis in local.bases] == [1] * 6
    assert local.errors(S).largest <= 30 * EPS


def test_every_backend_keeps_kind_and_input(backend):
    host, centres = fronts(50, 30)
    S = backend.asarray(host)
    local, wanted = (LocalBases.fit(X, 3, rank=3, params=centres) for X in (S, host))
    np.testing.assert_array_equal(local.clusters.labels, wanted.clusters.labels)
    P, found = local.project(S), local.errors(S)
    backend.assert_same_kind(P, S)
    backend.assert_same_kind(found.relative, S)
    errors = backend.to_host(found.relative)
    # modes differ by rounding over the gap of singular values
    np.testing.assert_allclose(errors, wanted.errors(host).relative, atol=1e4 * EPS)
    np.testing.assert_array_equal(backend.to_host(S), host)


def test_bad_arguments_are_refused():
    S, centres = fronts(30, 10)
    for options, message in (
        ({"k": 0}, "k must be"),
        ({"dissimilarity": "cosine"}, "dissimilarity must be"),
        ({"dissimilarity": np.zeros((3, 3))}, "dissimilarity must be"),
        ({"params": centres[:4]}, "params must be"),
        ({"params": np.full(10, np.nan)}, "params must be"),
        ({"W": np.ones(3)}, "W must be"),
    ):
        with pytest.raises(ValueError, match=message):
            LocalBases.fit(S, **{"k": 2, "rank": 1} | options)
    with pytest.raises(ValueError, match="columns \\[3\\]"):
        LocalBases.fit(S * (np.arange(10) != 3), 2, rank=1)
    local = LocalBases.fit(S, 2, rank=1)
    with pytest.raises(ValueError, match="without params"):
        local.assign([0.5])
    with pytest.raises(ValueError, match="params must be"):
        LocalBases.fit(S, 2, rank=1, params=centres).assign(np.ones((3, 2)))
    with pytest.raises(ValueError, match="u must be"):
        local.project(np.ones(3))
    for labels in ([5] * 10, [-1] * 10, [0], [0.9] * 10, [0.0] * 10, [True] * 10, [[0] * 10]):
        with pytest.raises(ValueError, match="labels must be"):
            local.errors(S, labels)
