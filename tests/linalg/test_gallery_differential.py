from itertools import product
from math import prod

import numpy as np
import pytest
from scipy import sparse

from resolvent.linalg import gallery

SHAPES = [1, 5, (1, 1), (3, 4), (2, 3, 4)]


def eigenvalues_1d(n):
    return 4 * np.sin(np.arange(1, n + 1) * np.pi / (2 * (n + 1))) ** 2


def poisson_eigenvalues(shape):
    axes = [eigenvalues_1d(n) for n in np.atleast_1d(shape)]
    return np.sort([sum(parts) for parts in product(*axes)])


def assert_csr(A, n):
    assert isinstance(A, sparse.csr_array)
    assert A.shape == (n, n)
    assert A.dtype == np.float64


def assert_m_matrix(A):
    """Nonpositive off the diagonal, and a nonnegative inverse."""
    assert np.all((A - np.diag(np.diag(A))) <= 0)
    assert np.all(np.linalg.inv(A) >= 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_poisson_eigenvalues_are_the_closed_form(shape):
    A = gallery.poisson(shape)
    assert_csr(A, prod(np.atleast_1d(shape)))
    got = np.linalg.eigvalsh(A.toarray())
    # n eps norm(A), norm(A) <= 12 in three dimensions
    np.testing.assert_allclose(got, poisson_eigenvalues(shape), atol=24 * 12 * 2.2e-16)


@pytest.mark.parametrize(("shape", "points"), [(5, 3), ((5, 5), 5), ((5, 5, 5), 7)])
def test_poisson_is_the_stencil_of_3_5_or_7_points(shape, points):
    A = gallery.poisson(shape)
    assert np.max(np.diff(A.indptr)) == points
    assert set(A.data) == {-1.0, points - 1.0}


def test_poisson_numbers_unknowns_in_c_order():
    u = np.arange(12.0).reshape(3, 4) ** 2
    padded = np.pad(u, 1)
    laplacian = 4 * u - padded[:-2, 1:-1] - padded[2:, 1:-1] - padded[1:-1, :-2] - padded[1:-1, 2:]
    np.testing.assert_array_equal(gallery.poisson((3, 4)) @ u.ravel(), laplacian.ravel())


MEDIA = {
    "lognormal": lambda shape, rng: gallery.lognormal_diffusion(shape, sigma=2.0, rng=rng),
    "two-phase": lambda shape, rng: gallery.two_phase_diffusion(shape, contrast=1e4, rng=rng),
}


@pytest.mark.parametrize("make", MEDIA.values(), ids=MEDIA)
@pytest.mark.parametrize("shape", SHAPES)
def test_diffusion_is_exactly_symmetric_positive_definite_and_an_m_matrix(make, shape):
    A = make(shape, 0)
    assert_csr(A, prod(np.atleast_1d(shape)))
    dense = A.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    np.linalg.cholesky(dense)
    assert_m_matrix(dense)


def test_diffusion_is_homogeneous_in_its_coefficient(rng):
    c = rng.uniform(1, 2, (3, 4))
    A, B = gallery.diffusion(c), gallery.diffusion(8 * c)
    np.testing.assert_array_equal(B.toarray(), 8 * A.toarray())


def test_flux_through_layers_is_that_of_resistors_in_series():
    # The solution is linear in the resistance passed: with u = 1 beyond the right end only,
    # the flux is 1 / (sum of the resistances between the two ghost cells).
    c = np.array([1.0, 10.0, 0.1, 5.0])
    b = np.zeros(4)
    b[-1] = c[-1]
    u = np.linalg.solve(gallery.diffusion(c).toarray(), b)
    between = 0.5 / c[0] + np.sum(1 / c) + 0.5 / c[-1]
    assert u[0] * c[0] == pytest.approx(1 / between, rel=1e-13)


def test_lognormal_diffusion_without_variance_is_poisson():
    A = gallery.lognormal_diffusion((3, 4), sigma=0, rng=0)
    np.testing.assert_array_equal(A.toarray(), gallery.poisson((3, 4)).toarray())


def test_two_phase_diffusion_has_two_phases_of_the_contrast():
    A = gallery.two_phase_diffusion((16, 16), contrast=1e6, rng=0)
    off = -A.toarray()[np.triu_indices(256, 1)]
    weights = np.unique(off[off > 0].round(9))
    np.testing.assert_allclose(weights, [1, 2 / (1 + 1e-6), 1e6], rtol=1e-9)


def test_gaussian_field_has_variance_one_and_the_gaussian_covariance():
    n, correlation = 64, 0.1
    fields = np.array(
        [gallery.gaussian_field(n, correlation=correlation, rng=i) for i in range(2000)]
    )
    lag = np.arange(0, 20, 5)
    got = [np.mean(fields * np.roll(fields, -k, axis=1)) for k in lag]
    # about 2000 * 64 / 11 independent values: a standard error of at most 0.013, taken five times
    np.testing.assert_allclose(got, np.exp(-((lag / (correlation * n)) ** 2) / 2), atol=0.07)


def test_gaussian_field_without_correlation_is_white_noise():
    field = gallery.gaussian_field((4, 5), correlation=0, rng=3)
    np.testing.assert_allclose(field, np.random.default_rng(3).standard_normal((4, 5)), atol=1e-14)


def test_convection_diffusion_eigenvalues_are_the_closed_form():
    n, v = 6, 3.0
    cosines = np.cos(np.arange(1, n + 1) * np.pi / (n + 1))
    wanted = np.sort(2 + v - 2 * np.sqrt(1 + v) * cosines)
    for peclet in (v, -v):
        got = np.linalg.eigvals(gallery.convection_diffusion(n, peclet=peclet).toarray())
        # eigenvectors are a diagonal scaling by 2**k of orthogonal ones: condition 2**5
        np.testing.assert_allclose(np.sort(got.real), wanted, atol=32 * n * 9 * 2.2e-16)
        assert np.max(np.abs(got.imag)) <= 32 * n * 9 * 2.2e-16


@pytest.mark.parametrize("peclet", [0.5, -100.0, (3.0, -40.0)])
def test_convection_diffusion_is_an_m_matrix(peclet):
    A = gallery.convection_diffusion((4, 5), peclet=peclet)
    assert_csr(A, 20)
    assert_m_matrix(A.toarray())


def test_convection_diffusion_upwinds_along_each_axis():
    u = np.arange(12.0).reshape(3, 4) ** 2
    padded = np.pad(u, 1)
    wanted = (
        gallery.poisson((3, 4)) @ u.ravel()
        + 2 * (u - padded[:-2, 1:-1]).ravel()
        - 7 * (padded[1:-1, 2:] - u).ravel()
    )
    A = gallery.convection_diffusion((3, 4), peclet=(2, -7))
    np.testing.assert_array_equal(A @ u.ravel(), wanted)


def test_convection_diffusion_without_convection_is_poisson():
    A = gallery.convection_diffusion((3, 4), peclet=0)
    np.testing.assert_array_equal(A.toarray(), gallery.poisson((3, 4)).toarray())


@pytest.mark.parametrize("shape", [(8,), (6, 6), (4, 4, 4)])
def test_helmholtz_is_indefinite_above_the_lowest_frequency_only(shape):
    n, d = shape[0], len(shape)
    lowest = (n + 1) * np.sqrt(d * eigenvalues_1d(n)[0])
    below = np.linalg.eigvalsh(gallery.helmholtz(shape, wavenumber=0.99 * lowest).toarray())
    above = np.linalg.eigvalsh(gallery.helmholtz(shape, wavenumber=1.01 * lowest).toarray())
    assert below[0] > 0
    assert above[0] < 0 < above[-1]


def test_helmholtz_is_poisson_shifted_by_the_square_of_the_wavenumber():
    A = gallery.helmholtz((4, 3), wavenumber=10)
    assert_csr(A, 12)
    np.testing.assert_allclose((gallery.poisson((4, 3)) - A).toarray(), 4 * np.eye(12), atol=1e-14)


@pytest.mark.parametrize("make", MEDIA.values(), ids=MEDIA)
def test_equal_seeds_give_equal_media(make):
    A = make((8, 8), 3).toarray()
    np.testing.assert_array_equal(A, make((8, 8), np.random.default_rng(3)).toarray())
    assert not np.array_equal(A, make((8, 8), 4).toarray())


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: gallery.poisson(0), "shape"),
        (lambda: gallery.poisson(()), "shape"),
        (lambda: gallery.poisson((3, -1)), "shape"),
        (lambda: gallery.diffusion([1.0, 0.0]), "coefficient"),
        (lambda: gallery.diffusion([1.0, np.nan]), "coefficient"),
        (lambda: gallery.diffusion([]), "coefficient"),
        (lambda: gallery.diffusion(1.0), "coefficient"),
        (lambda: gallery.gaussian_field(4, correlation=-1, rng=0), "correlation"),
        (lambda: gallery.two_phase_diffusion(4, contrast=0, rng=0), "contrast"),
        (lambda: gallery.convection_diffusion((2, 2), peclet=(1, 2, 3)), "peclet"),
        (lambda: gallery.convection_diffusion(2, peclet=np.inf), "peclet"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        call()
