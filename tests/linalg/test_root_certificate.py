"""The certificate: its bounds are bounds, and a wrong root is never trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvent.linalg import gallery, inv_rootm, root_certificate, rootm, sqrtm

EPS = np.finfo(float).eps
ORDERS = [1, 2, 3, 4, -1, -2, -3]


def pair(spectrum, p, rng, dtype=float):
    """A and its exact root, both from one basis: exact up to n eps."""
    spectrum = np.asarray(spectrum)
    Q = gallery.haar((len(spectrum),) * 2, rng=rng, dtype=dtype)
    return tuple((Q * d) @ Q.conj().T for d in (spectrum, spectrum ** (1 / p)))


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_computed_roots_are_trusted_on_every_backend(backend, dtype, p, rng):
    host = gallery.spd([[1.0, 2.0, 3.0, 100.0], [0.1, 0.1, 0.2, 1.0]], rng=rng, dtype=dtype)
    A = backend.asarray(host)
    X = rootm(A, p) if p > 0 else inv_rootm(A, -p)
    found = root_certificate(A, X, p)
    for field in (found.residual, found.condition, found.error, found.attainable, found.trusted):
        assert tuple(field.shape) == (2,)
    eps = np.finfo(dtype).eps
    assert np.all(backend.to_host(found.trusted))
    assert np.all(backend.to_host(found.error) <= 50 * 4 * eps * 100)
    np.testing.assert_allclose(
        backend.to_host(found.attainable), backend.to_host(found.condition) * eps, rtol=1e-6
    )
    np.testing.assert_array_equal(backend.to_host(A), host)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=6),
    st.sampled_from([2, 3, 4, -1, -2, -3]),
    st.floats(-10, 0.5),
    st.integers(0, 10**6),
)
def test_error_bounds_the_true_error_of_any_hermitian_approximation(spectrum, p, size, seed):
    """Whatever Hermitian matrix is offered as a root, it is no farther away than certified."""
    rng = np.random.default_rng(seed)
    A, S = pair(spectrum, p, rng)
    X = S + 10**size * np.linalg.norm(S, 2) * gallery.hermitian(rng.uniform(-1, 1, len(A)), rng=rng)
    found = root_certificate(0.5 * (A + A.T), 0.5 * (X + X.T), p)
    true = np.linalg.norm(X - S, 2) / np.linalg.norm(X, 2)
    # A and S are rounded themselves: their relative error n eps, amplified by the condition 1e6
    assert true <= found.error * (1 + 1e-9) + 50 * len(A) * EPS * 1e6
    if found.trusted:
        assert true <= 0.1 + 1e-9


@pytest.mark.parametrize("p", [2, 3, -2])
@pytest.mark.parametrize("size", [1e-10, 1e-6, 1e-3, 1e-1])
def test_error_of_a_perturbed_root_is_not_overestimated_much(size, p, rng):
    A, S = pair([1.0, 2.0, 3.0], p, rng)
    E = gallery.hermitian([-1.0, 0.3, 1.0], rng=rng)
    X = S + size * E
    true = size / np.linalg.norm(X, 2)
    # first order: the residual of X^p is at most p κ^{(p-1)/p} times the error
    assert root_certificate(A, X, p).error <= 10 * true


@pytest.mark.parametrize("p", [2, -2, 3])
@pytest.mark.parametrize("hermitian", [True, False])
@pytest.mark.parametrize("size", [1e-12, 1e-7, 1e-3, 0.3])
def test_wrong_roots_are_not_trusted(backend, size, hermitian, p, rng):
    if hermitian:
        A = gallery.spd([1.0, 2.0, 3.0], rng=rng)
        E = gallery.hermitian([1.0, -1.0, 1.0], rng=rng)
    else:
        A = gallery.nonnormal([1.0, 2.0, 3.0], 1.0, rng=rng)
        E = rng.standard_normal((3, 3))
    X = (rootm(A, p) if p > 0 else inv_rootm(A, -p)) + size * E
    found = root_certificate(backend.asarray(A), backend.asarray(X), p)
    assert not bool(found.trusted)
    assert float(found.error) >= 0.1 * size


@pytest.mark.parametrize(
    "signs", [[-1, -1], [1, -1], [-1, 1]], ids=["negative", "second flipped", "first flipped"]
)
@pytest.mark.parametrize("off", [0.0, 2.0])
def test_roots_that_are_not_principal_are_not_trusted(backend, off, signs):
    """Their square is the matrix all the same."""
    a, b = np.array([1.0, 2.0]) * signs
    X = np.array([[a, off / (a + b)], [0.0, b]])
    A = np.array([[1.0, off], [0.0, 4.0]])
    np.testing.assert_allclose(X @ X, A, rtol=1e-15)
    assert not bool(root_certificate(backend.asarray(A), backend.asarray(X)).trusted)


def test_fourth_roots_off_the_principal_sector_are_not_trusted():
    A = np.array([[1.0, 1.0], [0.0, 16.0]], complex)
    assert root_certificate(A, rootm(A, 4), 4).trusted
    assert not root_certificate(A, 1j * rootm(A, 4), 4).trusted


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_root_that_is_not_finite_is_not_trusted(bad):
    X = np.array([[[1.0, bad], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]])
    found = root_certificate(np.broadcast_to(np.eye(2), (2, 2, 2)), X)
    assert found.trusted.tolist() == [False, True]
    assert found.error[0] == np.inf


def test_singular_psd_roots_are_trusted_to_half_the_digits(rng):
    A = gallery.psd([0.0, 0.0, 1.0, 2.0], rng=rng)
    found = root_certificate(A, sqrtm(A))
    assert found.trusted
    assert found.error <= 50 * 4 * EPS**0.5
    shifted = root_certificate(A, sqrtm(A + 1e-6 * np.eye(4)))
    assert not shifted.trusted
    assert shifted.error >= 1e-3 / 2**0.5 * 0.99  # sqrt(0 + 1e-6) where 0 belongs


@pytest.mark.parametrize("spectrum", [[1.0, 2.0, 5.0], [1.0, 1e-6, 1e-12]])
def test_condition_is_that_of_the_derivative(spectrum, rng):
    """In the eigenbasis dX_ij = dA_ij / (s_i + s_j): the largest factor is 1 / (2 s_min)."""
    A, X = pair(spectrum, 2, rng)
    wanted = np.linalg.norm(A) / np.linalg.norm(X) / (2 * min(spectrum) ** 0.5)
    # s_min is known to eps norm(X)
    rtol = 1e-12 + 50 * 3 * EPS / min(spectrum) ** 0.5
    assert root_certificate(A, X).condition == pytest.approx(wanted, rel=rtol)


@pytest.mark.parametrize("p", [2, 3, -2])
def test_general_condition_predicts_the_effect_of_a_perturbation(p, rng):
    A = gallery.nonnormal([0.1, 1.0, 2 + 1j, 2 - 1j], 3.0, rng=rng)

    def root(A):
        return rootm(A, p) if p > 0 else inv_rootm(A, -p)

    X = root(A)
    found = root_certificate(A, X, p)
    worst = 0.0
    for _ in range(200):
        E = rng.standard_normal((4, 4))
        E *= 1e-8 * np.linalg.norm(A) / np.linalg.norm(E)
        worst = max(worst, np.linalg.norm(root(A + E) - X) / np.linalg.norm(X) / 1e-8)
    # random directions in 16 dimensions come within a factor 16 of the worst one
    assert worst * 0.99 <= found.condition <= 16 * worst


@pytest.mark.parametrize("p", [2, -2, 4, -4])
@pytest.mark.parametrize("scale", [1e300, 1e-300])
@pytest.mark.parametrize("off", [0.0, 1.0])
def test_certificate_does_not_depend_on_the_scale(off, scale, p):
    A = np.array([[1.0, off], [0.0, 2.0]])
    X = rootm(A, p) if p > 0 else inv_rootm(A, -p)
    there = root_certificate(scale * A, scale ** (1 / p) * X, p)
    here = root_certificate(A, X, p)
    assert there.trusted
    assert there.condition == pytest.approx(here.condition, rel=1e-6)


def test_an_infinite_condition_earns_no_trust():
    A = np.array([[1.0, 1.0], [0.0, 0.0]])  # A² = A, but the root's derivative does not exist
    assert not root_certificate(A, A).trusted


def test_empty_and_scalar_matrices_are_certified():
    assert root_certificate(np.zeros((0, 0)), np.zeros((0, 0))).trusted
    assert root_certificate(np.zeros((0, 3, 3)), np.zeros((0, 3, 3))).trusted.shape == (0,)
    assert root_certificate(4.0, 2.0).trusted
    assert not root_certificate(4.0, -2.0).trusted
    assert root_certificate(0.0, 0.0).trusted


@pytest.mark.parametrize("p", [0, 2.5, "2", None])
def test_orders_that_are_no_nonzero_integers_are_refused(p):
    with pytest.raises((ValueError, TypeError), match="p must"):
        root_certificate(np.eye(2), np.eye(2), p)


def test_bad_matrices_are_refused_by_name():
    with pytest.raises(ValueError, match="A has NaN"):
        root_certificate(np.full((2, 2), np.nan), np.eye(2))
    with pytest.raises(ValueError, match="X must have the shape of A"):
        root_certificate(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="A must be square"):
        root_certificate(np.ones((2, 3)), np.ones((2, 3)))
