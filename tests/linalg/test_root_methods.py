"""Each method of the matrix roots against its own theory."""

import math

import numpy as np
import pytest

from resolvent.linalg import gallery, inv_rootm, inv_sqrtm, rootm, roots, sqrtm
from resolvent.linalg.roots.taylor import polynomial

EPS = np.finfo(float).eps
ITERATIVE = [
    roots.CholeskyPolar(),
    roots.CholeskyPolar(polar="newton"),
    roots.CoupledNewton(order=2),
    roots.CoupledNewton(order=4),
    roots.DenmanBeavers(),
    roots.Eig(),
    roots.Eigh(),
    roots.Minimax(),
    roots.Minimax(degree=3),
    roots.NewtonSchulz(),
    roots.NewtonSchulz(normaliser="trace"),
    roots.Schur(),
]
TRUNCATED = [roots.Pade(), roots.Taylor(), roots.NewtonSchulz(steps=5), roots.Minimax(steps=3)]


def root(A, p, method):
    return rootm(A, p, method=method) if p > 0 else inv_rootm(A, -p, method=method)


def exact(A, p):
    """The root of a Hermitian positive definite matrix, in double precision."""
    w, V = np.linalg.eigh(np.asarray(A, np.result_type(A, np.float64)))
    return (V * w[..., None, :] ** (1 / p)) @ V.conj().mT


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("p", [2, -2])
@pytest.mark.parametrize("method", ITERATIVE, ids=repr)
def test_method_agrees_with_the_eigendecomposition(method, p, dtype, rng):
    A = gallery.spd(gallery.logspaced(12, 1e2) * np.ones((3, 1)), rng=rng, dtype=dtype)
    X = root(A, p, method)
    assert X.dtype == A.dtype
    # a relative error of n eps in A is amplified by at most the condition 1e2, in each method
    np.testing.assert_allclose(X, exact(A, p), rtol=0, atol=50 * 12 * 1e2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("method", [*ITERATIVE, *TRUNCATED], ids=repr)
def test_method_runs_on_every_backend_and_leaves_its_input(backend, method, rng):
    host = gallery.spd([[1.0, 2.0, 3.0], [2.0, 2.0, 4.0]], rng=rng, dtype="float32")
    A = backend.asarray(host)
    if method.name == "schur" and not isinstance(A, np.ndarray):
        with pytest.raises(TypeError, match="NumPy"):
            sqrtm(A, method=method)
        return
    for p in (2, -2):
        X = root(A, p, method)
        backend.assert_same_kind(X, A)
        np.testing.assert_allclose(backend.to_host(X), root(host, p, method), rtol=0, atol=1e-5)
    np.testing.assert_array_equal(backend.to_host(A), host)


@pytest.mark.parametrize("polar", ["qdwh", "newton"])
@pytest.mark.parametrize("condition", [1e1, 1e4, 1e8, 1e12])
def test_cholesky_polar_is_backward_stable(condition, polar, rng):
    A = gallery.spd(gallery.logspaced(32, condition), rng=rng)
    X = sqrtm(A, method=roots.CholeskyPolar(polar=polar))
    assert np.linalg.norm(X @ X - A) <= 50 * 32 * EPS * np.linalg.norm(A)


@pytest.mark.parametrize("method", ["newton-schulz", "minimax", "denman-beavers"])
@pytest.mark.parametrize("condition", [1e2, 1e6, 1e10])
def test_residual_of_coupled_iterations_grows_at_most_with_the_condition(condition, method, rng):
    A = gallery.spd(gallery.logspaced(32, condition), rng=rng)
    X = sqrtm(A, method=method)
    assert np.linalg.norm(X @ X - A) <= 50 * EPS * condition * np.linalg.norm(A)


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5, 7, -1, -2, -3, -4, -5, -7])
@pytest.mark.parametrize("method", ["eigh", "coupled-newton", "schur", "eig"])
def test_method_takes_any_order_of_root(method, p, rng):
    A = gallery.spd([1.0, 2.0, 3.0, 3.0, 10.0], rng=rng)
    np.testing.assert_allclose(root(A, p, method), exact(A, p), rtol=0, atol=50 * 5 * 10 * EPS * 10)


@pytest.mark.parametrize("method", ["pade", "newton-schulz", "minimax", "denman-beavers"])
def test_square_root_methods_refuse_other_orders(method):
    with pytest.raises(ValueError, match="square roots only"):
        rootm(np.eye(2), 3, method=method)


