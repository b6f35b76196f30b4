r"""Chebyshev iteration that finds its interval by itself, and corrects it on the way.

Some Lanczos steps from a random vector give the upper end with a margin, and the smallest Ritz
value as lower end. That is too large until the smallest eigenvalue is resolved, and the iteration
then leaves the eigenvectors below it in the residual. So if the residual falls less than half as
fast, in digits, as the interval promises, Lanczos steps from the residual find a smaller Ritz
value, and the iteration starts anew with it.

Cost: 30 products for each estimate, of which a handful is needed.

Failure modes: a negative Ritz value proves that A is not positive definite, and ends the iteration
with the reason INDEFINITE_OPERATOR.

Source: T. A. Manteuffel, Adaptive procedure for estimating parameters for the nonsymmetric
Tchebychev iteration, Numer. Math. 31 (1978), 183-208, doi 10.1007/BF01397475.
Differs from the source in: Hermitian matrices only, and Lanczos steps instead of the power method.
"""

import math
from collections.abc import Iterator
from functools import partial
from itertools import islice

import numpy as np

from resolvent.arrays import Array, device_of, namespace_of, to_host
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.krylov_spaces.spectral_interval import spectral_interval
from resolvent.recurrence import Counted, State, Target, at, code
from resolvent.results import Reason
from resolvent.solvers.stationary.chebyshev_steps import chebyshev_steps, promised
from resolvent.vectors import norm

__all__ = ["EstimatedInterval"]

_LANCZOS_STEPS = 30
_PROMISED = math.exp(-4)  # residual norm after the steps between two looks at the progress
_WORTH = 0.9  # a new lower end that is not smaller than so much of the old one is no news


class EstimatedInterval:
    """Steps of Chebyshev iteration, and the interval that they found.

    Attributes
    ----------
    interval : tuple of float
        The last one; ``(inf, 0)`` before the first.
    """

    def __init__(self, rng: Rng | None = None) -> None:
        self.interval = math.inf, 0.0
        self.rng = np.random.default_rng(rng)

    def steps(self, A: Counted, r: Array, target: Target) -> Iterator[State]:
        """Yield the states for ``A d = r``."""
        d = namespace_of(r).zeros_like(r)
        if self.interval[0] == math.inf and not self.widen(A, self.random(r)):
            yield State(at(d), norm(r), code(Reason.INDEFINITE_OPERATOR))
            return
        while True:
            states = chebyshev_steps(A, r, target, interval=self.interval)
            before = to_host(norm(r)).reshape(-1)
            while True:
                for state in islice(states, self.patience):
                    yield State(partial(_moved, d, state), state.norms, state.trouble)
                now = to_host(state.norms).reshape(-1)
                late = np.argmax(now / np.where(before > 0, before, 1))
                if np.any(to_host(state.trouble)) or now[late] <= _PROMISED**0.5 * before[late]:
                    before = now
                    continue
                step = state.x()
                residual, lower = r - A @ step, self.interval[0]
                if not self.widen(A, residual if r.ndim == 1 else residual[:, late]):
                    yield State(at(d + step), norm(residual), code(Reason.INDEFINITE_OPERATOR))
                    return
                before = now
                if self.interval[0] < _WORTH * lower:
                    d, r = d + step, residual
                    break

    @property
    def patience(self) -> int:
        """Steps after which the residual norm should have fallen to `_PROMISED`."""
        q = promised(self.interval)
        return max(_LANCZOS_STEPS, math.ceil(math.log(_PROMISED) / math.log(q)) if q else 0)

    def widen(self, A: Counted, v: Array) -> bool:
        """Take in what Lanczos steps from ``v`` find; False if A isn't positive definite."""
        found = spectral_interval(A.operator, v, steps=_LANCZOS_STEPS)
        A.spent(len(found.ritz))
        lower, upper = self.interval
        self.interval = min(lower, float(found.ritz[0])), max(upper, found.upper)
        return self.interval[0] > 0

    def random(self, r: Array) -> Array:
        """Return a start like a column of ``r``."""
        xp = namespace_of(r)
        v = xp.asarray(self.rng.standard_normal(r.shape[0]), device=device_of(r))
        return xp.astype(v, r.dtype)


def _moved(d: Array, state: State) -> Array:
    return d + state.x()
