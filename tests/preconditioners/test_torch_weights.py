import sys
from dataclasses import replace

import numpy as np
import pytest

from resolvent.linalg import gallery
from resolvent.preconditioners.learned.inputs.scaled_matrix import scaled_matrix
from resolvent.preconditioners.learned.learned_lu import LearnedLU
from resolvent.preconditioners.learned.learned_spai import LearnedSPAI
from resolvent.preconditioners.learned.networks.encode_process_decode import encode_process_decode
from resolvent.preconditioners.learned.networks.graph_net import graph_net
from resolvent.preconditioners.learned.neural_if import NeuralIF
from resolvent.preconditioners.learned.neural_pcg import NeuralPCG
from resolvent.preconditioners.learned.training.torch_weights import (
    from_state_dict,
    sequential_names,
)


def perceptron(torch, *sizes):
    """What the repository calls MLP: a Sequential named m, rectified between linear layers."""
    layers = []
    for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [torch.nn.ReLU()] if layers else []
        layers.append(torch.nn.Linear(inputs, outputs, dtype=torch.float64))
    module = torch.nn.Module()
    module.m = torch.nn.Sequential(*layers)
    return module


def graph_block(torch, node, edge, edge_out, hidden, node_out):
    block = torch.nn.Module()
    block.edge_block = perceptron(torch, 2 * node + edge, hidden, edge_out)
    block.node_block = perceptron(torch, node + edge_out, hidden, node_out)
    return block


def neural_if_network(torch, blocks=3, hidden=8):
    network = torch.nn.Module()
    network.mps = torch.nn.ModuleList()
    for t in range(blocks):
        block = torch.nn.Module()
        block.l1 = graph_block(torch, 8, 2 if t else 1, 1, hidden, 8)
        block.l2 = graph_block(torch, 8, 1, 1, hidden, 8)
        network.mps.append(block)
    return network


def neural_pcg_network(torch, blocks=2, hidden=6):
    network = torch.nn.Module()
    network.encoder_nodes = perceptron(torch, 1, hidden, hidden)
    network.encoder_edges = perceptron(torch, 1, hidden, hidden)
    network.decoder_edges = perceptron(torch, hidden, hidden, 1)
    network.message_passing = torch.nn.ModuleList(
        [graph_block(torch, hidden, hidden, hidden, hidden, hidden) for _ in range(blocks)]
    )
    return network


def pass_messages(torch, block, x, row, column, e, collect):
    """A message pass in torch alone, on dense averaging matrices."""
    e = block.edge_block.m(torch.cat([x[row], x[column], e], dim=1))
    gather = torch.zeros((x.shape[0], len(row)), dtype=x.dtype)
    gather[row, torch.arange(len(row))] = 1.0
    if collect == "mean":
        gather = gather / gather.sum(dim=1, keepdim=True)
    return block.node_block.m(torch.cat([x, gather @ e], dim=1)), e


@pytest.fixture
def graph():
    scaled = scaled_matrix(gallery.lognormal_diffusion((4, 4), sigma=1.0, rng=0), builder="test")
    return scaled.pattern


