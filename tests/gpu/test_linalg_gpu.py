"""The kernels on a GPU: same numbers as on the host, results that stay on the device."""

import numpy as np
import pytest

from resolvent.errors import NotPositiveDefiniteError, SingularMatrixError
from resolvent.linalg import (
    gallery,
    inv_rootm,
    inv_sqrtm,
    orthogonalize,
    polar,
    root_certificate,
    solve_lyapunov,
    sqrtm,
    sqrtm_vjp,
)

METHODS = ("auto", "eigh", "cholesky-polar", "minimax", "newton-schulz", "denman-beavers")


@pytest.fixture
def spd(rng):
    return gallery.spd(np.broadcast_to(gallery.logspaced(24, 1e3), (5, 24)), rng=rng)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("root", [sqrtm, inv_sqrtm])
def test_roots_agree_with_the_host(cp, spd, root, method):
    A = cp.asarray(spd)
    X = root(A, method=method)
    assert isinstance(X, cp.ndarray)
    # condition 1e3: an inverse root loses that much, times a few n eps
    expected = root(spd)
    error = np.linalg.norm(X.get() - expected) / np.linalg.norm(expected)
    assert error <= 50 * 24 * np.finfo(float).eps * 1e3


def test_roots_keep_the_precision(cp, spd):
    assert sqrtm(cp.asarray(spd, dtype=cp.float32)).dtype == cp.float32
    assert sqrtm(cp.asarray(spd, dtype=cp.float16)).dtype == cp.float16


def test_fourth_root_of_a_large_batch(cp, rng):
    host = gallery.spd(np.broadcast_to(gallery.logspaced(8, 1e2), (3000, 8)), rng=rng)
    A = cp.asarray(host)
    X = inv_rootm(A, 4)
    P = X @ X @ X @ X @ A
    # residual of an inverse root: a few n eps times the condition
    assert float(cp.abs(P - cp.eye(8)).max()) <= 50 * 8 * np.finfo(float).eps * 1e2


def test_certificates_live_on_the_device(cp, spd):
    A = cp.asarray(spd)
    certificate = root_certificate(A, sqrtm(A))
    assert isinstance(certificate.error, cp.ndarray)
    assert bool(cp.all(certificate.trusted))
    assert not bool(cp.any(root_certificate(A, 1.1 * sqrtm(A)).trusted))


def test_non_hermitian_root_squares_to_the_matrix(cp, rng):
    A = cp.asarray(rng.standard_normal((40, 40)) / 40**0.5 + 2 * np.eye(40))
    X = sqrtm(A)
    assert float(cp.linalg.norm(X @ X - A) / cp.linalg.norm(A)) <= 50 * 40 * np.finfo(float).eps


def test_singular_and_indefinite_matrices_are_named(cp):
    # CuPy's factorisations return NaN where NumPy's raise
    with pytest.raises(SingularMatrixError):
        inv_sqrtm(cp.diag(cp.asarray([1.0, 0.0])))
    with pytest.raises(NotPositiveDefiniteError):
        sqrtm(cp.diag(cp.asarray([1.0, -1.0])), method="cholesky-polar")
    with pytest.raises(SingularMatrixError):
        polar(cp.diag(cp.asarray([1.0, 0.0])), method="qdwh")


@pytest.mark.parametrize("method", ["auto", "newton", "qdwh", "newton-schulz", "minimax"])
def test_polar_factor_is_orthonormal(cp, rng, method):
    A = cp.asarray(rng.standard_normal((50, 30)))
    U, H = polar(A, method=method)
    assert float(cp.linalg.norm(U.T @ U - cp.eye(30))) <= 50 * 30 * np.finfo(float).eps
    assert float(cp.linalg.norm(U @ H - A) / cp.linalg.norm(A)) <= 50 * 30 * np.finfo(float).eps


def test_orthogonalize_half_precision(cp, rng):
    U = orthogonalize(cp.asarray(rng.standard_normal((64, 32)), dtype=cp.float16))
    assert U.dtype == cp.float16
    # float16 keeps 11 bits: sqrt(32) columns of them
    assert float(cp.abs(U.astype(cp.float32).T @ U.astype(cp.float32) - cp.eye(32)).max()) < 0.02


def test_gradient_agrees_with_the_host(cp, spd, rng):
    G = rng.standard_normal(spd.shape)
    X = sqrtm(spd)
    expected = sqrtm_vjp(X, G)
    got = sqrtm_vjp(cp.asarray(X), cp.asarray(G))
    # the root is exact to a few n eps, and 1/(s_i + s_j) magnifies that by the condition of X
    atol = 50 * 24 * np.finfo(float).eps * 1e3**0.5 * np.abs(expected).max()
    assert np.allclose(got.get(), expected, rtol=0, atol=atol)
    Y = solve_lyapunov(cp.asarray(X), cp.asarray(G), method="minimax")
    assert np.allclose(Y.get(), solve_lyapunov(X, G), rtol=0, atol=atol)
