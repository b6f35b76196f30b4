"""Swaps of medoids: one pass over all candidates in the time of reading the dissimilarities.

Every point knows its nearest and its second nearest medoid. For a candidate c the change of the
loss by a swap with the medoid i is a part that all i share, what the points gain that c is nearer
to than their nearest medoid, and a part for the points of i alone, which have to move to c or to
their second nearest. So one pass over the points prices a swap with each of the k medoids.

Source: Schubert and Rousseeuw, Fast and eager k-medoids clustering, Information Systems 101 (2021),
arXiv 2008.05171 (FasterPAM).
"""

import numpy as np
from numba import njit

__all__ = ["build", "nearest_two", "sweep"]


@njit(cache=True, nogil=True, error_model="numpy")
def build(D, medoids):  # type: ignore[no-untyped-def]
    """Fill ``medoids``, each the point that lowers the sum of distances most."""
    n = D.shape[0]
    near = np.full(n, np.inf)
    for position in range(medoids.size):
        best, least = -1, np.inf
        for c in range(n):
            if np.any(medoids[:position] == c):
                continue
            total = 0.0
            for o in range(n):
                total += min(near[o], D[c, o])
            if total < least:
                best, least = c, total
        medoids[position] = best
        for o in range(n):
            near[o] = min(near[o], D[best, o])


@njit(cache=True, nogil=True, error_model="numpy")
def nearest_two(D, medoids, first, second):  # type: ignore[no-untyped-def]
    """Write the positions of the two nearest medoids of all points; return the sum of distances.

    A medoid is its own nearest; with one medoid the second is -1.
    """
    loss = 0.0
    for o in range(D.shape[0]):
        a, b = -1, -1
        for i in range(medoids.size):
            d = D[medoids[i], o]
            if a < 0 or d < D[medoids[a], o] or medoids[i] == o:
                a, b = i, a
            elif b < 0 or d < D[medoids[b], o]:
                b = i
        first[o], second[o] = a, b
        loss += D[medoids[a], o]
    return loss


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(D, medoids, first, second, tolerance):  # type: ignore[no-untyped-def]
    """Offer every point once as a medoid, and take at once each swap that lowers the loss.

    Return the number of swaps; ``tolerance`` is how much one has to gain.
    """
    n, k = D.shape[0], medoids.size
    losses, change = np.empty(k), np.empty(k)
    _removal(D, medoids, first, second, losses)
    swaps = 0
    for c in range(n):
        if np.any(medoids == c):
            continue
        change[:] = losses
        shared = 0.0
        for o in range(n):
            d, a, b = D[c, o], first[o], second[o]
            near = D[medoids[a], o]
            far = D[medoids[b], o] if b >= 0 else np.inf
            if d < near:
                shared += d - near
                # nobody has to go to a second nearest: c is nearer
                change[a] += near - far if b >= 0 else 0.0
            elif d < far:
                change[a] += d - far if b >= 0 else d - near
        best = np.argmin(change)
        if change[best] + shared < -tolerance:
            medoids[best] = c
            nearest_two(D, medoids, first, second)
            _removal(D, medoids, first, second, losses)
            swaps += 1
    return swaps


@njit(cache=True, nogil=True, error_model="numpy")
def _removal(D, medoids, first, second, losses):  # type: ignore[no-untyped-def]
    """Write what it costs to do without each medoid; for the only one nothing is written but 0."""
    losses[:] = 0
    for o in range(D.shape[0]):
        a, b = first[o], second[o]
        if b >= 0:
            losses[a] += D[medoids[b], o] - D[medoids[a], o]
