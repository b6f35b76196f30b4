"""The matrices by which snapshots are cut into clusters."""

from typing import Any

import numpy as np

from resolvent.arrays import Array, Namespace, adjoint
from resolvent.linalg.clustering.sine_dissimilarity import column_norms, sine_dissimilarity
from resolvent.linalg.interpolation.pod_inner import InnerProduct, as_inner_product
from resolvent.linalg.norms import nonzero
from resolvent.vectors import real

__all__ = ["dissimilarities"]


def dissimilarities(xp: Namespace, S: Array, kind: Any, W: Any) -> Array:
    """Return those named "sine" or "euclidean", or a matrix (n, n) as it is.

    Raises
    ------
    ValueError
        An unknown name, or a matrix of another order.
    """
    if not isinstance(kind, str):
        wanted = (S.shape[1], S.shape[1])
        if np.shape(kind) != wanted:
            raise ValueError(f"dissimilarity must be of shape {wanted}, got {np.shape(kind)}")
        return kind
    if kind == "sine":
        return sine_dissimilarity(S, W=W)
    if kind == "euclidean":
        return _distances(xp, S, as_inner_product(W, S))
    raise ValueError(f'dissimilarity must be "sine", "euclidean" or a matrix, got {kind!r}')


def _distances(xp: Namespace, S: Array, inner: InnerProduct) -> Array:
    """Return distances of snapshots in units of the longest; squares lost in rounding are 0."""
    if S.shape[1] == 0:
        return S[:0, :]
    longest = xp.astype(nonzero(xp, xp.max(column_norms(xp, S, inner))), S.dtype)
    U = S / longest
    G = real(xp, adjoint(xp, U) @ (inner @ U))
    squares = xp.linalg.diagonal(G)
    D = xp.sqrt(xp.clip(squares[:, None] + squares - G - G.mT, min=0.0))
    return 0.5 * (D + D.mT)
