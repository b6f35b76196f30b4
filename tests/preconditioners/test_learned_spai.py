from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from resolvent.arrays import to_host
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg import gallery
from resolvent.preconditioners import fsai, jacobi
from resolvent.preconditioners.learned.inputs.scaled_matrix import scaled_matrix
from resolvent.preconditioners.learned.learned_spai import LearnedSPAI
from resolvent.preconditioners.learned.losses.energy_loss import energy_loss
from resolvent.preconditioners.learned.two_products import two_products

SMALL = LearnedSPAI(blocks=2, hidden=4)


def random_weights(rng, model=SMALL):
    first = model.initial_weights(rng)
    return {name: w if np.any(w) else rng.uniform(-0.5, 0.5, w.shape) for name, w in first.items()}


def untrained(seed=0, model=SMALL):
    return replace(model, weights=random_weights(np.random.default_rng(seed), model))


def diffusion(n, seed=0):
    return gallery.lognormal_diffusion((n, n), sigma=1.0, rng=seed)


def dense(M):
    return M @ np.eye(M.shape[0])


# the loss


def test_loss_is_what_the_best_step_along_the_direction_leaves(rng):
    scaled = scaled_matrix(diffusion(4), builder="test")
    A = scaled.matrix.toarray()
    values, x = rng.standard_normal(scaled.lower.size), rng.standard_normal(16)
    G = scaled.pattern.matrix(values).toarray()
    value, slope = energy_loss(scaled, values, x, A @ x)
    C = np.linalg.cholesky(A)
    p = C.T @ (G.T @ (G @ (A @ x)))
    want = C.T @ x - p * (p @ (C.T @ x)) / (p @ p)
    # sums of 16 terms, a few times over
    assert value == pytest.approx(want @ want / (x @ A @ x), rel=1e-12)
    along = rng.standard_normal(values.size)
    ends = [energy_loss(scaled, values + h * along, x, A @ x)[0] for h in (1e-5, -1e-5)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope @ along, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 7.0, 1e30])
def test_no_scale_changes_the_loss(scale, rng):
    scaled = scaled_matrix(diffusion(4), builder="test")
    values, x = rng.standard_normal(scaled.lower.size), rng.standard_normal(16)
    b = scaled.matrix @ x
    want = energy_loss(scaled, values, x, b)[0]
    assert energy_loss(scaled, scale * values, x, b)[0] == pytest.approx(want, rel=1e-12)
    assert energy_loss(scaled, values, scale * x, scale * b)[0] == pytest.approx(want, rel=1e-12)


def test_the_inverse_has_no_loss(rng):
    scaled = scaled_matrix(np.diag([4.0, 9.0, 1.0]), builder="test")
    x = rng.standard_normal(3)
    value, slope = energy_loss(scaled, 2 * np.ones(3), x, x)  # G G^T is four times the inverse
    assert abs(value) <= 4e-16  # rounding of one
    np.testing.assert_allclose(slope, 0, atol=1e-15)
    assert energy_loss(scaled, np.ones(3), 0 * x, 0 * x)[0] == 0


@pytest.mark.parametrize(("objective", "power"), [("solution", 1), ("sketch", 2)])
def test_gradient_is_that_of_the_loss(objective, power, rng, assert_gradient):
    model = replace(SMALL, objective=objective, power=power)
    example = model.example(diffusion(5), np)
    weights = random_weights(rng, model)
    assert_gradient(model, example, weights)


# the preconditioner


def test_training_begins_with_the_reciprocal_diagonal():
    A = diffusion(5)
    model = replace(SMALL, weights=SMALL.initial_weights(np.random.default_rng(0)))
    # a square root, squared
    np.testing.assert_allclose(dense(model.build(A)), dense(jacobi(A)), rtol=1e-14)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [1, 2, 6])
def test_random_weights_make_a_positive_definite_matrix(n, seed):
    M = untrained(seed).build(diffusion(n, seed))
    G = M.info.toarray()
    assert np.all(np.diag(G) > 0)
    np.testing.assert_allclose(dense(M), G.T @ G, rtol=1e-13, atol=1e-15)
    assert np.all(np.linalg.eigvalsh(dense(M)) > 0)
    assert M.is_spd


@pytest.mark.parametrize("power", [1, 2, 3])
def test_the_pattern_is_that_of_the_power(power):
    A = diffusion(6)
    M = untrained(model=replace(SMALL, power=power)).build(A)
    np.testing.assert_array_equal(M.info.toarray() != 0, fsai(A, power=power).info.toarray() != 0)


