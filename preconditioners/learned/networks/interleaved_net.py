r"""Message passing along the products of a lower triangular matrix and its adjoint.

Each block passes messages on the edges of the lower triangle twice: from columns to rows, collected
by their mean, then from rows to columns, by their sum. An edge carries one number; from the second
block on it sees its first features again.

Source: P. Häusner, O. Öktem and J. Sjölund, TMLR (2024), arXiv 2305.16368.
"""

from collections.abc import Callable

import numpy as np

from resolvent.arrays import Array, is_numpy, namespace_of
from resolvent.linalg.compiled.threads import alone, threads
from resolvent.preconditioners.learned.networks.graph_net import (
    Edges,
    PairBack,
    graph_net,
    graph_net_weights,
)
from resolvent.preconditioners.learned.networks.perceptron import Weights

__all__ = ["interleaved_net", "interleaved_values", "interleaved_weights"]

_LANES = 8  # features of a node for which the forward pass is compiled


def interleaved_weights(
    blocks: int, hidden: int, node: int, edge: int, rng: np.random.Generator
) -> Weights:
    """Return weights for ``node`` and ``edge`` features."""
    weights: Weights = {}
    for t in range(blocks):
        seen = (hidden, 1 + edge) if t else (node, edge)
        weights |= graph_net_weights(f"{t}.down", *seen, 1, hidden, rng)
        weights |= graph_net_weights(f"{t}.up", hidden, 1, 1, hidden, rng)
    return weights


def interleaved_net(
    weights: Weights, blocks: int, edges: Edges, nodes: Array, features: Array
) -> tuple[Array, Callable[[Array, Weights], None]]:
    """Return a number for each edge (m,), and the way back to the weights."""
    xp, x, e = namespace_of(features), nodes, features
    backs: list[PairBack] = []
    for t in range(blocks):
        seen = xp.concat([e, features], axis=1) if t else e
        x, e, down = graph_net(weights, f"{t}.down", edges, x, seen, "mean")
        x, e, up = graph_net(weights, f"{t}.up", edges.reversed, x, e, "sum")
        backs += [down, up]

    def back(slope: Array, gradient: Weights) -> None:
        gx, ge = xp.zeros_like(x), slope[:, None]
        for step in reversed(backs):
            gx, ge = step(gx, ge[:, :1], gradient)

    return e[:, 0], back


def interleaved_values(
    weights: Weights, blocks: int, edges: Edges, nodes: Array, features: Array
) -> Array:
    """Return the numbers of `interleaved_net`, by a compiled pass for eight features on NumPy."""
    hidden = weights["0.down.node.b0"].shape[0]
    if not is_numpy(namespace_of(nodes)) or {hidden, nodes.shape[1]} != {_LANES}:
        return interleaved_net(weights, blocks, edges, nodes, features)[0]
    x, e = nodes, features
    for t in range(blocks):
        seen = np.concatenate([e, features], axis=1) if t else e
        x, e = _passed(weights, f"{t}.down", edges, x, seen, means=True)
        x, e = _passed(weights, f"{t}.up", edges.reversed, x, e, means=False)
    return e[:, 0]


def _passed(
    weights: Weights, name: str, edges: Edges, x: Array, e: Array, *, means: bool
) -> tuple[Array, Array]:
    from resolvent.linalg.compiled.graph_net import pass_messages

    layers = [
        np.ravel(np.asarray(weights[f"{name}.{part}.{layer}"], dtype=np.float64))
        for part in ("edge", "node")
        for layer in ("W0", "b0", "W1", "b1")
    ]
    x_new, e_new, to, sent = np.empty_like(x), np.empty((len(e), 1)), *np.empty((2, x.size))
    ends = (edges.of.group, edges.to.order, edges.to.starts, means)
    parts = threads(len(e), enough=20_000)
    with alone(parts):
        pass_messages(
            np.ravel(x),
            np.ravel(e),
            *ends,
            *layers,
            to,
            sent,
            np.ravel(x_new),
            np.ravel(e_new),
            parts,
        )
    return x_new, e_new
