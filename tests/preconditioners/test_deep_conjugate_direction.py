from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.fft import dstn
from scipy.sparse.linalg import aslinearoperator

from resolvent.linalg.gallery import poisson
from resolvent.linalg.gallery.pressure import pressure_poisson, random_solids
from resolvent.preconditioners.learned import deep_conjugate_direction as module
from resolvent.preconditioners.learned.deep_conjugate_direction import DeepConjugateDirection
from resolvent.preconditioners.learned.inputs.fluid_grid import FluidGrid, sine_mixtures
from resolvent.preconditioners.learned.losses.direction_loss import energy_loss, residual_loss
from resolvent.preconditioners.learned.networks import multilevel_net as net_module
from resolvent.preconditioners.learned.networks.convolution import convolution
from resolvent.preconditioners.learned.networks.multilevel_net import (
    flops_per_cell,
    multilevel_net,
    solids_of_levels,
)
from resolvent.preconditioners.learned.pressure_recipes import NETWORKS
from resolvent.preconditioners.learned.training.train import NoProgressWarning
from resolvent.solvers import cg, fcg

SINGLE = float(np.finfo(np.float32).eps)


def system(shape, solids=2, seed=0):
    fluid = random_solids(shape, solids=solids, rng=seed)
    return pressure_poisson(fluid), fluid


def untrained(noise=0.0, **options):
    """A model with its first weights, or others near to them, in double precision."""
    model = DeepConjugateDirection(**options)
    rng = np.random.default_rng(1)
    first = model.initial_weights(rng)
    moved = {name: W + noise * rng.standard_normal(W.shape) for name, W in first.items()}
    return replace(model, weights=moved)


def derivative(f, point, direction, h):
    def moved(t):
        return f({name: W + t * direction[name] for name, W in point.items()})

    return (moved(h) - moved(-h)) / (2 * h)


# the losses


def test_losses_are_what_is_left_after_the_best_step(rng):
    A = poisson((4, 3)).toarray()
    x, p = rng.standard_normal((2, 12, 5))
    d = A @ x
    energy, residual = [], []
    for k in range(5):
        steps = np.linspace(-3, 3, 60001) * np.linalg.norm(x[:, k]) / np.linalg.norm(p[:, k])
        left = x[:, [k]] - steps * p[:, [k]]
        values = np.sum(left * (A @ left), axis=0)
        energy.append(values.min() / (x[:, k] @ d[:, k]))
        best = d[:, k] - steps[np.argmin(values)] * (A @ p[:, k])
        residual.append(best @ best / (d[:, k] @ d[:, k]))
    # steps on a grid: 1e-4 of their size
    assert energy_loss(A, p, x, d)[0] == pytest.approx(np.mean(energy), abs=1e-6)
    assert residual_loss(A, p, x, d)[0] == pytest.approx(np.mean(residual), rel=1e-3)


@pytest.mark.parametrize("loss", [energy_loss, residual_loss])
def test_losses_do_not_depend_on_the_length_and_vanish_for_the_solution(loss, rng):
    A = poisson((5, 4)).toarray()
    x, p = rng.standard_normal((2, 20, 3))
    lengths = np.array([1e-3, -2.0, 1e4])
    assert loss(A, p * lengths, x, A @ x)[0] == pytest.approx(loss(A, p, x, A @ x)[0], rel=1e-12)
    value, slope = loss(A, x * lengths, x, A @ x)
    assert abs(value) < 1e-14
    np.testing.assert_allclose(slope * lengths, 0, atol=1e-12)


@pytest.mark.parametrize("loss", [energy_loss, residual_loss])
def test_the_derivative_of_a_loss_is_that_of_central_differences(loss, rng):
    A = poisson((5, 4)).toarray()
    x, p, direction = rng.standard_normal((3, 20, 3))
    value = derivative(lambda at: loss(A, at["p"], x, A @ x)[0], {"p": p}, {"p": direction}, h=1e-5)
    slope = loss(A, p, x, A @ x)[1]
    assert np.sum(slope * direction) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("objective", ["energy", "residual"])
@pytest.mark.parametrize("levels", [None, 2])
def test_the_gradient_of_the_training_loss_is_that_of_central_differences(
    objective, levels, monkeypatch, rng
):
    # what the network leaves of an example is taken as given, without a derivative
    monkeypatch.setattr(module, "_STEPS_BEFORE", 0)
    model = untrained(0.1, filters=3, levels=levels, objective=objective, cells=100)
    example = model.example(system((7, 6)), np)
    direction = {name: rng.standard_normal(W.shape) for name, W in model.weights.items()}

    def value(weights):
        return model.loss(weights, example, np.random.default_rng(2))[0]

    _, gradient = model.loss(model.weights, example, np.random.default_rng(2))
    assert gradient.keys() <= model.weights.keys()
    slope = sum(np.sum(g * direction[name]) for name, g in gradient.items())
    assert slope == pytest.approx(derivative(value, model.weights, direction, 1e-6), rel=1e-6)


