from dataclasses import replace

import array_api_strict
import numpy as np
import pytest
from scipy import sparse

from resolvent.linalg import gallery
from resolvent.preconditioners.learned.learned_initial_guess import LearnedInitialGuess
from resolvent.preconditioners.learned.training.train import NoProgressWarning
from resolvent.preconditioners.learned.unrolled import doubled, norms_of_steps
from resolvent.solvers import jacobi, sor

N = 9
A = gallery.poisson(N)
SOLVERS = {"jacobi": jacobi, "sor": sor}
splittings = pytest.mark.parametrize("splitting", SOLVERS)
objectives = pytest.mark.parametrize("objective", ["iterations", "error"])


def right_hand_sides(k, seed=0):
    return np.random.default_rng(seed).standard_normal((N, k))


def model_of(**options):
    return LearnedInitialGuess(**({"n": N, "hidden": (7,), "steps": 30} | options))


def random_weights(model, seed=0):
    """Weights without zeros, small enough for guesses of the size of solutions."""
    rng = np.random.default_rng(seed)
    first = model.initial_weights(rng)
    return {name: 0.3 * rng.standard_normal(value.shape) for name, value in first.items()}


# the unrolled iteration and its reverse pass


@splittings
@objectives
@pytest.mark.parametrize("view", [{}, {"points": 4}, {"points": 0}, {"hidden": ()}])
def test_gradient_is_that_of_finite_differences(splitting, objective, view):
    model = model_of(splitting=splitting, omega=0.8, objective=objective, tol=0.2, **view)
    example = model.example((A, right_hand_sides(6)), np)
    weights, rng = random_weights(model), np.random.default_rng(1)
    _, gradient = model.loss(weights, example, rng)
    assert gradient.keys() == weights.keys()
    for _ in range(3):
        direction = {name: rng.standard_normal(w.shape) for name, w in weights.items()}

        def along(t, direction=direction):
            moved = {name: w + t * direction[name] for name, w in weights.items()}
            return model.loss(moved, example, rng)[0]

        h = 1e-4  # fourth order: an error of h^4 times a fifth derivative, and of 1e-16 / h
        difference = 8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))
        exact = sum(float(np.sum(gradient[name] * direction[name])) for name in weights)
        assert difference / (12 * h) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 4, 7, 8, 12])
def test_doubling_gives_the_norms_of_single_steps_and_their_adjoint(steps):
    rng = np.random.default_rng(0)
    E, first = 0.4 * rng.standard_normal((5, 5)), rng.standard_normal((3, 5))
    states = [first]
    for _ in range(steps):
        states.append(states[-1] @ E)
    history, back = norms_of_steps(first, doubled(E, steps), steps)
    expected = np.stack([np.linalg.norm(r, axis=1) for r in states], axis=1)
    np.testing.assert_allclose(history, expected, rtol=1e-13)
    slope = rng.standard_normal(history.shape)
    adjoint = np.zeros_like(first)
    for k in range(steps, -1, -1):
        adjoint = adjoint @ E.T + slope[:, [k]] * states[k] / expected[:, [k]]
    np.testing.assert_allclose(back(slope), adjoint, rtol=1e-12, atol=1e-14)


@splittings
def test_score_is_the_count_of_the_solver(splitting):
    model = model_of(splitting=splitting, omega=0.9, tol=1e-4)
    model = replace(model, weights=random_weights(model))
    B = right_hand_sides(8)
    options = {"omega": 0.9, "rtol": 1e-4, "maxiter": 1000}
    counts = [SOLVERS[splitting](A, b, x0=model(A, b), **options).iterations for b in B.T]
    assert model.score(model.weights, model.example((A, B), np)) == np.mean(counts)
    assert np.mean(counts) > 10


