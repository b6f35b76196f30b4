import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from resolvent.linalg import gallery

DTYPES = ["float32", "float64", "complex64", "complex128"]
REAL = ["float32", "float64"]
COMPLEX = ["complex64", "complex128"]
SHAPES = [(0,), (1,), (6,), (3, 5), (2, 0), (0, 4)]


def adjoint(A):
    return np.conj(np.swapaxes(A, -1, -2))


def rounding(A):
    """Backward error of a product of n x n matrices and of an eigensolver: 10 n eps norm(A)."""
    n, scale = A.shape[-1], np.max(np.linalg.norm(A, axis=(-2, -1)), initial=0)
    return 10 * max(n, 1) * np.finfo(A.dtype).eps * scale


def assert_same_set(got, wanted, atol):
    """Every prescribed eigenvalue is met, in whatever order, complex ones included."""
    distance = np.abs(np.asarray(got)[:, None] - np.asarray(wanted)[None, :])
    rows, columns = linear_sum_assignment(distance)
    assert np.max(distance[rows, columns], initial=0) <= atol


def assert_commutes_with_its_adjoint(A):
    norm = np.max(np.linalg.norm(A, axis=(-2, -1)), initial=0)
    left, right = A @ adjoint(A), adjoint(A) @ A
    np.testing.assert_allclose(left, right, rtol=0, atol=norm * rounding(A))


def test_logspaced_runs_from_one_to_the_reciprocal_condition():
    x = gallery.logspaced(5, 1e8)
    np.testing.assert_allclose(x, 10.0 ** -np.arange(0, 9, 2), rtol=1e-14)
    assert gallery.logspaced(0, 10).shape == (0,)
    assert gallery.logspaced(1, 10).tolist() == [1.0]
    with pytest.raises(ValueError, match="condition"):
        gallery.logspaced(3, 0.5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (7, 3), (2, 3, 4, 4)])
def test_haar_columns_are_orthonormal(shape, dtype):
    Q = gallery.haar(shape, rng=0, dtype=dtype)
    assert Q.shape == shape
    assert Q.dtype == dtype
    identity = np.broadcast_to(np.eye(shape[-1]), (*shape[:-2], shape[-1], shape[-1]))
    # Q is orthonormal in double precision and rounded once: error below 2 sqrt(m) u per entry
    np.testing.assert_allclose(adjoint(Q) @ Q, identity, atol=10 * max(shape) * np.finfo(dtype).eps)


def test_haar_entries_have_mean_zero():
    # Without the sign fix LAPACK makes R negative on the diagonal and Q[0, 0] has mean -0.56.
    # Entries of 2 x 2 Haar matrices have variance 1/2: five standard errors of 4000 samples.
    Q = gallery.haar((4000, 2, 2), rng=1)
    assert np.max(np.abs(Q.mean(axis=0))) <= 5 * np.sqrt(0.5 / 4000)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_hermitian_has_the_spectrum_and_is_exactly_hermitian(shape, dtype, rng):
    spectrum = np.sort(rng.standard_normal(shape), axis=-1)
    A = gallery.hermitian(spectrum, rng=rng, dtype=dtype)
    assert A.shape == (*shape, shape[-1])
    assert A.dtype == dtype
    np.testing.assert_array_equal(A, adjoint(A))
    np.testing.assert_allclose(np.linalg.eigvalsh(A), spectrum, rtol=0, atol=rounding(A))


@pytest.mark.parametrize("dtype", DTYPES)
def test_spd_has_the_condition_asked_for(dtype):
    A = gallery.spd(gallery.logspaced(9, 1e3), rng=0, dtype=dtype)
    got = np.linalg.eigvalsh(A)
    np.testing.assert_allclose(got, gallery.logspaced(9, 1e3)[::-1], atol=rounding(A))
    np.linalg.cholesky(A)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_spd_meets_spectra_of_extreme_scale(scale):
    A = gallery.spd(scale * np.array([1.0, 2.0, 3.0]), rng=0)
    np.testing.assert_allclose(np.linalg.eigvalsh(A / scale), [1, 2, 3], rtol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
def test_psd_has_as_many_zero_eigenvalues_as_its_spectrum(dtype):
    A = gallery.psd([0, 0, 0, 1, 2], rng=0, dtype=dtype)
    assert np.sum(np.abs(np.linalg.eigvalsh(A)) <= rounding(A)) == 3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5, 5), (7, 4), (4, 7)])
def test_with_singular_values_is_rank_deficient_with_the_values_given(shape, dtype):
    s = np.array([[3.0, 2.0, 0.5], [1.0, 1.0, 1.0]])
    A = gallery.with_singular_values(s, shape, rng=0, dtype=dtype)
    assert A.shape == (2, *shape)
    assert A.dtype == dtype
    got = np.linalg.svd(A, compute_uv=False)
    zeros = np.zeros((2, min(shape) - 3))
    np.testing.assert_allclose(got, np.concatenate([s, zeros], -1), rtol=0, atol=rounding(A))


def test_with_singular_values_is_square_and_of_full_rank_by_default():
    assert np.linalg.matrix_rank(gallery.with_singular_values([3, 2, 1], rng=0)) == 3


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("shape", SHAPES)
def test_normal_commutes_with_its_adjoint(shape, dtype, rng):
    lam = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    A = gallery.normal(lam, rng=rng, dtype=dtype)
    assert A.shape == (*shape, shape[-1])
    assert A.dtype == dtype
    assert_commutes_with_its_adjoint(A)
    for i in np.ndindex(shape[:-1]):
        assert_same_set(np.linalg.eigvals(A[i]), lam[i], rounding(A))


