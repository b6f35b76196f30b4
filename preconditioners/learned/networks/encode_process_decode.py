r"""Encode, process, decode: features of nodes and edges are lifted, exchanged, and read off.

.. math::

    x_i \leftarrow \mathrm{nodes}(x_i), \quad e_{ij} \leftarrow \mathrm{edges}(e_{ij}), \quad
    \text{T times } (x, e) \leftarrow \mathrm{GraphNet}_t(x, e), \quad
    \text{output}_{ij} = \mathrm{decoder}(e_{ij}),

all functions being perceptrons of one hidden layer, and messages collected by their mean.

Cost: with h hidden features about :math:`8 h^2` flops for an edge and a block, and as many for a
node.

Failure modes: the output of an edge depends on what is up to T edges away.

Source: P. Battaglia et al., arXiv 1806.01261 (2018).
"""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Array, namespace_of
from resolvent.preconditioners.learned.networks.graph_net import Edges, graph_net, graph_net_weights
from resolvent.preconditioners.learned.networks.perceptron import (
    Weights,
    perceptron,
    perceptron_weights,
)

__all__ = ["encode_process_decode", "encode_process_decode_weights"]


def encode_process_decode_weights(
    node: int, edge: int, hidden: int, blocks: int, rng: np.random.Generator
) -> Weights:
    """Return weights for ``node`` and ``edge`` features in, and one number of an edge out."""
    weights = perceptron_weights("nodes", (node, hidden, hidden), rng)
    weights |= perceptron_weights("edges", (edge, hidden, hidden), rng)
    for t in range(blocks):
        weights |= graph_net_weights(f"{t}", hidden, hidden, hidden, hidden, rng)
    return weights | perceptron_weights("decoder", (hidden, hidden, 1), rng)


def encode_process_decode(
    weights: Weights, edges: Edges, x: Array, e: Array, *, blocks: int
) -> tuple[Array, Callable[[Array, Weights], None]]:
    """Return one number of each edge (m,) from features (n, node) and (m, edge), and the way back.

    The way back ends at the weights: inputs are data, and nobody asks for a derivative by them.
    """
    x, nodes_back = perceptron(weights, "nodes", x)
    e, edges_back = perceptron(weights, "edges", e)
    backs = []
    for t in range(blocks):
        x, e, back_through = graph_net(weights, f"{t}", edges, x, e, "mean")
        backs.append(back_through)
    out, decoder_back = perceptron(weights, "decoder", e)

    def back(g: Array, gradient: Weights) -> None:
        ge = decoder_back(g[:, None], gradient)
        gx = namespace_of(x).zeros_like(x)
        for back_through in reversed(backs):
            gx, ge = back_through(gx, ge, gradient)
        nodes_back(gx, gradient)
        edges_back(ge, gradient)

    return out[:, 0], back
