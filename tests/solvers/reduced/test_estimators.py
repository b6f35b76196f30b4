"""Four evaluations of one number: the dual norm of a residual."""

from functools import partial

import numpy as np
import pytest
import scipy.linalg
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError
from resolvent.solvers.reduced import AffineSystem, ReducedBasis
from resolvent.solvers.reduced.estimators import (
    DirectResidual,
    GramResidual,
    InterpolatedResidual,
    OrthonormalResidual,
)
from resolvent.solvers.reduced.inner_product import adapt_inner_product, gram_schmidt, norms
from resolvent.solvers.reduced.residual import ResidualPieces, residual_factors

EPS = np.finfo(float).eps
TRAIN = np.geomspace(1, 100, 80)
TEST = np.geomspace(1.05, 99, 25)


def diffusion(n=80):
    h = 1 / (n + 1)
    K = sparse.diags_array(
        [np.full(n - 1, -1 / h), np.full(n, 2 / h), np.full(n - 1, -1 / h)],
        offsets=[-1, 0, 1],
        format="csr",
    )
    M = sparse.eye_array(n, format="csr") * h
    return AffineSystem([K, M], np.full(n, h), lambda mus: [1, mus[:, 0]]), K


@pytest.fixture(scope="module")
def snapshots():
    return diffusion()[0].solve(np.array([1.0, 100.0, 20.0, 55.0, 5.0, 85.0]))


def estimates(snapshots, terms, estimator, test=TEST):
    system, K = diffusion()
    reduction = ReducedBasis(system, X=K, estimator=estimator)
    model = reduction.from_snapshots(snapshots[:, :terms], train=TRAIN)
    return model, model.estimate(test)


def by_hand(snapshots, terms, test=TEST):
    """Return the norms by dense algebra: the Cholesky factor of X and an orthonormal basis."""
    system, K = diffusion()
    V = np.linalg.qr(snapshots[:, :terms])[0]
    L, norms = np.linalg.cholesky(K.toarray()), []
    for mu in test:
        A, b = system.matrix(mu), system.rhs(mu)
        r = b - A @ (V @ np.linalg.solve(V.T @ (A @ V), V.T @ b))
        norms.append(np.linalg.norm(scipy.linalg.solve_triangular(L, r, lower=True)))
    return np.array(norms)


@pytest.mark.parametrize("terms", [1, 2, 3, 5])
@pytest.mark.parametrize("estimator", ["direct", "orthonormal", "eim", "gram"])
def test_all_agree_with_dense_algebra_above_their_resolution(estimator, terms, snapshots):
    _, found = estimates(snapshots, terms, estimator)
    # both are known to the rounding of the pieces; signs at random, hence a standard deviation
    allowed = 2 * found.resolution + 1e-10 * found.bound
    if estimator == "gram":  # an error of floor² in the square
        allowed = found.floor**2 / np.maximum(found.bound, found.floor) + 1e-10 * found.bound
    assert np.all(np.abs(found.bound - by_hand(snapshots, terms)) <= allowed)


def test_gram_form_stagnates_at_half_of_the_digits(snapshots):
    wanted = by_hand(snapshots, 6)
    _, gram = estimates(snapshots, 6, "gram")
    size = np.linalg.norm(np.sqrt(np.sum(diffusion()[0].rhs_terms ** 2)))
    assert wanted.max() < 1e-9  # below what a square can resolve
    assert np.all(gram.floor > np.sqrt(EPS) * size)
    assert gram.bound.max() > 10 * wanted.max()
    assert np.all(gram.bound <= gram.floor)
    for estimator in ("orthonormal", "eim"):
        _, found = estimates(snapshots, 6, estimator)
        np.testing.assert_allclose(found.bound, wanted, rtol=0.01)
        assert np.all(found.floor < 1e-12)


