r"""The residual of a reduced solution as a combination of vectors that no parameter changes.

.. math:: r(\mu) = b(\mu) - A(\mu) V c = \sum_p z_p(\mu) P_p, \quad
          P = (b_1 \dots b_{Q_b}, A_1 v_1 \dots A_{Q_a} v_1, A_1 v_2, \dots), \quad
          z = (\beta, -\alpha_q c_i) .

One column of the basis more appends columns to ``P``.
"""

from dataclasses import dataclass
from typing import Any

import array_api_compat
import numpy as np

from resolvent.arrays import Array, device_of, eps, namespace_of
from resolvent.linalg.interpolation.values import times
from resolvent.solvers.reduced.affine import AffineSystem
from resolvent.solvers.reduced.inner_product import InnerProduct

__all__ = ["ResidualPieces", "residual_factors"]

_BLOCK = 256  # residuals at a time


@dataclass(frozen=True, eq=False)
class ResidualPieces:
    """The columns ``P``, and what is known of their sizes.

    Attributes
    ----------
    by : InnerProduct
        In whose dual norm residuals are measured.
    columns : (N, m) array
        ``P``, with ``m = Qb + Qa Nr``.
    noise : (m,) array
        About the dual norm of the rounding error in each column and in its multiples: what is
        expected of signs at random, no bound. An operator's own truncation isn't in it.
    """

    by: InnerProduct
    columns: Array
    noise: Array

    @classmethod
    def of_rhs(cls, by: InnerProduct, rhs_terms: Array) -> "ResidualPieces":
        """Start with the right-hand sides, for an empty basis."""
        xp = namespace_of(rhs_terms)
        return cls(by, rhs_terms, eps(xp, rhs_terms.dtype) * by.dual_norms(rhs_terms))

    def extend(self, matrix_terms: tuple[Any, ...], V: Array) -> "ResidualPieces":
        """Append ``A_q v`` for every column v of V."""
        if V.shape[1] == 0:
            return self
        xp = namespace_of(V)
        made = [_apply(A, V) for A in matrix_terms]
        noisy = [self._noise(A, V, AV) for A, AV in zip(matrix_terms, made, strict=True)]
        N, count = V.shape[0], V.shape[1] * len(made)
        dtype = xp.result_type(self.columns, *made)
        new = xp.reshape(xp.stack([xp.astype(AV, dtype) for AV in made], axis=2), (N, count))
        noise = xp.reshape(xp.stack(noisy, axis=1), (count,))
        old = xp.astype(self.columns, dtype)
        return ResidualPieces(
            self.by,
            xp.concat([old, new], axis=1),
            xp.concat([self.noise, xp.astype(noise, self.noise.dtype)]),
        )

    def truncate(self, system: AffineSystem, size: int) -> "ResidualPieces":
        """Keep those of the first vectors of the basis."""
        count = system.rhs_terms.shape[1] + len(system.matrix_terms) * size
        return ResidualPieces(self.by, self.columns[:, :count], self.noise[:count])

    def norms(self, factors: Array) -> Array:
        """Return the dual norms of ``P z``, (k,), for factors ``z`` (m, k), from the residuals."""
        xp, k = namespace_of(factors), factors.shape[1]
        blocks = [
            self.by.dual_norms(times(self.columns, factors[:, start : min(start + _BLOCK, k)]))
            for start in range(0, k, _BLOCK)
        ]
        return xp.concat(blocks) if blocks else xp.zeros_like(self.noise[:0])

    def floor(self, factors: Array) -> Array:
        """Return about the dual norm of what rounding makes of ``P z``, (k,)."""
        xp = namespace_of(factors)
        return self.noise @ xp.abs(factors)

    def _noise(self, A: Any, V: Array, AV: Array) -> Array:
        """Expect rounding of random sign in every entry of ``A v``: ``eps/2 sqrt(A² v²)``.

        That root is the root mean square of ``A (s v)`` over random signs ``s``: one product with
        what cancels in ``A v`` left standing, whether entries are known or not.
        """
        xp = namespace_of(V)
        unit = eps(xp, AV.dtype)
        inner, outer = (_signs(V, seed) for seed in (0, 1))
        random = self.by.dual_norms(outer * xp.abs(_apply(A, inner * V)))
        return unit / 2 * random + unit * self.by.dual_norms(AV)


def residual_factors(alpha: Array, beta: Array, c: Array) -> Array:
    """Return ``z`` (m, k) from coefficients (Qa, k), (Qb, k) and reduced solutions (Nr, k)."""
    xp = namespace_of(c)
    dtype = xp.result_type(alpha, beta, c)
    alpha, beta, c = (xp.astype(x, dtype) for x in (alpha, beta, c))
    products = xp.reshape(
        -c[:, None, :] * alpha[None, :, :], (c.shape[0] * alpha.shape[0], c.shape[1])
    )
    return xp.concat([beta, products])


def _apply(A: Any, V: Array) -> Array:
    return times(A, V) if array_api_compat.is_array_api_obj(A) else A @ V


def _signs(V: Array, seed: int) -> Array:
    xp, signs = namespace_of(V), np.random.default_rng(seed).choice([-1.0, 1.0], (V.shape[0], 1))
    return xp.astype(xp.asarray(signs, device=device_of(V)), xp.abs(V[:0, :0]).dtype)
