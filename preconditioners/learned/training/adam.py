r"""Adam: gradient steps scaled by running moments of the gradient.

.. math::

    m \leftarrow \beta_1 m + (1 - \beta_1) g, \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,
    \quad w \leftarrow w - \eta\, \hat m / (\sqrt{\hat v} + \epsilon),

with hats for the division by :math:`1 - \beta^t` that makes up for moments that begin at zero.

Source: D. P. Kingma and J. Ba, arXiv 1412.6980 (2015).
"""

from dataclasses import dataclass, field

from resolvent.arrays import Array, namespace_of
from resolvent.preconditioners.learned.networks.perceptron import Weights

__all__ = ["Adam", "clipped", "norm"]


def norm(gradient: Weights) -> float:
    """Return the 2-norm over all entries together; a device is waited for once."""
    squares: Array = 0.0
    for g in gradient.values():
        xp = namespace_of(g)
        squares = squares + xp.astype(xp.sum(g * g), xp.float64)
    root: float = float(squares) ** 0.5
    return root


def clipped(gradient: Weights, size: float, largest: float) -> Weights:
    """Return a gradient of norm ``size`` scaled to one of at most ``largest``."""
    factor = 1.0 if size <= largest else largest / size
    return {name: g * factor for name, g in gradient.items()}


@dataclass
class Adam:
    """The moments of one training run."""

    decay: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    steps: int = 0
    mean: Weights = field(default_factory=dict)
    square: Weights = field(default_factory=dict)

    def step(self, weights: Weights, gradient: Weights, rate: float) -> Weights:
        """Return the next weights; those without a gradient stay."""
        self.steps += 1
        first, second = self.decay
        moved = dict(weights)
        for name, g in gradient.items():
            xp = namespace_of(g)
            m = first * self.mean.get(name, 0.0) + (1 - first) * g
            v = second * self.square.get(name, 0.0) + (1 - second) * g * g
            self.mean[name], self.square[name] = m, v
            m_hat, v_hat = m / (1 - first**self.steps), v / (1 - second**self.steps)
            moved[name] = weights[name] - rate * m_hat / (xp.sqrt(v_hat) + self.epsilon)
        return moved
