"""The polar decomposition: orthonormal U, Hermitian PSD H, U H = A, by every method."""

import numpy as np
import pytest
from scipy.linalg import polar as scipy_polar

from resolvent.errors import ConvergenceError, ResolventError, SingularMatrixError
from resolvent.linalg import gallery, orthogonalize, polar
from resolvent.linalg.polar_decomposition import Minimax, NewtonSchulz

EPS = np.finfo(float).eps
METHODS = ["auto", "svd", "eigh", "newton", "qdwh", "newton-schulz", "minimax"]
VARIANTS = [*METHODS, NewtonSchulz(degree=3), Minimax(degree=3)]
SHAPES = [(1, 1), (2, 2), (7, 7), (9, 4), (4, 9), (5, 1), (1, 5)]


def check(A, U, H, *, orthonormality, residual):
    """The three properties that make the decomposition; all errors relative to norm(A)."""
    adjoint = U.conj().mT
    gram = adjoint @ U if A.shape[-2] >= A.shape[-1] else U @ adjoint
    assert np.max(np.abs(gram - np.eye(gram.shape[-1])), initial=0) <= orthonormality
    np.testing.assert_array_equal(H, H.conj().mT)
    norm = np.linalg.norm(A, axis=(-2, -1))
    assert np.all(np.linalg.norm(U @ H - A, axis=(-2, -1)) <= residual * norm)
    assert np.all(np.linalg.eigvalsh(H) >= -residual * norm[..., None])


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("method", VARIANTS, ids=str)
def test_polar_decomposes(method, shape, dtype, rng):
    singular_values = np.geomspace(1, 0.1, min(shape)) * [[1.0], [30.0], [1e-3]]
    A = gallery.with_singular_values(singular_values, shape, rng=rng, dtype=dtype)
    for matrices in (A, A[0]):
        U, H = polar(matrices, method=method)
        assert U.dtype == H.dtype == A.dtype
        # backward stable methods: n eps; products alone: times the condition 10
        tolerance = 50 * max(shape) * np.finfo(dtype).eps
        check(matrices, U, H, orthonormality=tolerance, residual=10 * tolerance)


@pytest.mark.parametrize("condition", [1e4, 1e8, 1e12, 1e15])
@pytest.mark.parametrize("method", METHODS)
def test_errors_do_not_grow_with_the_condition(method, condition, rng):
    A = gallery.with_singular_values(gallery.logspaced(16, condition), rng=rng)
    try:
        U, H = polar(A, method=method)
    except (SingularMatrixError, ConvergenceError):
        # "eigh" sees the square of the condition; n eps away from singular only "svd" promises
        assert condition >= (1e8 if method == "eigh" else 1e15)
        assert method not in ("auto", "svd")
        return
    check(A, U, H, orthonormality=50 * 16 * EPS, residual=50 * 16 * EPS)


@pytest.mark.parametrize("n", [129, 200])
def test_large_matrices_agree_with_scipy(n, rng):
    A = gallery.with_singular_values(gallery.logspaced(n, 1e2), rng=rng)
    U, H = polar(A)
    wanted = scipy_polar(A)
    # the polar factor's condition is 1/σmin
    np.testing.assert_allclose(U, wanted[0], rtol=0, atol=50 * n * EPS * 1e2)
    np.testing.assert_allclose(H, wanted[1], rtol=0, atol=50 * n * EPS)


@pytest.mark.parametrize("shape", [(6, 6), (8, 6), (6, 8), (130, 130)])
def test_rank_deficient_matrices_are_for_the_svd(shape, rng):
    A = gallery.with_singular_values([3.0, 1.0, 1.0], shape, rng=rng)
    for method in ("auto", "svd"):
        U, H = polar(A, method=method)
        tolerance = 50 * max(shape) * EPS
        check(A, U, H, orthonormality=tolerance, residual=tolerance)


@pytest.mark.parametrize("method", ["eigh", "newton", "qdwh", "newton-schulz", "minimax"])
@pytest.mark.parametrize("A", [np.zeros((3, 3)), np.ones((3, 2)), np.diag([1.0, 1.0, 0.0])])
def test_iterations_refuse_rank_deficient_matrices_or_are_right(backend, A, method):
    try:
        U, H = polar(backend.asarray(A), method=method)
    except ResolventError:
        return
    # rounding in a QR factorisation may have made the matrix regular
    tolerance = 50 * 3 * EPS
    check(A, backend.to_host(U), backend.to_host(H), orthonormality=tolerance, residual=tolerance)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e300, 1e200, 1e-200, 1e-300])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2)])
