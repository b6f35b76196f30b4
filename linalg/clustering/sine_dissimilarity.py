r"""The sine of the angle between snapshots: what one of them leaves of another after projection.

.. math:: \delta(u, v) = \min_c \frac{\|u - c\,v\|}{\|u\|}
          = \sqrt{1 - \frac{|\langle u, v\rangle|^2}{\|u\|^2 \|v\|^2}},
          \qquad \langle u, v \rangle = u^H W v

It is the error of the reduced model whose space is spanned by one snapshot, so that clusters by
medoids in this dissimilarity are the best pieces of one dimension (`kmedoids`).
It knows nothing of amplitudes, and of signs and phases neither.

One product of all normalised snapshots gives all cosines. Where snapshots are nearly parallel the
square root keeps half of the digits: a sine of 1e-8 is rounding. Pairs with :math:`\delta <
\varepsilon^{1/4}` are computed anew from the difference of normalised vectors, :math:`\delta = \| u
- \langle v, u \rangle v \|`, whose error is some :math:`\sqrt N \varepsilon`.

Cost: :math:`2 N n^2` flops of one matrix product, and :math:`O(N)` for each nearly parallel pair:
as much again if all of them are, at the speed of memory.

Source: Daniel, Casenave, Akkari, Ketata and Ryckelynck, Physics-informed cluster analysis and a
priori efficiency criterion for the construction of local reduced-order bases (2021), arXiv
2103.13683; Daniel et al., arXiv 2108.12291. Departure: nearly parallel pairs.
"""

from typing import Any

from resolvent.arrays import Array, Namespace, adjoint, conj, enter, eps
from resolvent.linalg import norms
from resolvent.linalg.interpolation.pod_inner import InnerProduct, as_inner_product
from resolvent.vectors import real

__all__ = ["column_norms", "sine_dissimilarity"]


def sine_dissimilarity(S: Any, *, W: Any = None) -> Array:
    r"""Return the sines of the angles between all columns of ``S``.

    Parameters
    ----------
    S : (N, n) array_like
        Snapshots, none of them zero; real or complex.
    W : (N,) or (N, N) array, sparse matrix or operator, optional
        Weights, or the symmetric positive definite matrix of the inner product; the Euclidean one
        by default.

    Returns
    -------
    (n, n) array
        Between 0 and 1, symmetric with a zero diagonal, real, in the precision and on the device of
        ``S``.

    Raises
    ------
    ValueError
        A snapshot is zero, or NaN or infinite; ``S`` is not a matrix; ``W`` is of another order or
        not positive, or indefinite as far as the snapshots show it.
    TypeError
        A dtype that is not numeric, or arrays of several libraries.

    Notes
    -----
    Array API. The absolute error is some :math:`\sqrt N \varepsilon^{3/4}` at most, and
    :math:`\sqrt N \varepsilon` for nearly parallel snapshots. Cost: see the top of the file.

    Examples
    --------
    >>> sine_dissimilarity([[1.0, 1.0, -2.0], [0.0, 1.0, 0.0]]).round(6).tolist()
    [[0.0, 0.707107, 0.0], [0.707107, 0.0, 0.707107], [0.0, 0.707107, 0.0]]
    """
    entered = enter(S=S)
    xp, (S,) = entered.xp, entered.arrays
    if S.ndim != 2:
        raise ValueError(f"S must be a matrix (N, n), got shape {tuple(S.shape)}")
    inner = as_inner_product(W, S)
    scaled = S / xp.astype(norms.column_scales(xp, S), S.dtype)
    lengths = column_norms(xp, scaled, inner)
    zero = [int(j) for j in xp.nonzero(lengths == 0)[0]]
    if zero:
        raise ValueError(f"snapshots must not have length zero, but columns {zero} of S have")
    U = scaled / xp.astype(lengths, S.dtype)
    V = inner @ U
    cosines = adjoint(xp, U) @ V
    magnitude = xp.abs(cosines)
    # what cancels in the squares of norms is relative to this
    loss = xp.sqrt(norms.column_norms(xp, U) * norms.column_norms(xp, V))
    if bool(xp.any(magnitude > 1 + eps(xp, S.dtype) ** 0.5 * loss[:, None] * loss)):
        raise ValueError("W must be positive definite; cosines of snapshots are larger than 1")
    sines = xp.sqrt(xp.clip((1 - magnitude) * (1 + magnitude), min=0.0))
    near = xp.triu(sines < eps(xp, S.dtype) ** 0.25, k=1)
    upper = xp.triu(_with_differences(xp, U, inner, cosines, sines, near), k=1)
    return entered.leave(upper + upper.mT)


def column_norms(xp: Namespace, U: Array, inner: InnerProduct) -> Array:
    """Return the norms of the columns, safe from overflow of their squares.

    Raises
    ------
    ValueError
        The square of one is negative beyond rounding.
    """
    if inner.operator is None and inner.weights is None:
        return norms.column_norms(xp, U)
    scales = norms.column_scales(xp, U)
    scaled = U / xp.astype(scales, U.dtype)
    image = inner @ scaled
    squares = real(xp, xp.sum(conj(xp, scaled) * image, axis=0))
    rounding = eps(xp, U.dtype) ** 0.5 * norms.column_norms(xp, scaled)
    if bool(xp.any(squares < -rounding * norms.column_norms(xp, image))):
        raise ValueError("W must be positive definite; the square of a column's norm is negative")
    return scales * xp.sqrt(xp.clip(squares, min=0.0))


def _with_differences(
    xp: Namespace, U: Array, inner: InnerProduct, cosines: Array, sines: Array, near: Array
) -> Array:
    """Return the sines, those of nearly parallel pairs from differences."""
    n = U.shape[1]
    first, second = xp.nonzero(near)
    pairs = first.shape[0]
    if pairs == 0:
        return sines
    lengths = []
    for start in range(0, pairs, n):
        part = slice(start, min(start + n, pairs))
        i, j = first[part], second[part]
        c = xp.take(xp.reshape(cosines, (-1,)), i * n + j)
        R = xp.take(U, j, axis=1) - c * xp.take(U, i, axis=1)
        squares = real(xp, xp.sum(conj(xp, R) * (inner @ R), axis=0))
        lengths.append(xp.sqrt(xp.clip(squares, min=0.0)))
    flat = xp.reshape(near, (-1,))
    # the k-th near pair in the order of rows takes the k-th length
    place = xp.cumulative_sum(xp.astype(flat, xp.int64)) - 1
    found = xp.take(xp.concat(lengths), xp.clip(place, min=0))
    return xp.reshape(xp.where(flat, found, xp.reshape(sines, (-1,))), (n, n))