def test_a_message_pass_is_that_of_torch(torch, graph, rng):
    torch.manual_seed(0)
    network = neural_if_network(torch)
    weights = from_state_dict(NeuralIF(), network.state_dict()).weights
    edges, m = graph.edges, len(graph.diagonal)
    x, e = rng.standard_normal((16, 8)), rng.standard_normal((m, 2))
    row, column = (torch.as_tensor(s.group) for s in (graph.rows, graph.columns))
    want_x, want_e = pass_messages(
        torch, network.mps[1].l1, torch.as_tensor(x), row, column, torch.as_tensor(e), "mean"
    )
    got_x, got_e, _ = graph_net(weights, "1.down", edges, x, e, "mean")
    # sums of at most 20 terms, four layers
    np.testing.assert_allclose(got_x, want_x.detach(), rtol=0, atol=1e-13)
    np.testing.assert_allclose(got_e, want_e.detach(), rtol=0, atol=1e-13)
    want_x, want_e = pass_messages(torch, network.mps[1].l2, want_x, column, row, want_e, "sum")
    got_x, got_e, _ = graph_net(weights, "1.up", edges.reversed, got_x, got_e, "sum")
    np.testing.assert_allclose(got_x, want_x.detach(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(got_e, want_e.detach(), rtol=0, atol=1e-12)


def test_encoding_processing_and_decoding_is_that_of_torch(torch, graph, rng):
    torch.manual_seed(0)
    network = neural_pcg_network(torch)
    weights = from_state_dict(NeuralPCG(blocks=2, hidden=6), network.state_dict()).weights
    x, e = rng.standard_normal((16, 1)), rng.standard_normal((len(graph.diagonal), 1))
    row, column = (torch.as_tensor(s.group) for s in (graph.rows, graph.columns))
    want_x = network.encoder_nodes.m(torch.as_tensor(x))
    want_e = network.encoder_edges.m(torch.as_tensor(e))
    for block in network.message_passing:
        want_x, want_e = pass_messages(torch, block, want_x, row, column, want_e, "mean")
    want = network.decoder_edges.m(want_e)[:, 0]
    got, _ = encode_process_decode(weights, graph.edges, x, e, blocks=2)
    # sums of at most 18 terms, twelve layers
    np.testing.assert_allclose(got, want.detach(), rtol=0, atol=1e-12)


def test_a_file_holds_what_the_mapping_does(torch, tmp_path):
    torch.manual_seed(0)
    state = neural_if_network(torch).state_dict()
    torch.save(state, tmp_path / "final_model.pt")
    read, mapped = (
        from_state_dict(NeuralIF(), source) for source in (tmp_path / "final_model.pt", state)
    )
    assert read.weights.keys() == mapped.weights.keys()
    for name, w in read.weights.items():
        np.testing.assert_array_equal(w, mapped.weights[name])
    A = gallery.lognormal_diffusion((6, 6), sigma=1.0, rng=0)
    assert read.build(A).is_spd
    assert sum(w.size for w in read.weights.values()) == 1846  # 610 + 2 * 618


def as_state(model, rng):
    """The weights of a model under the names of the repository, as arrays."""
    names, state = sequential_names(model), {}
    for name, w in model.initial_weights(rng).items():
        net, _, layer = name.rpartition(".")
        kind = "weight" if layer[0] == "W" else "bias"
        state[f"{names[net]}.{2 * int(layer[1:])}.{kind}"] = w.T
    return state


@pytest.mark.parametrize(
    "model", [NeuralIF(blocks=2), NeuralPCG(blocks=2, hidden=4), LearnedLU(blocks=2)]
)
def test_arrays_need_no_torch(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    weights = from_state_dict(model, as_state(model, np.random.default_rng(3))).weights
    for name, w in model.initial_weights(np.random.default_rng(3)).items():
        np.testing.assert_array_equal(weights[name], w)


def test_names_of_one_s_own(rng):
    model = LearnedSPAI(blocks=1, hidden=2)
    first = model.initial_weights(rng)
    names = {name.rpartition(".")[0]: f"net.{name.rpartition('.')[0]}" for name in first}
    state = {}
    for name, w in first.items():
        net, _, layer = name.rpartition(".")
        state[f"net.{net}.{2 * int(layer[1:])}.{'weight' if layer[0] == 'W' else 'bias'}"] = w.T
    weights = from_state_dict(model, state, names).weights
    for name, w in first.items():
        np.testing.assert_array_equal(weights[name], w)
    with pytest.raises(ValueError, match="no names are known"):
        from_state_dict(model, state)
    with pytest.raises(ValueError, match="names must have"):
        from_state_dict(model, state, {})


def test_another_network_is_refused(rng, tmp_path, monkeypatch):
    model = NeuralIF(blocks=2)
    state = as_state(model, rng)
    with pytest.raises(ValueError, match="no 'mps.2.l1.edge_block.m.0.weight'"):
        from_state_dict(replace(model, blocks=3), state)
    with pytest.raises(ValueError, match="no place for .*mps.1"):
        from_state_dict(replace(model, blocks=1), state)
    with pytest.raises(ValueError, match="of shape"):
        from_state_dict(replace(model, hidden=4), state)
    with pytest.raises(ValueError, match="no place for .*graph_norm"):
        from_state_dict(model, state | {"graph_norm.weight": np.ones(8)})
    with pytest.raises(ValueError, match="NaN"):
        from_state_dict(model, {name: np.nan * w for name, w in state.items()})
    with pytest.raises(TypeError, match="mps.*must be an array of real"):
        from_state_dict(model, {name: w + 0j for name, w in state.items()})
    with pytest.raises(ValueError, match=r"pass one of them: \['model'\]"):
        from_state_dict(model, {"model": state})
    with pytest.raises(TypeError, match="pass module.state_dict"):
        from_state_dict(model, object())
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="needs torch"):
        from_state_dict(model, tmp_path / "final_model.pt")
