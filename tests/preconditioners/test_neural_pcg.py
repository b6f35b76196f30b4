from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from resolvent.arrays import to_host
from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg import gallery
from resolvent.preconditioners.learned.inputs.scaled_matrix import scaled_matrix
from resolvent.preconditioners.learned.neural_pcg import NeuralPCG

SMALL = NeuralPCG(blocks=2, hidden=4)


def untrained(seed=0, model=SMALL):
    return replace(model, weights=model.initial_weights(np.random.default_rng(seed)))


def diffusion(n, seed=0):
    return gallery.lognormal_diffusion((n, n), sigma=1.0, rng=seed)


def dense(M):
    return M @ np.eye(M.shape[0])


def factor(model, A, b=None):
    """The factor of the scaled matrix as a dense array."""
    scaled = scaled_matrix(A, builder="test")
    values, _ = model.entries(model.weights, model.inputs(scaled, b, np))
    return scaled.pattern.matrix(values).toarray()


@pytest.mark.parametrize("objective", ["solution", "sketch"])
def test_gradient_is_that_of_the_loss(objective, rng, assert_gradient):
    model = replace(SMALL, objective=objective)
    A = diffusion(5)
    example = model.example((A, rng.standard_normal(25)), np)
    weights = model.initial_weights(rng)
    assert_gradient(model, example, weights)


def test_other_libraries_give_the_same_loss_and_gradient(torch, rng):  # noqa: ARG001
    import array_api_compat.torch as xp

    weights = SMALL.initial_weights(rng)
    want, slopes = SMALL.loss(weights, SMALL.example(diffusion(5), np), np.random.default_rng(1))
    moved = {name: xp.asarray(w) for name, w in weights.items()}
    got, gradient = SMALL.loss(moved, SMALL.example(diffusion(5), xp), np.random.default_rng(1))
    # sums of at most 25 terms in another order, through ten layers
    assert abs(got - want) <= 1e-13 * want
    for name, slope in slopes.items():
        np.testing.assert_allclose(to_host(gradient[name]), slope, rtol=1e-9, atol=1e-12)


def test_both_directions_of_an_edge_are_added_so_that_the_order_of_rows_does_not_matter(rng):
    model, A = untrained(), diffusion(5)
    order = rng.permutation(25)
    L, moved = factor(model, A), factor(model, sparse.csr_array(A.toarray()[order][:, order]))
    # sums over neighbours in another order
    np.testing.assert_allclose(moved + moved.T, (L + L.T)[order][:, order], atol=1e-13)


def test_the_diagonal_of_the_factor_is_the_root_of_that_of_the_matrix():
    A = diffusion(5)
    np.testing.assert_allclose(1 / untrained().build(A).kernel.inverse, A.diagonal(), rtol=1e-14)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [1, 2, 6])
def test_random_weights_make_a_positive_definite_matrix(n, seed, rng):
    A = diffusion(n, seed)
    M = untrained(seed).build(A, rng.standard_normal(n * n))
    assert M.is_spd
    inverse = dense(M)
    # entries of the factor are below 2, so that the inverse is symmetric up to its own rounding
    size = np.max(np.abs(inverse))
    np.testing.assert_allclose(inverse, inverse.T, atol=1e-10 * size)
    assert np.all(np.linalg.eigvalsh((inverse + inverse.T) / 2) > 0)


def test_conjugate_gradients_converge_with_random_weights(cg_steps, rng):
    A, b = diffusion(8), rng.standard_normal(64)
    for seed in range(3):
        assert cg_steps(A, untrained(seed).build(A, b), b) < 640


def test_diagonal_scaling_and_the_size_of_the_right_hand_side_do_not_matter(rng):
    model, A, b = untrained(), diffusion(6), rng.standard_normal(36)
    powers = 2.0 ** rng.integers(-20, 20, 36)  # exact scaling
    S = sparse.diags_array(powers)
    M, scaled = model.build(A, b), model.build(S @ A @ S, 1e9 * powers * b)
    r = rng.standard_normal(36)
    want = (M @ (r / powers)) / powers
    # square roots of scaled diagonals round like the unscaled ones up to a factor of sqrt(2), and
    # triangular solves make it grow
    np.testing.assert_allclose(scaled @ r, want, rtol=1e-9, atol=1e-9 * np.min(np.abs(want)))


def test_a_right_hand_side_of_zeros_counts_as_none_and_others_are_looked_at(rng):
    model, A = untrained(), diffusion(5)
    np.testing.assert_array_equal(dense(model.build(A, np.zeros(25))), dense(model.build(A)))
    assert not np.allclose(dense(model.build(A, rng.standard_normal(25))), dense(model.build(A)))


def test_the_precision_of_the_matrix_is_kept():
    A = diffusion(5)
    M = untrained().build(A.astype(np.float32))
    assert M.dtype == np.float32
    assert (M @ np.ones(25, dtype=np.float32)).dtype == np.float32


def test_saving_and_loading_changes_nothing(tmp_path):
    model, A = untrained(), diffusion(5)
    model.save(tmp_path / "weights.npz")
    loaded = NeuralPCG.load(tmp_path / "weights.npz")
    assert (loaded.blocks, loaded.hidden, loaded.objective) == (2, 4, "solution")
    np.testing.assert_array_equal(dense(loaded.build(A)), dense(model.build(A)))


def test_training_lowers_the_number_of_steps_and_repeats_itself():
    family = [diffusion(8, seed) for seed in range(6)]
    runs = [SMALL.fit(family, steps=60, every=30, rate=1e-2, rng=0) for _ in range(2)]
    scores = [score for _, score in runs[0].record.scores]
    assert min(scores) < 0.7 * scores[0]
    for name, w in runs[0].weights.items():
        np.testing.assert_array_equal(runs[1].weights[name], w)


def test_what_does_not_fit_is_refused():
    A, model = diffusion(4), untrained()
    with pytest.raises(ValueError, match="no weights"):
        SMALL(A)
    with pytest.raises(ValueError, match="b must be a finite vector"):
        model(A, np.full(16, np.nan))
    with pytest.raises(ValueError, match="objective"):
        NeuralPCG(objective="other")
    with pytest.raises(ValueError, match="Hermitian"):
        model(A + sparse.diags_array(np.ones(15), offsets=1, shape=(16, 16)))
    with pytest.raises(TypeError, match="real"):
        model(A.astype(np.complex128))
    with pytest.raises(NotPositiveDefiniteError):
        model(-A)
    with pytest.raises(ValueError, match="NaN"):
        model(A * np.nan)
