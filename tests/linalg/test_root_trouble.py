"""What can go wrong with a root: the right answer, or an error with a name; never garbage."""

import array_api_strict
import numpy as np
import pytest

from resolvent.errors import (
    NoRootError,
    NotPositiveDefiniteError,
    ResolventError,
    SingularMatrixError,
    UntrustedResultError,
)
from resolvent.linalg import (
    gallery,
    inv_rootm,
    inv_sqrtm,
    inv_sqrtm_vjp,
    polar,
    root_certificate,
    rootm,
    roots,
    sqrtm,
    sqrtm_vjp,
)
from resolvent.linalg.roots.check import refuse_untrusted

EPS = np.finfo(float).eps
POSITIVE = ["cholesky-polar", "coupled-newton", "minimax", "newton-schulz"]
GENERAL = ["denman-beavers", "eig", "general", "schur"]


def relative_residual(A, X):
    return np.linalg.norm(X @ X - A) / np.linalg.norm(A)


# No root


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_nilpotent_jordan_block_has_no_root(backend, n, p):
    with pytest.raises(NoRootError):
        rootm(backend.asarray(np.eye(n, k=1)), p)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("n", [2, 3, 6, 20])
def test_rotated_jordan_block_of_zero_never_gets_a_root(n, dtype):
    # Rounding splits it into eigenvalues of size sqrt(eps), and such a neighbour has a root.
    D = np.diag(np.r_[0.0, 0.0, np.linspace(0.5, 1, n - 2)])
    D[0, 1] = 1
    for seed in range(20):
        Q = gallery.haar((n, n), rng=seed, dtype=dtype)
        with pytest.raises((NoRootError, UntrustedResultError)):
            sqrtm(Q @ D.astype(dtype) @ Q.conj().T)


@pytest.mark.parametrize("tiny", [1e-6, 1e-9, 1e-12])
def test_two_tiny_eigenvalues_are_no_jordan_block(tiny, rng):
    A = gallery.nonnormal([tiny, 2 * tiny, 0.5, 0.7, 1.0], min(tiny, 1e-9), rng=rng)
    limit = 50 * 5 * EPS * np.linalg.norm(sqrtm(A)) ** 2 / np.linalg.norm(A)
    assert relative_residual(A, sqrtm(A)) <= limit


@pytest.mark.parametrize("n", [64, 130])
def test_root_larger_than_the_precision_allows_is_refused(backend, n):
    A = np.triu(np.ones((n, n)), 1) + 0.1 * np.eye(n)
    with pytest.raises(UntrustedResultError):
        sqrtm(backend.asarray(A))


@pytest.mark.parametrize("departure", [1e2, 1e4, 1e6])
@pytest.mark.parametrize("f", [sqrtm, inv_sqrtm])
def test_ill_conditioned_non_normal_matrix_gets_a_root_or_an_error(f, departure, rng):
    A = gallery.nonnormal([0.01, 0.1, 1, 2, 3, 4], departure, rng=rng)
    try:
        X = f(A)
    except (UntrustedResultError, SingularMatrixError):
        return
    if f is sqrtm:
        assert relative_residual(A, X) <= 50 * 6 * EPS * np.linalg.norm(X) ** 2 / np.linalg.norm(A)
    else:
        limit = 50 * 6 * EPS * np.linalg.norm(X) ** 2 * np.linalg.norm(A)
        assert np.linalg.norm(X @ X @ A - np.eye(6)) <= limit


# Singular


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("rank", [0, 1, 3])
@pytest.mark.parametrize("batch", [(), (20,)])
def test_rank_deficient_psd_matrix_has_a_root(batch, rank, dtype, rng):
    spectrum = np.broadcast_to([1.0] * rank + [0.0] * (6 - rank), (*batch, 6))
    A = gallery.psd(spectrum, rng=rng, dtype=dtype)
    X = sqrtm(A)
    assert X.dtype == A.dtype
    atol = 50 * 6 * np.finfo(dtype).eps
    np.testing.assert_allclose(X @ X, A, rtol=0, atol=atol)
    np.testing.assert_allclose(rootm(A, 4) @ rootm(A, 4), X, rtol=0, atol=atol**0.5)