def test_interpolation_needs_fewer_residuals_than_there_are_products(snapshots):
    for terms in (2, 4, 6):
        model, _ = estimates(snapshots, terms, "eim")
        m = 1 + 2 * terms
        assert model.estimator.interpolant.basis.shape[0] == m * (m + 1) // 2
        assert model.estimator.terms < m * (m + 1) // 2


def test_interpolation_stores_norms_of_its_own_system(snapshots):
    model, _ = estimates(snapshots, 3, "eim")
    chosen = TRAIN[model.estimator.params]
    norms = by_hand(snapshots, 3, chosen)
    np.testing.assert_allclose(model.estimator.norms, norms, rtol=1e-6, atol=1e-13)
    # at magic parameters the weights are unit vectors
    found = model.estimate(chosen)
    resolved = norms > 1e-8 * norms.max()
    np.testing.assert_allclose(found.bound[resolved], norms[resolved], rtol=1e-6)


def test_scaled_products_see_what_unscaled_ones_lose(snapshots):
    wanted = by_hand(snapshots, 6)
    worst = {}
    for scaled in (True, False):
        method = partial(InterpolatedResidual.of, scaled=scaled)
        model, found = estimates(snapshots, 6, method)
        error = np.abs(found.bound - wanted)
        # what is missed is known from parameters left out, to a factor
        assert np.all(error <= 5 * found.resolution)
        worst[scaled] = np.max(error / wanted)
    assert worst[True] < 0.01


def test_extension_is_the_same_as_starting_anew(snapshots):
    system, K = diffusion()
    by = adapt_inner_product(K, system.rhs_terms)
    V, _ = gram_schmidt(by, snapshots[:, :0], snapshots[:, :4])
    start = ResidualPieces.of_rhs(by, system.rhs_terms)
    some, more = (start.extend(system.matrix_terms, V[:, :k]) for k in (2, 4))
    grown = some.extend(system.matrix_terms, V[:, 2:])
    np.testing.assert_array_equal(grown.columns, more.columns)
    np.testing.assert_allclose(grown.noise, more.noise)
    z = np.random.default_rng(0).standard_normal((9, 5))
    for method in (DirectResidual, GramResidual, OrthonormalResidual):
        anew = method.of(more, lambda: None)(z)
        extended = method.of(some, lambda: None).extend(more, lambda: None)(z)
        np.testing.assert_allclose(extended.value, anew.value, rtol=1e-12)


def test_factors_combine_the_pieces_to_the_residual(rng):
    A, B, V = (rng.standard_normal(s) for s in ((3, 7, 7), (7, 2), (7, 4)))
    alpha, beta, c = (rng.standard_normal((q, 5)) for q in (3, 2, 4))
    by = adapt_inner_product(None, B)
    pieces = ResidualPieces.of_rhs(by, B).extend(tuple(A), V)
    z = residual_factors(alpha, beta, c)
    wanted = B @ beta - np.einsum("qk,qij,jk->ik", alpha, A, V @ c)
    np.testing.assert_allclose(pieces.columns @ z, wanted, atol=1e-13)
    np.testing.assert_allclose(pieces.norms(z), np.linalg.norm(wanted, axis=0), rtol=1e-13)
    assert pieces.norms(z[:, :0]).shape == (0,)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [float, complex])
def test_dual_norms_are_suprema(form, dtype, rng):
    S = rng.standard_normal((6, 6)) + (1j * rng.standard_normal((6, 6)) if dtype is complex else 0)
    X = (S @ S.conj().T + np.eye(6)).astype(dtype)
    by = adapt_inner_product(form(X), np.ones(6, dtype))
    r = rng.standard_normal((6, 2)) + 1j * rng.standard_normal((6, 2))
    v = np.linalg.solve(X, r)
    np.testing.assert_allclose(by.riesz(r), v, rtol=1e-10)
    norms = np.sqrt(np.sum(r.conj() * v, axis=0).real)
    np.testing.assert_allclose(by.dual_norms(r), norms, rtol=1e-10)
    Q, R = gram_schmidt(by, r[:, :0], np.concatenate([r, r @ [[1.0], [2.0j]]], axis=1))
    assert Q.shape == (6, 2)
    np.testing.assert_allclose(Q.conj().T @ by.times(Q), np.eye(2), atol=1e-12)
    np.testing.assert_allclose(Q @ R[:, :2], r, atol=1e-12)