@splittings
def test_error_is_that_of_the_solver_after_so_many_steps(splitting):
    model = model_of(splitting=splitting, omega=0.9, objective="error", steps=5)
    model = replace(model, weights=random_weights(model))
    B = right_hand_sides(4)
    X = np.linalg.solve(A.toarray(), B)
    after = SOLVERS[splitting](A, B, omega=0.9, x0=model(A, B), rtol=1e-14, maxiter=5).x
    expected = np.sum((X - after) ** 2) / np.sum(X**2)
    value, _ = model.loss(model.weights, model.example((A, B), np), np.random.default_rng(0))
    assert value == pytest.approx(expected, rel=1e-10)


# the guess


def test_first_guess_is_zero():
    model = model_of()
    model = replace(model, weights=model.initial_weights(np.random.default_rng(0)))
    assert not np.any(model(A, np.ones(N)))


def test_guess_scales_with_the_right_hand_side():
    model = model_of()
    model = replace(model, weights=random_weights(model))
    b = right_hand_sides(1)[:, 0]
    np.testing.assert_allclose(model(A, 1e6 * b), 1e6 * model(A, b), rtol=1e-13)
    np.testing.assert_array_equal(model(A, 0 * b), 0)


@pytest.mark.parametrize(
    ("dtype", "powers"), [("float64", (-1010, -600, 600, 1000)), ("float32", (-120, -70, 70, 110))]
)
def test_powers_of_two_change_no_digit_of_a_guess(dtype, powers):
    model = model_of(points=4)
    model = replace(model, weights=random_weights(model))
    b = right_hand_sides(1)[:, 0].astype(dtype)
    x0 = model(A, b)
    assert np.any(x0)
    for power in powers:
        np.testing.assert_array_equal(model(A, np.ldexp(b, power)), np.ldexp(x0, power))


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_examples_of_any_size_are_those_of_size_one(factor):
    weights, rng = random_weights(model_of()), np.random.default_rng(0)
    B = right_hand_sides(3)
    for objective in ("iterations", "error"):
        model = model_of(objective=objective)
        value, expected = (
            model.loss(weights, model.example((A, b), np), rng)[0] for b in (factor * B, B)
        )
        assert value == pytest.approx(expected, rel=1e-10)


def test_a_guess_that_is_not_finite_becomes_zero():
    model = model_of(hidden=(), points=0)
    bias = np.array([1.0] * (N - 1) + [np.nan])
    weights = {"guess.W0": np.zeros((1, N)), "guess.b0": bias}
    with pytest.warns(RuntimeWarning, match="not finite"):
        assert not np.any(replace(model, weights=weights)(A, np.ones(N)))
    large = replace(model, weights=weights | {"guess.b0": np.full(N, 1e200)})
    B = np.stack([np.ones(N), np.full(N, 1e150)], axis=1)
    with pytest.warns(RuntimeWarning, match="not finite"):
        x0 = large(A, B)
    np.testing.assert_allclose(x0[:, 0], 3e200, rtol=1e-14)  # 3 is the norm of nine ones
    np.testing.assert_array_equal(x0[:, 1], 0)


def test_no_right_hand_sides_have_no_guesses():
    model = model_of()
    model = replace(model, weights=random_weights(model))
    assert model(A, np.empty((N, 0))).shape == (N, 0)


def test_columns_are_guessed_on_their_own():
    model = model_of()
    model = replace(model, weights=random_weights(model))
    B = right_hand_sides(3)
    expected = np.stack([model(A, b) for b in B.T], axis=1)
    np.testing.assert_allclose(model(A, B), expected, rtol=1e-13)