PAIRS = [2, 1 + 3j, 1 - 3j, 1 + 3j, 1 - 3j, -4, 0.5j, -0.5j]


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal_takes_conjugate_pairs_in_real_dtypes(dtype):
    A = gallery.normal(PAIRS, rng=0, dtype=dtype)
    assert A.dtype == dtype
    assert_same_set(np.linalg.eigvals(A), PAIRS, rounding(A))
    assert_commutes_with_its_adjoint(A)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("departure", [1e-2, 1.0, 1e2])
def test_nonnormal_has_the_departure_from_normality_asked_for(departure, dtype):
    lam = np.array([PAIRS, PAIRS[::-1][:2][::-1] + PAIRS[:6]])
    A = gallery.nonnormal(lam, departure, rng=0, dtype=dtype)
    norm = np.linalg.norm(A, axis=(-2, -1))
    henrici_squared = norm**2 - np.sum(np.abs(lam) ** 2, axis=-1)
    # the difference of squares cancels: its error is that of norm(A)**2
    atol = 10 * lam.shape[-1] * np.finfo(A.dtype).eps * np.max(norm) ** 2
    np.testing.assert_allclose(henrici_squared, departure**2, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_nonnormal_keeps_the_eigenvalues(dtype):
    lam = [1, 2, 3, 4 + 1j, 4 - 1j]
    A = gallery.nonnormal(lam, 1.0, rng=0, dtype=dtype)
    condition = np.linalg.cond(np.linalg.eig(A).eigenvectors)
    assert_same_set(np.linalg.eigvals(A), lam, condition * rounding(A))  # Bauer and Fike


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("condition", [1.0, 1e1, 1e3])
def test_diagonalizable_has_the_eigenvalues_and_the_condition(dtype, condition):
    lam = np.arange(1.0, 7.0)
    A = gallery.diagonalizable(lam, condition, rng=0, dtype=dtype)
    assert A.dtype == dtype
    assert_same_set(np.linalg.eigvals(A), lam, condition * rounding(A))  # Bauer and Fike
    # Unit columns are within sqrt(n) of the best scaling of V (van der Sluis).
    V = np.linalg.eig(A).eigenvectors
    assert np.linalg.cond(V) <= np.sqrt(6) * condition * (1 + 100 * condition * rounding(A))


def test_diagonalizable_is_far_from_normal_when_ill_conditioned():
    A = gallery.diagonalizable(np.arange(1.0, 7.0), 1e6, rng=0)
    assert np.linalg.norm(A, 2) > 100 * 6


MAKERS = {
    "haar": lambda rng: gallery.haar((4, 3), rng=rng),
    "hermitian": lambda rng: gallery.hermitian([-1, 2, 3], rng=rng),
    "psd": lambda rng: gallery.psd([0, 1, 2], rng=rng),
    "spd": lambda rng: gallery.spd([1, 2, 3], rng=rng),
    "normal": lambda rng: gallery.normal([1, 2j, -2j], rng=rng),
    "nonnormal": lambda rng: gallery.nonnormal([1, 2, 3], 5, rng=rng),
    "diagonalizable": lambda rng: gallery.diagonalizable([1, 2, 3], 10, rng=rng),
    "with_singular_values": lambda rng: gallery.with_singular_values([1, 2], (3, 4), rng=rng),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_equal_seeds_give_equal_matrices_and_generators_move_on(make):
    np.testing.assert_array_equal(make(7), make(np.random.default_rng(7)))
    generator = np.random.default_rng(7)
    assert not np.array_equal(make(generator), make(generator))
    assert not np.array_equal(make(7), make(8))


def test_matrices_of_a_batch_differ():
    A = gallery.spd(np.broadcast_to([1.0, 2.0, 3.0], (2, 3)), rng=0)
    assert not np.allclose(A[0], A[1])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: gallery.haar((2, 3), rng=0), "shape"),
        (lambda: gallery.haar((3,), rng=0), "shape"),
        (lambda: gallery.haar((2, 2), rng=0, dtype=int), "dtype"),
        (lambda: gallery.spd([1, 2], rng=0, dtype=np.float16), "dtype"),
        (lambda: gallery.spd([1, 0], rng=0), "spectrum"),
        (lambda: gallery.spd([1, np.nan], rng=0), "spectrum"),
        (lambda: gallery.spd(2.0, rng=0), "spectrum"),
        (lambda: gallery.psd([1, -1], rng=0), "spectrum"),
        (lambda: gallery.hermitian([1, 1j], rng=0), "spectrum"),
        (lambda: gallery.hermitian(["a"], rng=0), "spectrum"),
        (lambda: gallery.hermitian([np.inf], rng=0), "spectrum"),
        (lambda: gallery.normal([1j, 2], rng=0), "eigenvalues"),
        (lambda: gallery.normal([-1j, 1j], rng=0), "eigenvalues"),
        (lambda: gallery.normal([1 + 1j, 2 - 1j], rng=0), "eigenvalues"),
        (lambda: gallery.normal([np.nan], rng=0), "eigenvalues"),
        (lambda: gallery.nonnormal([1, 2], -1, rng=0), "departure"),
        (lambda: gallery.nonnormal([1, 2], np.nan, rng=0), "departure"),
        (lambda: gallery.nonnormal([1], 1, rng=0), "departure"),
        (lambda: gallery.nonnormal([1j, -1j], 1, rng=0), "departure"),
        (lambda: gallery.diagonalizable([1, 2], 0.5, rng=0), "condition"),
        (lambda: gallery.with_singular_values([1, -2], rng=0), "singular_values"),
        (lambda: gallery.with_singular_values([1, 2, 3], (2, 5), rng=0), "shape"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        call()
