"""What is known of a row before any message: its place, the degrees around it, its dominance."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["FEATURES", "node_features"]

FEATURES = 8


def node_features(A: sparse.csr_array) -> NDArray[np.float64]:
    r"""Return (n, 8): place, degree, least, greatest, mean and deviation of neighbours' degrees.

    The last two are :math:`\alpha / (\alpha + 1)` with :math:`\alpha` the diagonal entry over the
    sum, and over the largest, of the other entries of its row. A row without others has ones.

    Source: P. Häusner, O. Öktem, J. Sjölund, arXiv 2305.16368, and C. Cai and Y. Wang, arXiv
    1811.03508 (degree profile). Differs from them in: the place is from 0 to 1, and degrees are
    divided by their mean, so that they mean the same on a larger mesh.
    """
    n = A.shape[0]
    row = np.repeat(np.arange(n), np.diff(A.indptr))
    off = A.indices != row
    row, column, size = row[off], A.indices[off], np.abs(A.data[off])
    degree = np.bincount(row, minlength=n).astype(np.float64)
    degree /= max(degree.sum() / max(n, 1), 1e-300)
    around, many = degree[column], np.maximum(np.bincount(row, minlength=n), 1)
    least, most = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(least, row, around)
    np.maximum.at(most, row, around)
    mean = np.bincount(row, around, minlength=n) / many
    deviation = np.sqrt(np.bincount(row, (around - mean[row]) ** 2, minlength=n) / many)
    total, largest = np.bincount(row, size, minlength=n), np.zeros(n)
    np.maximum.at(largest, row, size)
    diagonal = np.abs(A.diagonal())
    dominance, decay = (diagonal / (diagonal + other) for other in (total, largest))
    place = np.arange(n) / max(n - 1, 1)
    least = np.where(np.isfinite(least), least, 0.0)
    return np.stack([place, degree, least, most, mean, deviation, dominance, decay], axis=1)
