r"""Message passing on the edges of a matrix, with its reverse pass.

For an edge from node j to node i, with features :math:`x_i`, :math:`x_j` of the nodes and
:math:`e_{ij}` of the edge,

.. math::

    e_{ij}' = \mathrm{edge}(x_i, x_j, e_{ij}), \quad
    m_i = \mathrm{mean}_j\, e_{ij}' \text{ or } \sum_j e_{ij}', \quad
    x_i' = \mathrm{node}(x_i, m_i),

both functions being perceptrons of one hidden layer. The first layer of the edges is applied to the
nodes, and gathered: an edge then costs products of its own features and of the last layer only.

Source: P. Battaglia et al., arXiv 1806.01261 (2018).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.preconditioners.learned.networks.perceptron import (
    Weights,
    add,
    linear,
    perceptron,
    perceptron_weights,
    rectify,
)
from resolvent.preconditioners.learned.networks.segments import Segments

__all__ = ["Edges", "PairBack", "graph_net", "graph_net_weights"]

PairBack = Callable[[Array, Array, Weights], tuple[Array, Array]]


@dataclass(frozen=True, eq=False)
class Edges:
    """The ends of m edges between n nodes: ``to`` receives what ``of`` sends."""

    to: Segments
    of: Segments

    @property
    def reversed(self) -> "Edges":
        """The same edges in the other direction."""
        return Edges(self.of, self.to)


def graph_net_weights(
    name: str, node: int, edge: int, edge_out: int, hidden: int, rng: np.random.Generator
) -> Weights:
    """Return weights for ``node`` and ``edge`` features in, ``hidden`` and ``edge_out`` out."""
    return perceptron_weights(
        f"{name}.edge", (2 * node + edge, hidden, edge_out), rng
    ) | perceptron_weights(f"{name}.node", (node + edge_out, hidden, hidden), rng)


def graph_net(
    weights: Weights,
    name: str,
    edges: Edges,
    x: Array,
    e: Array,
    collect: Literal["mean", "sum"],
) -> tuple[Array, Array, PairBack]:
    """Return the new features of nodes (n, hidden) and of edges (m, edge_out), and the way back."""
    xp = namespace_of(x)
    W, bias = f"{name}.edge.W0", f"{name}.edge.b0"
    p = x.shape[1]
    to, of, own = weights[W][:p, :], weights[W][p : 2 * p, :], weights[W][2 * p :, :]
    h = edges.to.take(x @ to) + edges.of.take(x @ of) + e @ own + weights[bias]
    h, rectified = rectify(h)
    e_new, last = linear(weights, f"{name}.edge", 1, h)
    m = edges.to.sum(e_new)
    if collect == "mean":
        counts = np.maximum(edges.to.counts, 1)[:, None]
        share = xp.asarray(1.0 / counts, dtype=x.dtype, device=device_of(x))
        m = m * share
    x_new, nodes_back = perceptron(weights, f"{name}.node", xp.concat([x, m], axis=1))

    def back(gx: Array, ge: Array, gradient: Weights) -> tuple[Array, Array]:
        inner = nodes_back(gx, gradient)
        gx, gm = inner[:, :p], inner[:, p:]
        if collect == "mean":
            gm = gm * share
        gh = rectified(last(ge + edges.to.take(gm), gradient), gradient)
        at_to, at_of = edges.to.sum(gh), edges.of.sum(gh)
        add(gradient, W, xp.concat([x.T @ at_to, x.T @ at_of, e.T @ gh]))
        add(gradient, bias, xp.sum(gh, axis=0))
        return gx + at_to @ to.T + at_of @ of.T, gh @ own.T

    return x_new, e_new, back