# the network


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (8, 8)])
def test_the_way_back_of_the_network_is_its_derivative(size, rng):
    model = untrained(0.2, filters=3, pairs=2)
    solids = solids_of_levels((rng.random((1, 1, *size)) < 0.2) * 1.0, None)
    net = multilevel_net(model.weights, model.names, 2, solids)
    x, direction, g = rng.standard_normal((3, 1, 2, *size))

    def value(at):
        return np.sum(g * net(at["x"])[0])

    _, back = net(x)
    want = derivative(value, {"x": x}, {"x": direction}, 1e-7)
    assert np.sum(back(g, {}) * direction) == pytest.approx(want, rel=1e-6, abs=1e-8)


def test_it_starts_as_a_symmetric_positive_definite_matrix():
    A = poisson((8, 8))
    # without residual pairs nothing is rectified: the additive cycle of Bramble, Pasciak and Xu
    M = untrained()(A, shape=(8, 8)) @ np.eye(64)
    np.testing.assert_allclose(M, M.T, atol=64 * SINGLE * np.abs(M).max())
    assert np.linalg.eigvalsh(M + M.T).min() > 0
    values = np.sort(np.linalg.eigvals(M @ A.toarray()).real)
    plain = np.linalg.eigvalsh(A.toarray())
    assert values[-1] / values[0] < plain[-1] / plain[0] / 2


def test_levels_end_at_two_cells():
    for size, levels in (((1, 1), 1), ((2, 2), 1), ((3, 1), 2), ((64, 64), 6), ((5, 65), 7)):
        assert len(solids_of_levels(np.zeros((1, 1, *size)), None)) == levels
    assert len(solids_of_levels(np.zeros((1, 1, 64, 64)), 2)) == 2
    assert len(solids_of_levels(np.zeros((1, 1, 2, 2)), 5)) == 1


def test_flops_count_the_convolutions_of_an_image():
    # one level: four convolutions of 4 to 4 filters, one of 1 to 4, one of 4 to 1
    assert flops_per_cell(4, 1, [100]) == 4 * 18 * 16 + 2 * 18 * 4
    # two levels: six on the fine one, and four on a quarter of the cells
    assert flops_per_cell(4, 1, [100, 25]) == (6 + 4 / 4) * 18 * 16 + 2 * 18 * 4


def test_solids_are_seen_once_and_not_with_each_image(monkeypatch, rng):
    A, fluid = system((16, 16))
    seen = []

    def counted(weights, name, x):
        seen.append(name)
        return convolution(weights, name, x)

    monkeypatch.setattr(net_module, "convolution", counted)
    M = untrained()(A, mask=fluid)
    for _ in range(3):
        _ = M @ rng.standard_normal(A.shape[0])
    assert sum(name.endswith(".solid") for name in seen) == 2 * 4  # two pairs on four levels
    assert seen.count("lift") == 3


# the examples


def test_images_and_vectors_are_inverse_and_solids_are_zero(rng):
    _, fluid = system((9, 7))
    grid = FluidGrid.of(fluid, int(fluid.sum()))
    vectors = rng.standard_normal((int(fluid.sum()), 3))
    images = grid.images(vectors)
    np.testing.assert_array_equal(images[0, 1][fluid], vectors[:, 1])
    assert not np.any(images[0, :, ~fluid])
    np.testing.assert_array_equal(grid.vectors(images), vectors)


def test_mixtures_have_nine_times_as_much_of_each_low_mode_as_of_a_high_one(rng):
    grid = FluidGrid(np.ones((12, 10), dtype=bool))
    b = poisson((12, 10)) @ sine_mixtures(grid, 4000, 0.0, rng)
    power = np.sqrt(np.mean(dstn(grid.images(b)[0], type=1, axes=(1, 2)) ** 2, axis=0))
    low = np.sort(power.ravel())[60:]
    high = np.sort(power.ravel())[:60]
    # standard deviations of 4000 samples: 1 % each; the sines are scaled alike
    assert low.min() / high.max() > 9 * 0.9
    assert low.max() / low.min() < 1.1


