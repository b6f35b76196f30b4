r"""A convolutional network over a grid and coarser and coarser ones, shaped as a multigrid cycle.

On one level, with residual pairs :math:`S(x) = x + W_2 (W_1 x)_+`, means of two by two cells Q and
copies to two by two cells P,

.. math:: N(x) = S_\uparrow(y + W_P P N_{2h}(4 Q W_Q y)), \qquad y = S_\downarrow(x).

The 4 is what a Laplacian without its mesh width gains from one level to the next. The weights begin
at :math:`W_2 = 0` and bilinear transfer: a sum over the levels, the additive preconditioner
of Bramble, Pasciak and Xu. Without a bias anywhere the network is homogeneous of degree one. Solids
act on the result of :math:`W_1` as factors, :math:`1 + W_s s` for the share s of a cell that is
solid, so that they keep it so.

Source: J. H. Bramble, J. E. Pasciak and J. Xu, Parallel multilevel preconditioners, Math. Comp. 55
(1990), 1-22.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np

from resolvent.arrays import Array, namespace_of
from resolvent.preconditioners.learned.convolution import convolution, doubled, halved
from resolvent.preconditioners.learned.perceptron import Back, Weights, rectify

__all__ = ["flops_per_cell", "multilevel_net", "multilevel_weights", "solids_of_levels"]

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
    """Return the flops for each cell of the first level, from the number of cells of each level."""
    inner = sum((4 * pairs + 2) * size for size in sizes) - 2 * sizes[-1]
    return 18 * filters**2 * inner / max(sizes[0], 1) + 36 * filters


def multilevel_net(
    weights: Weights, names: Sequence[str], pairs: int, x: Array, solids: Sequence[Array]
) -> tuple[Array, Back]:
    """Return the image ``(1, batch, rows, columns)`` that the network makes of one."""
    x, lift = convolution(weights, "lift", x)
    x, level = _level(weights, names, pairs, x, solids)
    x, dense = convolution(weights, "dense", x)
    return x, lambda g, gradient: lift(level(dense(g, gradient), gradient), gradient)


def _level(
    weights: Weights, names: Sequence[str], pairs: int, x: Array, solids: Sequence[Array]
) -> tuple[Array, Back]:
    """Return what a level and those below it make of features; the last name serves all below."""
    down, up = _pairs(names[0], pairs)[:pairs], _pairs(names[0], pairs)[pairs:]
    x, before = _smoothed(weights, down, x, solids[0])
    below: Back = _nothing
    if len(solids) > 1:
        correction, below = _correction(weights, names, pairs, x, solids)
        x = x + correction
    x, after = _smoothed(weights, up, x, solids[0])

    def back(g: Array, gradient: Weights) -> Array:
        g = after(g, gradient)
        return before(g + below(g, gradient), gradient)

    return x, back


def _correction(
    weights: Weights, names: Sequence[str], pairs: int, x: Array, solids: Sequence[Array]
) -> tuple[Array, Back]:
    size = x.shape[2:]
    x, restrict = convolution(weights, f"{names[0]}.restrict", x)
    x, halve = halved(x)
    x, level = _level(weights, names[1:] or names, pairs, 4 * x, solids[1:])
    x, double = doubled(x, size)
    x, prolong = convolution(weights, f"{names[0]}.prolong", x)

    def back(g: Array, gradient: Weights) -> Array:
        g = level(double(prolong(g, gradient), gradient), gradient)
        return restrict(halve(4 * g, gradient), gradient)

    return x, back


def _smoothed(weights: Weights, pairs: Sequence[str], x: Array, solid: Array) -> tuple[Array, Back]:
    """Return features after residual pairs, zero in solids."""
    backs: list[Back] = []
    for pair in pairs:
        x, back = _residual_pair(weights, pair, x, solid)
        backs.append(back)

    def all_back(g: Array, gradient: Weights) -> Array:
        for back in reversed(backs):
            g = back(g, gradient)
        return g

    return x, all_back


def _residual_pair(weights: Weights, pair: str, x: Array, solid: Array) -> tuple[Array, Back]:
    xp = namespace_of(x)
    fluid = xp.astype(solid < 1, x.dtype)
    seen, first = convolution(weights, f"{pair}.first", x)
    near, gate = convolution(weights, f"{pair}.solid", solid)
    positive, rectified = rectify(seen * (1 + near))
    added, second = convolution(weights, f"{pair}.second", positive)

    def back(g: Array, gradient: Weights) -> Array:
        g = g * fluid
        inner = rectified(second(g, gradient), gradient)
        gate(xp.sum(inner * seen, axis=1, keepdims=True), gradient)
        return g + first(inner * (1 + near), gradient)

    return (x + added) * fluid, back


def _nothing(g: Array, _: Weights) -> Array:
    return namespace_of(g).zeros_like(g)


def _pairs(name: str, pairs: int) -> list[str]:
    return [f"{name}.{way}{k}" for way in ("down", "up") for k in range(pairs)]


def _random(outputs: int, inputs: int, rng: np.random.Generator) -> Array:
    return rng.standard_normal((outputs, 9 * inputs)) / sqrt(9 * inputs)