@pytest.mark.parametrize("method", [m for m in ITERATIVE + TRUNCATED if m.positive], ids=repr)
def test_methods_for_positive_definite_matrices_refuse_others(method):
    with pytest.raises(ValueError, match="needs a Hermitian"):
        sqrtm(np.array([[1.0, 2.0], [0.0, 1.0]]), method=method)


@pytest.mark.parametrize("method", ["denman-beavers", "schur", "eig", "general"])
@pytest.mark.parametrize("p", [2, -2])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_methods_for_general_matrices_agree(method, p, dtype, rng):
    eigenvalues = [0.1, 1 + 2j, 1 - 2j, -1 + 1j, -1 - 1j, 5]
    A = gallery.diagonalizable(eigenvalues, 10.0, rng=rng, dtype=dtype)
    X = root(A, p, method)
    w, V = np.linalg.eig(A)
    wanted = V @ np.diag(w ** (1 / p)) @ np.linalg.inv(V)
    # condition of the matrix about 50, of the eigenvectors 10 on both sides
    np.testing.assert_allclose(X, wanted, rtol=0, atol=50 * 6 * EPS * 50 * 100)


# Padé

SPECTRUM = np.array([0.05, 0.2, 0.3, 1.0, 2.5])
NORMALISERS = {
    "frobenius": np.linalg.norm(SPECTRUM),
    "trace": SPECTRUM.mean(),
    "geometric": np.sqrt(SPECTRUM[0] * SPECTRUM[-1]),
}


@pytest.mark.parametrize("form", ["rational", "partial-fractions"])
@pytest.mark.parametrize("normaliser", NORMALISERS)
@pytest.mark.parametrize("order", [1, 2, 5, 8, 20])
@pytest.mark.parametrize("p", [2, -2])
def test_relative_error_of_pade_is_the_closed_form(p, order, normaliser, form):
    method = roots.Pade(order=order, normaliser=normaliser, form=form)
    got = np.diag(root(np.diag(SPECTRUM), p, method)) / SPECTRUM ** (1 / p)
    s, N = np.sqrt(SPECTRUM / NORMALISERS[normaliser]), 2 * order + 1
    q = ((1 - s) / (1 + s)) ** N
    wanted = (1 + 2 * q / (1 - q)) ** np.sign(p)
    # partial fractions cancel N against a sum of equal size where the root is s: N eps / s
    np.testing.assert_allclose(got, wanted, rtol=50 * N * EPS / s.min())


@pytest.mark.parametrize("order", [1, 5, 9])
@pytest.mark.parametrize("p", [2, -2])
def test_rational_pade_equals_its_partial_fractions(p, order, rng):
    A = gallery.spd(SPECTRUM, rng=rng)
    rational, fractions = (
        root(A, p, roots.Pade(order=order, form=form)) for form in ("rational", "partial-fractions")
    )
    # the rational form solves with P or Q of condition below 4^order
    norm = np.linalg.norm(rational)
    assert np.linalg.norm(rational - fractions) <= 50 * 5 * EPS * 4**order * norm


@pytest.mark.parametrize("order", [1, 3, 5])
def test_geometric_pade_of_the_inverse_is_the_inverse_of_pade(order, rng):
    A = gallery.spd([0.1, 0.5, 2.0, 10.0], rng=rng)
    method = roots.Pade(order=order, normaliser="geometric")
    product = sqrtm(A, method=method) @ sqrtm(np.linalg.inv(A), method=method)
    np.testing.assert_allclose(product, np.eye(4), atol=50 * 4 * EPS * 100)


def test_pade_of_order_five_is_the_published_quotient():
    x = 0.3
    z = 1 - x
    P = np.polyval([1, -2.75, 2.75, -1.203125, 0.21484375, -0.0107421875][::-1], z)
    Q = np.polyval([1, -2.25, 1.75, -0.546875, 0.05859375, -0.0009765625][::-1], z)
    spectrum = np.array([x, math.sqrt(1 - x * x)])  # Frobenius norm 1
    got = sqrtm(np.diag(spectrum), method="pade")[0, 0]
    assert got == pytest.approx(P / Q, rel=1e-14)


# Taylor


