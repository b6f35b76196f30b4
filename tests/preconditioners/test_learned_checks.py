"""What learned models refuse, and sizes, zeros and units that change nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from resolvent.errors import SingularMatrixError
from resolvent.linalg.gallery import convection_diffusion, lognormal_diffusion, poisson
from resolvent.preconditioners.learned.inputs.scaled_matrix import scaled_matrix
from resolvent.preconditioners.learned.inputs.scaled_rows import scaled_rows
from resolvent.preconditioners.learned.learned_initial_guess import LearnedInitialGuess
from resolvent.preconditioners.learned.learned_lu import LearnedLU
from resolvent.preconditioners.learned.learned_spai import LearnedSPAI
from resolvent.preconditioners.learned.losses.energy_loss import energy_loss
from resolvent.preconditioners.learned.networks.interleaved_net import (
    interleaved_net,
    interleaved_values,
    interleaved_weights,
)
from resolvent.preconditioners.learned.networks.node_features import FEATURES, node_features
from resolvent.preconditioners.learned.neural_if import NeuralIF
from resolvent.preconditioners.learned.neural_pcg import NeuralPCG
from resolvent.preconditioners.learned.precorrector import PreCorrector
from resolvent.preconditioners.learned.refined_ichol import refined_ichol
from resolvent.preconditioners.learned.training.storage import read
from resolvent.preconditioners.learned.training.train import NoProgressWarning

FACTORS = [NeuralIF, PreCorrector, NeuralPCG, LearnedSPAI]
every_model = pytest.mark.parametrize("Model", [*FACTORS, LearnedLU])
A = lognormal_diffusion((4, 4), sigma=1, rng=0)


def untrained(Model, **options):
    model = Model(**options)
    return replace(model, weights=model.initial_weights(np.random.default_rng(0)))


def dense(M):
    return M @ np.eye(M.shape[0])


# weights


@every_model
def test_weights_of_another_network_are_refused(Model):
    weights = untrained(Model).weights
    name, first = next(iter(weights.items()))
    with pytest.raises(ValueError, match=f"{name}.* is of shape .*wants .*{first.shape[-1]}"):
        Model(weights={**weights, name: first[:-1]})
    with pytest.raises(ValueError, match=f"no '{name}' of shape"):
        Model(weights={key: w for key, w in weights.items() if key != name})
    with pytest.raises(ValueError, match="no place for .*other"):
        Model(weights={**weights, "other": np.ones(3)})
    with pytest.raises(TypeError, match=f"{name}.*real"):
        Model(weights={**weights, name: first + 0j})
    with pytest.raises(TypeError, match=f"{name}.*list"):
        Model(weights={**weights, name: first.tolist()})
    with pytest.raises(ValueError, match="wants"):
        replace(untrained(Model), hidden=5)


def test_initial_guesses_refuse_weights_of_another_size():
    with pytest.raises(ValueError, match="wants"):
        replace(untrained(LearnedInitialGuess, n=6), n=7)


@every_model
@pytest.mark.parametrize("option", ["blocks", "hidden"])
@pytest.mark.parametrize("value", [0, -1, 2.0, "2", None])
def test_options_that_count_are_positive_whole_numbers(Model, option, value):
    with pytest.raises(ValueError, match=f"{option} must be a positive whole number"):
        Model(**{option: value})


def test_the_power_of_the_pattern_is_a_positive_whole_number():
    with pytest.raises(ValueError, match="power"):
        LearnedSPAI(power=0)


# files


def written(path, **parts):
    np.savez(path, **parts)
    return path


def header(**parts):
    return np.array(json.dumps({"format": "resolvent weights 1", **parts}))


def test_files_without_a_model_name_the_path_and_the_cause(tmp_path):
    for name, content in {
        "empty": b"",
        "text": b"weights: 1\n",
        "cut": b"PK\x03\x04 and no more",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} has no weights"):
            NeuralIF.load(tmp_path / name)
    np.save(tmp_path / "array.npy", np.ones(3))
    broken = {
        "array.npy": {},
        "text.npz": {"header": np.array("weights")},
        "list.npz": {"header": np.array("[1]")},
        "format.npz": {"header": np.array('{"format": "2"}')},
        "model.npz": {"header": header(options={})},
        "options.npz": {"header": header(model="neural-if")},
        "number.npz": {"header": header(model="neural-if", options=3)},
    }
    for name, parts in broken.items():
        path = written(tmp_path / name, **parts) if parts else tmp_path / name
        for reader in (read, NeuralIF.load):
            with pytest.raises(ValueError, match=f"{name} has no weights .*: "):
                reader(path)
    with pytest.raises(FileNotFoundError):
        NeuralIF.load(tmp_path / "nothing")


def test_files_of_other_options_or_weights_name_the_path(tmp_path):
    untrained(NeuralIF).save(tmp_path / "good.npz")
    known, weights = read(tmp_path / "good.npz")
    known["options"]["width"] = 3
    written(tmp_path / "unknown.npz", header=header(**known), **weights)
    with pytest.raises(ValueError, match=r"unknown.npz does not fit NeuralIF: .*width"):
        NeuralIF.load(tmp_path / "unknown.npz")
    del known["options"]["width"]
    weights["0.down.edge.W0"] = np.ones((2, 2))
    written(tmp_path / "shape.npz", header=header(**known), **weights)
    with pytest.raises(ValueError, match=r"shape.npz does not fit .*0.down.edge.W0"):
        NeuralIF.load(tmp_path / "shape.npz")


# the door of training

SMALL = NeuralIF(blocks=1, hidden=2)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"rate": -1.0}, ValueError),
        ({"rate": np.nan}, ValueError),
        ({"rate": np.inf}, ValueError),
        ({"patience": 0}, ValueError),
        ({"steps": 2.5}, ValueError),
        ({"every": 0}, ValueError),
        ({"xp": "numpy"}, TypeError),
        ({"validation": A}, ValueError),
        ({"validation": 3}, TypeError),
    ],
)
def test_training_refuses_what_it_cannot_use(options, error):
    with pytest.raises(error, match=next(iter(options))):
        SMALL.fit([A] * 3, **{"steps": 2, **options})


@pytest.mark.parametrize("systems", [A, A.toarray()])
def test_one_matrix_is_no_sequence_of_systems(systems):
    with pytest.raises(ValueError, match="pass a list"):
        SMALL.fit(systems)


@every_model
def test_systems_come_from_generators_and_as_lists_or_tuples(Model):
    b, options = np.arange(16.0), {"steps": 2, "every": 1, "rng": 0}
    model = Model(blocks=1, hidden=2)
    first = model.fit([(A, b)] * 3, **options)
    for systems in (([A, b] for _ in range(3)), [[A.toarray().tolist(), b]] * 3):
        other = model.fit(systems, **options)
        for name, w in first.weights.items():
            np.testing.assert_allclose(other.weights[name], w, rtol=1e-12, atol=1e-14)
    with pytest.raises(ValueError, match="a pair"):
        model.fit([(A, b, b)] * 3, **options)
    with pytest.raises(ValueError, match="b must be a finite vector"):
        model.fit([(A, b[:-1])] * 3, **options)


@every_model
def test_singular_matrices_have_nothing_to_learn_from(Model):
    with pytest.raises(SingularMatrixError, match="singular"):
        Model().fit([np.ones((2, 2))] * 2, steps=1)


@pytest.mark.parametrize("Model", [NeuralIF, LearnedLU])
def test_training_warns_where_the_solver_never_ends(Model, monkeypatch):
    monkeypatch.setattr(Model, "most", 2)
    with pytest.warns(NoProgressWarning, match="2 steps"):
        record = Model(blocks=1, hidden=2).fit([A] * 2, steps=2, every=1).record
    assert record.best == 0


@pytest.mark.filterwarnings("error")
@every_model
def test_no_rows_make_a_preconditioner_of_none(Model):
    empty = sparse.csr_array((0, 0))
    model = untrained(Model)
    for guard in (True, False):
        assert (model(empty, guard=guard) @ np.zeros(0)).shape == (0,)
    with pytest.raises(ValueError, match="no rows"):
        model.fit([empty, empty])


def test_no_rows_are_nothing_to_refine():
    with pytest.raises(ValueError, match="no rows"):
        refined_ichol(sparse.csr_array((0, 0)))


# right-hand sides


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e200, 1e307])
def test_the_unit_of_the_right_hand_side_does_not_matter(size, rng):
    model, b = untrained(NeuralPCG), rng.uniform(-1, 1, 16)
    # rounding of b, through triangular solves
    np.testing.assert_allclose(dense(model.build(A, size * b)), dense(model.build(A, b)), rtol=1e-9)


@every_model
def test_right_hand_sides_are_real_finite_vectors(Model):
    model = untrained(Model)
    with pytest.raises(TypeError, match="b must be real"):
        model(A, np.ones(16) + 0j)
    for b in (np.ones(15), np.ones((16, 1)), np.full(16, np.inf)):
        with pytest.raises(ValueError, match="b must be a finite vector"):
            model(A, b)


# matrices


@pytest.mark.parametrize("size", [1e-300, 1e-170, 1e170, 1e300])
def test_the_unit_of_the_matrix_does_not_matter(size):
    saddle = np.array([[2.0, 1.0, 0.0], [-1.0, 3.0, 2.0], [0.0, -2.0, 0.0]])
    found, one = (scaled_rows(s * saddle, builder="test").matrix for s in (size, 1.0))
    np.testing.assert_allclose(found.toarray(), one.toarray(), rtol=1e-14)


def test_rows_of_tiny_entries_are_not_zero():
    scaled = scaled_rows(np.array([[0.0, 1e-170], [1.0, 0.0]]), builder="test").matrix
    assert np.all(np.isfinite(scaled.toarray()))
    with pytest.raises(SingularMatrixError, match="column 1 of A is zero"):
        scaled_rows(np.array([[1.0, 0.0], [1.0, 0.0]]), builder="test")


def with_stored_zeros(S):
    """The same matrix on a larger symmetric pattern."""
    i, j = np.nonzero(np.ones(S.shape))
    S = S.toarray()
    return sparse.csr_array(sparse.coo_array((S[i, j], (i, j)), shape=S.shape))


@every_model
def test_zeros_that_are_stored_change_nothing(Model):
    S = convection_diffusion((4, 4), peclet=2.0) if Model is LearnedLU else A
    stored = with_stored_zeros(S)
    model, count = untrained(Model), stored.nnz
    want = dense(model.build(S))
    np.testing.assert_allclose(dense(model.build(stored)), want, rtol=1e-12, atol=1e-14)
    assert stored.nnz == count == 256


# numbers that are not finite


@pytest.mark.parametrize("Model", FACTORS)
@pytest.mark.parametrize("size", [np.nan, np.inf, 1e300])
@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")
def test_the_guard_replaces_factors_that_overflow(Model, size):
    model = untrained(Model)
    M = replace(model, weights={name: size * (w + 1) for name, w in model.weights.items()})(A)
    assert M.info.fell_back
    assert np.all(np.isfinite(M @ np.ones(16)))


def test_the_compiled_pass_is_the_generic_one_for_numbers_that_are_not_finite():
    scaled = scaled_matrix(poisson(4), builder="test")
    nodes, features = node_features(scaled.matrix), scaled.lower[:, None]
    for value in (-np.inf, np.nan):
        weights = interleaved_weights(1, 8, FEATURES, 1, np.random.default_rng(0))
        weights["0.down.edge.b0"] = np.where(np.arange(8) == 3, value, weights["0.down.edge.b0"])
        args = (weights, 1, scaled.pattern.edges, nodes, features)
        generic = interleaved_net(*args)[0]
        np.testing.assert_allclose(interleaved_values(*args), generic, rtol=1e-12)
        assert np.all(np.isnan(generic)) == np.isnan(value)
        assert np.all(np.isfinite(generic)) == (value == -np.inf)


def test_nothing_is_lost_of_zero_and_nan_of_nonsense():
    scaled = scaled_matrix(A, builder="test")
    G, zero = np.ones(len(scaled.lower)), np.zeros(16)
    assert energy_loss(scaled, G, zero, zero)[0] == 0
    assert np.isnan(energy_loss(scaled, G, np.nan * zero, np.nan * zero)[0])
    assert np.isnan(energy_loss(scaled, G, -np.ones(16), A @ np.ones(16))[0])
    assert np.isnan(energy_loss(scaled, np.nan * G, np.ones(16), A @ np.ones(16))[0])
