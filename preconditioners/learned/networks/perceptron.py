r"""Small dense networks with their reverse pass.

A function of the weights and its input returns its value and a function ``back`` that takes the
derivative of a scalar with respect to the value, adds those with respect to the weights to a
dictionary, and returns that with respect to the input. Reverse passes are composed by hand.
"""

from collections.abc import Callable, Sequence
from math import sqrt

import numpy as np

from resolvent.arrays import Array, namespace_of

__all__ = ["Back", "Weights", "add", "linear", "perceptron", "perceptron_weights", "rectify"]

Weights = dict[str, Array]
Back = Callable[[Array, Weights], Array]


def add(gradient: Weights, name: str, value: Array) -> None:
    """Add to an entry of a gradient."""
    gradient[name] = gradient[name] + value if name in gradient else value


def perceptron_weights(name: str, sizes: Sequence[int], rng: np.random.Generator) -> Weights:
    r"""Return weights uniform within :math:`\pm 1/\sqrt{\text{inputs}}`, and biases alike."""
    weights: Weights = {}
    for k, (inputs, outputs) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        bound = 1 / sqrt(inputs)
        weights[f"{name}.W{k}"] = rng.uniform(-bound, bound, (inputs, outputs))
        weights[f"{name}.b{k}"] = rng.uniform(-bound, bound, outputs)
    return weights


def linear(weights: Weights, name: str, layer: int, x: Array) -> tuple[Array, Back]:
    """Return ``x @ W + b`` for rows ``x``."""
    W, bias = f"{name}.W{layer}", f"{name}.b{layer}"

    def back(g: Array, gradient: Weights) -> Array:
        xp = namespace_of(g)
        add(gradient, W, x.T @ g)
        add(gradient, bias, xp.sum(g, axis=0))
        return g @ weights[W].T

    return x @ weights[W] + weights[bias], back


def rectify(x: Array) -> tuple[Array, Back]:
    """Return the positive part; NaN stays."""
    xp = namespace_of(x)
    value = xp.where(x < 0, xp.zeros_like(x), x)
    return value, lambda g, _: xp.where(value > 0, g, xp.zeros_like(g))


def perceptron(weights: Weights, name: str, x: Array) -> tuple[Array, Back]:
    """Return the value of linear layers with positive parts between them."""
    backs: list[Back] = []
    layers = sum(key.startswith(f"{name}.W") for key in weights)
    for k in range(layers):
        if k:
            x, back = rectify(x)
            backs.append(back)
        x, back = linear(weights, name, k, x)
        backs.append(back)

    def all_back(g: Array, gradient: Weights) -> Array:
        for back in reversed(backs):
            g = back(g, gradient)
        return g

    return x, all_back