@pytest.mark.parametrize("p", [1, 2, 3, 5, -1, -2, -4])
@pytest.mark.parametrize("degree", [1, 2, 3, 4, 7, 10, 12])
def test_taylor_is_the_binomial_series(degree, p, rng):
    A = gallery.spd([0.5, 1.0, 1.5], rng=rng)
    c = np.linalg.norm(A)
    Z = np.eye(3) - A / c
    coefficients = [math.prod((i - 1 / p) / (i + 1) for i in range(k)) for k in range(degree + 1)]
    wanted = sum(a * np.linalg.matrix_power(Z, k) for k, a in enumerate(coefficients))
    got = root(A, p, roots.Taylor(degree=degree))
    np.testing.assert_allclose(got, c ** (1 / p) * wanted, rtol=0, atol=1e3 * EPS)


class Counted(np.ndarray):
    """An array that counts the products it takes part in."""

    products = 0

    def __matmul__(self, other):
        Counted.products += 1
        return super().__matmul__(other)


@pytest.mark.parametrize(
    ("degree", "products"), [(1, 0), (2, 1), (4, 2), (6, 3), (9, 4), (10, 5), (12, 5), (16, 6)]
)
def test_paterson_stockmeyer_takes_as_few_products(degree, products):
    Counted.products = 0
    Z = np.diag([0.5, -2.0]).view(Counted)
    got = polynomial(np, [1.0] * (degree + 1), Z)
    geometric = [(1 - z ** (degree + 1)) / (1 - z) for z in (0.5, -2.0)]
    np.testing.assert_allclose(np.diag(got), geometric, rtol=1e-13)
    assert Counted.products == products


# Newton-Schulz


@pytest.mark.parametrize("steps", [1, 2, 5, 8])
@pytest.mark.parametrize("normaliser", ["frobenius", "trace"])
def test_newton_schulz_takes_the_published_steps(normaliser, steps, rng):
    A = gallery.spd([0.5, 1.0, 1.5, 4.0], rng=rng)
    c = np.linalg.norm(A) if normaliser == "frobenius" else np.trace(A)
    Y, Z = A / c, np.eye(4)
    for _ in range(steps):
        T = (3 * np.eye(4) - Z @ Y) / 2
        Y, Z = Y @ T, T @ Z
    method = roots.NewtonSchulz(steps=steps, normaliser=normaliser)
    np.testing.assert_allclose(sqrtm(A, method=method), np.sqrt(c) * Y, rtol=0, atol=1e2 * EPS)
    np.testing.assert_allclose(inv_sqrtm(A, method=method), Z / np.sqrt(c), rtol=0, atol=1e2 * EPS)


def test_minimax_needs_about_half_the_steps_of_newton_schulz(rng):
    A = gallery.spd(gallery.logspaced(16, 1e4), rng=rng)

    def error(method):
        X = sqrtm(A, method=method)
        return np.linalg.norm(X @ X - A) / np.linalg.norm(A)

    # 1.5^k against the slope of the minimax quintic, see test_odd_minimax for the step counts
    assert error(roots.Minimax(steps=7)) <= 1e-9 <= error(roots.NewtonSchulz(steps=12))


@pytest.mark.parametrize("order", [2, 3, 5])
@pytest.mark.parametrize("p", [2, 4, -3])
def test_coupled_newton_treats_each_matrix_of_a_batch_by_its_own_scale(p, order, rng):
    A = gallery.spd([[1e-3, 2e-3], [1.0, 50.0], [1e8, 2e8]], rng=rng)
    X = root(A, p, roots.CoupledNewton(order=order))
    for got, wanted in zip(X, exact(A, p), strict=True):
        assert np.linalg.norm(got - wanted) <= 50 * 2 * 50 * EPS * np.linalg.norm(wanted)


@pytest.mark.parametrize(
    "make",
    [
        lambda: roots.Pade(order=0),
        lambda: roots.Pade(form="product"),
        lambda: roots.Taylor(degree=0),
        lambda: roots.CoupledNewton(order=1),
        lambda: roots.Minimax(degree=4),
        lambda: roots.Minimax(lower=2.0),
        lambda: roots.Minimax(steps=-1),
        lambda: roots.Pade(normaliser="norm"),
        lambda: roots.NewtonSchulz(normaliser="norm"),
        lambda: roots.NewtonSchulz(steps=0),
        lambda: roots.CholeskyPolar(polar="svd"),
    ],
)
def test_parameters_out_of_range_are_refused(make):
    with pytest.raises(ValueError, match="must be"):
        sqrtm(np.eye(2), method=make())
