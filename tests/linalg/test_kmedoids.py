"""k-medoids: the optimum of small problems, no swap that helps, and the same for the same seed."""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from resolvent import Reason
from resolvent.linalg import kmedoids, kmedoids_by_silhouette

EPS = np.finfo(float).eps


def distances(rng, n):
    X = rng.random((n, 2))
    return cdist(X, X)


def loss(D, medoids):
    return np.sum(np.min(D[list(medoids)], axis=0))


def blobs(rng, sizes, apart=10.0):
    centres = apart * np.arange(len(sizes))
    X = np.concatenate([c + rng.standard_normal(s) for c, s in zip(centres, sizes, strict=True)])
    return np.abs(X[:, None] - X)


@pytest.mark.parametrize("k", [1, 2, 3, 7, 8])
def test_many_starts_find_the_optimum_of_small_problems(k, rng):
    for _ in range(5):
        D = distances(rng, 8)
        best = min(loss(D, chosen) for chosen in combinations(range(8), k))
        # sums of 8 numbers
        assert kmedoids(D, k, starts=20).loss == pytest.approx(best, rel=8 * EPS, abs=0)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_no_single_swap_lowers_the_loss(k, rng):
    D = distances(rng, 30)
    found = kmedoids(D, k, starts=1)
    assert found.converged
    assert found.loss == pytest.approx(loss(D, found.medoids), rel=30 * EPS)
    kept = set(found.medoids.tolist())
    swaps = [(kept - {m}) | {c} for m in kept for c in range(30)]
    assert min(loss(D, swap) for swap in swaps) >= found.loss * (1 - 30 * EPS)


def test_labels_name_the_nearest_medoid(rng):
    D = distances(rng, 40)
    found = kmedoids(D, 6)
    np.testing.assert_array_equal(found.labels, np.argmin(D[found.medoids], axis=0))
    np.testing.assert_array_equal(found.labels[found.medoids], np.arange(6))
    assert np.all(np.diff(found.medoids) > 0)


def test_more_medoids_than_different_points_leave_no_cluster_empty():
    X = np.repeat([0.0, 1.0], 4)
    found = kmedoids(np.abs(X[:, None] - X), 5)
    assert found.loss == 0
    assert np.all(np.bincount(found.labels, minlength=5) > 0)


def test_every_point_a_medoid():
    found = kmedoids(1 - np.eye(4), 4)
    assert found.labels.tolist() == found.medoids.tolist() == [0, 1, 2, 3]
    assert found.loss == found.silhouette == 0


def test_one_point():
    found = kmedoids([[0.0]], 1)
    assert found.medoids.tolist() == found.labels.tolist() == [0]
    assert found.converged


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("end", ["smallest_subnormal", "max"])
def test_sums_at_the_ends_of_the_range_are_no_obstacle(end, dtype):
    apart = np.asarray(getattr(np.finfo(dtype), end))
    D = apart * (1 - np.eye(4, dtype=dtype))
    for k in (1, 2):
        found = kmedoids(D, k)
        assert found.converged
        assert found.medoids.tolist() == list(range(k))
        assert found.loss == (4 - k) * float(apart)  # three times the largest double is infinite
    D[:2, 2:] = D[2:, :2] = apart
    D[0, 1] = D[1, 0] = D[2, 3] = D[3, 2] = 0
    assert kmedoids(D, 2).labels.tolist() == [0, 0, 1, 1]
    assert kmedoids(D, 2).silhouette == 1


def test_separate_blobs_are_found_and_counted(rng):
    sizes = [12, 5, 9]
    D = blobs(rng, sizes)
    found = kmedoids_by_silhouette(D, range(1, 8))
    assert found.medoids.size == 3
    np.testing.assert_array_equal(found.labels, np.repeat([0, 1, 2], sizes))
    assert found.silhouette > 0.7


def test_silhouette_is_that_of_its_definition(rng):
    D = distances(rng, 25)
    found = kmedoids(D, 4)
    scores = []
    for i, own in enumerate(found.labels):
        same = [D[i, j] for j in range(25) if found.labels[j] == own and j != i]
        others = [np.mean(D[i, found.labels == c]) for c in range(4) if c != own]
        a, b = np.mean(same) if same else None, min(others)
        scores.append(0 if a is None else (b - a) / max(a, b))
    assert found.silhouette == pytest.approx(np.mean(scores), abs=25 * EPS)


