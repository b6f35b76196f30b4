from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, gmres

from resolvent.arrays import to_host
from resolvent.errors import SingularMatrixError
from resolvent.linalg import gallery
from resolvent.preconditioners import Preconditioner, ilu
from resolvent.preconditioners.learned.guard.gmres_race import gmres_progress, minimal_residuals
from resolvent.preconditioners.learned.guard.guarded import GMRES_RACE, guarded
from resolvent.preconditioners.learned.inputs.scaled_rows import scaled_rows
from resolvent.preconditioners.learned.learned_lu import LearnedLU
from resolvent.preconditioners.learned.losses.lu_loss import lu_loss

SMALL = LearnedLU(blocks=2, hidden=8)


def untrained(seed=0, model=SMALL):
    return replace(model, weights=model.initial_weights(np.random.default_rng(seed)))


def convection(n, seed=0):
    velocity = np.random.default_rng(seed).uniform(-3, 3, 2)
    return gallery.convection_diffusion((n, n), peclet=velocity)


def saddle_point():
    """Nonsymmetric, with zeros on the diagonal that aren't stored."""
    B = sparse.csr_array(np.eye(4, 2) + np.eye(4, 2, -1))
    return sparse.block_array([[gallery.poisson(4), B], [-B.T, None]]).tocsr()


def dense(M):
    return M @ np.eye(M.shape[0])


# the loss


def test_loss_is_the_relative_error_of_the_product(rng):
    scaled = scaled_rows(convection(4), builder="test")
    values, z = rng.standard_normal(scaled.side.size), rng.standard_normal(16)
    full = sparse.csr_array(
        (values, scaled.matrix.indices, scaled.matrix.indptr), shape=(16, 16)
    ).toarray()
    L, U = np.tril(full), np.triu(full, 1) + np.eye(16)
    Az = scaled.matrix @ z
    value, slope = lu_loss(scaled.edges, scaled.side, values, z, Az)
    # sums of 5 terms, twice
    want = np.linalg.norm(L @ U @ z - Az) / np.linalg.norm(Az)
    assert value == pytest.approx(want, rel=1e-13)
    along = rng.standard_normal(values.size)
    ends = [lu_loss(scaled.edges, scaled.side, values + h * along, z, Az)[0] for h in (1e-5, -1e-5)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope @ along, rel=1e-6)


@pytest.mark.parametrize("objective", ["solution", "sketch"])
def test_gradient_is_that_of_the_loss(objective, rng, assert_gradient):
    # a large epsilon, so that the diagonal is where its function bends
    model = replace(SMALL, objective=objective, epsilon=0.5)
    example = model.example(convection(4), np)
    weights = model.initial_weights(rng)
    assert_gradient(model, example, weights)


def test_other_libraries_give_the_same_loss_and_gradient(torch, rng):  # noqa: ARG001
    import array_api_compat.torch as xp

    weights = SMALL.initial_weights(rng)
    A = convection(4)
    want, slopes = SMALL.loss(weights, SMALL.example(A, np), np.random.default_rng(1))
    moved = {name: xp.asarray(w) for name, w in weights.items()}
    got, gradient = SMALL.loss(moved, SMALL.example(A, xp), np.random.default_rng(1))
    # sums of at most 16 terms in another order, through four layers
    assert abs(got - want) <= 1e-13 * want
    for name, slope in slopes.items():
        np.testing.assert_allclose(to_host(gradient[name]), slope, rtol=1e-9, atol=1e-12)


# the factors


@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_preconditioner_is_the_inverse_of_the_product_of_its_factors(n):
    model, A = untrained(), convection(n)
    scaled = scaled_rows(A, builder="test")
    x = model.example(A, np)
    values, _ = model.outputs(model.weights, scaled, x.nodes, x.entries)
    full = sparse.csr_array((values, scaled.matrix.indices, scaled.matrix.indptr), shape=A.shape)
    L, U = np.tril(full.toarray()), np.triu(full.toarray(), 1) + np.eye(n * n)
    assert np.all(np.abs(np.diag(L)) > model.epsilon)  # where the diagonal is as it comes
    product = np.diag(1 / scaled.left) @ L @ U @ np.diag(1 / scaled.right)
    inverse = dense(model.build(A))
    condition = np.linalg.norm(product) * np.linalg.norm(inverse)
    assert np.linalg.norm(product @ inverse - np.eye(n * n)) <= 1e-15 * condition * n * n


def test_a_network_that_says_nothing_still_makes_regular_factors():
    A = convection(4)
    model = untrained()
    silent = replace(model, weights={name: 0 * w for name, w in model.weights.items()})
    scaled = scaled_rows(A, builder="test")
    want = np.diag(scaled.left * scaled.right) / model.epsilon  # L = epsilon I, U = I
    np.testing.assert_allclose(dense(silent.build(A)), want, rtol=1e-14)


def test_saddle_points_need_no_pivots(rng):
    A = saddle_point()
    with pytest.raises(SingularMatrixError):
        ilu(A)
    M = untrained()(A)
    assert M.info.chosen == "learned-lu"  # no rival is left
    assert np.all(np.isfinite(M @ rng.standard_normal(6)))


