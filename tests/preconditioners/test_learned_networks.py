"""The parts of learned preconditioners: sums over edges, reverse passes, steps, files."""

import numpy as np
import pytest

from resolvent.arrays import to_host
from resolvent.linalg.gallery import lognormal_diffusion, poisson
from resolvent.preconditioners.factorisations.ichol import cholesky_factor
from resolvent.preconditioners.learned.inputs.scaled_matrix import scaled_matrix
from resolvent.preconditioners.learned.losses.factor_loss import factor_loss
from resolvent.preconditioners.learned.networks.graph_net import Edges, graph_net, graph_net_weights
from resolvent.preconditioners.learned.networks.interleaved_net import (
    interleaved_net,
    interleaved_values,
    interleaved_weights,
)
from resolvent.preconditioners.learned.networks.node_features import FEATURES, node_features
from resolvent.preconditioners.learned.networks.perceptron import perceptron, perceptron_weights
from resolvent.preconditioners.learned.networks.segments import Segments
from resolvent.preconditioners.learned.training.adam import Adam, clipped, norm
from resolvent.preconditioners.learned.training.storage import read, write
from resolvent.preconditioners.learned.training.train import train

STEP = 1e-6  # of central differences: their error is about STEP^2 and eps / STEP


def assert_slope(function, x, slope, seed=0):
    """Compare the derivative along a random direction with a central difference."""
    d = np.random.default_rng(seed).standard_normal(np.shape(x))
    difference = (function(x + STEP * d) - function(x - STEP * d)) / (2 * STEP)
    assert np.sum(slope * d) == pytest.approx(difference, rel=1e-6, abs=1e-9)


def groups_with_an_empty_one():
    group = np.random.default_rng(0).integers(0, 6, 40)
    return Segments(np.where(group == 3, 4, group), 6)


def test_sums_of_groups_are_those_of_a_loop(backend):
    segments = groups_with_an_empty_one()
    rows = np.random.default_rng(1).standard_normal((40, 3))
    sums = np.zeros((6, 3))
    for k, s in enumerate(segments.group):
        sums[s] += rows[k]
    found = segments.sum(backend.xp.asarray(rows, device=backend.device))
    np.testing.assert_allclose(to_host(found), sums, rtol=1e-14, atol=1e-14)


def test_the_adjoint_of_a_sum_is_a_copy(backend):
    segments, rng = groups_with_an_empty_one(), np.random.default_rng(2)
    rows, nodes = rng.standard_normal(40), rng.standard_normal(6)
    found = segments.take(backend.xp.asarray(nodes, device=backend.device))
    assert np.sum(to_host(found) * rows) == pytest.approx(np.sum(nodes * segments.sum(rows)))


def test_sums_of_no_rows_are_zero():
    assert not np.any(Segments(np.zeros(0, dtype=np.int64), 3).sum(np.zeros((0, 2))))


@pytest.mark.parametrize("name", ["net.W0", "net.b0", "net.W1", "net.b1", "net.W2", "net.b2"])
def test_reverse_pass_of_a_perceptron(name):
    rng = np.random.default_rng(3)
    weights = perceptron_weights("net", (4, 6, 5, 2), rng)
    x, g = rng.standard_normal((7, 4)), rng.standard_normal((7, 2))
    gradient = {}
    gx = perceptron(weights, "net", x)[1](g, gradient)
    assert_slope(lambda x: np.sum(g * perceptron(weights, "net", x)[0]), x, gx)
    assert_slope(
        lambda W: np.sum(g * perceptron({**weights, name: W}, "net", x)[0]),
        weights[name],
        gradient[name],
    )


