import array_api_strict
import numpy as np
import pytest
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.linalg import gallery
from resolvent.preconditioners import additive_schwarz, block_jacobi

DTYPES = ["float32", "float64", "complex64", "complex128"]


def random(rng, shape, dtype):
    x = rng.standard_normal(shape)
    return (x + 1j * rng.standard_normal(shape) if "complex" in dtype else x).astype(dtype)


def dominant(n, dtype, rng, *, hermitian=True):
    """Off-diagonal row sums below half of the diagonal: condition below 3."""
    A = random(rng, (n, n), dtype) * (rng.random((n, n)) < 0.1)
    A = A + A.conj().T if hermitian else A
    np.fill_diagonal(A, 0)
    largest = max(np.max(np.abs(A).sum(axis=1)), np.max(np.abs(A).sum(axis=0)), 1)
    return sparse.csr_array((A / (2 * largest) + np.eye(n)).astype(dtype))


def dense(M):
    return M @ np.eye(M.shape[0], dtype=M.dtype)


def by_definition(A, subdomains):
    A = A.toarray()
    total = np.zeros_like(A)
    for rows in subdomains:
        R = np.eye(len(A))[rows]
        total += R.T @ np.linalg.inv(R @ A @ R.T) @ R
    return total


@pytest.mark.parametrize("hermitian", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "subdomains", [1, 2, 5, 23, [np.arange(15), np.arange(10, 23)], [[5, 0], range(23)]]
)
@pytest.mark.parametrize("overlap", [0, 1, 2])
def test_it_is_the_sum_of_the_local_inverses(subdomains, overlap, dtype, hermitian, rng):
    A = dominant(23, dtype, rng, hermitian=hermitian)
    M = additive_schwarz(A, subdomains, overlap=overlap)
    assert M.is_spd == hermitian
    want = by_definition(A, M.info.subdomains)
    # at most 23 overlapping inverses of condition 3
    atol = 23 * 23 * 3 * np.finfo(dtype).eps
    np.testing.assert_allclose(dense(M), want, rtol=0, atol=atol)
    np.testing.assert_allclose(dense(M.H), want.conj().T, rtol=0, atol=atol)


@pytest.mark.parametrize("overlap", [0, 1, 2, 30])
def test_overlap_takes_in_layers_of_neighbours(overlap):
    M = additive_schwarz(gallery.poisson(20), 2, overlap=overlap)
    first, second = M.info.subdomains
    np.testing.assert_array_equal(first, np.arange(min(10 + overlap, 20)))
    np.testing.assert_array_equal(second, np.arange(max(10 - overlap, 0), 20))


def test_a_single_subdomain_is_the_inverse(rng):
    A = gallery.poisson((6, 7))
    r = rng.standard_normal(42)
    M = additive_schwarz(A, 1)
    assert M.is_spd
    condition = np.linalg.cond(A.toarray())
    assert np.linalg.norm(A @ (M @ r) - r) <= 42 * np.finfo(float).eps * condition


def test_without_overlap_it_is_block_jacobi(rng):
    A, r = gallery.poisson((6, 7)), rng.standard_normal((42, 3))
    got = additive_schwarz(A, 6, overlap=0) @ r
    # blocks tridiag(-1, 4, -1) of condition below 3
    np.testing.assert_allclose(got, block_jacobi(A, block_size=7) @ r, atol=100 * 2.3e-16)


def test_definiteness_is_proved_or_not_claimed():
    indefinite = np.diag([1.0, -1.0, 2.0])
    assert additive_schwarz(indefinite, 1).is_spd is None
    assert additive_schwarz(np.array([[0.0, 1.0], [1.0, 0.0]]), 1).is_spd is None
    assert additive_schwarz(np.array([[1.0, 1.0], [0.0, 1.0]]), 1).is_spd is False
    assert additive_schwarz(np.array([[2.0, 1.0], [1.0, 2.0]]), 1).is_spd is True
    swap = additive_schwarz(np.array([[0.0, 1.0], [1.0, 0.0]]), 1)
    np.testing.assert_array_equal(swap @ np.array([1.0, 2.0]), [2.0, 1.0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_keep_precision_and_input(dtype, rng):
    M = additive_schwarz(dominant(23, dtype, rng), 4)
    inverse = dense(M)
    for kind in DTYPES:
        for shape in ((23,), (23, 1), (23, 3)):
            r = np.asfortranarray(random(rng, shape, kind))
            r.flags.writeable = False
            before = r.copy()
            got = M @ r
            np.testing.assert_array_equal(r, before)
            single = kind in ("float32", "complex64")
            want = {(0, 0): "f8", (0, 1): "f4", (1, 0): "c16", (1, 1): "c8"}
            assert got.dtype == want["complex" in kind + dtype, single]
            eps = max(np.finfo(kind).eps, np.finfo(dtype).eps)
            np.testing.assert_allclose(got, inverse @ r, rtol=0, atol=2000 * eps)


def test_singular_subdomains_are_named():
    A = np.eye(6)
    A[2:4, 2:4] = 1
    with pytest.raises(SingularMatrixError, match="subdomain 1 "):
        additive_schwarz(A, 3, overlap=0)
    with pytest.raises(SingularMatrixError, match="subdomain 0 "):
        additive_schwarz(sparse.csr_array((2, 2)), 1)


def test_wrong_arguments_are_refused():
    A = np.eye(4)
    for subdomains in (0, 5, [[0, 1, 2]], [[0, 1, 2, 4]], [[-1, 0, 1, 2]], [[0, 1, 2, 3], []]):
        with pytest.raises(ValueError, match="subdomains"):
            additive_schwarz(A, subdomains)
    with pytest.raises(ValueError, match="overlap"):
        additive_schwarz(A, 2, overlap=-1)
    with pytest.raises(ValueError, match="square"):
        additive_schwarz(np.ones((2, 3)), 1)
    with pytest.raises(ValueError, match="NaN"):
        additive_schwarz(np.diag([np.nan, 1.0]), 1)
    with pytest.raises(TypeError, match="block_jacobi"):
        additive_schwarz(array_api_strict.eye(3), 1)
    with pytest.raises(TypeError, match="entries of A"):
        additive_schwarz(lambda x: x, 1)


def test_overlap_saves_steps(cg_steps, rng):
    A, b = gallery.poisson((32, 32)), rng.standard_normal(1024)
    plain = cg_steps(A, np.eye(1024), b)
    steps = [cg_steps(A, additive_schwarz(A, 4, overlap=layers), b) for layers in (0, 1, 4)]
    assert steps[0] < plain
    assert steps[0] > steps[1] > steps[2]