def test_a_basis_of_noise_does_not_break_the_estimators():
    system, K = diffusion(40)
    noise = np.random.default_rng(0).standard_normal((40, 12))
    S = np.concatenate([system.solve([1.0, 50.0]), noise], axis=1)
    for estimator in ("direct", "gram", "orthonormal", "eim"):
        model = ReducedBasis(system, X=K, estimator=estimator).from_snapshots(S, train=TRAIN)
        found = model.estimate(TEST)
        for x in (found.bound, found.floor, found.interpolation):
            assert np.all(np.isfinite(x))
            assert np.all(x >= 0)


@pytest.mark.parametrize("estimator", ["orthonormal", "eim"])
def test_complex_residuals_have_the_same_norm_by_all(estimator, rng):
    n = 30
    system = AffineSystem(
        [np.diag(np.linspace(1, 3, n)), 1j * np.eye(n), np.eye(n, k=1) / 4],
        rng.standard_normal((n, 2)) + 1j * rng.standard_normal((n, 2)),
        lambda mus: [1, mus[:, 0], np.exp(1j * mus[:, 0])],
        lambda mus: [1, np.exp(-2j * mus[:, 0])],
    )
    train, test = np.linspace(0, 3, 60), np.linspace(0.02, 2.9, 20)
    V = system.solve(np.linspace(0, 3, 5))
    found, wanted = (
        ReducedBasis(system, estimator=name).from_snapshots(V, train=train).estimate(test)
        for name in (estimator, "direct")
    )
    error = np.abs(found.bound - wanted.bound)
    assert np.all(error <= found.resolution + wanted.floor + 1e-6 * wanted.bound)
    assert np.all(found.resolution < 1e-2 * wanted.bound)


def test_interpolation_refuses_what_it_can_not_judge(snapshots):
    system, K = diffusion()
    reduction = ReducedBasis(system, X=K, estimator="eim")
    for train in (None, TRAIN[:3]):
        with pytest.raises(ValueError, match="at least 4"):
            reduction.from_snapshots(snapshots[:, :2], train=train)
    found = reduction.from_snapshots(snapshots[:, :2], train=TRAIN[::20])
    assert found.estimator.gap > 0  # of one parameter left out


def test_a_table_of_products_beyond_the_memory_is_refused(rng):
    # 281 pieces are 39621 products, at 5000 parameters 1.5 GiB
    n = 140
    system = AffineSystem([np.eye(n), np.ones((n, n))], np.ones(n), lambda mus: [1, mus[:, 0]])
    reduction = ReducedBasis(system, estimator="eim")
    with pytest.raises(ValueError, match="39621 products at 3[0-9]* parameters.*orthonormal"):
        reduction.project(rng.standard_normal((n, n)), train=np.linspace(1, 2, 4000))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_indefinite_products_are_refused(form):
    X = np.eye(20)
    X[:2, :2] = [[0, 1], [1, 0]]  # elimination that exchanges rows has positive pivots
    with pytest.raises(NotPositiveDefiniteError):
        adapt_inner_product(form(X), np.ones(20))
    X[:2, :2] = [[1, 3], [3, 1]]  # with a positive diagonal
    with pytest.raises(NotPositiveDefiniteError):
        adapt_inner_product(form(X), np.ones(20))


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("scale", [1e-200, 1e-170, 1.0, 1e155, 1e200])
def test_norms_do_not_leave_the_range(form, scale, rng):
    S = rng.standard_normal((6, 6))
    X = S @ S.T + np.eye(6)
    v = rng.standard_normal((6, 2))
    by = adapt_inner_product(form(X), v)
    # the condition of X is below 100
    np.testing.assert_allclose(by.dual_norms(scale * v), scale * by.dual_norms(v), rtol=1e3 * EPS)
    np.testing.assert_allclose(norms(by, scale * v), scale * norms(by, v), rtol=1e3 * EPS)
    Q, R = gram_schmidt(by, v[:, :0], scale * v)
    np.testing.assert_allclose(Q.T @ X @ Q, np.eye(2), atol=1e3 * EPS)


