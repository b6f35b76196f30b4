r"""Matrix Taylor polynomial (MTP): the binomial series of a root, cut at a degree.

With ``c = norm(A, 'fro')`` and ``Z = I - A/c``, whose eigenvalues lie in ``[0, 1)``,
``A^{1/p} = c^{1/p} (I - Z)^{1/p} ≈ c^{1/p} Σ_{k=0..K} binom(1/p, k) (-Z)^k``.
At an eigenvalue ``λ`` of ``A`` the square root's error tends to ``1/sqrt(π K)`` as ``λ -> 0``, so
the method suits well-conditioned matrices.

Cost: about ``2 sqrt(K)`` products by Paterson and Stockmeyer's scheme (5 for K = 10; the published
code forms the powers one by one, 9).

Source: Song, Sebe, Wang, Fast Differentiable Matrix Square Root (ICLR 2022), arXiv 2201.08663.
Differs from the source in: Paterson-Stockmeyer evaluation, any degree and any order of root.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from resolvent.arrays import Array, Namespace
from resolvent.linalg.norms import identity_like
from resolvent.linalg.roots.method import Accuracy
from resolvent.linalg.roots.normaliser import normaliser

__all__ = ["Taylor", "polynomial"]


@dataclass(frozen=True)
class Taylor:
    """Matrix Taylor polynomial.

    Parameters
    ----------
    degree : int
        Degree ``K`` of the polynomial, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg import roots, sqrtm
    >>> A = np.diag([0.8, 1.0])
    >>> bool(np.allclose(sqrtm(A, method=roots.Taylor(degree=40)) @ A**0.5, A, atol=1e-6))
    True
    """

    degree: int = 10

    name: ClassVar[str] = "taylor"
    positive: ClassVar[bool] = True
    accuracy: ClassVar[Accuracy] = "truncated"

    def __post_init__(self) -> None:
        """Check the degree."""
        if self.degree < 1:
            raise ValueError(f"degree must be at least 1, got {self.degree}")

    def root(self, xp: Namespace, A: Array, p: int) -> Array:
        """Return the truncated series of ``A**(1/p)``."""
        c = normaliser(xp, A, "frobenius")
        Z = identity_like(xp, A) - A / c
        return c ** (1 / p) * polynomial(xp, binomial_series(1 / p, self.degree), Z)


def binomial_series(exponent: float, degree: int) -> list[float]:
    """Return the coefficients of ``(1 - z)**exponent`` up to ``z**degree``."""
    coefficients = [1.0]
    for k in range(1, degree + 1):
        coefficients.append(coefficients[-1] * (k - 1 - exponent) / k)
    return coefficients


def polynomial(xp: Namespace, coefficients: list[float], Z: Array) -> Array:
    """Evaluate ``Σ coefficients[k] Z^k`` by Paterson and Stockmeyer's scheme.

    With blocks of ``s ≈ sqrt(degree)`` coefficients, ``s - 1`` products form ``Z², ..., Z^s`` and
    Horner's rule in ``Z^s`` takes one product per further block.
    """
    degree = len(coefficients) - 1
    size = max(1, math.isqrt(degree))
    powers = [identity_like(xp, Z), Z]
    while len(powers) <= size:
        powers.append(powers[len(powers) // 2] @ powers[(len(powers) + 1) // 2])

    def block(start: int) -> Array:
        terms = coefficients[start : start + size]
        return sum((c * power for c, power in zip(terms, powers, strict=False)), 0 * Z)

    # a last block of one coefficient costs no product of its own
    starts = list(range(0, degree + 1, size))
    result = block(starts[-1])
    if starts[-1] == degree and len(starts) > 1:
        starts.pop()
        result = block(starts[-1]) + coefficients[degree] * powers[size]
    for start in reversed(starts[:-1]):
        result = block(start) + powers[size] @ result
    return result
