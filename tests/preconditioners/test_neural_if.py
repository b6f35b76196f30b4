"""NeuralIF and PreCorrector: definite whatever the weights, never worse than what they guard."""

import numpy as np
import pytest
from scipy import sparse

from resolvent.errors import NotPositiveDefiniteError
from resolvent.linalg.gallery import lognormal_diffusion, poisson, two_phase_diffusion
from resolvent.preconditioners import ichol
from resolvent.preconditioners.learned.guard.cg_race import cg_progress, steps_to
from resolvent.preconditioners.learned.neural_if import NeuralIF
from resolvent.preconditioners.learned.precorrector import PreCorrector
from resolvent.preconditioners.preconditioner import Preconditioner

MODELS = [NeuralIF, PreCorrector]


def untrained(Model, seed=0, size=1.0, **options):
    model = Model(**options)
    weights = model.initial_weights(np.random.default_rng(seed))
    rng = np.random.default_rng(seed + 1)
    moved = {k: w + size * rng.standard_normal(w.shape) for k, w in weights.items()}
    return Model(**options, weights=moved)


def dense(M):
    return M @ np.eye(M.shape[0])


@pytest.fixture(scope="module", params=MODELS)
def trained(request):
    systems = [lognormal_diffusion((12, 12), sigma=1, rng=seed) for seed in range(12)]
    return request.param(hidden=8).fit(systems, steps=120, every=20, rate=5e-3)


@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize("objective", ["solution", "sketch"])
def test_gradient_of_the_loss(Model, objective, assert_gradient):
    model = untrained(Model, size=0.1, objective=objective, blocks=2, hidden=4)
    b = np.ones(30)
    example = model.example((lognormal_diffusion((5, 6), sigma=1, rng=0), b), np)

    assert_gradient(model, example, model.weights)


@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize("seed", range(3))
def test_any_weights_make_a_definite_preconditioner(Model, seed):
    A = lognormal_diffusion((5, 5), sigma=1, rng=seed)
    M = dense(untrained(Model, seed, size=0.3).build(A))
    np.testing.assert_allclose(M, M.T, rtol=0, atol=1e-12 * np.abs(M).max())
    # with a condition number of 1e10 rounding could hide the sign
    root = 1 / np.sqrt(np.diag(M))
    assert np.linalg.eigvalsh(root[:, None] * M * root)[0] > -1e-14 * len(M)


