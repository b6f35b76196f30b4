r"""k-medoids: k points that represent all points, from the matrix of their dissimilarities.

.. math:: \min_{m_1, \dots, m_k} \sum_{i=1}^n \min_l D_{i m_l}

The medoids are points themselves, and ``D`` need not obey the triangle inequality. BUILD puts one
medoid after the other where the sum falls most. Then every point in turn is offered as a medoid,
and each swap that lowers the sum is made at once (FasterPAM), until a pass over all points finds
none. Such an optimum is local; further starts from random medoids seek a better one.

Cost: :math:`O(n^2)` for a pass, whatever k, and :math:`O(nk)` for a swap; BUILD takes
:math:`O(n^2 k)`. A few passes do. All of it is host work on n by n numbers, compiled.

Failure modes: n around 20 000 fills the memory. Clusters that differ much in size may be split for
the sake of the sum.

Sources: Kaufman and Rousseeuw, Finding Groups in Data (1990), chapter 2, for BUILD; Schubert and
Rousseeuw, Fast and eager k-medoids clustering, Information Systems 101 (2021), arXiv 2008.05171,
for the swaps; Rousseeuw, Silhouettes, J. Comput. Appl. Math. 20 (1987), for the silhouette.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, enter, to_host
from resolvent.linalg.compiled.medoids import build, nearest_two, sweep
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.norms import column_scales
from resolvent.linalg.structure import is_hermitian, require_square
from resolvent.results import Outcome, Reason

__all__ = ["KMedoids", "kmedoids", "kmedoids_by_silhouette"]

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False, repr=False)
class KMedoids(Outcome):
    """Medoids and the clusters around them, on the host.

    Attributes
    ----------
    medoids : (k,) ndarray of int
        Points, ascending.
    labels : (n,) ndarray of int
        Position of the nearest medoid; no cluster is empty.
    loss : float
        Sum of the dissimilarities to the nearest medoids; infinite where that is beyond the range.
    silhouette : float
        Mean over all points of ``(b - a) / max(a, b)``, where ``a`` is the mean dissimilarity to
        the own cluster and ``b`` that to the nearest other one: from -1 to 1, the larger the
        clearer the clusters. 0 for one cluster, and for a point that is alone.
    iterations : int
        Passes over all points, of the best start.
    reason : Reason
        CONVERGED where no swap lowers the loss; MAXITER.
    """

    medoids: NDArray[np.intp]
    labels: NDArray[np.intp]
    loss: float
    silhouette: float
    iterations: int
    reason: Reason

    @property
    def advice(self) -> str:
        """What happened, and what to do about it."""
        if self.converged:
            return "no swap of a medoid lowers the loss"
        return "swaps still lowered the loss in the last pass; raise maxiter"

    def __repr__(self) -> str:
        return (
            f"KMedoids({self.reason.name} with {self.medoids.size} medoids of {self.labels.size} "
            f"points, loss {self.loss:.4g}, silhouette {self.silhouette:.2g})"
        )


def kmedoids(D: Any, k: int, *, rng: Rng = 0, starts: int = 4, maxiter: int = 100) -> KMedoids:
    """Return the best k medoids that several starts find.

    Parameters
    ----------
    D : (n, n) array_like
        Dissimilarities, symmetric and not negative; the diagonal is taken for zero.
    k : int
        Number of medoids, from 1 to n.
    rng : numpy.random.Generator or int
        Source of the random starts, or its seed.
    starts : int
        The first by BUILD, all others random.
    maxiter : int
        Largest number of passes of a start.

    Returns
    -------
    KMedoids
        Medoids, labels, loss and silhouette, the same for the same ``rng``.

    Raises
    ------
    ValueError
        ``D`` is not square, not symmetric, has negative, NaN or infinite entries; ``k`` is not
        between 1 and n; ``starts`` or ``maxiter`` is not positive.
    TypeError
        Complex entries, a dtype that is not numeric, or a ``k`` that is not a whole number.

    Notes
    -----
    Array API: the matrix is copied to the host, n² numbers once, and the result lives there, as all
    index sets do. Everything after the copy is host work.

    Examples
    --------
    >>> points = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
    >>> found = kmedoids(np.abs(points[:, None] - points), 2)
    >>> found.medoids.tolist(), found.labels.tolist(), found.loss
    ([1, 4], [0, 0, 0, 1, 1, 1], 4.0)
    """
    D, unit = _enter(D)
    n = D.shape[0]
    if not isinstance(k, Integral):
        raise TypeError(f"k must be a whole number, got {k!r}")
    if not 1 <= k <= n:
        raise ValueError(f"k must be from 1 to the number of points {n}, got {k}")
    if starts < 1 or maxiter < 1:
        raise ValueError(f"starts and maxiter must be positive, got {starts} and {maxiter}")
    rng = np.random.default_rng(rng)
    first = np.full(k, -1, dtype=np.intp)
    build(D, first)
    others = [rng.choice(n, k, replace=False).astype(np.intp) for _ in range(starts - 1)]
    found = [_improve(D, medoids, maxiter) for medoids in (first, *others)]
    loss, sweeps, reason, medoids = min(found, key=lambda start: start[0])
    medoids = np.sort(medoids)
    labels, second = np.empty(n, dtype=np.intp), np.empty(n, dtype=np.intp)
    nearest_two(D, medoids, labels, second)
    return KMedoids(medoids, labels, unit * loss, _silhouette(D, labels, k), sweeps, reason)


def kmedoids_by_silhouette(D: Any, ks: Iterable[int], **options: Any) -> KMedoids:
    """Return the clusters with the largest silhouette over several numbers of medoids.

    Parameters
    ----------
    D : (n, n) array_like
        As in `kmedoids`.
    ks : iterable of int
        Numbers of medoids to try.
    **options
        Passed to `kmedoids`.

    Returns
    -------
    KMedoids
        Of the first number that attains the largest silhouette.

    Raises
    ------
    ValueError, TypeError
        As in `kmedoids`; no number is given.

    Examples
    --------
    >>> points = np.array([0.0, 1.0, 2.0, 10.0, 11.0, 12.0])
    >>> kmedoids_by_silhouette(np.abs(points[:, None] - points), range(1, 6)).medoids.size
    2
    """
    found = [kmedoids(D, k, **options) for k in ks]
    if not found:
        raise ValueError("ks must name at least one number of medoids")
    return max(found, key=lambda clusters: clusters.silhouette)


def _enter(D: Any) -> tuple[NDArray[Any], float]:
    """Return a host copy of the dissimilarities with a zero diagonal, and its unit.

    In units of a power of two near the largest no sum of theirs over- or underflows.
    """
    entered = enter(D=D)
    xp, (D,) = entered.xp, entered.arrays
    require_square("D", D)
    if D.ndim != 2:
        raise ValueError(f"D must be one matrix (n, n), got shape {tuple(D.shape)}")
    if xp.isdtype(D.dtype, "complex floating"):
        raise TypeError(f"D must be real, got dtype {D.dtype}")
    if not is_hermitian(xp, D):
        raise ValueError("D must be symmetric; it is not")
    host = np.array(to_host(D), order="C")
    np.fill_diagonal(host, 0)
    if np.any(host < 0):
        raise ValueError(f"D must not be negative, but its smallest entry is {np.min(host):.3g}")
    unit = column_scales(np, np.reshape(host, (-1, 1)))[0]
    host /= unit
    return host, float(unit)


def _improve(
    D: NDArray[Any], medoids: NDArray[np.intp], maxiter: int
) -> tuple[float, int, Reason, NDArray[np.intp]]:
    """Swap until a pass finds nothing; return loss, passes, reason and medoids."""
    n = D.shape[0]
    first, second = np.empty(n, dtype=np.intp), np.empty(n, dtype=np.intp)
    loss = nearest_two(D, medoids, first, second)
    for passes in range(1, maxiter + 1):
        swaps = sweep(D, medoids, first, second, n * _EPS * loss)  # less than this is rounding
        loss = nearest_two(D, medoids, first, second)
        if not swaps:
            return float(loss), passes, Reason.CONVERGED, medoids
    return float(loss), maxiter, Reason.MAXITER, medoids


def _silhouette(D: Array, labels: NDArray[np.intp], k: int) -> float:
    n = D.shape[0]
    if k == 1:
        return 0.0
    sizes = np.bincount(labels, minlength=k)
    sums = D @ np.eye(k)[labels]
    rows = np.arange(n)
    own = sums[rows, labels] / np.maximum(sizes[labels] - 1, 1)
    means = sums / sizes
    means[rows, labels] = np.inf
    other = np.min(means, axis=1)
    larger = np.maximum(own, other)
    score = np.where(larger > 0, (other - own) / np.where(larger > 0, larger, 1), 0)
    return float(np.mean(np.where(sizes[labels] == 1, 0, score)))
