r"""Matrix Padé approximant (MPA): the diagonal Padé approximant of a square root, in closed form.

With a scalar ``c``, ``x = λ/c`` and ``N = 2m + 1``, the ``[m/m]`` approximant of ``sqrt(x)``
about 1 is

``P(x)/Q(x) = Σ_{j=0..m} binom(N, 2j) x^j / Σ_{j=0..m} binom(N, 2j+1) x^j``.

Its relative error is exactly ``2q / (1 - q)`` with ``q = ((1 - s)/(1 + s))^N``, ``s = sqrt(x)``: it
converges for every positive ``x`` and is symmetric under ``x -> 1/x``, so a normaliser in the
middle of the spectrum beats the published ``norm(A, 'fro')`` at no cost.

In partial fractions all shifts are positive, so that every system is better conditioned than A:

``x^{-1/2} ≈ 1/N + Σ_{j=1..m} (2/N) (1 + τ_j) / (x + τ_j)``, ``τ_j = tan²((2j - 1) π / (2N))``,
``x^{1/2} ≈ N - Σ_{j=1..m} (2/N) t_j (1 + t_j) / (x + t_j)``, ``t_j = tan²(j π / N)``.

The rational form loses digits with the condition of Q, which grows with the order: beyond order 8
or so, or with eigenvalues far above ``c``, take the partial fractions.

Cost: ``m - 1`` products and one solve with n right-hand sides, or m inverses in one batch.

Source: Song, Sebe, Wang, Fast Differentiable Matrix Square Root (ICLR 2022), arXiv 2201.08663.
Differs from the source in: closed-form coefficients in x (all positive, no cancellation), any
order, three normalisers, partial fractions.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from resolvent.arrays import Array, Namespace
from resolvent.linalg.norms import identity_like
from resolvent.linalg.roots.method import Accuracy, require_square_root
from resolvent.linalg.roots.normaliser import Normaliser, normaliser

__all__ = ["Pade"]


@dataclass(frozen=True)
class Pade:
    """Diagonal matrix Padé approximant of a square root.

    Parameters
    ----------
    order : int
        Order ``m`` of the ``[m/m]`` approximant, at least 1; 5 as published.
    normaliser : {"frobenius", "trace", "geometric"}
        The scalar ``c``; "frobenius" as published.
    form : {"rational", "partial-fractions"}
        One solve, or ``m`` independent inverses stacked into one batch.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import roots, sqrtm
    >>> A = np.diag([1.0, 4.0])
    >>> X = sqrtm(A, method=roots.Pade(order=8, normaliser="geometric"))
    >>> bool(abs(X - np.diag([1.0, 2.0])).max() < 1e-7)
    True
    """

    order: int = 5
    normaliser: Normaliser = "frobenius"
    form: Literal["rational", "partial-fractions"] = "rational"

    name: ClassVar[str] = "pade"
    positive: ClassVar[bool] = True
    accuracy: ClassVar[Accuracy] = "truncated"

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.normaliser not in get_args(Normaliser):
            raise ValueError(
                f"normaliser must be one of {get_args(Normaliser)}, got {self.normaliser!r}"
            )
        if self.order < 1:
            raise ValueError(f"order must be at least 1, got {self.order}")
        if self.form not in ("rational", "partial-fractions"):
            raise ValueError(f"form must be 'rational' or 'partial-fractions', got {self.form!r}")

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return the approximant of ``A**(1/p)``, ``p`` = 2 or -2."""
        require_square_root(self, p)
        c = normaliser(xp, A, self.normaliser)
        evaluate = _rational if self.form == "rational" else _partial_fractions
        return c ** (1 / p) * evaluate(xp, A / c, self.order, p)


def _rational(xp: Namespace, x: Array, order: int, p: int) -> Array:
    N = 2 * order + 1
    powers = [identity_like(xp, x), x]
    while len(powers) <= order:
        powers.append(powers[-1] @ x)
    # divided by the middle coefficient, high orders stay far from overflow
    middle = math.comb(N, order)
    P = sum(math.comb(N, 2 * j) / middle * power for j, power in enumerate(powers))
    Q = sum(math.comb(N, 2 * j + 1) / middle * power for j, power in enumerate(powers))
    return xp.linalg.solve(Q, P) if p > 0 else xp.linalg.solve(P, Q)


def _partial_fractions(xp: Namespace, x: Array, order: int, p: int) -> Array:
    N = 2 * order + 1
    if p > 0:
        shifts = [math.tan(j * math.pi / N) ** 2 for j in range(1, order + 1)]
        constant, weights = float(N), [-2 / N * t * (1 + t) for t in shifts]
    else:
        shifts = [math.tan((2 * j - 1) * math.pi / (2 * N)) ** 2 for j in range(1, order + 1)]
        constant, weights = 1 / N, [2 / N * (1 + t) for t in shifts]
    identity = identity_like(xp, x)
    inverses = xp.linalg.inv(xp.stack([x + t * identity for t in shifts]))
    terms = (w * inverses[j, ...] for j, w in enumerate(weights))
    return sum(terms, constant * identity)