def test_conjugate_gradients_converge_with_random_weights(cg_steps, rng):
    A, b = diffusion(8), rng.standard_normal(64)
    for seed in range(3):
        assert cg_steps(A, untrained(seed).build(A), b) < 640


def test_diagonal_scaling_does_not_matter(rng):
    model, A = untrained(), diffusion(6)
    powers = 2.0 ** rng.integers(-20, 20, 36)  # exact scaling
    S = sparse.diags_array(powers)
    r = rng.standard_normal(36)
    want = (model.build(A) @ (r / powers)) / powers
    # square roots of scaled diagonals round like the unscaled ones up to a factor of sqrt(2); each
    # entry is a sum of at most 25 terms
    np.testing.assert_allclose(model.build(S @ A @ S) @ r, want, rtol=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("shape", [(25,), (25, 3)])
def test_it_applies_to_arrays_of_every_library_on_their_device(backend, shape, dtype, rng):
    M = untrained().build(diffusion(5))
    r = rng.standard_normal(shape).astype(dtype)
    if "complex" in dtype:
        r = r + 1j * rng.standard_normal(shape).astype(dtype)
    G = M.info.toarray()
    x = backend.asarray(r)
    for _ in range(2):  # the second time nothing is moved
        y = M @ x
        backend.assert_same_kind(y, x)
        # sums of at most 5 terms, twice
        np.testing.assert_allclose(
            to_host(y), G.T @ (G @ r), rtol=0, atol=50 * np.finfo(dtype).eps * np.max(np.abs(r))
        )


def test_the_precision_of_the_matrix_is_kept():
    assert untrained().build(diffusion(4).astype(np.float32)).dtype == np.float32


def test_empty_rows_make_zeros(backend):
    G = sparse.csr_array((np.array([2.0]), np.array([0]), np.array([0, 1, 1])), shape=(2, 2))
    y = two_products(G) @ backend.asarray(np.ones(2))
    np.testing.assert_array_equal(to_host(y), [4.0, 0.0])


# training


def test_training_lowers_the_number_of_steps_as_far_as_the_best_factor_of_the_pattern(cg_steps):
    family = [diffusion(12, seed) for seed in range(10)]
    model = SMALL.fit(family, steps=150, every=50, rate=1e-2, rng=0)
    scores = [score for _, score in model.record.scores]
    assert min(scores) < 0.7 * scores[0]
    A, b = diffusion(16, 100), np.random.default_rng(1).standard_normal(256)
    # ours: within a tenth of the steps of Kaporin's optimal factor of the same pattern
    assert cg_steps(A, model.build(A), b) <= 1.1 * cg_steps(A, fsai(A), b)


def test_training_repeats_itself():
    family = [diffusion(4, seed) for seed in range(4)]
    first, second = (SMALL.fit(family, steps=20, every=10, rng=3).weights for _ in range(2))
    for name, w in first.items():
        np.testing.assert_array_equal(second[name], w)


def test_saving_and_loading_changes_nothing(tmp_path):
    model, A = untrained(), diffusion(5)
    model.save(tmp_path / "weights.npz")
    loaded = LearnedSPAI.load(tmp_path / "weights.npz")
    assert (loaded.blocks, loaded.hidden, loaded.objective) == (2, 4, "solution")
    np.testing.assert_array_equal(dense(loaded.build(A)), dense(model.build(A)))


def test_what_the_guard_returns_runs_on_every_library(backend):
    A = diffusion(8)
    M = LearnedSPAI.pretrained("diffusion-2d")(A)
    assert M.info.chosen in ("learned-spai", "jacobi")
    r = np.random.default_rng(0).standard_normal(64)
    found = M @ backend.asarray(r)
    backend.assert_same_kind(found, backend.asarray(r))
    np.testing.assert_allclose(backend.to_host(found), M @ r, rtol=1e-12, atol=1e-14)


def test_what_does_not_fit_is_refused():
    A, model = diffusion(4), untrained()
    with pytest.raises(ValueError, match="no weights"):
        SMALL(A)
    with pytest.raises(ValueError, match="power"):
        LearnedSPAI(power=0)
    with pytest.raises(ValueError, match="Hermitian"):
        model(A + sparse.diags_array(np.ones(15), offsets=1, shape=(16, 16)))
    with pytest.raises(TypeError, match="real"):
        model(A.astype(np.complex128))
    with pytest.raises(NotPositiveDefiniteError):
        model(-A)
    with pytest.raises(ValueError, match="shape"):
        model.build(A) @ np.ones(5)
