r"""Fourier series as a model on :math:`(-\pi, \pi)`, where everything has a closed form.

The basis is :math:`1/\sqrt{2\pi}`, :math:`\cos(kx)/\sqrt\pi`, :math:`\sin(kx)/\sqrt\pi` for
:math:`k = 1, \dots, K`, so that :math:`\|\theta\|` is the norm of u. For an operator of order m
with s boundary points

.. math::

    A = \operatorname{diag}(k^{2m}) + s \lambda\, v v^T, \quad
    v_0 = 1/\sqrt{2\pi}, \; v_{\cos k} = (-1)^k/\sqrt\pi, \; v_{\sin k} = 0 .

**Before.** A rank-one update: the sines keep :math:`k^{2m}`, all other eigenvalues mu solve

.. math::

    \frac{1}{s\lambda} + \frac{1/(2\pi)}{0 - \mu}
    + \sum_{k=1}^K \frac{1/\pi}{k^{2m} - \mu} = 0 ,

one in each gap of :math:`0, 1, 2^{2m}, \dots` and one above :math:`K^{2m}`. The smallest lies
between 0 and 1 and hardly depends on K, the largest is :math:`K^{2m}` up to
:math:`s \lambda \|v\|^2`: the condition grows like :math:`K^{2m}` as long as lambda is below about
:math:`K^{2m - 1}`. As :math:`\lambda, K \to \infty` the smallest tends to the first eigenvalue of
:math:`D^* D`: for :math:`m = 2` that of the clamped beam, :math:`s^4` with
:math:`\tan \pi s + \tanh \pi s = 0`; for :math:`m = 1` it is :math:`1/4`.

**After.** With :math:`P = \operatorname{diag}(\gamma, 1/k^m)` the nullspace of D is the only
direction left: :math:`P A P = \operatorname{diag}(0, 1, \dots, 1) + s\lambda\,(Pv)(Pv)^T` has the
eigenvalue 1 and, with :math:`a = \gamma^2/(2\pi)` and :math:`b = \frac1\pi \sum_k k^{-2m}`, the two
roots of

.. math::

    \mu^2 - t \mu + d = 0, \quad t = 1 + s\lambda (a + b), \; d = s \lambda a .

At :math:`\mu = 1` the polynomial is :math:`-s\lambda b < 0`: one root on either side. So the
condition is their quotient, bounded for all K since b is. It is least, :math:`(1 + q)/(1 - q)` with
:math:`q^2 = b/(a + b)`, for :math:`s \lambda = 1/(a + b)`, and tends to 1 like
:math:`1 + 2 q` as gamma grows.
"""

from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from resolvent.papers.operator_preconditioning.tangent_gram import weighted_rows

__all__ = ["OPERATORS", "FourierModel"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class FourierModel:
    r"""A differential operator of order m on Fourier series.

    Attributes
    ----------
    m : int
        2 for :math:`-u''`, 1 for :math:`u'`.
    boundary : tuple of float
        Where u is prescribed.
    least : float
        The smallest eigenvalue as K and lambda tend to infinity.

    Notes
    -----
    The problem solved is the one with the solution :math:`e^{\sin x}`.
    """

    m: int
    boundary: tuple[float, ...]
    least: float

    def basis(self, x: Vector, K: int) -> Vector:
        """Return the basis at the points, (N, 2 K + 1)."""
        angles = np.outer(x, np.arange(1, K + 1))
        first = np.full((len(x), 1), 1 / sqrt(2 * pi))
        return np.hstack([first, np.cos(angles) / sqrt(pi), np.sin(angles) / sqrt(pi)])

    def image(self, x: Vector, K: int) -> Vector:
        """Return D of the basis at the points."""
        k, values = np.arange(1, K + 1), self.basis(x, K)
        cosines, sines = values[:, 1 : K + 1], values[:, K + 1 :]
        pair = (k**2 * cosines, k**2 * sines) if self.m == 2 else (-k * sines, k * cosines)
        return np.hstack([np.zeros((len(x), 1)), *pair])

    def system(self, K: int, lam: float) -> tuple[Vector, Vector]:
        """Return F and the weighted data; the trapezoidal rule is exact for the Gram matrix."""
        count = 4 * K + 32
        x = -pi + 2 * pi * np.arange(count) / count
        weights = np.full(count, 2 * pi / count)
        second = (np.sin(x) - np.cos(x) ** 2) * np.exp(np.sin(x))
        f = second if self.m == 2 else np.cos(x) * np.exp(np.sin(x))
        ends = np.array(self.boundary)
        F = weighted_rows(self.image(x, K), weights, self.basis(ends, K), lam)
        return F, weighted_rows(f, weights, np.exp(np.sin(ends)), lam)

    def scaling(self, K: int, gamma: float = 1.0) -> Vector:
        """Return the diagonal of P."""
        k = np.arange(1, K + 1, dtype=float) ** -self.m
        return np.concatenate([[gamma], k, k])

    def condition(self, K: int, lam: float) -> float:
        """Return the condition of A by the secular equation."""
        poles = np.arange(K + 1.0) ** (2 * self.m)
        squares = np.array([1 / (2 * pi)] + [1 / pi] * K)
        strength = len(self.boundary) * lam

        def secular(mu: float) -> Any:
            return 1 / strength + np.sum(squares / (poles - mu))

        tiny = 1e-14
        top = poles[-1] + strength * np.sum(squares)
        smallest = brentq(secular, tiny, 1 - tiny, xtol=1e-300)
        largest = brentq(secular, poles[-1] * (1 + tiny), top * (1 + tiny))
        return float(largest / smallest)

    def preconditioned_condition(self, K: int, lam: float, gamma: float = 1.0) -> float:
        """Return the condition of P A P by the quadratic equation."""
        strength = len(self.boundary) * lam
        a, b = self.parts(K, gamma)
        t, d = 1 + strength * (a + b), strength * a
        return float((t + sqrt(t**2 - 4 * d)) ** 2 / (4 * d))

    def best_weight(self, K: int, gamma: float = 1.0) -> float:
        """Return the lambda of the smallest condition of P A P."""
        return 1 / (len(self.boundary) * sum(self.parts(K, gamma)))

    def parts(self, K: int, gamma: float = 1.0) -> tuple[float, float]:
        """Return a and b, the parts of the constant and of all others in the norm of P v."""
        k = np.arange(1, K + 1, dtype=float)
        return gamma**2 / (2 * pi), float(np.sum(k ** (-2 * self.m))) / pi


def _clamped_beam() -> float:
    s = brentq(lambda s: np.sin(pi * s) + np.cos(pi * s) * np.tanh(pi * s), 0.5, 1.0)
    return float(s) ** 4


OPERATORS = {
    "poisson": FourierModel(2, (-pi, pi), _clamped_beam()),
    "advection": FourierModel(1, (-pi,), 0.25),
}