def test_a_complex_product_makes_a_real_problem_complex(rng):
    S = rng.standard_normal((6, 6)) + 1j * rng.standard_normal((6, 6))
    X, V = S @ S.conj().T + np.eye(6), rng.standard_normal((6, 2))
    system = AffineSystem([np.eye(6), np.diag(np.arange(6.0))], np.ones(6), lambda m: [1, m[:, 0]])
    wanted = None
    for form in (np.asarray, sparse.csr_array):
        for estimator in ("direct", "orthonormal", "gram"):
            model = ReducedBasis(system, X=form(X), estimator=estimator).from_snapshots(V)
            np.testing.assert_allclose(
                model.basis.conj().T @ X @ model.basis, np.eye(2), atol=1e4 * EPS
            )
            found = model.estimate([0.5, 2.0]).bound
            wanted = found if wanted is None else wanted
            np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_a_product_takes_the_precision_of_the_system():
    ones = np.ones(4, np.float32)
    system = AffineSystem([np.diag(np.arange(1, 5)).astype(np.float32)], ones, lambda mus: mus.T)
    for form in (np.asarray, sparse.csr_array):
        model = ReducedBasis(system, X=form(np.diag([1.0, 2.0, 3.0, 4.0]))).greedy([1.0, 2.0], 1e-3)
        assert model.basis.dtype == np.float32
        assert model.estimate([1.5]).bound.dtype == np.float32


def test_products_without_entries_have_the_same_rounding():
    n = 400
    system, K = diffusion(n)
    rng = np.random.default_rng(3)
    V = np.linalg.qr(rng.standard_normal((n, 3)).cumsum(axis=0))[0]
    hidden = tuple(sparse.linalg.aslinearoperator(A) for A in system.matrix_terms)
    by = adapt_inner_product(K, system.rhs_terms)
    floors = [
        ResidualPieces.of_rhs(by, system.rhs_terms).extend(terms, V).noise
        for terms in (system.matrix_terms, hidden)
    ]
    np.testing.assert_allclose(floors[1], floors[0], rtol=1e-12)
    # what one vector of random signs shows of eps/2 sqrt(A² v²), which cancels in A v
    size = np.sqrt((abs(K).power(2)) @ V**2)
    signs = rng.choice([-1.0, 1.0], (n, 50))
    wanted = [np.sqrt(np.mean(by.dual_norms(signs * s[:, None]) ** 2)) for s in size.T]
    share = floors[0][1::2] / (EPS / 2 * np.array(wanted))
    assert np.all((share > 0.2) & (share < 5))


def test_greedy_stops_at_rounding_where_products_are_all_there_is():
    host, K = diffusion(200)
    hidden = [sparse.linalg.aslinearoperator(A) for A in host.matrix_terms]
    system = AffineSystem(
        hidden,
        host.rhs_terms,
        host.matrix_coefficients,
        solver=lambda A, b: sparse.linalg.spsolve(as_sparse(A, host), b),
    )
    sizes = [
        ReducedBasis(s, X=K, coercivity=1, estimator="direct").greedy(TRAIN[::2], 0).size
        for s in (host, system)
    ]
    assert sizes[0] == sizes[1] < 12


def as_sparse(A, host):
    """Return the matrix of an operator that is K plus mu h."""
    probe = np.zeros(host.order)
    probe[0] = 1
    return host.matrix((A @ probe)[0] * (host.order + 1) - 2 * (host.order + 1) ** 2).tocsc()
