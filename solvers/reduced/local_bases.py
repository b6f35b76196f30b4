r"""Local reduced bases: snapshots in clusters, and a POD basis for each of them.

One linear space for all solutions has to be large where solutions move through the domain. Pieces
of a few modes each do with much less, if the clusters gather what is nearly parallel. With one mode
a cluster the best pieces are those of k-medoids in the sine dissimilarity, because the sine is the
relative projection error (`sine_dissimilarity`). Euclidean clusters also tell
apart amplitudes, about which a linear space doesn't care.

The basis of a cluster is the POD of its snapshots as they are. Where relative errors are to be
small for small solutions too, scale the snapshots to equal length before.

Failure modes: a cluster is only as good as what finds it online. `LocalBases.assign` needs
parameters in which neighbours have similar solutions; `LocalBases.errors` without labels shows
what a perfect classifier would reach.

Source: Optimal piecewise linear data compression for
solutions of parametrized partial differential equations (2021), arXiv 2108.12291. Departure: the
nearest medoid in the space of parameters as the classifier.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, enter, eps, namespace_of, take, to_host
from resolvent.linalg.clustering.kmedoids import KMedoids, kmedoids
from resolvent.linalg.clustering.sine_dissimilarity import column_norms
from resolvent.linalg.gallery.spectra import Rng
from resolvent.linalg.interpolation.pod import Pod, pod
from resolvent.linalg.interpolation.pod_inner import InnerProduct, as_inner_product
from resolvent.linalg.norms import nonzero
from resolvent.solvers.reduced.dissimilarities import dissimilarities
from resolvent.solvers.reduced.nearest_medoid import NearestMedoid

__all__ = ["LocalBases", "ProjectionErrors"]


@dataclass(frozen=True, eq=False)
class ProjectionErrors:
    r"""What local bases leave of snapshots.

    Attributes
    ----------
    relative : (q,) array
        :math:`\|u - P u\| / \|u\|`, zero for zero snapshots.
    labels : (q,) ndarray of int
        The cluster whose basis was taken, on the host.
    floor : float
        Errors below are rounding.
    """

    relative: Array
    labels: NDArray[np.intp]
    floor: float

    @property
    def largest(self) -> float:
        """The largest relative error."""
        xp = namespace_of(self.relative)
        return float(xp.max(self.relative)) if self.relative.shape[0] else 0.0


@dataclass(frozen=True, eq=False, repr=False)
class LocalBases:
    """Clusters of snapshots with a basis each.

    Attributes
    ----------
    clusters : KMedoids
        Medoids, labels and silhouette of the partition of the training snapshots.
    bases : tuple of Pod
        A basis for each cluster, orthonormal in the inner product.
    classifier : NearestMedoid or None
        Parameters of the medoids, where the bases were fitted with parameters.
    """

    clusters: KMedoids
    bases: tuple[Pod, ...]
    classifier: NearestMedoid | None
    _inner: InnerProduct

    @classmethod
    def fit(
        cls,
        S: Any,
        k: int,
        *,
        rank: int | None = None,
        tol: float | None = None,
        dissimilarity: Any = "sine",
        W: Any = None,
        params: Any = None,
        rng: Rng = 0,
    ) -> Self:
        """Partition snapshots and compute a basis for each cluster.

        Parameters
        ----------
        S : (N, n) array_like
            Snapshots, none of them zero; real or complex.
        k : int
            Number of clusters.
        rank, tol : int, float
            Modes of each basis, or its relative truncation error; at least one of them.
        dissimilarity : "sine", "euclidean" or (n, n) array_like
            What the clusters are to keep small; for example distances of parameters.
        W : (N,) or (N, N) array, sparse matrix or operator, optional
            Weights or symmetric positive definite matrix of the inner product.
        params : (n, d) array_like, optional
            Parameters of the snapshots on the host, for `assign`; (n,) for one parameter.
        rng : numpy.random.Generator or int
            Of the random starts of k-medoids, or its seed.

        Returns
        -------
        LocalBases
            The same for the same ``rng``.

        Raises
        ------
        ValueError
            As in `sine_dissimilarity`, `kmedoids` and `pod`; an unknown dissimilarity, or params of
            another number.

        Notes
        -----
        Array API; the n by n dissimilarities are copied to the host, see `kmedoids`. Cost: a matrix
        product of ``2 N n²`` flops, the clusters, and PODs whose costs add up to less than that of
        all snapshots at once. To choose ``k`` see `kmedoids_by_silhouette`.

        Examples
        --------
        Bumps that move are no matter of few modes, unless they move a little only:

        >>> x, centres = np.linspace(0, 1, 200)[:, None], np.linspace(0.2, 0.8, 120)
        >>> bumps = np.exp(-(((x - centres) / 0.05) ** 2))
        >>> one, four = (LocalBases.fit(bumps, k, rank=5, params=centres) for k in (1, 4))
        >>> one.errors(bumps).largest > 0.7, four.errors(bumps).largest < 0.06
        (True, True)
        """
        entered = enter(S=S)
        xp, (S,) = entered.xp, entered.arrays
        inner = as_inner_product(W, S)
        clusters = kmedoids(dissimilarities(xp, S, dissimilarity, W), k, rng=rng)
        labels = clusters.labels
        members = [take(S, np.flatnonzero(labels == i), axis=1) for i in range(k)]
        bases = tuple(pod(block, W=W, tol=tol, rank=rank) for block in members)
        classifier = None
        if params is not None:
            classifier = NearestMedoid.of(params, S.shape[1], clusters.medoids)
        return cls(clusters, bases, classifier, inner)

    def assign(self, params: Any) -> NDArray[np.intp]:
        """Return for parameters (q, d), or (q,), the cluster of the nearest medoid.

        Raises
        ------
        ValueError
            The bases were fitted without params, or with another number of parameters.
        """
        if self.classifier is None:
            raise ValueError("bases that were fitted without params cannot assign parameters")
        return self.classifier(params)

    def project(self, u: Any, labels: Any = None) -> Array:
        """Return the orthogonal projections of ``u``, (N,) or (N, q), on their local spaces.

        Parameters
        ----------
        u : array_like
            Of the array library of the bases.
        labels : (q,) sequence of int, optional
            Clusters, for example of `assign`; those of the smallest errors by default.
        """
        U, is_vector = self._enter(u)
        labels = self.errors(U).labels if labels is None else self._labels(labels, U)
        order = np.argsort(labels, kind="stable")
        parts = [
            self.bases[i].project(take(U, np.flatnonzero(labels == i), axis=1))
            for i in np.unique(labels)
        ]
        if not parts:
            return U
        P = take(namespace_of(U).concat(parts, axis=1), np.argsort(order), axis=1)
        return P[:, 0] if is_vector else P

    def errors(self, S: Any, labels: Any = None) -> ProjectionErrors:
        """Return relative projection errors of snapshots, (N, q) or (N,).

        Parameters
        ----------
        S : array_like
            Of the array library of the bases.
        labels : (q,) sequence of int, optional
            Clusters, for example of `assign`; those of the smallest errors by default.

        Returns
        -------
        ProjectionErrors
            The errors, their clusters, and the floor below which they are rounding.
        """
        U, _ = self._enter(S)
        xp = namespace_of(U)
        if labels is None:
            table = [column_norms(xp, U - basis.project(U), self._inner) for basis in self.bases]
            best = xp.argmin(xp.stack(table), axis=0)
            labels = np.array([int(i) for i in best], dtype=np.intp)
            left = xp.min(xp.stack(table), axis=0)
        else:
            labels = self._labels(labels, U)
            left = column_norms(xp, U - self.project(U, labels), self._inner)
        relative = left / nonzero(xp, column_norms(xp, U, self._inner))
        return ProjectionErrors(relative, labels, float(U.shape[0]) ** 0.5 * eps(xp, U.dtype))

    def truncate(self, rank: int) -> Self:
        """Return the same clusters with at most so many of the leading modes of each basis."""
        if rank < 0:
            raise ValueError(f"rank must not be negative, got {rank}")
        return replace(self, bases=tuple(_truncated(basis, rank) for basis in self.bases))

    def __repr__(self) -> str:
        modes = [basis.basis.shape[1] for basis in self.bases]
        return f"LocalBases(modes {modes}, {self.clusters!r})"

    def _enter(self, u: Any) -> tuple[Array, bool]:
        """Return columns, and whether a single vector was given."""
        (U,) = enter(matrix=False, u=u).arrays
        V = self.bases[0].basis
        if namespace_of(U) is not namespace_of(V):
            raise TypeError(f"u must be of {namespace_of(V).__name__} as the bases are")
        if U.ndim not in (1, 2) or U.shape[0] != V.shape[0]:
            raise ValueError(f"u must be ({V.shape[0]}, q), got shape {tuple(U.shape)}")
        return (U[:, None], True) if U.ndim == 1 else (U, False)

    def _labels(self, labels: Any, U: Array) -> NDArray[np.intp]:
        found, k = to_host(labels), len(self.bases)
        whole = found.dtype.kind in "iu" or found.size == 0
        if not whole or found.shape != (U.shape[1],) or np.any((found < 0) | (found >= k)):
            raise ValueError(f"labels must be {U.shape[1]} integers from 0 to {k - 1}")
        return found.astype(np.intp)


def _truncated(basis: Pod, rank: int) -> Pod:
    if rank >= basis.basis.shape[1]:
        return basis
    xp, s = namespace_of(basis.basis), basis.singular_values
    left = float(xp.linalg.vector_norm(s[rank:]) / xp.linalg.vector_norm(s))
    return replace(basis, basis=basis.basis[:, :rank], truncation_error=left)
