"""Roots by the public functions: identities, principal branch, dtypes, backends."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvent.linalg import gallery, inv_rootm, rootm, sqrtm

DTYPES = ["float32", "float64", "complex64", "complex128"]
ORDERS = [1, 2, 3, 4, 5, 7, -1, -2, -3, -4, -5, -7]


def root(A, p, **options):
    return rootm(A, p, **options) if p > 0 else inv_rootm(A, -p, **options)


def norm(A):
    return np.linalg.norm(A, axis=(-2, -1))


def double(A):
    return np.asarray(A, np.result_type(A, np.float64))


def residual(A, X, p=2):
    """``norm(X^p - A)/norm(A)`` or ``norm(X^p A - I)/norm(I)``, formed in double precision."""
    A, P = double(A), np.linalg.matrix_power(double(X), abs(p))
    identity = np.eye(A.shape[-1])
    return norm(P - A) / norm(A) if p > 0 else norm(P @ A - identity) / norm(identity)


def attainable(A, X, p):
    """``n eps |p|`` times ``norm(X)^p / norm(A)``, ``norm(X)^p norm(A)`` for inverses.

    Rounding X entry by entry changes X^p by that much; Higham (2008), section 6.1.
    """
    growth = norm(double(X)) ** abs(p) * norm(double(A)) ** (-1 if p > 0 else 1)
    return A.shape[-1] * abs(p) * np.finfo(A.dtype).eps * growth


def right_half_plane(n, rng, dtype):
    """A non-normal matrix with eigenvalues in Re z > 0, conjugate pairs among them."""
    pairs = np.repeat(1 + rng.random(n // 2) + 1j * rng.random(n // 2), 2)
    pairs[1::2] = pairs[::2].conj()
    eigenvalues = np.concatenate([pairs, [0.5] * (n % 2)])
    return gallery.nonnormal(eigenvalues, 1.0 if n > 2 else 0.0, rng=rng, dtype=dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("condition", [1e1, 1e3, 1e7, 1e11, 1e15])
@pytest.mark.parametrize("n", [1, 2, 3, 8, 33, 64, 128])
def test_square_of_root_is_the_matrix(n, condition, dtype):
    A = gallery.spd(gallery.logspaced(n, condition), rng=n, dtype=dtype)
    X = sqrtm(A)
    assert X.dtype == A.dtype
    assert residual(A, X) <= 50 * n * np.finfo(dtype).eps  # the promise, at any condition


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(40, 5), (17, 32), (3, 7, 6), (16, 1), (19, 64), (2, 9)])
def test_square_of_root_is_each_matrix_of_a_batch(shape, dtype, rng):
    A = gallery.spd(10.0 ** -rng.uniform(0, 15, shape), rng=rng, dtype=dtype)
    X = sqrtm(A)
    assert X.shape == A.shape
    assert X.dtype == A.dtype
    assert np.all(residual(A, X) <= 50 * shape[-1] * np.finfo(dtype).eps)


def test_square_of_root_is_the_matrix_from_practice():
    for A in (gallery.poisson((6, 5)).toarray(), np.cov(np.arange(24.0).reshape(6, 4) ** 2)):
        assert residual(A, sqrtm(A)) <= 50 * len(A) * np.finfo(float).eps


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 2, 3, 8, 33, 64, 130])
@pytest.mark.parametrize("p", [2, -2])
def test_general_matrices_have_roots_with_positive_real_part(p, n, dtype, rng):
    A = right_half_plane(n, rng, dtype)
    X = root(A, p)
    assert X.dtype == A.dtype
    assert residual(A, X, p) <= 50 * attainable(A, X, p)
    assert np.all(np.linalg.eigvals(X).real > 0)


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("kind", ["spd", "indefinite", "real", "complex", "negative"])
def test_pth_power_of_pth_root_is_the_matrix_on_the_principal_branch(kind, p, rng):
    A = {
        "spd": lambda: gallery.spd([1, 2, 3, 3, 10], rng=rng),
        "indefinite": lambda: gallery.hermitian([1, -2, 3, -3, 10], rng=rng),
        "real": lambda: gallery.nonnormal([1, 2, -3 + 0.5j, -3 - 0.5j, 0.1], 2.0, rng=rng),
        "complex": lambda: gallery.nonnormal([1, 2j, -3 - 1j, 1], 2.0, rng=rng, dtype=complex),
        "negative": lambda: gallery.nonnormal([1, -2, -3, 4], 2.0, rng=rng),
    }[kind]()
    X = root(A, p)
    if kind in ("spd", "real"):
        assert X.dtype == A.dtype
    assert residual(A, X, p) <= 50 * attainable(A, X, p)
    # eigenvalues of a 5 x 5 matrix of condition 100 move by far less than 1e-8
    assert np.max(np.abs(np.angle(np.linalg.eigvals(X)))) <= np.pi / abs(p) + 1e-8


@pytest.mark.parametrize("A", [[[-4.0, 0], [0, 9]], [[-4.0, 1], [0, 9]], [[-4.0 + 0j, 1], [0, 9]]])
def test_negative_eigenvalues_have_roots_on_the_upper_imaginary_axis(A):
    X = sqrtm(np.array(A))
    assert np.iscomplexobj(X)
    np.testing.assert_allclose(np.diag(X), [2j, 3], atol=1e-15)
    assert residual(np.array(A), X) <= 1e-15


def test_one_indefinite_matrix_makes_its_batch_complex():
    X = sqrtm(np.array([[[4.0]], [[-4.0]]]))
    np.testing.assert_allclose(X[:, 0, 0], [2, 2j], rtol=1e-15)


def test_root_is_right_where_an_entry_is_decoupled_and_complex():
    A = np.array([[1, 0, 0], [0, 1, -1j], [0, 1j, 2]])
    X = sqrtm(A)
    # A = B² with the golden ratio's B = [[a, -bi], [bi, a + b]], a² + b² = 1, b (2a + b) = 1
    b = 5**-0.5
    np.testing.assert_allclose(X, [[1, 0, 0], [0, 2 * b, -1j * b], [0, 1j * b, 3 * b]], atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("distance", [10 / 180 * np.pi, 1e-3, 1e-6, 1e-8])
def test_root_of_a_rotation_rotates_by_half_the_angle(distance, dtype):
    angle = np.pi - distance

    def rotation(t):
        return np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])

    A = rotation(angle).astype(dtype)
    if A[1, 0] < np.finfo(dtype).eps:
        pytest.skip("the angle is 180 degrees in this precision")
    X = sqrtm(A)
    assert X.dtype == A.dtype
    assert residual(A, X) <= 50 * np.finfo(dtype).eps


def test_scalars_and_small_and_empty_matrices():
    assert float(sqrtm(9)) == pytest.approx(3, rel=1e-15)
    assert complex(sqrtm(-4.0)) == pytest.approx(2j, rel=1e-15)
    assert float(inv_rootm(16.0, 4)) == pytest.approx(0.5, rel=1e-15)
    assert sqrtm([[9]]) == pytest.approx(3, rel=1e-15)
    assert np.shape(sqrtm(9.0)) == ()
    for shape in [(0, 0), (0, 3, 3), (2, 0, 0)]:
        for p in (2, -2, 3):
            assert root(np.zeros(shape), p).shape == shape


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [2, -2, 3, -4])
@pytest.mark.parametrize("hermitian", [True, False])
def test_every_backend_keeps_kind_and_input(backend, hermitian, p, dtype, rng):
    spectrum = [[1.0, 2.0, 3.0], [0.5, 2.0, 4.0]]
    host = (
        gallery.spd(spectrum, rng=rng, dtype=dtype)
        if hermitian
        else gallery.nonnormal(spectrum, 1.0, rng=rng, dtype=dtype)
    )
    A = backend.asarray(host)
    X = root(A, p)
    backend.assert_same_kind(X, A)
    np.testing.assert_array_equal(backend.to_host(A), host)
    X = backend.to_host(X)
    assert np.all(residual(host, X, p) <= 50 * attainable(host, X, p))


@pytest.mark.parametrize("p", [2, -2, 3])
def test_every_backend_returns_complex_roots_of_negative_eigenvalues(backend, p):
    host = np.array([[[-1.0, 0.0], [0.0, 8.0]], [[-1.0, 2.0], [0.0, 8.0]]], "float32")
    for A in (host, host[:1]):
        X = root(backend.asarray(A), p)
        assert X.dtype == backend.xp.complex64
        X = backend.to_host(X)
        assert np.all(residual(A, X, p) <= 50 * attainable(A, X, p))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_single_and_returned_in_half(name):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    dtype = getattr(torch, name)
    host = gallery.spd([0.5, 1.0, 2.0], rng=0, dtype="float32")
    for A in (torch.asarray(host, dtype=dtype), torch.asarray(9.0, dtype=dtype)):
        X = sqrtm(A, singular=1e-3)
        assert X.dtype == dtype
        assert X.shape == A.shape
        single = sqrtm(A.to(torch.float32), singular=1e-3)
        assert torch.equal(X, single.to(dtype))


def test_float16_of_numpy_is_returned_as_float16():
    assert sqrtm(np.float16([[4.0]])).dtype == np.float16


@pytest.mark.parametrize("layout", ["F", "strided", "transposed", "negative"])
def test_memory_layout_does_not_matter(layout, rng):
    A = gallery.spd(10.0 ** -rng.uniform(0, 3, (20, 6)), rng=rng)
    B = {
        "F": lambda: np.asfortranarray(A),
        "strided": lambda: np.repeat(np.repeat(A, 2, -1), 3, -2)[..., ::3, ::2],
        "transposed": lambda: A.mT,
        "negative": lambda: A[::-1, ::-1, ::-1][::-1, ::-1, ::-1],
    }[layout]()
    np.testing.assert_array_equal(sqrtm(B), sqrtm(A))


@pytest.mark.parametrize("method", ["auto", "coupled-newton", "schur", "eig"])
def test_result_shares_no_memory_with_the_input(method):
    A = np.array([[2.0, 1.0], [1.0, 2.0]])
    assert not np.shares_memory(A, rootm(A, 1, method=method))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=9),
    st.integers(-240, 240),
    st.sampled_from([2, -2, 4]),
)
def test_root_scales_with_the_matrix_and_keeps_its_basis(spectrum, exponent, p):
    """``(4^e Q A Qᴴ)^{1/p} = 4^{e/p} Q A^{1/p} Qᴴ``; scaling by a power of 16 is exact."""
    A = gallery.spd(spectrum, rng=3)
    X, scale = root(A, p, singular=1e-9), 16.0**exponent
    scaled = root(scale * A, p, singular=1e-9 * scale)
    # a relative change of eps in A changes a root by at most eps times the condition, 1e9
    tolerance = 50 * len(A) * np.finfo(float).eps * (1e9 if p < 0 else 1e9**0.75)
    assert norm(scaled / scale ** (1 / p) - X) <= tolerance * norm(X)


@pytest.mark.parametrize("p", [2, 3, 5, -3])
@pytest.mark.parametrize(
    "A",
    [
        np.array([[1.0, 100.0], [0.0, 1.0]]),
        gallery.nonnormal(np.linspace(1.0, 3.0, 30), 30.0, rng=0),
    ],
    ids=["shear", "departure 30"],
)
def test_roots_of_very_non_normal_matrices(A, p):
    X = rootm(A, p) if p > 0 else inv_rootm(A, -p)
    P = np.linalg.matrix_power(X, abs(p))
    residual = P - A if p > 0 else P @ A - np.eye(len(A))
    # rounding in the power is amplified by norm(X)^p (and norm(A) for an inverse)
    growth = np.linalg.norm(X) ** abs(p) * (1 if p > 0 else np.linalg.norm(A))
    assert np.linalg.norm(residual) <= 50 * len(A) * np.finfo(float).eps * growth


def test_first_root_is_the_matrix_and_its_inverse():
    for A in (np.diag([-1.0, 2.0]), np.array([[-1.0, 1.0], [0.0, 2.0]])):
        X = rootm(A, 1)
        assert X is not A
        np.testing.assert_array_equal(X, A)
        np.testing.assert_allclose(inv_rootm(A, 1) @ A, np.eye(2), atol=1e-15)
    np.testing.assert_array_equal(rootm([[0, 1], [0, 0]], 1), [[0, 1], [0, 0]])
