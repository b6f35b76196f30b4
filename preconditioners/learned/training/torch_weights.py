"""Weights trained elsewhere: torch state dicts as weights of the models here.

The networks of https://github.com/paulhausner/neural-incomplete-factorization (P. Häusner,
O. Öktem, J. Sjölund, arXiv 2305.16368, and with A. Nieto Juscafresa arXiv 2409.08262) have the
layers of `NeuralIF`, `NeuralPCG` and `LearnedLU`, under other names. Their inputs differ: there the
matrix is not scaled, the place of a row is its number, and degrees are counts. So weights from
there are a start for ``fit``, which goes on from them, and not what was published.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from resolvent.arrays import to_host
from resolvent.preconditioners.learned.model import LearnedModel
from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.learned.training.checks import check_weights

__all__ = ["from_state_dict", "sequential_names"]

Model = TypeVar("Model", bound=LearnedModel)


def from_state_dict(
    model: Model, source: str | Path | Mapping[str, Any], names: Mapping[str, str] | None = None
) -> Model:
    """Return a model with the weights of a torch state dict.

    Parameters
    ----------
    model : LearnedModel
        With the options of the network that was trained, such as ``blocks`` and ``hidden``.
    source : path or mapping of str to array
        A file of ``torch.save(network.state_dict(), ...)``, read with ``weights_only=True``, or
        what it holds: tensors, or arrays of any library.
    names : mapping of str to str, optional
        Perceptrons here to ``torch.nn.Sequential`` of linear layers with activations between them
        there; by default `sequential_names`.

    Returns
    -------
    LearnedModel
        ``model`` with weights on the host in double precision.

    Raises
    ------
    ImportError
        ``source`` is a file and torch is not installed.
    TypeError
        ``source`` is neither a file nor a mapping; a weight is complex or integer.
    ValueError
        The network is another one: a layer is missing, is left over, or has another shape; a weight
        is not finite.

    Examples
    --------
    >>> from resolvent.preconditioners.learned.neural_if import NeuralIF
    >>> model = NeuralIF(blocks=1)
    >>> state = {}
    >>> for name, values in model.initial_weights(np.random.default_rng(0)).items():
    ...     state[_linear_name(name, sequential_names(model))] = values.T
    >>> "mps.0.l1.edge_block.m.0.weight" in state
    True
    >>> len(from_state_dict(model, state).weights) == len(state)
    True
    """
    names = sequential_names(model) if names is None else names
    state = _state(source)
    first = model.initial_weights(np.random.default_rng(0))
    theirs = {ours: _linear_name(ours, names) for ours in first}
    check_weights(state, {theirs[ours]: w.T for ours, w in first.items()}, of=repr(model))
    weights: Weights = {}
    for ours, name in theirs.items():
        values = to_host(state[name]).astype(np.float64)
        if not np.all(np.isfinite(values)):
            raise ValueError(f"{name!r} has NaN or infinite entries")
        weights[ours] = np.ascontiguousarray(values.T)
    return replace(model, weights=weights, record=None)


def sequential_names(model: LearnedModel) -> dict[str, str]:
    """Return what the perceptrons of a model are called in the repository named above.

    Raises
    ------
    ValueError
        It has no such model.
    """
    blocks = range(getattr(model, "blocks", 0))
    nets, coders = {}, {}
    match model.kind:
        case "neural-if":
            nets = {f"{t}.down": f"mps.{t}.l1" for t in blocks}
            nets |= {f"{t}.up": f"mps.{t}.l2" for t in blocks}
        case "neural-pcg":
            nets = {f"{t}": f"message_passing.{t}" for t in blocks}
            coders = {
                "nodes": "encoder_nodes",
                "edges": "encoder_edges",
                "decoder": "decoder_edges",
            }
        case "learned-lu":
            nets = {f"{t}": f"layers.{t}" for t in blocks}
        case _:
            raise ValueError(f"no names are known for {model.kind!r}; pass names")
    for ours, theirs in nets.items():
        coders |= {f"{ours}.{part}": f"{theirs}.{part}_block" for part in ("edge", "node")}
    return {ours: f"{theirs}.m" for ours, theirs in coders.items()}


def _linear_name(ours: str, names: Mapping[str, str]) -> str:
    """Return the name of a linear layer's weight or bias: every second module is an activation."""
    if ours in names:
        return names[ours]
    perceptron, _, layer = ours.rpartition(".")
    if perceptron not in names:
        raise ValueError(f"names must have {perceptron or ours!r}, got {sorted(names)}")
    return f"{names[perceptron]}.{2 * int(layer[1:])}.{'weight' if layer[0] == 'W' else 'bias'}"


def _state(source: Any) -> Mapping[str, Any]:
    """Return the mapping of names to arrays that a source holds."""
    state = _read(source) if isinstance(source, str | Path) else source
    if not isinstance(state, Mapping):
        raise TypeError(
            f"the source must be a file or a mapping of names to arrays, got {type(state)}; of a "
            "torch module pass module.state_dict()"
        )
    if nested := [name for name, value in state.items() if isinstance(value, Mapping)]:
        raise ValueError(f"the source has mappings inside, pass one of them: {nested}")
    return state


def _read(path: str | Path) -> Any:
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f"reading {path} needs torch, or pass a mapping of names to arrays"
        ) from error
    return torch.load(path, map_location="cpu", weights_only=True)