def test_silhouette_agrees_with_scikit_learn(rng):
    metrics = pytest.importorskip("sklearn.metrics")
    D = distances(rng, 30)
    found = kmedoids(D, 5)
    wanted = metrics.silhouette_score(D, found.labels, metric="precomputed")
    assert found.silhouette == pytest.approx(wanted, abs=30 * EPS)


def test_the_same_seed_gives_the_same_clusters(rng):
    D = distances(rng, 60)
    first, again = (kmedoids(D, 7, rng=3) for _ in range(2))
    np.testing.assert_array_equal(first.medoids, again.medoids)
    generators = (kmedoids(D, 7, rng=np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(first.medoids, found.medoids) for found in generators)


def test_the_order_of_points_does_not_matter(rng):
    D = distances(rng, 20)
    order = rng.permutation(20)
    found, moved = (kmedoids(X, 3, starts=100) for X in (D, D[np.ix_(order, order)]))
    # of the two points of a pair either may be the medoid
    assert moved.loss == pytest.approx(found.loss, rel=20 * EPS)
    pairs = found.labels[order][:, None] == found.labels[order]
    np.testing.assert_array_equal(moved.labels[:, None] == moved.labels, pairs)


def test_one_pass_may_not_do():
    D = distances(np.random.default_rng(0), 300)
    found = kmedoids(D, 20, starts=1, maxiter=1)
    assert found.reason is Reason.MAXITER
    assert "maxiter" in found.advice
    assert kmedoids(D, 20, starts=1).loss <= found.loss


def test_more_starts_are_no_worse(rng):
    D = distances(rng, 80)
    losses = [kmedoids(D, 9, starts=s).loss for s in (1, 4, 16)]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_scale_changes_nothing(scale, rng):
    D = distances(rng, 30)
    np.testing.assert_array_equal(kmedoids(scale * D, 4).medoids, kmedoids(D, 4).medoids)


def test_the_diagonal_is_taken_for_zero(rng):
    D = distances(rng, 10)
    wanted = kmedoids(D, 3)
    found = kmedoids(D + 5 * np.eye(10), 3)
    np.testing.assert_array_equal(found.medoids, wanted.medoids)
    assert found.loss == wanted.loss


def test_every_backend_gives_host_indices(backend, rng):
    host = distances(rng, 15)
    D = backend.asarray(host)
    found, wanted = kmedoids(D, 3), kmedoids(host, 3)
    assert type(found.medoids) is type(found.labels) is np.ndarray
    np.testing.assert_array_equal(found.medoids, wanted.medoids)
    np.testing.assert_array_equal(backend.to_host(D), host)


def test_single_precision_passes(rng):
    D = distances(rng, 15).astype(np.float32)
    found = kmedoids(D, 3)
    assert found.loss == pytest.approx(kmedoids(D.astype(float), 3).loss, rel=1e-6)


@pytest.mark.parametrize(
    ("D", "k", "error", "message"),
    [
        (np.ones((2, 3)), 1, ValueError, "D must be square"),
        (np.ones((2, 3, 3)), 1, ValueError, "D must be one matrix"),
        (np.full((2, 2), np.nan), 1, ValueError, "D has NaN"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), 1, ValueError, "symmetric"),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), 1, ValueError, "negative"),
        (np.zeros((2, 2), complex), 1, TypeError, "real"),
        (np.eye(2), 0, ValueError, "k must be from 1"),
        (np.eye(2), 3, ValueError, "k must be from 1"),
        (np.eye(2), 2.0, TypeError, "k must be a whole number"),
        (np.zeros((0, 0)), 1, ValueError, "k must be from 1"),
    ],
)
def test_bad_arguments_are_refused(D, k, error, message):
    with pytest.raises(error, match=message):
        kmedoids(D, k)


def test_bad_options_are_refused():
    for options in ({"starts": 0}, {"maxiter": 0}):
        with pytest.raises(ValueError, match="must be positive"):
            kmedoids(np.eye(2), 1, **options)
    with pytest.raises(ValueError, match="ks"):
        kmedoids_by_silhouette(np.eye(2), [])
