"""The graph of a symmetric matrix with an edge in either direction, for networks that want both."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.preconditioners.learned.factor_model import Inputs
from resolvent.preconditioners.learned.inputs.scaled_matrix import ScaledMatrix
from resolvent.preconditioners.learned.networks.graph_net import Edges
from resolvent.preconditioners.learned.networks.segments import Segments

__all__ = ["DirectedInputs", "directed_inputs"]


@dataclass(frozen=True, eq=False)
class DirectedInputs(Inputs):
    """Inputs on all nonzeros: first the lower triangle, then the mirror images of the strict one.

    Attributes
    ----------
    edges : Edges
        From columns to rows.
    mirrored : Segments
        Which entry of the lower triangle an edge is, or mirrors.
    """

    edges: Edges
    mirrored: Segments


def directed_inputs(
    scaled: ScaledMatrix, nodes: NDArray[np.float64], xp: Namespace
) -> DirectedInputs:
    """Return features ``nodes`` (n, k) of the rows, and of the edges their entries (m, 1)."""
    pattern = scaled.pattern
    i, j, n = pattern.rows.group, pattern.columns.group, pattern.rows.groups
    strict = np.flatnonzero(~pattern.diagonal)
    mirrored = Segments(np.concatenate([np.arange(i.size), strict]), i.size)
    edges = Edges(
        to=Segments(np.concatenate([i, j[strict]]), n),
        of=Segments(np.concatenate([j, i[strict]]), n),
    )
    arrays = {"nodes": nodes, "edges": mirrored.take(scaled.lower)[:, None]}
    return DirectedInputs(
        scaled, {name: xp.asarray(x) for name, x in arrays.items()}, edges, mirrored
    )
