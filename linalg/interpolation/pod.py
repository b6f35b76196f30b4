r"""Proper orthogonal decomposition: the few modes that carry most of a set of snapshots.

With the inner product :math:`(u, v) = u^H W v` the modes :math:`u_1, u_2, \dots` are orthonormal
and minimise what is left of the snapshots for each number r of them,

.. math:: \sum_j \Big\| s_j - \sum_{i \le r} (u_i, s_j)\, u_i \Big\|^2 = \sum_{i > r} \sigma_i^2 ,

where the :math:`\sigma_i` are the singular values of :math:`W^{1/2} S`.

Sources: L. Sirovich, Turbulence and the dynamics of coherent structures, Quart. Appl. Math. 45
(1987), 561-571, for the method of snapshots; N. Halko, P. G. Martinsson and J. A. Tropp, Finding
structure with randomness, SIAM Rev. 53 (2011), 217-288, arXiv 0909.4061, for the randomised one.

Differs from the sources in: modes of the method of snapshots are taken from a second, small SVD
of ``S V``, so that they are orthonormal to rounding whatever the condition; and what a random
sketch misses is estimated in the Frobenius norm.
"""

import math
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np

from resolvent.arrays import (
    Array,
    Namespace,
    adjoint,
    device_of,
    enter,
    is_finite,
    is_numpy,
    namespace_of,
)
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.interpolation.pod_choice import Wanted, by_sketch, directly, found_by, nothing
from resolvent.linalg.interpolation.pod_inner import InnerProduct, as_inner_product, flatten
from resolvent.linalg.interpolation.values import as_values, times, unless_safe
from resolvent.vectors import scaled_norm

__all__ = ["Pod", "pod"]


@dataclass(frozen=True, eq=False, repr=False)
class Pod:
    r"""Modes of snapshots and what they leave out.

    Attributes
    ----------
    basis : (N, r) array
        The modes, orthonormal in the inner product of ``W``.
    singular_values : (k,) array
        All that were computed, in descending order; the first r belong to the modes.
    truncation_error : float
        Frobenius norm of what the modes leave out relative to that of the snapshots. By the
        randomised method an estimate, see `pod`.
    floor : float
        Singular values below this part of the largest are rounding, and so are modes that belong
        to them: there are none in ``basis``.
    method : str
        "gram", "qr" or "randomized".
    """

    basis: Array
    singular_values: Array
    truncation_error: float
    floor: float
    method: str
    _inner: InnerProduct = field(repr=False)

    def __repr__(self) -> str:
        modes, left = self.basis.shape[1], f"{self.truncation_error:.1e}"
        return f"Pod({modes} modes by {self.method!r}, {left} left out, floor {self.floor:.1e})"

    def coefficients(self, u: Any) -> Array:
        """Return those of the best approximation, ``basisᴴ W u``, (r,) or (r, k).

        Raises
        ------
        TypeError, ValueError
            ``u`` is not (N,) or (N, k), not finite, or of another library or device.
        """
        u = as_values(u, self.basis, self.basis.shape[0], "u")
        return times(adjoint(namespace_of(self.basis), self.basis), self._inner @ u)

    def project(self, u: Any) -> Array:
        """Return the best approximation of ``u`` by the modes, in the norm of ``W``.

        Raises
        ------
        TypeError, ValueError
            As `coefficients`.
        """
        return times(self.basis, self.coefficients(u))