@pytest.mark.parametrize("p", [2, 3])
def test_semisimple_zero_eigenvalue_of_a_general_matrix_has_a_root(backend, p):
    A = np.array([[1.0, 0.0, 0.0, 1.0]] + [[0.0] * 4] * 3)  # a projection is its own root
    X = backend.to_host(rootm(backend.asarray(A), p))
    np.testing.assert_allclose(X, A, rtol=0, atol=1e-15)


@pytest.mark.parametrize("A", [np.zeros((2, 2)), np.diag([4.0, 0.0]), [[1.0, 1.0], [0.0, 0.0]]])
@pytest.mark.parametrize("p", [1, 2, 3])
def test_inverse_root_of_a_singular_matrix_raises(backend, p, A):
    with pytest.raises(SingularMatrixError):
        inv_rootm(backend.asarray(A), p)


@pytest.mark.parametrize("method", ["eigh", *POSITIVE, *GENERAL])
def test_no_method_returns_an_inverse_root_of_a_singular_matrix(method):
    with pytest.raises((SingularMatrixError, NotPositiveDefiniteError)):
        inv_sqrtm(np.diag([4.0, 1.0, 0.0]), method=method)


@pytest.mark.parametrize("method", ["eigh", "coupled-newton", "minimax", "newton-schulz", "schur"])
def test_root_of_zero_is_zero(method):
    assert not np.any(sqrtm(np.zeros((3, 3)), method=method))


def test_pinv_gives_the_root_of_the_pseudo_inverse(backend, rng):
    host = gallery.psd([0, 0, 1, 4, 9], rng=rng)
    X = backend.to_host(inv_sqrtm(backend.asarray(host), singular="pinv"))
    np.testing.assert_allclose(X @ X, np.linalg.pinv(host), rtol=0, atol=50 * 5 * EPS * 9)
    np.testing.assert_allclose(inv_rootm(host, 1, singular="pinv"), X @ X, atol=50 * 5 * EPS * 9)
    np.testing.assert_array_equal(sqrtm(host, singular="pinv"), sqrtm(host))
    by_object = inv_sqrtm(host, method=roots.Eigh(pseudo_inverse=True))
    np.testing.assert_allclose(by_object, X, rtol=0, atol=50 * 5 * EPS)


@pytest.mark.parametrize("A", [[[1.0, 1.0], [0.0, 0.0]], np.eye(2)])
def test_pinv_is_refused_where_it_has_no_meaning(A):
    options = {"method": "schur"} if np.array_equal(A, np.eye(2)) else {}
    with pytest.raises(ValueError, match="pinv"):
        inv_sqrtm(A, singular="pinv", **options)