def test_points_see_means_of_blocks_only():
    model = model_of(points=3)
    model = replace(model, weights=random_weights(model))
    b = right_hand_sides(1)[:, 0]
    other = b.reshape(3, 3)[:, [2, 0, 1]].ravel()  # same means, same norm
    np.testing.assert_allclose(model(A, b), model(A, other), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_array_library(backend, dtype):
    model = model_of(points=4)
    model = replace(model, weights=random_weights(model))
    host = right_hand_sides(2).astype(dtype)
    b = backend.asarray(host)
    x0 = model(A, b)
    backend.assert_same_kind(x0, b)
    # some 10 products of length at most 9
    atol = 1000 * np.finfo(dtype).eps
    np.testing.assert_allclose(backend.to_host(x0), model(A, host.astype(float)), atol=atol)


@objectives
def test_loss_of_the_array_standard_is_that_of_numpy(objective):
    model = model_of(objective=objective)
    weights, xp = random_weights(model), array_api_strict
    B, rng = right_hand_sides(4), np.random.default_rng(0)
    value, gradient = model.loss(weights, model.example((A, B), np), rng)
    moved = {name: xp.asarray(w) for name, w in weights.items()}
    example = model.example((A, B), xp)
    other, other_gradient = model.loss(moved, example, rng)
    assert other == pytest.approx(value, rel=1e-12)
    for name, g in gradient.items():
        np.testing.assert_allclose(np.asarray(other_gradient[name]), g, rtol=1e-9, atol=1e-12)
    assert model.score(moved, example) == model.score(weights, model.example((A, B), np))


# training


def test_a_constant_guess_of_least_error_is_the_mean_of_solutions():
    # the errors x_i - d are multiplied by the same matrix, so the mean is best for every m
    B = right_hand_sides(5) + 1
    B = B / np.linalg.norm(B, axis=0)
    model = model_of(points=0, hidden=(), objective="error", omega=0.6, steps=3)
    mean = np.mean(np.linalg.solve(A.toarray(), B), axis=1)
    weights = {"guess.W0": np.zeros((1, N)), "guess.b0": mean}
    _, gradient = model.loss(weights, model.example((A, B), np), np.random.default_rng(0))
    assert max(np.max(np.abs(g)) for g in gradient.values()) < 1e-14


@splittings
def test_training_by_the_count_saves_steps(splitting):
    modes = np.sin(np.pi * np.outer(np.arange(1, N + 1), [1, 2]) / (N + 1))
    rng = np.random.default_rng(0)
    B, held_out = modes @ rng.standard_normal((2, 40)), modes @ rng.standard_normal((2, 20))
    model = model_of(splitting=splitting, omega=0.8, hidden=(), tol=1e-2, steps=120)
    model = model.fit([(A, B)], validation=[(A, held_out)], steps=400, rate=3e-2, every=50)
    scores = dict(model.record.scores)
    assert min(scores.values()) < 0.5 * scores[0]
    assert model.score(model.weights, model.example((A, held_out), np)) == min(scores.values())


def test_training_is_the_same_for_the_same_seed():
    systems = [(A, right_hand_sides(5, seed)) for seed in range(4)]
    first, second = (model_of().fit(systems, steps=5, every=5, rng=3).weights for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_saved_model_is_the_same(tmp_path):
    model = model_of(points=3, hidden=(4, 5), splitting="sor", omega=1.2)
    model = replace(model, weights=random_weights(model))
    model.save(tmp_path / "guess.npz")
    loaded = LearnedInitialGuess.load(tmp_path / "guess.npz")
    assert (loaded.hidden, loaded.points, loaded.omega) == ((4, 5), 3, 1.2)
    b = right_hand_sides(1)[:, 0]
    np.testing.assert_array_equal(loaded(A, b), model(A, b))


# trouble


def test_one_unknown_is_solved_by_one_step():
    model = LearnedInitialGuess(n=1, hidden=(), steps=3)
    weights = model.initial_weights(np.random.default_rng(0))
    assert model.score(weights, model.example((np.eye(1), np.ones(1)), np)) == 1


@objectives
def test_a_right_hand_side_of_zero_costs_nothing(objective):
    model = model_of(objective=objective)
    weights = random_weights(model)
    example = model.example((A, np.zeros((N, 2))), np)
    value, gradient = model.loss(weights, example, np.random.default_rng(0))
    assert value == 0
    assert model.score(weights, example) == 0
    assert all(np.all(np.isfinite(g)) for g in gradient.values())


def test_a_model_without_weights_says_so():
    with pytest.raises(ValueError, match="no weights"):
        model_of()(A, np.ones(N))


@pytest.mark.parametrize(
    ("A", "b"), [(A, np.ones(N + 1)), (A, np.ones((N, 1, 1))), (np.eye(N + 1), np.ones(N))]
)
def test_other_shapes_than_those_of_the_training_are_refused(A, b):
    model = model_of()
    model = replace(model, weights=random_weights(model))
    with pytest.raises(ValueError, match="the model is for A of shape"):
        model(A, b)
    with pytest.raises(ValueError, match="a system must be A of shape"):
        model.example((A, b), np)


def test_a_system_that_is_not_a_pair_is_refused():
    with pytest.raises(TypeError, match="a pair"):
        model_of().fit([A, A])


def test_nan_is_refused():
    b = np.ones(N)
    b[3] = np.nan
    model = model_of()
    with pytest.raises(ValueError, match="NaN"):
        model.example((A, b), np)
    with pytest.raises(ValueError, match="NaN"):
        replace(model, weights=random_weights(model))(A, b)


@pytest.mark.parametrize(("A", "b"), [(A, 1j * np.ones(N)), (1j * A, np.ones(N))])
def test_complex_systems_are_refused(A, b):
    model = model_of()
    model = replace(model, weights=random_weights(model))
    with pytest.raises(TypeError, match="must be real, got dtype complex128"):
        model(A, b)
    with pytest.raises(TypeError, match="must be real, got dtype complex128"):
        model.example((A, b), np)


@objectives
def test_weights_of_nan_arrive_nowhere_and_their_steps_are_skipped(objective):
    model = model_of(objective=objective)
    weights = {name: np.full(w.shape, np.nan) for name, w in random_weights(model).items()}
    system = (A, right_hand_sides(3))
    assert model.score(weights, model.example(system, np)) == model.most
    with pytest.warns(NoProgressWarning, match="no validation system was solved"):
        trained = replace(model, weights=weights).fit([system], validation=[system], steps=4)
    assert trained.record.skipped == 4
    assert np.all(np.isnan(trained.record.losses))


def test_an_iteration_that_diverges_is_refused():
    with pytest.raises(ValueError, match="does not converge"):
        model_of(omega=1.2).example((A, np.ones(N)), np)
    with pytest.raises(ValueError, match="does not converge"):
        model_of(splitting="sor", omega=2.1).example((A, np.ones(N)), np)


def test_a_zero_on_the_diagonal_is_refused():
    singular = sparse.lil_array(A)
    singular[4, 4] = 0
    with pytest.raises(ValueError, match="zero on the diagonal, in row 4"):
        model_of().example((singular, np.ones(N)), np)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"splitting": "richardson"}, "splitting"),
        ({"objective": "residual"}, "objective"),
        ({"points": N + 1}, "points"),
        ({"points": -1}, "points"),
        ({"points": 2.5}, "points"),
        ({"n": 0}, "n must be a positive whole number"),
        ({"n": 9.0}, "n must be a positive whole number"),
        ({"steps": -1}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"hidden": (7, 0)}, r"hidden\[1\]"),
        ({"hidden": (2.5,)}, "hidden"),
        ({"omega": 0.0}, "omega"),
        ({"omega": np.nan}, "omega"),
        ({"tol": 0.0}, "tol"),
        ({"tol": -1e-3}, "tol"),
        ({"tol": np.nan}, "tol"),
        ({"tol": np.inf}, "tol"),
        ({"sharpness": 1.0}, "sharpness"),
        ({"sharpness": np.nan}, "sharpness"),
    ],
)
def test_options_without_meaning_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        model_of(**options)