@pytest.mark.parametrize("collect", ["mean", "sum"])
def test_reverse_pass_of_messages(collect):
    rng = np.random.default_rng(4)
    edges = Edges(groups_with_an_empty_one(), Segments(rng.integers(0, 6, 40), 6))
    weights = graph_net_weights("g", 3, 2, 2, 5, rng)
    x, e = rng.standard_normal((6, 3)), rng.standard_normal((40, 2))
    gx, ge = rng.standard_normal((6, 5)), rng.standard_normal((40, 2))

    def value(weights, x, e):
        x_new, e_new, _ = graph_net(weights, "g", edges, x, e, collect)
        return np.sum(gx * x_new) + np.sum(ge * e_new)

    gradient = {}
    by_x, by_e = graph_net(weights, "g", edges, x, e, collect)[2](gx, ge, gradient)
    assert_slope(lambda x: value(weights, x, e), x, by_x)
    assert_slope(lambda e: value(weights, x, e), e, by_e)
    for name, slope in gradient.items():
        assert_slope(lambda W, name=name: value({**weights, name: W}, x, e), weights[name], slope)
    assert gradient.keys() == weights.keys()


def diffusion_edges():
    scaled = scaled_matrix(lognormal_diffusion((7, 9), sigma=1, rng=0), builder="test")
    return scaled, node_features(scaled.matrix), scaled.lower[:, None]


def test_compiled_forward_pass_is_the_one_of_training():
    scaled, nodes, features = diffusion_edges()
    weights = interleaved_weights(2, 8, FEATURES, 1, np.random.default_rng(5))
    args = (weights, 2, scaled.pattern.edges, nodes, features)
    trained, compiled = interleaved_net(*args)[0], interleaved_values(*args)
    # sums over eight features in another order
    np.testing.assert_allclose(compiled, trained, rtol=1e-12, atol=1e-13)


def test_another_number_of_features_takes_the_generic_pass():
    scaled, nodes, features = diffusion_edges()
    weights = interleaved_weights(1, 5, FEATURES, 1, np.random.default_rng(6))
    args = (weights, 1, scaled.pattern.edges, nodes, features)
    np.testing.assert_array_equal(interleaved_values(*args), interleaved_net(*args)[0])


def test_messages_run_on_every_library(backend):
    scaled, nodes, features = diffusion_edges()
    weights = interleaved_weights(2, 4, FEATURES, 1, np.random.default_rng(7))
    host = interleaved_net(weights, 2, scaled.pattern.edges, nodes, features)[0]
    there = {k: backend.xp.asarray(w, device=backend.device) for k, w in weights.items()}
    moved = [backend.xp.asarray(x, device=backend.device) for x in (nodes, features)]
    found = interleaved_values(there, 2, scaled.pattern.edges, *moved)
    np.testing.assert_allclose(to_host(found), host, rtol=1e-12, atol=1e-13)


def test_loss_of_a_factor_and_its_slope():
    scaled = scaled_matrix(lognormal_diffusion((5, 6), sigma=1, rng=1), builder="test")
    rng = np.random.default_rng(8)
    L, z = rng.standard_normal(len(scaled.lower)), rng.standard_normal(30)
    dense = scaled.pattern.matrix(L).toarray()
    Az = scaled.matrix @ z
    value, slope = factor_loss(scaled.pattern, L, z, Az)
    exact = np.linalg.norm(dense @ dense.T @ z - Az) / np.linalg.norm(Az)
    assert value == pytest.approx(exact, rel=1e-13)
    assert_slope(lambda L: factor_loss(scaled.pattern, L, z, Az)[0], L, slope)


def test_complete_factor_has_no_loss():
    scaled = scaled_matrix(poisson(20), builder="test")  # tridiagonal
    unit, d, _ = cholesky_factor(scaled.matrix)
    dense = np.linalg.cholesky(scaled.matrix.toarray())
    L = dense[scaled.pattern.rows.group, scaled.pattern.columns.group]
    z = np.ones(20)
    assert factor_loss(scaled.pattern, L, z, scaled.matrix @ z)[0] < 1e-14
    np.testing.assert_allclose(unit.diagonal(-1) * np.sqrt(d[:-1]), np.diag(dense, -1), rtol=1e-14)