@pytest.mark.parametrize("ridge", [0.25, 1, np.float64(0.25), np.float32(0.25)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_ridge_is_added_and_keeps_the_dtype(backend, dtype, ridge):
    A = backend.asarray(np.zeros((2, 2), dtype))
    for f, wanted in ((sqrtm, float(ridge) ** 0.5), (inv_sqrtm, float(ridge) ** -0.5)):
        X = f(A, singular=ridge)
        backend.assert_same_kind(X, A)
        np.testing.assert_allclose(backend.to_host(X), wanted * np.eye(2), rtol=1e-6)


# Declared structure


def test_spd_refuses_negative_eigenvalues():
    with pytest.raises(NotPositiveDefiniteError, match="smallest eigenvalue"):
        sqrtm(np.diag([1.0, -1.0]), assume="spd")
    assert sqrtm(np.diag([1.0, -EPS / 4]), assume="spd")[1, 1] == 0  # rounding is not negative


@pytest.mark.parametrize("assume", ["spd", "hermitian"])
def test_declared_symmetry_is_checked(assume):
    with pytest.raises(ValueError, match="Hermitian"):
        sqrtm(np.array([[1.0, 2.0], [0.0, 1.0]]), assume=assume)


@pytest.mark.parametrize("assume", ["spd", "hermitian", "general", None])
def test_declaration_does_not_change_the_root(assume):
    A = np.array([[5.0, 4.0], [4.0, 5.0]])
    np.testing.assert_allclose(sqrtm(A, assume=assume), [[2, 1], [1, 2]], rtol=1e-14)


@pytest.mark.parametrize("method", POSITIVE)
@pytest.mark.parametrize("assume", [None, "spd"])
@pytest.mark.parametrize("negative", [-0.1, -0.5, -1.0])
def test_positive_methods_refuse_indefinite_matrices(negative, assume, method):
    with pytest.raises((NotPositiveDefiniteError, UntrustedResultError)):
        sqrtm(np.diag([1.0, 1.0, negative]), method=method, assume=assume)


@pytest.mark.parametrize("p", [4, -4])
@pytest.mark.parametrize("condition", [1e4, 1e6, 1e8])
def test_coupled_newton_in_single_precision_never_returns_a_wrong_root(condition, p):
    A = gallery.spd(gallery.logspaced(32, condition), rng=3, dtype="float32")
    w, V = np.linalg.eigh(A.astype(float))
    try:
        X = (rootm if p > 0 else inv_rootm)(A, abs(p), method="coupled-newton")
    except ResolventError:
        return
    wanted = (V * w ** (1 / p)) @ V.T
    assert np.linalg.norm(X - wanted) <= 0.01 * np.linalg.norm(wanted)


# Scales


@pytest.mark.parametrize("method", ["auto", "newton-schulz", "cholesky-polar", "coupled-newton"])
def test_a_batch_may_mix_huge_tiny_and_zero_matrices(method):
    scales = np.array([1e300, 1.0, 1e-300, 3e-310])[:, None, None]
    A = scales * np.array([[5.0, 4.0], [4.0, 5.0]])
    wanted = np.sqrt(scales) * np.array([[2.0, 1.0], [1.0, 2.0]])
    # 3e-310 is subnormal: it has 44 bits
    np.testing.assert_allclose(sqrtm(A, method=method), wanted, rtol=1e-13)
    inverse = np.array([[2, -1], [-1, 2]]) / 3 / np.sqrt(scales)
    np.testing.assert_allclose(inv_sqrtm(A, method=method), inverse, rtol=1e-13)
    if method == "auto":
        assert not np.any(sqrtm(np.concatenate([A, 0 * A]))[4:])


@pytest.mark.parametrize("scale", [1e300, 1e-300])
@pytest.mark.parametrize("p", [2, -2, 3, -7])
def test_general_matrices_may_be_huge_or_tiny(backend, p, scale):
    A = np.array([[1.0, 2.0], [0.0, 4.0]])
    f = rootm if p > 0 else inv_rootm
    X = backend.to_host(f(backend.asarray(scale * A), abs(p)))
    np.testing.assert_allclose(X / scale ** (1 / p), f(A, abs(p)), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("scale", [1e38, 1e-38, 1e-44])
def test_single_precision_may_be_huge_or_tiny(scale):
    A = np.full((20, 1, 1), scale, "float32")
    np.testing.assert_allclose(sqrtm(A), np.sqrt(A), rtol=1e-6)
    np.testing.assert_allclose(inv_sqrtm(A), 1 / np.sqrt(A), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("exponent", [0.4, 0.45, 0.49, 0.5, 0.505, 0.51, 0.52, 0.55])
def test_tiny_couplings_do_not_disturb_a_batch(exponent, dtype):
    """Squares of the couplings underflow; a Householder vector of them must stay normalised."""
    tiny = float(np.finfo(dtype).smallest_normal) ** exponent
    A = np.diag([1.0, 2.0, 3.0, 4.0, 5.0]).astype(dtype)
    A[0, 1:] = A[1:, 0] = tiny * np.array([0.3, -1.0, 0.7, 0.2])
    X = sqrtm(np.broadcast_to(A, (20, 5, 5)))
    assert np.max(np.abs(X @ X - A)) <= 50 * 5 * np.finfo(dtype).eps * 5


# The check itself


def test_check_sees_every_direction_of_a_small_matrix():
    A, S = np.diag([1.0, 4.0, 9.0]), np.diag([1.0, 2.0, 3.0])
    for x in np.stack(np.meshgrid([-1.0, 1], [-1.0, 1], [-1.0, 1]), -1).reshape(-1, 3):
        w = np.cross(x, S @ x)  # (S + u wᴴ)² x = A x for every u
        with pytest.raises(UntrustedResultError):
            refuse_untrusted(np, A, S + 0.3 * np.outer([1.0, 1.0, 1.0], w), 2)


def test_check_accepts_a_root_whose_matrix_annihilates_the_probes():
    """The residual is relative to norm(A), not to the products with a few vectors."""
    for n in (3, 4, 12):
        vectors = np.random.default_rng(0).integers(0, 2, (n, min(n, 4))) * 2.0 - 1.0
        u = np.linalg.svd(vectors.T)[2][-1]
        A = np.outer(u, u)
        refuse_untrusted(np, A, A, 2)


# Bad arguments


@pytest.mark.parametrize("f", [sqrtm, inv_sqrtm, lambda A: rootm(A, 3), lambda A: inv_rootm(A, 3)])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, complex(0, np.nan)])
def test_non_finite_entries_are_refused(f, bad):
    A = np.eye(3, dtype=np.result_type(bad, float)) * np.ones((2, 1, 1))
    A[1, 2, 0] = bad
    with pytest.raises(ValueError, match="A has NaN or infinite entries"):
        f(A)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (4, 2, 3), (0, 3)])
