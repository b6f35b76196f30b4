"""Laplacians of graphs, as SciPy CSR arrays."""

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from resolvent.linalg.gallery.spectra import Rng

__all__ = ["graph_laplacian"]


def graph_laplacian(n: int, *, radius: float, rng: Rng) -> sparse.csr_array:
    r"""Return the Laplacian :math:`L = D - W` of a random geometric graph.

    The ``n`` vertices are uniform in the unit square, and those closer than ``radius`` are
    joined with weight 1. ``L`` is symmetric positive semidefinite; its null space is spanned by
    the indicators of the connected components. As ``n`` grows the graph is connected if
    :math:`\pi n r^2` exceeds :math:`\log n`.

    Parameters
    ----------
    n : int
        Number of vertices.
    radius : float
        Largest distance of neighbours.
    rng : numpy.random.Generator or int
        Source of randomness, or its seed.

    Raises
    ------
    ValueError
        ``n`` is below 1 or ``radius`` is negative.

    Examples
    --------
    >>> L = graph_laplacian(50, radius=0.3, rng=0)
    >>> float(abs(L.sum(axis=1)).max())
    0.0
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not radius >= 0:
        raise ValueError(f"radius must not be negative, got {radius}")
    points = np.random.default_rng(rng).random((n, 2))
    i, j = KDTree(points).query_pairs(radius, output_type="ndarray").T
    W = sparse.csr_array((np.ones(i.size), (i, j)), shape=(n, n))
    W = W + W.T
    return (sparse.diags_array(W.sum(axis=1)) - W).tocsr()