# the preconditioner


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2), (7, 10), (33, 8)])
def test_it_makes_directions_of_descent_on_grids_of_any_size(shape, rng):
    A = pressure_poisson(np.ones(shape, dtype=bool))
    M = untrained(0.02, levels=None)(A, shape=shape)
    r = rng.standard_normal((A.shape[0], 4))
    assert np.all(np.sum(r * (M @ r), axis=0) > 0)
    assert (M.info.applications, M.info.replaced) == (4, 0)
    assert (M.is_linear, M.is_fixed, M.is_spd) == (False, True, None)


def test_it_is_homogeneous_for_positive_factors_and_zero_stays_zero(rng):
    A, fluid = system((12, 12))
    M = untrained(0.05)(A, mask=fluid)
    r = rng.standard_normal(A.shape[0])
    z = M @ r
    for power in (-1000, -30, 3, 1000):  # as exact powers of two
        np.testing.assert_array_equal(M @ (2.0**power * r), 2.0**power * z)
    assert not np.any(M @ np.zeros(A.shape[0]))
    both = M @ np.stack([r, 0 * r], axis=1)
    np.testing.assert_allclose(both[:, 0], z, rtol=0, atol=1e3 * SINGLE * np.abs(z).max())
    assert not np.any(both[:, 1])
    assert M.info.replaced == 0
    assert np.linalg.norm(M @ -r + z) > 1e-3 * np.linalg.norm(z)  # not linear


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_is_that_of_the_residual(dtype, rng):
    A, fluid = system((8, 8))
    M = untrained()(A.astype(dtype), mask=fluid)
    assert M.dtype == dtype
    assert (M @ rng.standard_normal(A.shape[0]).astype(dtype)).dtype == dtype


@pytest.mark.parametrize("bad", ["uphill", "nan", "zero", "huge"])
def test_a_network_without_direction_is_replaced_by_the_residual_and_counted(bad, rng):
    A, fluid = system((10, 10))
    factor = {"uphill": -1.0, "nan": np.nan, "zero": 0.0, "huge": 1e38}[bad]
    model = untrained(filters=4)
    weights = model.weights | {"dense": np.float32(factor) * model.weights["dense"]}
    if bad == "huge":
        weights["lift"] = np.float32(1e5) * model.weights["lift"]
    M = replace(model, weights={name: W.astype(np.float32) for name, W in weights.items()})(
        A, mask=fluid
    )
    r = rng.standard_normal(A.shape[0])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(M @ r, r, rtol=1e-14)
        assert M.info.replaced == 1
        solution = fcg(A, r, M=M, truncate=2, rtol=1e-8)
    # then it is CG up to rounding
    assert abs(solution.iterations - cg(A, r, rtol=1e-8).iterations) <= 1


def test_it_runs_in_other_libraries(backend, rng):
    A, fluid = system((9, 6))
    model = untrained(0.05, filters=4)
    r = rng.standard_normal(A.shape[0])
    want = model(A, mask=fluid) @ r
    there = backend.asarray(r)
    z = model(A, mask=fluid) @ there
    backend.assert_same_kind(z, there)
    assert np.max(np.abs(backend.to_host(z) - want)) <= 1e3 * SINGLE * np.abs(want).max()


# training, files


def test_training_lowers_the_loss_and_repeats_from_its_seed():
    systems = [system((16, 16), seed=seed) for seed in range(4)]
    model = DeepConjugateDirection(filters=4, cells=2048)
    one, two = (
        model.fit(systems, validation=systems[:1], steps=60, every=60, rate=1e-2, rng=5)
        for _ in range(2)
    )
    for name, W in one.weights.items():
        np.testing.assert_array_equal(W, two.weights[name])
        assert W.dtype == np.float32
    losses = one.record.losses
    assert np.median(losses[-15:]) < 0.9 * np.median(losses[:15])


def test_training_that_never_arrives_warns(monkeypatch):
    monkeypatch.setattr(DeepConjugateDirection, "most", 2)
    with pytest.warns(NoProgressWarning, match="in 2 steps"):
        DeepConjugateDirection(filters=2, cells=64).fit([system((8, 8))] * 2, steps=1)


def test_a_file_gives_the_same_preconditioner(tmp_path, rng):
    A, fluid = system((8, 8))
    model = untrained(0.1, levels=2, pairs=2, filters=3)
    model.save(tmp_path / "model.npz")
    loaded = DeepConjugateDirection.load(tmp_path / "model.npz")
    assert (loaded.levels, loaded.pairs, loaded.filters) == (2, 2, 3)
    r = rng.standard_normal(A.shape[0])
    np.testing.assert_array_equal(loaded(A, mask=fluid) @ r, model(A, mask=fluid) @ r)