def test_matrices_that_are_not_square_are_refused(backend, shape):
    with pytest.raises(ValueError, match=r"A must be .*got shape"):
        sqrtm(backend.asarray(np.ones(shape)))


@pytest.mark.parametrize("p", [0, -1, 2.5, "2", None, True, float("nan"), float("inf")])
@pytest.mark.parametrize("f", [rootm, inv_rootm])
def test_orders_that_are_not_positive_integers_are_refused(f, p):
    with pytest.raises((ValueError, TypeError), match="p must be"):
        f(np.eye(2), p)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"method": "jordan"}, "method"),
        ({"method": None}, "method"),
        ({"method": 5}, "method"),
        ({"method": roots.Pade}, "method"),
        ({"assume": "symmetric"}, "assume"),
        ({"singular": "ignore"}, "singular"),
        ({"singular": None}, "singular"),
        ({"singular": 0.0}, "ridge"),
        ({"singular": -1.0}, "ridge"),
        ({"singular": float("nan")}, "ridge"),
        ({"singular": float("inf")}, "ridge"),
        ({"singular": np.array([0.1, 0.2])}, "singular|ridge"),
    ],
)
def test_options_out_of_range_are_refused_by_name(options, name):
    with pytest.raises((ValueError, TypeError), match=name):
        sqrtm(np.eye(2), **options)


def test_what_is_no_array_of_numbers_is_refused():
    with pytest.raises(TypeError, match="A must be numeric"):
        sqrtm([["a", "b"], ["c", "d"]])
    with pytest.raises(TypeError, match="one library"):
        roots.root_certificate(np.eye(2), array_api_strict.asarray(np.eye(2)))


def test_an_ill_conditioned_neighbour_does_not_loosen_the_check():
    # an inverse root wrong by 5e-4, in a batch with a matrix of condition 1e12
    wrong = 1.0005 * np.diag([1.0, 0.5])
    A = np.stack([np.diag([1.0, 4.0]), np.diag([1.0, 1e-12])])
    with pytest.raises(UntrustedResultError):
        refuse_untrusted(np, A, np.stack([wrong, np.diag([1.0, 1e6])]), -2)


# NumPy's own warning comes before our error
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_results_that_overflow_are_refused():
    with pytest.raises(UntrustedResultError, match="range"):
        inv_sqrtm_vjp(np.diag([1e200, 1e200]), np.eye(2))
    with pytest.raises(UntrustedResultError, match="range"):
        sqrtm_vjp([[1e-200]], [[1e200]])
    assert np.all(np.isfinite(polar(np.diag([1e308, 1e308])).H))


def test_inputs_that_are_no_dense_arrays_are_refused_by_name():
    with pytest.raises(TypeError, match="masked"):
        sqrtm(np.ma.masked_array(np.eye(2), mask=np.eye(2) > 0))
    with pytest.raises(TypeError, match="sparse"):
        sqrtm(gallery.poisson((3,)))


def test_method_objects_obey_assume_and_singular():
    with pytest.raises(NotPositiveDefiniteError):
        sqrtm(np.diag([4.0, -1.0]), method=roots.Eigh(), assume="spd")
    X = inv_sqrtm(np.diag([4.0, 0.0]), method=roots.Eigh(), singular="pinv")
    np.testing.assert_allclose(X, np.diag([0.5, 0.0]), atol=1e-15)


def test_half_precision_roots_are_trusted_as_such():
    A = np.array([[5.0, 4.0], [4.0, 5.0]], dtype=np.float16)
    assert root_certificate(A, sqrtm(A)).trusted
