"""Multi-indices up to a degree, all of them or a random sample, and the monomials they stand for.

There are ``binomial(K + Q, Q)`` multi-indices of ``Q`` entries with a sum of at most ``K``. Where
those are too many, each degree gives as many as all others, drawn uniformly, or all it has: low
degrees are complete.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, namespace_of, take
from resolvent.linalg.gallery.spectra import Rng

__all__ = ["MultiIndices", "monomials", "multi_indices"]


@dataclass(frozen=True, eq=False)
class MultiIndices:
    """Multi-indices in order of their degree.

    Attributes
    ----------
    exponents : (I, Q) ndarray of int
        One multi-index a row; the first is zero.
    shares : (K + 1,) ndarray
        For each degree how many there are over how many are listed.
    """

    exponents: NDArray[np.intp]
    shares: NDArray[np.float64]

    @property
    def degree(self) -> int:
        """The largest sum of exponents."""
        return self.shares.size - 1

    @property
    def is_complete(self) -> bool:
        """Whether every multi-index up to the degree is listed."""
        return bool(np.all(self.shares == 1))

    def norms(self, r: Array) -> Array:
        """Return 2-norms (K + 1, n) over each degree of ``r`` (I, n), estimates from a sample."""
        xp, degrees = namespace_of(r), np.sum(self.exponents, axis=1)
        ends = np.searchsorted(degrees, np.arange(self.degree + 2))
        squares = [
            float(share) * xp.sum(r[start:stop, :] ** 2, axis=0)
            for share, start, stop in zip(self.shares, ends[:-1], ends[1:], strict=True)
        ]
        return xp.sqrt(xp.stack(squares))


def multi_indices(terms: int, degree: int, *, most: int, rng: Rng = 0) -> MultiIndices:
    """Return the multi-indices of ``terms`` entries up to a degree, at most ``most`` of them.

    Parameters
    ----------
    terms, degree : int
        ``Q`` and ``K``.
    most : int
        Where there are more, a sample of at most so many.
    rng : numpy.random.Generator or int
        Source of the sample, or its seed.

    Raises
    ------
    ValueError
        There are more degrees than ``most``.

    Examples
    --------
    >>> multi_indices(2, 2, most=10).exponents.tolist()
    [[0, 0], [0, 1], [1, 0], [0, 2], [1, 1], [2, 0]]
    >>> multi_indices(6, 20, most=1000).exponents.shape[0] <= 1000  # of 230 230
    True
    """
    if degree >= most:
        raise ValueError(
            f"powers up to {degree} are needed, more than max_indices = {most}: the coefficients "
            "vary by too large a factor; loosen tol, narrow the range or raise max_indices"
        )
    rng = np.random.default_rng(rng)
    listed, shares, left = [], np.ones(degree + 1), most
    for k in range(degree + 1):
        count, room = comb(k + terms - 1, k), left // (degree + 1 - k)
        drawn = _all(terms, k) if count <= room else _sample(terms, k, room, rng)
        shares[k] = count / drawn.shape[0]
        left -= drawn.shape[0]
        listed.append(drawn)
    return MultiIndices(np.concatenate(listed), shares)


def monomials(c: Array, exponents: NDArray[np.intp]) -> Array:
    """Return ``c ** exponents`` (I, n) for ``c`` (Q, n) and exponents (I, Q); ``0 ** 0`` is one."""
    xp = namespace_of(c)
    powers = [xp.ones_like(c)]
    for _ in range(int(np.max(exponents, initial=0))):
        powers.append(powers[-1] * c)
    table, product = xp.stack(powers), None
    for q in range(c.shape[0]):
        factor = take(table[:, q, :], exponents[:, q])
        product = factor if product is None else product * factor
    return product


def _all(terms: int, k: int) -> NDArray[np.intp]:
    bars = list(combinations(range(k + terms - 1), terms - 1))
    return _between(np.array(bars, dtype=np.intp).reshape(len(bars), terms - 1), terms, k)


def _sample(terms: int, k: int, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    keys = rng.random((size, k + terms - 1))
    bars = np.sort(np.argpartition(keys, terms - 2, axis=1)[:, : terms - 1], axis=1)
    return np.unique(_between(bars, terms, k), axis=0)


def _between(bars: NDArray[np.intp], terms: int, k: int) -> NDArray[np.intp]:
    """Return how many stars lie between bars: ``terms - 1`` of the ``k + terms - 1`` places."""
    return np.diff(bars, axis=1, prepend=-1, append=k + terms - 1) - 1
