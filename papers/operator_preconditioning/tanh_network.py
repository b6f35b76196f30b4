r"""A tanh network of one variable, its derivatives in x, and theirs by the parameters.

A layer maps the jet :math:`(z, z', z'')` of its input to that of :math:`s = z W + b`, and
tanh maps the jet of s to

.. math::

    t = \tanh s, \quad t' = \sigma_1 s', \quad t'' = \sigma_2 s'^2 + \sigma_1 s'', \qquad
    \sigma_1 = 1 - t^2, \; \sigma_2 = -2 t \sigma_1, \; \sigma_3 = \sigma_1 (6 t^2 - 2) ,

where :math:`\sigma_i` is the i-th derivative. Backwards, a derivative :math:`(g, g', g'')` by the
jet of t becomes one by the jet of s,

.. math::

    (g \sigma_1 + g' \sigma_2 s' + g'' (\sigma_3 s'^2 + \sigma_2 s''), \quad
     g' \sigma_1 + 2 g'' \sigma_2 s', \quad g'' \sigma_1) ,

and then one by W, the sum of :math:`z^T g` over the jet, and one by b, which is its first entry.
All points go through at once, and none is summed over: row n of the tangent is the derivative at
the n-th point.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, namespace_of

__all__ = ["TanhNetwork"]

Jet = tuple[Array, Array, Array]


class Layer(NamedTuple):
    """What a backward pass needs of a layer: its weights and the jets before and after them."""

    W: Array
    z: Jet
    s: Jet


@dataclass(frozen=True)
class TanhNetwork:
    """A network with one input, one output and tanh between the layers.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers.

    Notes
    -----
    The parameters are one vector: the weights of a layer by rows, its biases, the next layer.
    Array API. The cost of a tangent at N points is about that of writing its (N, p) entries.

    Examples
    --------
    >>> import numpy as np
    >>> network = TanhNetwork((4,))
    >>> theta = network.draw(np.random.default_rng(0))
    >>> network.size, network.tangent(theta, np.zeros(3), order=2).shape
    (13, (3, 13))
    """

    hidden: tuple[int, ...]

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each layer."""
        sizes = [1, *self.hidden, 1]
        return list(zip(sizes[:-1], sizes[1:], strict=True))

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum((inputs + 1) * outputs for inputs, outputs in self.shapes)

    def draw(self, rng: np.random.Generator, spread: float = 1.0) -> NDArray[np.float64]:
        r"""Return parameters uniform within :math:`\pm\sqrt{6/(\text{inputs} + \text{outputs})}`.

        Those of the first layer are multiplied by ``spread``.
        """
        parts: list[NDArray[np.float64]] = []
        for inputs, outputs in self.shapes:
            bound = sqrt(6 / (inputs + outputs)) * (1.0 if parts else spread)
            parts.append(rng.uniform(-bound, bound, (inputs + 1) * outputs))
        return np.concatenate(parts)

    def derivative(self, theta: Array, x: Array, order: int) -> Array:
        """Return the derivative of u in x of order 0, 1 or 2 at the points, (N,).

        Raises
        ------
        ValueError
            ``theta`` is not of this network.
        """
        return self._forward(theta, x)[-1].s[order][:, 0]

    def tangent(self, theta: Array, x: Array, order: int) -> Array:
        """Return the derivative of that by the parameters, (N, p).

        Raises
        ------
        ValueError
            ``theta`` is not of this network.
        """
        xp, layers = namespace_of(x), self._forward(theta, x)
        g: Any = tuple(
            xp.full((x.shape[0], 1), float(k == order), dtype=x.dtype, device=device_of(x))
            for k in range(3)
        )
        blocks = []
        for i, (W, z, s) in reversed(list(enumerate(layers))):
            if i + 1 < len(layers):
                g = _tanh_back(xp, s, g)
            outer = sum(a[:, :, None] * b[:, None, :] for a, b in zip(z, g, strict=True))
            blocks += [g[0], xp.reshape(outer, (x.shape[0], W.shape[0] * W.shape[1]))]
            g = tuple(entry @ W.T for entry in g)
        return xp.concat(blocks[::-1], axis=1)

    def _forward(self, theta: Array, x: Array) -> list[Layer]:
        """Return the layers with their jets.

        Raises
        ------
        ValueError
            The parameters are not of this network, or the points no vector.
        """
        if theta.shape != (self.size,) or x.ndim != 1:
            raise ValueError(
                f"want theta of shape ({self.size},) and x of shape (N,), "
                f"got {tuple(theta.shape)} and {tuple(x.shape)}"
            )
        xp, start = namespace_of(x), 0
        z: Jet = (x[:, None], xp.ones_like(x)[:, None], xp.zeros_like(x)[:, None])
        layers: list[Layer] = []
        for inputs, outputs in self.shapes:
            if layers:
                z = _tanh(xp, layers[-1].s)
            middle, end = start + inputs * outputs, start + (inputs + 1) * outputs
            W = xp.reshape(theta[start:middle], (inputs, outputs))
            layers.append(Layer(W, z, (z[0] @ W + theta[middle:end], z[1] @ W, z[2] @ W)))
            start = end
        return layers


def _tanh(xp: Any, s: Jet) -> Jet:
    """Return the jet of tanh s."""
    t = xp.tanh(s[0])
    first = 1 - t**2
    return t, first * s[1], -2 * t * first * s[1] ** 2 + first * s[2]


def _tanh_back(xp: Any, s: Jet, g: Jet) -> Jet:
    """Return the derivative by the jet of s, given that by the jet of tanh s."""
    t = xp.tanh(s[0])
    first = 1 - t**2
    second, third = -2 * t * first, first * (6 * t**2 - 2)
    return (
        g[0] * first + g[1] * second * s[1] + g[2] * (third * s[1] ** 2 + second * s[2]),
        g[1] * first + 2 * g[2] * second * s[1],
        g[2] * first,
    )
