"""Derivatives of roots against 50 digits, by adjointness, and where eigenvalues coincide."""

import mpmath
import numpy as np
import pytest

from resolvent.errors import SingularMatrixError
from resolvent.linalg import (
    gallery,
    inv_sqrtm,
    inv_sqrtm_jvp,
    inv_sqrtm_vjp,
    sqrtm,
    sqrtm_jvp,
    sqrtm_vjp,
)

EPS = np.finfo(float).eps
PAIRS = {"sqrtm": (sqrtm_jvp, sqrtm_vjp), "inv_sqrtm": (inv_sqrtm_jvp, inv_sqrtm_vjp)}
SPECTRA = {
    "distinct": [1.0, 2.0, 5.0],
    "repeated": [2.0, 2.0, 2.0, 1.0],
    "tiny": [1.0, 1e-3, 1e-4, 1e-4],
}


def reference(X, E, name):
    """The derivative by Newton's formula in 50 digits: of ``A^{±1/2}`` at the A that has root X.

    ``d sqrt(A)[E]`` is the upper right block of ``sqrt([[A, E], [0, A]])`` (Mathias, 1996),
    and ``d A^{-1/2}`` that of the inverse.
    """
    with mpmath.workdps(50):
        n = len(X)
        X = mpmath.matrix(X.tolist())
        A = X * X if name == "sqrtm" else (X * X) ** -1
        block = mpmath.zeros(2 * n)
        block[:n, :n] = block[n:, n:] = A
        block[:n, n:] = mpmath.matrix(E.tolist())
        Y, Z = block, mpmath.eye(2 * n)
        for _ in range(60):  # Denman and Beavers; quadratic, from condition 1e8 at most
            Y_inverse, Z_inverse = Y**-1, Z**-1
            Y, Z = (Y + Z_inverse) / 2, (Z + Y_inverse) / 2
        root = (Y if name == "sqrtm" else Z)[:n, n:]
        return np.array([[complex(root[i, j]) for j in range(n)] for i in range(n)])


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("spectrum", SPECTRA)
def test_derivatives_agree_with_fifty_digits(spectrum, dtype, name, rng):
    X = gallery.spd(SPECTRA[spectrum], rng=rng, dtype=dtype)
    E, G = (gallery.haar(X.shape, rng=rng, dtype=dtype) for _ in range(2))  # not symmetric
    jvp, vjp = PAIRS[name]
    for got, wanted in [
        (jvp(X, E), reference(X, E, name)),
        (vjp(X, G), reference(X.conj().T, G, name)),  # X Hermitian: the adjoint is the map itself
    ]:
        assert got.dtype == X.dtype
        assert np.linalg.norm(got - wanted) <= 1e-10 * np.linalg.norm(wanted)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("method", ["auto", "newton"])
def test_derivatives_of_general_roots_agree_with_fifty_digits(method, dtype, name, rng):
    X = gallery.nonnormal([0.5, 1.0, 1 + 2j, 1 - 2j], 1.0, rng=rng, dtype=dtype)
    E = gallery.haar(X.shape, rng=rng, dtype=dtype)
    jvp, vjp = PAIRS[name]
    for got, wanted in [
        (jvp(X, E, method=method), reference(X, E, name)),
        (vjp(X, E, method=method), reference(X.conj().T, E, name)),
    ]:
        assert np.linalg.norm(got - wanted) <= 1e-10 * np.linalg.norm(wanted)


@pytest.mark.parametrize("name", PAIRS)
def test_complex_step_through_the_root_gives_the_jvp(name, rng):
    A = gallery.spd([1.0, 2.0, 2.0, 4.0], rng=rng)
    E = rng.standard_normal((4, 4))
    f = sqrtm if name == "sqrtm" else inv_sqrtm
    # the error of a complex step h is h² times a third derivative, below rounding for h = 1e-12
    step = f(A + 1e-12j * E, assume="general", method="denman-beavers").imag / 1e-12
    np.testing.assert_allclose(PAIRS[name][0](f(A), E), step, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("hermitian", [True, False])
def test_vjp_is_the_adjoint_of_jvp_on_every_backend(backend, hermitian, dtype, name, rng):
    spectrum = [[1.0, 2.0, 3.0], [0.5, 0.5, 1.0]]
    X = (
        gallery.spd(spectrum, rng=rng, dtype=dtype)
        if hermitian
        else gallery.nonnormal(spectrum, 1.0, rng=rng, dtype=dtype)
    )
    E, G = (gallery.haar(X.shape, rng=rng, dtype=dtype) for _ in range(2))
    jvp, vjp = PAIRS[name]
    x, e, g = map(backend.asarray, (X, E, G))
    dX, dA = jvp(x, e), vjp(x, g)
    for result, like in ((dX, x), (dA, x)):
        backend.assert_same_kind(result, like)
    for array, host in ((x, X), (e, E), (g, G)):
        np.testing.assert_array_equal(backend.to_host(array), host)
    left = np.sum((G.conj() * backend.to_host(dX)).real, axis=(-2, -1))
    right = np.sum((backend.to_host(dA).conj() * E).real, axis=(-2, -1))
    # solving amplifies n eps by a condition below 100
    np.testing.assert_allclose(left, right, rtol=0, atol=50 * 3 * 100 * np.finfo(dtype).eps)


@pytest.mark.parametrize("name", PAIRS)
def test_gradient_of_the_trace_at_the_identity_is_half(name):
    """Differentiating an eigendecomposition would give NaN here."""
    gradient = PAIRS[name][1](np.eye(4), np.eye(4))
    np.testing.assert_allclose(gradient, (0.5 if name == "sqrtm" else -0.5) * np.eye(4), rtol=1e-15)


@pytest.mark.parametrize("f", [sqrtm_jvp, sqrtm_vjp])
@pytest.mark.parametrize("X", [np.zeros((2, 2)), np.diag([1.0, 0.0]), [[1.0, 1.0], [0.0, 0.0]]])
def test_root_of_a_singular_matrix_has_no_derivative(f, X):
    with pytest.raises(SingularMatrixError, match="no derivative"):
        f(np.array(X), np.eye(2))


def test_directions_broadcast_against_roots(rng):
    X, E = np.diag([1.0, 2.0]), rng.standard_normal((5, 2, 2))
    sums = np.array([[2.0, 3.0], [3.0, 4.0]])
    np.testing.assert_allclose(sqrtm_jvp(X, E), E / sums, rtol=1e-14)
    np.testing.assert_allclose(sqrtm_vjp(np.stack([X] * 5), E[0]), [E[0] / sums] * 5, rtol=1e-14)


@pytest.mark.parametrize("f", [sqrtm_jvp, inv_sqrtm_jvp, sqrtm_vjp, inv_sqrtm_vjp])
def test_bad_arguments_are_refused_by_name(f):
    direction = "E" if "jvp" in f.__name__ else "G"
    with pytest.raises(ValueError, match=f"{direction} must have the order of X"):
        f(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match=f"{direction} has NaN"):
        f(np.eye(2), np.full((2, 2), np.nan))
    with pytest.raises(ValueError, match="X must be square"):
        f(np.ones((2, 3)), np.ones((2, 3)))
    assert f(np.zeros((0, 0)), np.zeros((0, 0))).shape == (0, 0)
    assert np.shape(f(2.0, 1.0)) == ()
