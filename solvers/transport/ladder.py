r"""Regularisations from large to the one wanted, and where to start at each.

The regularisation falls from a part of the span of the costs, by a factor that is smaller after a
stage that took many steps. Potentials that solve one are close to those of the next, and closer
still when two before are extrapolated linearly in :math:`\varepsilon`:

.. math:: g(\varepsilon') \approx g(\varepsilon) +
    \frac{\varepsilon' - \varepsilon}{\varepsilon - \varepsilon_{old}} (g(\varepsilon) - g_{old}) .

Source: the extrapolation after Kemertas, Farahmand and Jepson, A truncated Newton method for
optimal transport (2025), arXiv 2504.02067.
"""

from collections.abc import Iterator

from resolvent.arrays import Array

__all__ = ["Ladder"]

_FIRST = 1 / 64  # of the span of the costs
_FACTOR, _CAREFUL = 4.0, 2.5
_MANY = 8  # steps


class Ladder:
    """Yields ``(reg, g)``, the start of each stage; the end of it is told by `arrived`."""

    def __init__(self, reg: float, span: float, start: Array, warm: bool) -> None:
        self.reg, self.start = reg, start
        self.first = reg if warm else max(reg, _FIRST * span)

    def __iter__(self) -> Iterator[tuple[float, Array]]:
        reg, g, before = self.first, self.start, None
        while True:
            self.end, self.steps = g, 0
            yield reg, g
            if reg == self.reg:
                return
            lower = max(self.reg, reg / (_CAREFUL if self.steps > _MANY else _FACTOR))
            slope = 0.0 if before is None else (self.end - before[1]) / (reg - before[0])
            before = reg, self.end
            g, reg = self.end + (lower - reg) * slope, lower

    def arrived(self, g: Array, steps: int) -> None:
        """Tell the potential at which this stage ended, and after how many steps."""
        self.end, self.steps = g, steps