def test_unitary_factor_does_not_depend_on_the_scale(shape, scale, method, rng):
    A = gallery.with_singular_values(np.linspace(1, 2, min(shape)), shape, rng=rng)
    U, H = polar(scale * A, method=method)
    there = polar(A, method=method)
    np.testing.assert_allclose(U, there.U, rtol=0, atol=50 * 4 * EPS)
    np.testing.assert_allclose(H / scale, there.H, rtol=0, atol=50 * 4 * EPS)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(4, 3), (3, 4)])
def test_every_backend_keeps_kind_and_input(backend, shape, method, rng):
    host = gallery.with_singular_values([[3.0, 2.0, 1.0], [1.0, 1.0, 0.5]], shape, rng=rng)
    A = backend.asarray(host)
    for result, wanted in zip(polar(A, method=method), polar(host, method=method), strict=True):
        backend.assert_same_kind(result, A)
        np.testing.assert_allclose(backend.to_host(result), wanted, rtol=0, atol=50 * 4 * EPS * 10)
    np.testing.assert_array_equal(backend.to_host(A), host)


@pytest.mark.parametrize("dtype", ["float32", "complex128"])
@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9)])
def test_orthogonalize_is_the_unitary_factor(shape, dtype, rng):
    A = gallery.with_singular_values(np.geomspace(1, 0.1, min(shape)), shape, rng=rng, dtype=dtype)
    U = orthogonalize(A)
    assert U.dtype == A.dtype
    atol = 50 * 9 * np.finfo(dtype).eps * 10
    np.testing.assert_allclose(U, polar(A, method="svd").U, rtol=0, atol=atol)


@pytest.mark.parametrize("method", ["newton-schulz", "minimax"])
@pytest.mark.parametrize("steps", [1, 3, 5])
def test_few_steps_act_on_the_singular_values_alone(steps, method, rng):
    A = gallery.with_singular_values([1.0, 0.5, 0.1], (5, 3), rng=rng)
    got = orthogonalize(A, method=method, steps=steps)
    P, s, Qh = np.linalg.svd(A, full_matrices=False)
    values = np.diag(P.T @ got @ Qh.T)
    np.testing.assert_allclose(P @ np.diag(values) @ Qh, got, rtol=0, atol=50 * 5 * EPS)
    if method == "newton-schulz":
        norms = [np.linalg.norm(A), np.sqrt(np.linalg.norm(A, 1) * np.linalg.norm(A, np.inf))]
        wanted = s / min(norms)
        for _ in range(steps):
            wanted = (15 * wanted - 10 * wanted**3 + 3 * wanted**5) / 8
        np.testing.assert_allclose(values, wanted, rtol=1e-13)
    else:
        # the composition for [1e-3, 1] is within 0.87, 0.12 of one after 3, 5 steps
        assert np.max(np.abs(values - 1)) <= {1: 0.99, 3: 0.88, 5: 0.13}[steps]


def test_orthogonalize_names_what_it_can_not_do():
    for A in (np.zeros((2, 2)), np.ones((3, 2))):
        with pytest.raises(ConvergenceError, match="rank-deficient"):
            orthogonalize(A)
    with pytest.raises(ValueError, match="steps="):
        orthogonalize(np.eye(2), method="qdwh", steps=3)
    for method in ("newton-schulz", "minimax"):
        with pytest.raises(ValueError, match="steps must be"):
            orthogonalize(np.eye(2), method=method, steps=-1)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (0, 2, 2), (2, 3, 0)])
def test_empty_matrices_pass(shape):
    U, H = polar(np.zeros(shape))
    assert U.shape == shape
    assert H.shape == (*shape[:-1][:-1], shape[-1], shape[-1])


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="A has NaN"):
        polar(np.full((2, 2), np.nan))
    with pytest.raises((ValueError, TypeError), match="method must be"):
        polar(np.eye(2), method="cholesky")
    with pytest.raises((ValueError, TypeError), match="method must be"):
        polar(np.eye(2), method=5)
    with pytest.raises(ValueError, match="degree must be"):
        polar(np.eye(2), method=NewtonSchulz(degree=4))
    assert [float(x) for x in polar(-3.0)] == [-1.0, 3.0]