def pod(
    S: Any,
    *,
    W: Any = None,
    tol: float | None = None,
    rank: int | None = None,
    method: str = "auto",
    oversample: int = 10,
    passes: int = 1,
    rng: Rng | None = None,
) -> Pod:
    r"""Return the leading modes of snapshots, orthonormal in the inner product of ``W``.

    Parameters
    ----------
    S : (N, n) array_like
        Snapshots as columns, real or complex; tall or wide.
    W : (N,) array_like, (N, N) matrix or operator, optional
        Positive weights, or a positive definite matrix: dense, sparse or anything with ``@``.
        By default the identity.
    tol : float, optional
        As many modes as leave out at most this part of the snapshots, in the Frobenius norm.
    rank : int, optional
        At most as many modes. By default all above rounding.
    method : {"auto", "gram", "qr", "randomized"}
        "gram", the method of snapshots, is the fastest, and blind below ``sqrt(eps)``. "qr" sees
        down to ``eps``. "auto" takes "gram" where that meets ``tol`` or ``rank``, else "qr".
        "randomized" needs ``tol`` or ``rank`` and pays where that is some modes out of many.
    oversample : int
        Columns of the random sketch in addition to ``rank``.
    passes : int
        Power iterations of the random sketch: more where singular values decay slowly.
    rng : numpy.random.Generator or int, optional
        Source of the random sketch, or its seed.

    Returns
    -------
    Pod
        Never more modes than singular values above ``floor`` times the largest; none of zero
        snapshots.

    Raises
    ------
    ValueError
        ``S`` is not one matrix or not finite; ``W`` doesn't fit, leaves the range of ``S``, or is
        not positive definite as far as its diagonal and the snapshots show; a negative option, an
        unknown method, or "randomized" with neither ``tol`` nor ``rank``.
    TypeError
        ``W`` is of another array library, or complex with real snapshots; ``rank``, ``oversample``
        or ``passes`` is not a whole number.

    Warns
    -----
    UnreachableToleranceWarning
        "gram" was asked for what it can't resolve, a ``tol`` below ``sqrt(eps)``.

    Notes
    -----
    By "gram" and "qr" the modes leave out more than ``truncation_error`` by rounding only, of the
    size of ``floor``. By "randomized" the part that the sketch misses is estimated by ten random
    probes that it has not seen: the estimate has a relative standard deviation of ``1/sqrt(20)``
    at most. Its modes are nearly the best ones, the more so with ``passes``.

    Cost, in flops for ``N >= n``: ``N n²`` and ``4 N n r`` by "gram"; ``2 N n²`` by "qr", in
    slower operations, and twice that with a matrix ``W``; ``4 (passes + 1) N n (r + oversample)``
    by "randomized". Array API; float32 and float64, real and complex, on any device; float16 is
    computed in float32, and its modes are float16. Weights make a copy of the snapshots.

    Examples
    --------
    >>> x = np.linspace(0, 1, 200)[:, None]
    >>> S = np.exp(-((x - np.linspace(0.2, 0.8, 30)) / 0.3) ** 2)
    >>> found = pod(S, tol=1e-6)
    >>> found.basis.shape, found.method
    ((200, 9), 'gram')
    >>> bool(np.linalg.norm(S - found.project(S)) <= 1e-6 * np.linalg.norm(S))
    True
    """
    entered = enter(matrix=False, finite=False, S=S)
    xp, (S,) = entered.xp, entered.arrays
    if S.ndim != 2:
        raise ValueError(f"S must be one matrix (N, n) of snapshots, got shape {tuple(S.shape)}")
    _check(tol, rank, method, oversample, passes)
    wanted = Wanted(tol, rank)
    inner = as_inner_product(W, S)
    scale = _scale(xp, S)
    flat, operator, back = flatten(inner, S if scale in (0, 1) else S / scale)
    if scale == 0:
        found = found_by("gram" if method == "auto" else method, nothing(flat), wanted)
    elif method == "randomized":
        sketch = by_sketch(flat, operator, wanted, oversample, passes, rng)
        found = found_by(method, sketch, wanted)
    else:
        found = directly(flat, operator, wanted, method)
    tails, kept = found.spectrum.tails(), found.values.size
    every = scale * np.concatenate([found.values, found.spectrum.values[kept:]])
    values = xp.asarray(every, device=device_of(S))
    return Pod(
        basis=entered.leave(back(found.modes)),
        singular_values=entered.leave(xp.astype(values, xp.abs(found.modes).dtype)),
        truncation_error=float(tails[kept] / (tails[0] or 1)),
        floor=found.spectrum.floor,
        method=found.method,
        _inner=inner,
    )


def _check(tol: float | None, rank: int | None, method: str, oversample: int, passes: int) -> None:
    methods = ("auto", "gram", "qr", "randomized")
    if method not in methods:
        raise ValueError(f"method must be one of {methods}, got {method!r}")
    if tol is not None and not 0 <= tol < np.inf:
        raise ValueError(f"tol must not be negative, got {tol}")
    counts = {"rank": 0 if rank is None else rank, "oversample": oversample, "passes": passes}
    for name, count in counts.items():
        if not isinstance(count, Integral):
            raise TypeError(f"{name} must be a whole number, got {count!r}")
        if count < 0:
            raise ValueError(f"{name} must not be negative, got {count}")
    if method == "randomized" and tol is None and rank is None:
        raise ValueError("method 'randomized' needs tol or rank")


def _scale(xp: Namespace, S: Array) -> float:
    """Return 1, or a power of two near the norm where squares of entries would leave the range.

    Raises
    ------
    ValueError
        An entry is not finite.
    """
    if 0 in S.shape:
        return 0.0
    entries = S.ravel(order="K") if is_numpy(xp) else xp.reshape(S, (-1,))
    power, norm = scaled_norm(entries)  # one pass, which finds what is not finite too
    if not math.isfinite(norm) and not is_finite(S):
        raise ValueError("S has NaN or infinite entries")
    if norm == 0:
        return 0.0
    return unless_safe(xp, S.dtype, power)
