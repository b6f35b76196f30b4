r"""A convolutional network over a grid and coarser and coarser ones, shaped as a multigrid cycle.

On one level, with residual pairs :math:`S(x) = x + W_2 (W_1 x)_+`, means of two by two cells Q and
copies to two by two cells P,

.. math:: N(x) = S_\uparrow(y + W_P P N_{2h}(4 Q W_Q y)), \qquad y = S_\downarrow(x).

The 4 is what a Laplacian without its mesh width gains from one level to the next. The weights begin
at :math:`W_2 = 0` and bilinear transfer: a sum over the levels, the additive preconditioner
of Bramble, Pasciak and Xu. Without a bias anywhere the network is homogeneous of degree one. Solids
act on the result of :math:`W_1` as factors, :math:`1 + W_s s` for the share s of a cell that is
solid, so that they keep it so. Those factors are made once, for all images around the same solids.

Source: J. H. Bramble, J. E. Pasciak and J. Xu, Parallel multilevel preconditioners, Math. Comp. 55
(1990), 1-22.
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt

import numpy as np

from resolvent.arrays import Array, namespace_of
from resolvent.preconditioners.learned.networks.convolution import convolution, doubled, halved
from resolvent.preconditioners.learned.networks.perceptron import Back, Weights, rectify

__all__ = ["Net", "flops_per_cell", "multilevel_net", "multilevel_weights", "solids_of_levels"]

Net = Callable[[Array], tuple[Array, Back]]

_BILINEAR = np.outer([1, 2, 1], [1, 2, 1]) / 16  # with P, or Q, what multigrid takes for it


def multilevel_weights(
    names: Sequence[str], filters: int, pairs: int, rng: np.random.Generator
) -> Weights:
    """Return the weights of the additive multigrid cycle, and random ones where they don't act."""
    centre, channel = np.eye(9)[4], np.full(filters, 1 / sqrt(filters))
    weights = {"lift": np.outer(channel, centre), "dense": np.outer(centre, channel).reshape(1, -1)}
    for name in names:
        for pair in _pairs(name, pairs):
            weights[f"{pair}.first"] = _random(filters, filters, rng)
            weights[f"{pair}.second"] = np.zeros((filters, 9 * filters))
            weights[f"{pair}.solid"] = _random(filters, 1, rng)
        for step in ("restrict", "prolong"):
            weights[f"{name}.{step}"] = np.kron(_BILINEAR.reshape(1, -1), np.eye(filters))
    return {name: W.astype(np.float32) for name, W in weights.items()}


def solids_of_levels(solid: Array, levels: int | None) -> list[Array]:
    """Return the share of each cell that is solid, ``(1, 1, rows, columns)``, level by level.

    Without a number of levels there are as many as it takes to come to two by two cells.
    """
    shares = [solid]
    while levels is None or len(shares) < levels:
        if max(shares[-1].shape) <= 2:
            break
        shares.append(halved(shares[-1])[0])
    return shares


def flops_per_cell(filters: int, pairs: int, sizes: Sequence[int]) -> float:
    """Return the flops for each cell of the first level, from the number of cells of each level.

    Those of the convolutions of an image; the factors of the solids are made once, before.
    """
    inner = sum((4 * pairs + 2) * size for size in sizes) - 2 * sizes[-1]
    return 18 * filters**2 * inner / max(sizes[0], 1) + 36 * filters


def multilevel_net(
    weights: Weights, names: Sequence[str], pairs: int, solids: Sequence[Array]
) -> Net:
    """Return the network around solids, for images ``(1, batch, rows, columns)``."""
    lift, dense = (partial(convolution, weights, name) for name in ("lift", "dense"))
    return _chain([lift, _level(weights, names, pairs, solids), dense])


def _level(weights: Weights, names: Sequence[str], pairs: int, solids: Sequence[Array]) -> Net:
    """Return a level and those below it, for features; the last name serves all below."""
    parts = [_residual_pair(weights, pair, solids[0]) for pair in _pairs(names[0], pairs)]
    if len(solids) > 1:
        below = _level(weights, names[1:] or names, pairs, solids[1:])
        parts.insert(pairs, _correction(weights, names[0], below))
    return _chain(parts)


def _chain(parts: Sequence[Net]) -> Net:
    def net(x: Array) -> tuple[Array, Back]:
        backs: list[Back] = []
        for part in parts:
            x, back = part(x)
            backs.append(back)

        def all_back(g: Array, gradient: Weights) -> Array:
            for back in reversed(backs):
                g = back(g, gradient)
            return g

        return x, all_back

    return net


def _correction(weights: Weights, name: str, below: Net) -> Net:
    """Return the sum of features and what the levels below make of them."""

    def net(x: Array) -> tuple[Array, Back]:
        y, restrict = convolution(weights, f"{name}.restrict", x)
        y, halve = halved(y)
        y, level = below(4 * y)
        y, double = doubled(y, x.shape[2:])
        y, prolong = convolution(weights, f"{name}.prolong", y)

        def back(g: Array, gradient: Weights) -> Array:
            inner = level(double(prolong(g, gradient), gradient), gradient)
            return g + restrict(halve(4 * inner, gradient), gradient)

        return x + y, back

    return net


def _residual_pair(weights: Weights, pair: str, solid: Array) -> Net:
    """Return a residual pair, whose features are zero in solids."""
    near, gate_back = convolution(weights, f"{pair}.solid", solid)
    gate, fluid = 1 + near, namespace_of(solid).astype(solid < 1, solid.dtype)

    def net(x: Array) -> tuple[Array, Back]:
        seen, first = convolution(weights, f"{pair}.first", x)
        positive, rectified = rectify(seen * gate)
        added, second = convolution(weights, f"{pair}.second", positive)

        def back(g: Array, gradient: Weights) -> Array:
            g = g * fluid
            inner = rectified(second(g, gradient), gradient)
            gate_back(namespace_of(g).sum(inner * seen, axis=1, keepdims=True), gradient)
            return g + first(inner * gate, gradient)

        return (x + added) * fluid, back

    return net


def _pairs(name: str, pairs: int) -> list[str]:
    return [f"{name}.{way}{k}" for way in ("down", "up") for k in range(pairs)]


def _random(outputs: int, inputs: int, rng: np.random.Generator) -> Array:
    return rng.standard_normal((outputs, 9 * inputs)) / sqrt(9 * inputs)
