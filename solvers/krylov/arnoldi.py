r"""The Arnoldi process :math:`A Z_m = V_{m+1} \bar H_m`, and the residual norm that comes with it.

Each new vector is orthogonalised twice by classical Gram-Schmidt (CGS2): two passes over the basis
as matrix-vector products, orthogonal to working precision.

The residual of smallest norm over the space is the projection of :math:`\beta e_1` onto the left
null vector :math:`g` of :math:`\bar H_m`, so its norm is :math:`\beta / \|g\|` with :math:`g_1 = 1`
and :math:`g_{j+1} = -\sum_{i \le j} g_i h_{ij} / h_{j+1,j}`: one short inner product a step, no
rotations, and nothing to be read from a device.

Source: Giraud, Langou, Rozložník, Numer. Math. 101 (2005), doi 10.1007/s00211-005-0615-4 (CGS2).
"""

import numpy as np

from resolvent.arrays import Array, conj, device_of, eps, namespace_of, to_host
from resolvent.vectors import Inner, norm, ratio
from resolvent.vectors import inner as euclidean

__all__ = ["Arnoldi"]


class Arnoldi:
    """An orthonormal basis that grows, for one vector or for each of ``k`` columns.

    Parameters
    ----------
    r : (n,) or (n, k) array
        First direction.
    steps : int
        Largest number of steps.
    inner : callable
        Inner product of each column.
    """

    def __init__(self, r: Array, steps: int, inner: Inner = euclidean) -> None:
        xp = namespace_of(r)
        self.xp, self.inner, self.size = xp, inner, 0
        self.beta = norm(r, inner)
        columns = r.shape[1:]
        place = {"dtype": r.dtype, "device": device_of(r)}
        self.V = xp.empty((steps + 1, *r.shape), **place)
        self.V[0, ...] = r * ratio(xp, xp.ones_like(self.beta), self.beta)
        self.H = xp.zeros((steps + 1, steps, *columns), **place)
        self.g = xp.zeros((steps + 1, *columns), **place)
        self.g[0, ...] = 1
        self.gg = xp.ones_like(self.beta)

    @property
    def last(self) -> Array:
        """The newest basis vector."""
        return self.V[self.size, ...]

    @property
    def residual_norm(self) -> Array:
        """The smallest residual norm over the space."""
        return self.beta / self.xp.sqrt(self.gg)

    def extend(self, w: Array) -> None:
        """Take ``w``, the product of A with the newest direction, into the basis."""
        xp, j = self.xp, self.size
        V = self.V[: j + 1, ...]
        before = norm(w, self.inner)
        h = self._project(V, w)
        w = w - self.combine(V, h)
        again = self._project(V, w)
        w = w - self.combine(V, again)
        h = h + again
        length = norm(w, self.inner)
        length = xp.where(length > 10 * eps(xp, w.dtype) * before, length, 0 * length)
        self.V[j + 1, ...] = w * ratio(xp, xp.ones_like(length), length)
        self.H[: j + 1, j, ...] = h
        self.H[j + 1, j, ...] = xp.astype(length, w.dtype)
        gh = xp.sum(self.g[: j + 1, ...] * h, axis=0)
        # an invariant subspace: the residual is zero, unless A is singular on it
        step = ratio(xp, gh, xp.astype(length, gh.dtype))
        self.g[j + 1, ...] = -step
        solved = (length == 0) & (xp.abs(gh) > 0)
        self.gg = xp.where(solved, xp.full_like(self.gg, xp.inf), self.gg + xp.abs(step) ** 2)
        self.size += 1

    def coordinates(self) -> Array:
        """Return ``y`` of the smallest residual, on the device; ``(m,)`` or ``(m, k)``."""
        from resolvent.linalg.compiled.hessenberg import hessenberg_least_squares

        m, xp = self.size, self.xp
        H, beta = to_host(self.H[: m + 1, :m, ...]), to_host(self.beta)
        columns = zip(np.moveaxis(H.reshape(m + 1, m, -1), -1, 0), beta.reshape(-1), strict=True)
        y = np.stack([hessenberg_least_squares(h, norm) for h, norm in columns], axis=-1)
        y = y.reshape(H.shape[1:])
        return xp.asarray(y, dtype=self.V.dtype, device=device_of(self.V))

    def combination(self) -> Array:
        """Return :math:`V_m y`."""
        return self.combine(self.V[: self.size, ...], self.coordinates())

    def _project(self, V: Array, w: Array) -> Array:
        xp = self.xp
        if self.inner is not euclidean:
            return xp.stack([self.inner(V[i, ...], w) for i in range(V.shape[0])])
        if w.ndim > 1:
            return xp.vecdot(V, w[None, ...], axis=-2)
        return conj(xp, V) @ w

    def combine(self, V: Array, h: Array) -> Array:
        """Return the sum of ``h[i] V[i]``."""
        return h @ V if V.ndim == 2 else self.xp.sum(h[:, None, ...] * V, axis=0)