def test_product_of_a_scaled_matrix_is_scipys(backend):
    scaled = scaled_matrix(lognormal_diffusion((5, 6), sigma=1, rng=2), builder="test")
    x = np.random.default_rng(9).standard_normal(30)
    found = scaled.product(backend.xp.asarray(x, device=backend.device))
    np.testing.assert_allclose(to_host(found), scaled.matrix @ x, rtol=1e-13, atol=1e-14)


def test_features_do_not_see_a_diagonal_scaling():
    A = lognormal_diffusion((6, 6), sigma=1, rng=3)
    scale = 10.0 ** np.random.default_rng(10).integers(-8, 8, 36)
    scaled = A.multiply(scale[:, None]).multiply(scale).tocsr()
    first, second = (node_features(scaled_matrix(M, builder="test").matrix) for M in (A, scaled))
    np.testing.assert_allclose(first, second, rtol=1e-12)


def test_features_of_a_diagonal_matrix_are_finite():
    assert np.all(np.isfinite(node_features(scaled_matrix(np.eye(3), builder="test").matrix)))


def test_first_step_of_adam_has_the_length_of_the_rate():
    weights, gradient = {"w": np.array([1.0, 2.0])}, {"w": np.array([3.0, -1e-3])}
    moved = Adam().step(weights, gradient, 0.1)
    # g / (|g| + 1e-8)
    np.testing.assert_allclose(moved["w"], [0.9, 2.1], atol=2e-6)


def test_clipping_bounds_the_norm_of_all_together():
    gradient = {"a": np.array([3.0]), "b": np.array([[4.0]])}
    assert norm(gradient) == 5.0
    short = clipped(gradient, 5.0, 1.0)
    np.testing.assert_allclose([short["a"][0], short["b"][0, 0]], [0.6, 0.8])
    assert clipped(gradient, 5.0, 10.0)["a"] == 3.0


def quadratic(weights, rng):
    noise = 0.1 * rng.standard_normal(2)
    return float(np.sum(weights["w"] ** 2)), {"w": 2 * weights["w"] + noise}


def training(**kwargs):
    return train(
        {"w": np.array([1.0, -2.0])},
        kwargs.pop("loss", quadratic),
        kwargs.pop("score", lambda weights: float(np.abs(weights["w"]).max())),
        **{"steps": 200, "rate": 0.1, "every": 20, "rng": np.random.default_rng(0)} | kwargs,
    )


def test_training_finds_the_minimum_and_repeats_itself():
    weights, record = training()
    assert np.abs(weights["w"]).max() < 0.05
    again, _ = training()
    np.testing.assert_array_equal(weights["w"], again["w"])
    assert record.best in [step for step, _ in record.scores]


def test_training_keeps_the_weights_of_the_best_score():
    # the score says that the first weights are the best
    weights, record = training(score=lambda weights: float(4 - np.abs(weights["w"]).max()))
    np.testing.assert_array_equal(weights["w"], [1.0, -2.0])
    assert record.best == 0


def test_training_ends_when_patience_ends_or_it_is_told_to():
    _, record = training(score=lambda _: 1.0, patience=2)
    assert len(record.losses) == 40
    _, record = training(callback=lambda state: state.step == 7)
    assert len(record.losses) == 7


def test_steps_that_are_not_finite_are_left_out():
    def loss(weights, rng):
        value, gradient = quadratic(weights, rng)
        return (np.nan, gradient) if rng.random() < 0.3 else (value, gradient)

    weights, record = training(loss=loss)
    assert record.skipped > 20
    assert np.abs(weights["w"]).max() < 0.1


def test_files_hold_what_was_written(tmp_path):
    weights = {"a.W0": np.arange(6.0).reshape(2, 3), "b": np.float32([1.5])}
    for name in ("first", "second"):
        write(tmp_path / name, {"model": "test", "options": {"blocks": 2}}, weights)
    header, found = read(tmp_path / "first")
    assert header["options"] == {"blocks": 2}
    assert found["b"].dtype == np.float32
    np.testing.assert_array_equal(found["a.W0"], weights["a.W0"])
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_other_files_are_refused(tmp_path):
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    with pytest.raises(ValueError, match="no weights of the format"):
        read(tmp_path / "other.npz")