def test_untrained_corrections_are_ic0():
    A = lognormal_diffusion((6, 7), sigma=1, rng=1)
    model = PreCorrector()
    weights = model.initial_weights(np.random.default_rng(0))
    found = dense(PreCorrector(weights=weights).build(A))
    np.testing.assert_allclose(found, dense(ichol(A)), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("Model", MODELS)
def test_scaling_rows_and_columns_scales_the_preconditioner(Model):
    A = lognormal_diffusion((5, 6), sigma=1, rng=2)
    model = untrained(Model, size=0.1)
    scale = 10.0 ** np.random.default_rng(3).integers(-3, 4, 30)
    scaled = sparse.csr_array(sparse.diags_array(scale) @ A @ sparse.diags_array(scale))
    expected = dense(model.build(A)) / scale[:, None] / scale
    np.testing.assert_allclose(dense(model.build(scaled)), expected, rtol=1e-9)


def test_training_saves_steps_and_repeats_itself(trained):
    counts = [score for _, score in trained.record.scores]
    assert min(counts[1:]) < 0.9 * counts[0]
    systems = [lognormal_diffusion((12, 12), sigma=1, rng=seed) for seed in range(12)]
    again = type(trained)(hidden=8).fit(systems, steps=120, every=20, rate=5e-3)
    for name, weight in trained.weights.items():
        np.testing.assert_array_equal(weight, again.weights[name])


def test_a_file_keeps_the_model(trained, tmp_path):
    path = tmp_path / "model.npz"
    trained.save(path)
    loaded = type(trained).load(path)
    assert (loaded.blocks, loaded.objective) == (trained.blocks, trained.objective)
    A, r = lognormal_diffusion((6, 6), sigma=1, rng=5), np.ones(36)
    np.testing.assert_array_equal(loaded(A) @ r, trained(A) @ r)
    other = NeuralIF if type(trained) is PreCorrector else PreCorrector
    with pytest.raises(ValueError, match="holds a model"):
        other.load(path)


@pytest.mark.parametrize("Model", MODELS)
def test_pretrained_models_beat_ic0_on_their_family(Model, cg_steps):
    model = Model.pretrained("diffusion-2d")
    for seed in (10_001, 10_002):
        A = lognormal_diffusion((32, 32), sigma=1, rng=seed)
        b, M = np.random.default_rng(seed).standard_normal(1024), model(A)
        assert M.info.chosen == model.kind
        assert cg_steps(A, M, b) < 0.9 * cg_steps(A, ichol(A), b)


def test_the_guard_falls_back_on_a_contrast_never_seen(cg_steps):
    model = NeuralIF.pretrained("diffusion-2d")
    A = two_phase_diffusion((48, 48), contrast=1e4, rng=10_000)
    M = model(A)
    assert M.info.fell_back
    assert M.info.chosen == "ichol"
    b = np.random.default_rng(0).standard_normal(48**2)
    assert cg_steps(A, M, b) < cg_steps(A, model(A, guard=False), b)


@pytest.mark.parametrize("Model", MODELS)
def test_the_guard_refuses_weights_that_are_not_numbers(Model):
    model = untrained(Model)
    broken = Model(weights={name: np.full_like(w, np.nan) for name, w in model.weights.items()})
    M = broken(lognormal_diffusion((6, 6), sigma=1, rng=0))
    assert M.info.fell_back
    assert np.all(np.isfinite(M @ np.ones(36)))


def test_the_guard_keeps_a_factor_that_is_complete():
    A = poisson(30)  # tridiagonal: IC(0) is complete, and so is its correction by nothing
    weights = PreCorrector().initial_weights(np.random.default_rng(0))
    M = PreCorrector(weights=weights)(A)
    assert M.info.chosen == "precorrector"
    assert np.linalg.norm(A @ (M @ np.ones(30)) - 1) < 1e-11


def test_where_ic0_is_refused_jacobi_is_left():
    A = sparse.csr_array(np.array([[1.0, 2.0], [2.0, 1.0]]))  # indefinite
    M = untrained(NeuralIF)(A)
    assert "ichol" not in M.info.residuals
    assert "jacobi" in M.info.residuals


@pytest.mark.parametrize("Model", MODELS)
def test_one_row_and_single_precision(Model):
    model = untrained(Model, size=0.1)
    M = model(np.array([[4.0]]))
    assert (M @ np.array([2.0])).shape == (1,)
    A = lognormal_diffusion((5, 5), sigma=1, rng=0).astype(np.float32)
    assert (model(A) @ np.ones(25, dtype=np.float32)).dtype == np.float32
    assert model(A).dtype == np.float32


@pytest.mark.parametrize("Model", MODELS)
def test_what_is_no_positive_definite_matrix_is_refused(Model):
    model = untrained(Model)
    with pytest.raises(ValueError, match="Hermitian"):
        model(np.array([[2.0, 1.0], [0.0, 2.0]]))
    with pytest.raises(NotPositiveDefiniteError, match="diagonal entry"):
        model(np.diag([1.0, -1.0]))
    with pytest.raises(ValueError, match="NaN"):
        model(np.diag([1.0, np.nan]))
    with pytest.raises(TypeError, match="real"):
        model(np.diag([1.0 + 0j, 1.0]))


def test_models_without_weights_say_what_to_do():
    with pytest.raises(ValueError, match="fit, load or pretrained"):
        NeuralIF()(np.eye(2))
    with pytest.raises(ValueError, match="diffusion-2d"):
        NeuralIF.pretrained("nothing")
    with pytest.raises(ValueError, match="objective"):
        NeuralIF(objective="loss")
    with pytest.raises(ValueError, match="two systems or more"):
        NeuralIF().fit([])
    with pytest.raises(ValueError, match="positive"):
        NeuralIF().fit([np.eye(2)] * 3, steps=0)


def test_the_race_counts_as_conjugate_gradients_do(cg_steps):
    A = lognormal_diffusion((10, 10), sigma=1, rng=0)
    b, M = np.ones(100), ichol(A)
    assert steps_to(A, M, b, 1e-8, 500) == cg_steps(A, M, b)
    assert steps_to(A, M, b, 1e-8, 3) == 3


def test_the_race_does_not_see_a_scaling():
    A = lognormal_diffusion((8, 8), sigma=1, rng=0)
    scale = 2.0 ** np.random.default_rng(0).integers(-20, 20, 64)
    scaled = sparse.csr_array(sparse.diags_array(scale) @ A @ sparse.diags_array(scale))
    b = np.random.default_rng(1).standard_normal(64)
    first, second = (cg_progress(S, ichol(S), b, 1e-3, 50) for S in (A, scaled))
    assert first[0] == second[0] < 50
    assert first[1] == pytest.approx(second[1], rel=1e-8)  # powers of two scale without rounding


def test_an_indefinite_preconditioner_makes_no_progress():
    A = poisson(8)
    M = Preconditioner((8, 8), np.float64, lambda r: -r)
    assert cg_progress(A, M, np.ones(8), 1e-3, 5) == (5, 1.0)
