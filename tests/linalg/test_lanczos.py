import numpy as np
import pytest
import scipy.linalg
import scipy.sparse.linalg
from scipy import sparse

from resolvent.linalg import gallery, lanczos, spectral_interval
from resolvent.linalg.krylov_spaces.arnoldi import arnoldi
from resolvent.operators import Operator

DTYPES = ["float32", "float64", "complex64", "complex128"]


def rounding(A, dtype):
    """Of a process with products of A: the tolerance by which it stops, a few times over."""
    return 32 * np.sqrt(len(A)) * np.finfo(dtype).eps * np.linalg.norm(A, 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_basis_is_orthonormal_and_satisfies_the_relation(backend, dtype, rng):
    A = gallery.hermitian(np.linspace(-2, 3, 30), rng=rng, dtype=dtype)
    v = rng.standard_normal(30).astype(dtype)
    found = lanczos(backend.asarray(A), backend.asarray(v), steps=12)
    backend.assert_same_kind(found.V, backend.asarray(A))
    V, f = backend.to_host(found.V), backend.to_host(found.residual)
    T = found.T
    f_column = f[:, None] * np.eye(12)[-1]
    assert V.shape == (30, 12)
    assert np.linalg.norm(V.conj().T @ V - np.eye(12)) <= 12 * 32 * np.finfo(dtype).eps
    assert np.linalg.norm(A @ V - V @ T - f_column) <= 12 * rounding(A, dtype)
    assert abs(np.linalg.norm(f) - found.residual_norm) <= rounding(A, dtype)
    np.testing.assert_allclose(V[:, 0], v / np.linalg.norm(v), atol=8 * np.finfo(dtype).eps)


def test_without_reorthogonalization_the_numbers_agree_until_a_ritz_value_converges(rng):
    A = gallery.hermitian(np.linspace(1, 2, 40), rng=rng)
    v = rng.standard_normal(40)
    with_basis = lanczos(A, v, steps=6)
    without = lanczos(A, v, steps=6, reorthogonalize=False)
    assert without.V is None
    # 6 steps: errors grow no more than by a factor of a few per step
    np.testing.assert_allclose(without.T, with_basis.T, atol=4**6 * rounding(A, float))


def test_all_steps_give_the_spectrum(rng):
    spectrum = np.sort(rng.standard_normal(25))
    A = gallery.hermitian(spectrum, rng=rng, dtype=complex)
    values = lanczos(A, steps=100, rng=0).ritz()[0]
    assert values.size == 25
    np.testing.assert_allclose(values, spectrum, atol=25 * rounding(A, float))


def test_it_ends_on_an_invariant_subspace(rng):
    A = gallery.hermitian(np.repeat([-1.0, 2.0, 5.0], 7), rng=rng)
    found = lanczos(A, steps=20, rng=1)
    assert found.alpha.size == 3
    assert found.residual_norm == 0
    np.testing.assert_allclose(found.ritz()[0], [-1, 2, 5], atol=rounding(A, float))


@pytest.mark.parametrize("reorthogonalize", [True, False])
def test_every_ritz_value_has_an_eigenvalue_within_its_residual(reorthogonalize, rng):
    spectrum = np.concatenate([np.linspace(1, 2, 50), [10, 100]])
    A = gallery.hermitian(spectrum, rng=rng)
    found = lanczos(A, steps=15, rng=0, reorthogonalize=reorthogonalize)
    values, vectors = found.ritz()
    gap = np.min(np.abs(values[:, None] - spectrum), axis=1)
    assert np.all(gap <= found.residual_norm * np.abs(vectors[-1]) + rounding(A, float))


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_huge_and_tiny_matrices_and_starts(scale, rng):
    A = scale * np.diag(np.arange(1.0, 6.0))
    values = lanczos(A, rng.standard_normal(5) / scale, steps=5).ritz()[0]
    np.testing.assert_allclose(values / scale, np.arange(1.0, 6.0), rtol=1e-13)


def test_order_one_and_zero_matrix():
    assert lanczos([[3.0]], steps=4).alpha.tolist() == [3.0]
    zero = lanczos(np.zeros((4, 4)), steps=4, rng=0)
    assert (zero.alpha.tolist(), zero.residual_norm) == ([0.0], 0.0)


def test_a_matrix_known_by_its_products_and_a_device_like_start(backend):
    A = backend.asarray(np.diag([1.0, 4.0, 9.0]))
    operator = Operator((3, 3), A.dtype, lambda x: A @ x)
    found = lanczos(operator, backend.asarray(np.ones(3)), steps=3)
    backend.assert_same_kind(found.V, A)
    np.testing.assert_allclose(found.ritz()[0], [1, 4, 9], rtol=1e-14)


@pytest.mark.parametrize("reorthogonalize", [True, False])
@pytest.mark.parametrize(
    "A",
    [
        np.triu(np.ones((6, 6))),
        np.diag(np.arange(6.0)) + 1e-3 * (np.eye(6, k=1) - np.eye(6, k=-1)),
        np.diag(1j * np.arange(1, 7)),
        gallery.convection_diffusion(9, peclet=0.5),
    ],
    ids=["triangular", "slightly skew", "imaginary", "sparse"],
)
def test_a_matrix_that_is_not_hermitian_is_seen(A, reorthogonalize):
    with pytest.raises(ValueError, match="A must be Hermitian"):
        lanczos(A, steps=4, rng=0, reorthogonalize=reorthogonalize)


@pytest.mark.parametrize(
    ("A", "options", "message"),
    [
        (np.ones((2, 3)), {}, "A must be square"),
        (np.eye(3), {"v": np.zeros(3)}, "v must not be zero"),
        (np.eye(3), {"v": [1.0, np.nan, 0]}, "v has NaN"),
        (np.eye(3), {"v": np.ones(4)}, r"v must be of shape \(3,\)"),
        (np.eye(3), {"v": np.ones((3, 1))}, r"v must be of shape \(3,\)"),
        (np.eye(3), {"steps": 0}, "steps must be at least 1"),
        (np.empty((0, 0)), {}, "at least one row"),
        (sparse.diags_array([1.0, np.nan]), {}, "A has NaN"),
    ],
)
def test_bad_input_is_named(A, options, message):
    with pytest.raises(ValueError, match=message):
        lanczos(A, **{"steps": 2, "rng": 0} | options)


def test_the_seed_fixes_the_result():
    A = gallery.poisson((9, 9))
    first, second = (lanczos(A, steps=5, rng=3).T for _ in range(2))
    np.testing.assert_array_equal(first, second)


# spectral_interval


@pytest.mark.parametrize(
    "A",
    [
        gallery.poisson((30, 30)),
        gallery.poisson(500),
        gallery.lognormal_diffusion((30, 30), sigma=2, rng=0),
        gallery.two_phase_diffusion((30, 30), contrast=1e6, rng=0),
        gallery.helmholtz((20, 20), wavenumber=12),
        gallery.poisson(40) - 10 * sparse.eye_array(40),
    ],
    ids=["poisson", "poisson1d", "lognormal", "two-phase", "helmholtz", "negative"],
)
def test_upper_is_above_the_spectrum_but_not_far(A):
    low, high = np.linalg.eigvalsh(A.toarray())[[0, -1]]
    for seed in range(20):
        found = spectral_interval(A, rng=seed)
        assert low - 1e-12 * abs(high) <= found.ritz[0]
        assert found.ritz[-1] <= high * (1 + 1e-12 * np.sign(high))
        # practice, not theory: the margin is 10 % of the norm, the residual about as much
        assert high < found.upper < high + 0.25 * max(abs(low), abs(high))
        assert tuple(found) == (found.lower, found.upper)


def test_a_start_without_the_eigenvector_on_top_hides_it():
    lower, upper = spectral_interval(np.diag([1.0, 2.0, 50.0]), [1.0, 1.0, 0.0])
    np.testing.assert_allclose([lower, upper], [1, 2.2], rtol=1e-14)


def test_a_negative_eigenvalue_is_proven():
    indefinite = gallery.helmholtz((20, 20), wavenumber=12)
    assert spectral_interval(indefinite, steps=40, rng=0).has_negative
    assert not spectral_interval(gallery.poisson((20, 20)), steps=40, rng=0).has_negative


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_singular_semidefinite_matrix_has_no_negative_eigenvalue(dtype, rng):
    A = gallery.psd(np.repeat([0, 1, 2], 10), rng=rng, dtype=dtype)
    found = spectral_interval(A, rng=0)
    assert abs(found.ritz[0]) <= found.process.rounding
    assert not found.has_negative


def test_safety_is_checked():
    with pytest.raises(ValueError, match="safety must be at least 1"):
        spectral_interval(np.eye(2), safety=0.9)


# arnoldi


@pytest.mark.parametrize("dtype", DTYPES)
def test_arnoldi_relation(backend, dtype, rng):
    A = rng.standard_normal((30, 30)).astype(dtype)
    if "complex" in dtype:
        A = A + np.asarray(1j, dtype) * rng.standard_normal((30, 30)).astype(A.real.dtype)
    V, H = arnoldi(backend.asarray(A), steps=13, rng=0)
    backend.assert_same_kind(V, backend.asarray(A))
    V = backend.to_host(V)
    assert np.linalg.norm(V.conj().T @ V - np.eye(13)) <= 13 * 32 * np.finfo(dtype).eps
    shortened = A @ V[:, :12] - V @ H[:13, :12]
    assert np.linalg.norm(shortened) <= 12 * rounding(A, dtype)


def test_arnoldi_ends_on_an_invariant_subspace():
    shift = np.roll(np.eye(4), 1, axis=0)
    V, H = arnoldi(scipy.linalg.block_diag(shift, 2 * np.eye(3)), np.eye(7)[0], steps=6)
    assert (V.shape, H.shape) == ((7, 4), (5, 4))
    np.testing.assert_array_equal(H[-1], 0)
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(H[:-1])), 1, rtol=1e-14)


def test_lanczos_is_arnoldi_of_a_hermitian_matrix(rng):
    A = gallery.hermitian(np.linspace(-1, 1, 20), rng=rng, dtype=complex)
    v = rng.standard_normal(20)
    _, H = arnoldi(A, v, steps=7)
    np.testing.assert_allclose(lanczos(A, v, steps=7).T, H[:-1], atol=7 * rounding(A, complex))