def test_symmetric_scaling_and_signs_of_rows_do_not_matter(rng):
    model, A = untrained(), convection(5)
    powers = 2.0 ** rng.integers(-20, 20, 25)  # exact scaling
    signs = rng.choice([-1.0, 1.0], 25)
    S = sparse.diags_array(powers)
    M, scaled = model.build(A), model.build(sparse.diags_array(signs) @ S @ A @ S)
    r = rng.standard_normal(25)
    want = (M @ (signs * r / powers)) / powers
    # square roots of scaled diagonals round like the unscaled ones up to a factor of sqrt(2), and
    # triangular solves make it grow
    np.testing.assert_allclose(scaled @ r, want, rtol=1e-9, atol=1e-9 * np.min(np.abs(want)))


def test_the_precision_of_the_matrix_is_kept():
    M = untrained().build(convection(4).astype(np.float32))
    assert M.dtype == np.float32
    assert (M @ np.ones(16, dtype=np.float32)).dtype == np.float32


# the race


def test_residuals_are_the_least_of_the_krylov_spaces(rng):
    A, b = convection(6), rng.standard_normal(36)
    M = ilu(A)
    AM = A @ dense(M)
    K = [b / np.linalg.norm(b)]
    for _ in range(8):
        K.append(AM @ K[-1] / np.linalg.norm(AM @ K[-1]))
    want = [1.0]
    for k in range(1, 9):
        W = AM @ np.stack(K[:k], axis=1)
        residual = b - W @ np.linalg.lstsq(W, b, rcond=None)[0]
        want.append(np.linalg.norm(residual) / np.linalg.norm(b))
    # the power basis of 8 vectors has a condition below 1e8
    np.testing.assert_allclose(minimal_residuals(A, M, b, 8), want, rtol=1e-6)


def test_steps_are_those_of_gmres(rng):
    A, b = convection(8), rng.standard_normal(64)
    M = ilu(A)
    steps, _ = gmres_progress(A, M, b, 1e-8, 200)
    product, residuals = LinearOperator(A.shape, lambda x: A @ (M @ x)), []
    gmres(product, b, rtol=1e-8, restart=64, callback=residuals.append, callback_type="pr_norm")
    assert steps == len(residuals)


def test_the_race_ends_with_the_space():
    identity = Preconditioner((3, 3), np.float64, lambda r: r)
    A = np.diag([1.0, 2.0, 2.0])
    norms = minimal_residuals(A, identity, np.ones(3), 6)
    assert norms.shape == (7,)
    assert np.all(norms[:2] > 0.1)
    assert np.all(norms[2:] == 1e-12)  # two eigenvalues, two steps; below it is all the same
    singular = minimal_residuals(np.diag([1.0, 0.0]), identity_of(2), np.ones(2), 4)
    assert singular[-1] == pytest.approx(np.sqrt(0.5), rel=1e-14)  # half of b is out of range


def identity_of(n):
    return Preconditioner((n, n), np.float64, lambda r: r)


@pytest.mark.parametrize("size", [1e200, np.inf, np.nan])
def test_a_preconditioner_that_makes_nonsense_stands_still(size):
    wild = Preconditioner((4, 4), np.float64, lambda r: size * np.ones(4) * np.sum(r) ** 3)
    A = np.diag([1.0, 2.0, 3.0, 4.0])
    assert minimal_residuals(A, wild, np.arange(4.0), 4)[-1] > 0.1


def test_the_guard_takes_what_gets_further():
    A = convection(8)
    bad = untrained()(A)
    assert bad.info.fell_back
    assert bad.info.chosen == "ilu"
    inverse = np.linalg.inv(A.toarray())
    exact = Preconditioner(A.shape, A.dtype, lambda r: inverse @ r)
    good = guarded("exact", A, lambda: exact, GMRES_RACE)
    assert good.info.chosen == "exact"
    assert good.info.residuals["exact"] == 1e-12  # one step, and below it is all the same


# training


def test_training_lowers_the_number_of_steps_and_the_guard_is_content():
    family = [convection(12, seed) for seed in range(16)]
    model = SMALL.fit(family, steps=400, every=50, rate=1e-2, rng=0)
    scores = [score for _, score in model.record.scores]
    assert min(scores) < 0.5 * scores[0]
    # a larger mesh, and a velocity that it has not seen
    assert model(convection(24, 100)).info.chosen == "learned-lu"


def test_training_repeats_itself():
    family = [convection(4, seed) for seed in range(4)]
    first, second = (SMALL.fit(family, steps=20, every=10, rng=3).weights for _ in range(2))
    for name, w in first.items():
        np.testing.assert_array_equal(second[name], w)


def test_saving_and_loading_changes_nothing(tmp_path):
    model, A = untrained(), convection(4)
    model.save(tmp_path / "weights.npz")
    loaded = LearnedLU.load(tmp_path / "weights.npz")
    assert (loaded.blocks, loaded.hidden, loaded.epsilon) == (2, 8, 1e-3)
    np.testing.assert_array_equal(dense(loaded.build(A)), dense(model.build(A)))


def test_what_does_not_fit_is_refused():
    A, model = convection(4), untrained()
    with pytest.raises(ValueError, match="no weights"):
        SMALL(A)
    with pytest.raises(ValueError, match="objective"):
        LearnedLU(objective="other")
    with pytest.raises(ValueError, match="epsilon"):
        LearnedLU(epsilon=0.0)
    with pytest.raises(TypeError, match="real"):
        model(A.astype(np.complex128))
    with pytest.raises(SingularMatrixError, match="row 1 "):
        model(np.diag([1.0, 0.0]))
    with pytest.raises(ValueError, match="square"):
        model(np.ones((2, 3)))
    with pytest.raises(SingularMatrixError, match="singular"):
        model.fit([np.ones((2, 2))] * 2, steps=1)
