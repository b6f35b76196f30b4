r"""One cell and its far region, separated by the empirical interpolation method.

With magic points ``X`` of the far region, ``Y`` of the cell and :math:`F = K(X, Y)`

.. math:: K(x, y) \approx K(x, Y) F^{-1} K(X, y),

so charges in the cell are replaced by charges :math:`w = F^{-1} K(X, y) \sigma` on ``Y``: their
skeleton. How many points that takes is up to the greedy pivot, whatever the kernel. A singular
value decomposition of :math:`K(\cdot, Y)` then keeps the ``r`` combinations :math:`V^H w` that the
far region can see; ``r`` is a third to a half of the number of points.

:math:`F` has a condition number of about one over the tolerance. It is never inverted: EIM picks
its points in the order of pivots, and :math:`V^H F^{-1}` comes from triangular solves.

Samples come in rounds. The first is coarse; what the points chosen so far leave of the next, denser
ones is interpolated further, of those rows and columns only that have an error above the tolerance.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve

from resolvent.linalg.interpolation.eim import eim
from resolvent.solvers.summation.kernels import Kernel
from resolvent.solvers.summation.samples import cell_samples, far_samples, random_samples

__all__ = ["Precision", "ReferenceCell", "reference_cell"]

Floats = NDArray[np.float64]

MAX_TERMS = {2: 400, 3: 1200}  # beyond them a kernel isn't smooth enough for this method
_DENSITIES = (0.65, 1.0, 1.3)  # of the samples of the rounds
_FRESH = 400
_CLOSER, _FAINTEST = 2, 1e-30
_STEP = 16  # of ranks
_ROWS = 3  # times the number of points, for the singular values


class Precision(NamedTuple):
    """Tolerances of the skeletons, of their bases, and of what is left out of translations."""

    skeleton: float
    basis: float
    translation: float


@dataclass(frozen=True, eq=False)
class ReferenceCell:
    """The skeleton of cells of one size.

    Attributes
    ----------
    far, near : (p, 3) ndarray
        Magic points of the far region and of the cell.
    basis : (p, r) ndarray
        ``V``: what the far region can see of charges on ``near``.
    projection : (r, p) ndarray
        ``V^H inv(F)``: from potentials at ``far`` to coefficients.
    error : float
        Largest error on fresh points over the largest value of the kernel.
    slack : float
        By how much the tolerance was loosened because closer pairs outweigh this far region.
    met : bool
        Whether the greedy error fell below the tolerance.
    """

    far: Floats
    near: Floats
    basis: NDArray[Any]
    projection: NDArray[Any]
    error: float
    slack: float
    met: bool

    @property
    def size(self) -> int:
        """How many points the skeleton has."""
        return len(self.near)

    @property
    def rank(self) -> int:
        """How many coefficients are translated."""
        return int(self.basis.shape[1])


def reference_cell(
    kernel: Kernel,
    dim: int,
    side: float,
    extent: float,
    precision: Precision,
    *,
    transposed: bool = False,
) -> ReferenceCell:
    """Build the skeleton of cells with ``side`` whose far region ends at a distance ``extent``.

    Tolerances are relative to the largest value of the kernel on the far region. With
    ``transposed`` cell and far region change places in the kernel.
    """

    def values(x: Floats, y: Floats) -> NDArray[Any]:
        return np.asarray(kernel(np, y, x).T if transposed else kernel(np, x, y))

    reach, slack = extent / side, _slack(kernel, dim, side)
    tol = slack * precision.skeleton
    X, Y, allowed = np.zeros((0, 3)), np.zeros((0, 3)), 0.0
    for density in _DENSITIES:
        many_far, many_cell = (round(density * many) for many in _density(dim, tol))
        x, y = side * far_samples(dim, many_far, reach), side * cell_samples(dim, many_cell)
        left = values(x, y)
        allowed = max(allowed, tol * float(np.max(np.abs(left))))
        if len(X):
            left -= values(x, Y) @ lu_solve(lu_factor(values(X, Y)), values(X, y))
        rows, columns = _exceeding(left, allowed)
        if len(rows):
            room = MAX_TERMS[dim] - len(X)
            found = eim(left[np.ix_(rows, columns)], tol=0.0, atol=allowed, max_terms=room)
            X = np.concatenate([X, x[rows[found.points]]])
            Y = np.concatenate([Y, y[columns[found.params]]])
    if len(X) == 0:
        X, Y = x[:1], y[:1]
    F = values(X, Y)
    factors = lu_factor(F if np.any(F) else np.ones_like(F))
    fresh_far, fresh_cell = (side * z for z in random_samples(dim, _FRESH, reach))
    fresh = values(fresh_far, fresh_cell)
    left = fresh - values(fresh_far, Y) @ lu_solve(factors, values(X, fresh_cell))
    error = float(np.max(np.abs(left)) / max(np.max(np.abs(fresh)), np.finfo(np.float64).tiny))
    V = _visible(values(_some(x, _ROWS * len(Y)), Y), slack * precision.basis)
    Z = lu_solve(factors, V.conj(), trans=1)
    return ReferenceCell(X, Y, V, np.ascontiguousarray(Z.T), error, slack, len(X) < MAX_TERMS[dim])


def _slack(kernel: Kernel, dim: int, side: float) -> float:
    """Return how many times more pairs at a half and a quarter of the gap weigh than at the gap.

    A shell half as wide holds 2^-dim as many points: for charges without a pattern the potentials
    have the root of that.
    """
    centre = np.zeros((1, 3))
    largest = [
        float(np.max(np.abs(kernel(np, side * 0.5**k * far_samples(dim, 4, 0.0), centre))))
        for k in range(_CLOSER + 1)
    ]
    weights = [value * 2 ** (-k * dim / 2) for k, value in enumerate(largest)]
    if weights[0] > _FAINTEST * max(weights):
        return max(weights) / weights[0]
    return 1 / _FAINTEST if max(weights) > 0 else 1.0


def _exceeding(left: NDArray[Any], allowed: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the rows and columns with an entry above ``allowed``."""
    above = np.abs(left) > allowed
    return np.flatnonzero(above.any(axis=1)), np.flatnonzero(above.any(axis=0))


def _some(x: Floats, many: int) -> Floats:
    """Return about ``many`` of the points, drawn evenly."""
    return x if len(x) <= many else np.random.default_rng(0).permutation(x)[:many]


def _density(dim: int, tol: float) -> tuple[int, int]:
    """Return how many samples there are along an edge of the first shell and of the cell."""
    digits = max(1.0, -np.log10(tol))
    if dim == 2:
        return round(14 + 5 * digits), round(8 + 2 * digits)
    return round(5 + 1.5 * digits), round(4 + 0.9 * digits)


def _visible(A: NDArray[Any], tol: float) -> NDArray[Any]:
    """Return the right singular vectors (p, r) of all but the smallest singular values."""
    _, s, Vh = np.linalg.svd(np.linalg.qr(A, mode="r"))
    tails = np.sqrt(np.cumsum(s[::-1] ** 2))[::-1]
    rank = max(int(np.sum(tails > tol * tails[0])), 1)
    rank = min(-(-rank // _STEP) * _STEP, len(s))
    return np.ascontiguousarray(Vh[:rank].conj().T)
