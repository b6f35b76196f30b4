r"""In how many dimensions the graph of a sparse matrix lives, by the growth of its balls.

A ball of radius :math:`k`, the rows that are reached from one row in :math:`k` steps, has about
:math:`k^d` rows on a grid or mesh of :math:`d` dimensions, whatever the numbering. A graph whose
diameter is about the logarithm of its size gets a large number.

The steps of an unpreconditioned Krylov method for an elliptic equation grow as :math:`n^{1/d}`,
and so does what information has to travel in any graph.

Borders make balls grow slower, so the largest of a few balls counts. In space a quarter is
missing, because the surface of so small a ball is no small part of it.

Cost: the rows of a few balls of a few thousand, some milliseconds.
"""

import math

import numpy as np
from scipy import sparse

__all__ = ["graph_dimension"]

_CENTRES = 0.236, 0.382, 0.5, 0.618  # of the rows, mostly off the symmetries of a box
_ROWS = 4_000  # of a ball: radius 45 in a plane, 14 in space
_PART = 16  # of all rows at most, so that few balls meet borders
_RADIUS = 100


def graph_dimension(A: sparse.csr_array) -> float:
    """Return the dimension of the graph of ``A``, 0 if it has no edges.

    Examples
    --------
    >>> from resolvent.linalg import gallery
    >>> round(graph_dimension(gallery.poisson((200, 200))), 1)
    2.0
    >>> round(graph_dimension(gallery.poisson((40, 40, 40))), 1)
    2.8
    """
    return max(_growth(A, int(part * A.shape[0])) for part in _CENTRES)


def _growth(A: sparse.csr_array, centre: int) -> float:
    enough = min(_ROWS, A.shape[0] // _PART)
    reached = np.zeros(A.shape[0], dtype=bool)
    front = np.array([centre])
    reached[front] = True
    sizes = [1]
    while front.size and (sizes[-1] < enough or len(sizes) < 3) and len(sizes) <= _RADIUS:
        neighbours = np.unique(A[front].indices)
        front = neighbours[~reached[neighbours]]
        reached[front] = True
        sizes.append(sizes[-1] + front.size)
    half = (len(sizes) - 1) // 2
    return math.log2(sizes[2 * half] / sizes[half])