def test_the_trained_network_takes_at_most_twice_the_steps_on_a_grid_twice_as_fine(rng):
    model = DeepConjugateDirection.pretrained("pressure-2d")
    steps = []
    for n in (64, 128):
        A, fluid = system((n, n), solids=4, seed=77)
        b = rng.standard_normal(A.shape[0])
        M = model(A, mask=fluid)
        solution = fcg(A, b, M=M, truncate=2, rtol=1e-4)
        assert solution.converged
        assert M.info.replaced == 0
        assert np.linalg.norm(b - A @ solution.x) <= 1.01e-4 * np.linalg.norm(b)
        assert solution.iterations <= cg(A, b, rtol=1e-4).iterations / 5
        steps.append(solution.iterations)
    assert steps[1] <= 2 * steps[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_that_come_with_the_library_are_those_of_the_recipes_and_small(name):
    shipped, (recipe, _) = DeepConjugateDirection.pretrained(name), NETWORKS[name]
    options = ("filters", "pairs", "levels", "objective", "cells")
    assert all(getattr(shipped, each) == getattr(recipe, each) for each in options)
    first = recipe.initial_weights(np.random.default_rng(0))
    assert {key: W.shape for key, W in shipped.weights.items()} == {
        key: W.shape for key, W in first.items()
    }
    assert all(W.dtype == np.float32 for W in shipped.weights.values())
    assert 4 * sum(W.size for W in shipped.weights.values()) < 100_000  # bytes


def test_it_solves_to_double_precision(rng):
    model = DeepConjugateDirection.pretrained("pressure-2d")
    A, fluid = system((32, 32), solids=3, seed=78)
    b = rng.standard_normal(A.shape[0])
    M = model(A, mask=fluid)
    solution = fcg(A, b, M=M, truncate=2, rtol=1e-12)
    assert solution.converged
    assert M.info.replaced == 0
    assert solution.iterations <= cg(A, b, rtol=1e-12).iterations / 4


# what can't work


def test_the_grid_must_fit_to_the_matrix():
    A, fluid = system((6, 6))
    model = untrained()
    for wrong in ({}, {"shape": (6, 6), "mask": fluid}):
        with pytest.raises(ValueError, match="give the shape of a grid"):
            model(A, **wrong)
    for wrong in ({"shape": (3, 7)}, {"mask": ~fluid}):
        with pytest.raises(ValueError, match="unknowns of A"):
            model(A, **wrong)
    for wrong in (np.ones(A.shape[0], dtype=bool), np.ones((6, 6))):
        with pytest.raises(ValueError, match="mask must be"):
            model(A, mask=wrong)
    with pytest.raises(ValueError, match="has no weights"):
        DeepConjugateDirection()(A, mask=fluid)


def test_a_grid_of_as_many_cells_but_other_neighbours_is_refused():
    model = untrained()
    A = pressure_poisson(np.ones((6, 10), dtype=bool))
    for wrong in ((10, 6), (60, 1), (5, 12)):
        with pytest.raises(ValueError, match=r"don't touch in a grid .* shape or mask"):
            model(A, shape=wrong)
    A, fluid = system((12, 12), solids=3)
    assert not np.array_equal(fluid, fluid.T)
    for wrong in (fluid.T, fluid[::-1]):
        with pytest.raises(ValueError, match="shape or mask"):
            model(A, mask=wrong)
        with pytest.raises(ValueError, match="shape or mask"):
            model.fit([(A, wrong)] * 2)
    # entries that are stored zeros join nothing; nothing is known of an operator
    padded, last = A.tocoo(), A.shape[0] - 1
    entries = np.r_[padded.data, 0.0], (np.r_[padded.row, 0], np.r_[padded.col, last])
    model(sparse.coo_array(entries, shape=A.shape), mask=fluid)
    model(aslinearoperator(A), mask=fluid.T)


def test_options_and_weights_that_dont_fit_are_refused():
    for name in ("filters", "pairs", "levels", "cells"):
        for wrong in (0, 2.0, "4"):
            with pytest.raises(ValueError, match=f"{name} must be a positive whole number"):
                DeepConjugateDirection(**{name: wrong})
    weights = untrained().weights
    with pytest.raises(ValueError, match="shape"):
        DeepConjugateDirection(filters=4, weights=weights)
    with pytest.raises(ValueError, match="there is no 'level1"):
        DeepConjugateDirection(levels=2, weights=weights)
    with pytest.raises(ValueError, match="objective must be"):
        DeepConjugateDirection(objective="angle")


def test_systems_are_pairs():
    A, fluid = system((6, 6))
    with pytest.raises(TypeError, match="must be a pair"):
        DeepConjugateDirection().fit([A, A])
    with pytest.raises(ValueError, match="unknowns of A"):
        DeepConjugateDirection().fit([(A, ~fluid)] * 2)
