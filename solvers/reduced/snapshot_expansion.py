r"""Weights of snapshots, learned from samples of what a snapshot depends on.

Whatever is linear in functions :math:`g_s(x; \mu)`, a matrix or a vector assembled from them,
is expanded in its own snapshots by the weights that expand the functions:

.. math:: g_s(x; \mu) \approx \sum_m \beta_m(\mu)\, g_s(x; \mu_m) \text{ for all s}
          \quad \Longrightarrow \quad A(\mu) \approx \sum_m \beta_m(\mu) A(\mu_m).

The magic parameters and points are those of one empirical interpolation of all functions side by
side, each divided by its largest modulus, or a large one would be all that the greedy choice sees.
The weights solve ``F beta = g`` at the magic points by the triangular factors of the elimination.

Source: F. Casenave, A. Ern, T. Lelièvre and G. Sylvand, arXiv 1307.4330.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, enter, eps, namespace_of, take, to_host
from resolvent.linalg.interpolation.eim import eim
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.results import Outcome, Reason
from resolvent.solvers.reduced.handed_out import own_copy
from resolvent.solvers.reduced.training import Training

__all__ = ["ExpansionError", "Feature", "SnapshotExpansion", "Training"]

Feature = Callable[[Array, Any], Any]

# Terms that tell what an expansion misses: one alone crosses zero between its snapshots, two at a
# loose tolerance now and then.
AHEAD = 3


class ExpansionError(NamedTuple):
    """How wrong an expansion is, for k parameters, in units of the largest sample; on the host.

    Attributes
    ----------
    estimate : (k,) ndarray
        Error of the samples at one point more than the weights have seen.
    amplification : (k,) ndarray
        Sum of the moduli of the weights: errors of the snapshots grow by it.
    floor : (k,) ndarray
        ``eps * amplification``, rounding; an estimate below it says nothing more.
    """

    estimate: NDArray[np.float64]
    amplification: NDArray[np.float64]
    floor: NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SnapshotExpansion(Outcome):
    r"""Weights :math:`\beta(\mu)` of snapshots at magic parameters.

    Attributes
    ----------
    features : tuple of callable
        ``g(x, mu) -> (n,)`` for points ``x`` (n, ...): coefficient functions, entries of a matrix.
    points : (n, ...) array
        Where they are sampled.
    training : Training
        The parameters to choose from.
    scales : tuple of float
        Largest modulus of each function over points and training.
    interpolant : EmpiricalInterpolant
        Of the ``S n`` samples; its ``params`` are positions in the training.
    ahead : EmpiricalInterpolant
        The same with a few terms more, as the greedy choice would go on; with fewer, or none,
        where nothing is left.

    Examples
    --------
    >>> found = SnapshotExpansion.fit(
    ...     [lambda x, mu: np.cos(mu * x)],
    ...     np.linspace(0, 1, 50),
    ...     Training.of(np.linspace(1, 3, 40)),
    ...     tol=1e-10,
    ... )
    >>> weights = found.weights([1.234])
    >>> bool(abs(np.cos(found.magic_params) @ weights[:, 0] - np.cos(1.234)) < 1e-9)
    True
    """

    features: tuple[Feature, ...]
    points: Array
    training: Training
    scales: tuple[float, ...]
    interpolant: EmpiricalInterpolant
    ahead: EmpiricalInterpolant

    @classmethod
    def fit(
        cls,
        features: Sequence[Feature],
        points: Any,
        training: Training,
        *,
        tol: float,
        max_terms: int | None = None,
    ) -> "SnapshotExpansion":
        """Choose points and parameters: one evaluation of every function for each parameter.

        Raises
        ------
        ValueError
            No functions, samples of another length than the points, or not finite.
        TypeError
            Samples of several libraries.
        """
        if not features:
            raise ValueError("features must hold at least one function")
        points = own_copy(points)
        columns = [_samples(features, points, mu) for mu in training.params]
        xp = namespace_of(columns[0][0])
        blocks = [xp.stack(block, axis=1) for block in zip(*columns, strict=True)]
        scales = tuple(float(xp.max(xp.abs(block))) or 1.0 for block in blocks)
        scaled = [block / scale for block, scale in zip(blocks, scales, strict=True)]
        samples = xp.concat(scaled, axis=0)
        interpolant = eim(samples, tol=tol, max_terms=max_terms)
        size, ahead = interpolant.points.size, interpolant
        if interpolant.next_point >= 0:
            ahead = eim(samples, tol=0.0, max_terms=size + AHEAD)
        return cls(tuple(features), points, training, scales, interpolant, ahead)

    @property
    def reason(self) -> Reason:  # type: ignore[override]
        """Why the choice ended: the tolerance, the number of terms, or rounding."""
        return self.interpolant.reason

    @property
    def magic_params(self) -> NDArray[np.float64]:
        """Parameters (M,) or (M, d) of the snapshots."""
        return self.training.params[self.interpolant.params]

    def weights(self, mus: Any) -> Array:
        """Return the weights (M, k) for k parameters."""
        values = self._values(mus)
        return self.interpolant.weights(values[: self.interpolant.points.size, ...])

    def error_estimate(self, mus: Any) -> ExpansionError:
        """Return estimate, amplification and floor for k parameters."""
        values = self._values(mus)
        size = self.interpolant.points.size
        weights = self.interpolant.weights(values[:size, ...])
        amplification = np.sum(np.abs(to_host(weights)), axis=0).astype(float)
        rounding = eps(namespace_of(values), values.dtype)
        if self.interpolant.next_point < 0:
            estimate = np.zeros(len(amplification))
        else:
            seen = values[: size + 1, ...]
            estimate = to_host(self.interpolant.error_estimate(seen)).astype(float)
        return ExpansionError(estimate, amplification, rounding * amplification)

    @property
    def next_params(self) -> NDArray[np.intp]:
        """Positions (L,) of the parameters of the terms ahead; none where nothing is left."""
        return self.ahead.params[self.interpolant.points.size :]

    def next_weights(self, mus: Any) -> Array:
        r"""Return the weights (L, k) of the terms ahead, for k parameters.

        With :math:`I_M` for the expansion by M snapshots,

        .. math:: I_{M+L} A - I_M A
                  = \sum_l \beta_{M+l} \left( A(\mu_{M+l}) - I_M A(\mu_{M+l}) \right),

        since :math:`I_M I_{M+L} = I_M`; to first order that is what :math:`I_M A` misses.
        """
        return self.ahead.weights(self._values(mus))[self.interpolant.points.size :, ...]

    def truncate(self, terms: int) -> "SnapshotExpansion":
        """Return the expansion by the first terms."""
        if terms == self.interpolant.points.size:
            return self
        return replace(
            self,
            interpolant=self.interpolant.truncate(terms),
            ahead=self.ahead.truncate(min(terms + AHEAD, self.ahead.points.size)),
        )

    def __repr__(self) -> str:
        return f"SnapshotExpansion({self.interpolant!r})"

    def _values(self, mus: Any) -> Array:
        """Return the samples (M + L, k) at the magic points, and at those of the terms ahead."""
        mus = self.training.batch(mus)
        return self._recent(mus.shape, mus.tobytes())

    @cached_property
    def _recent(self) -> Callable[[tuple[int, ...], bytes], Array]:
        """The samples of the last batches: a greedy choice asks for the same ones in every step."""

        @lru_cache(maxsize=4)
        def values(shape: tuple[int, ...], data: bytes) -> Array:
            found, count = self.ahead.basis, int(self._wanted[0].shape[0])
            if not count or not shape[0]:
                xp, size = namespace_of(found), (count, shape[0])
                return xp.zeros(size, dtype=found.dtype, device=device_of(found))
            columns = [self._column(mu) for mu in np.frombuffer(data).reshape(shape)]
            return namespace_of(columns[0]).stack(columns, axis=1)

        return values

    def _column(self, mu: Any) -> Array:
        order, groups = self._wanted
        parts = [_evaluate(self.features[s], x, mu, s) / self.scales[s] for s, x in groups]
        xp = namespace_of(parts[0])
        return xp.take(xp.concat(parts), order, axis=0)

    @cached_property
    def _wanted(self) -> tuple[Array, list[tuple[int, Array]]]:
        """The points to sample, function by function, and their way back to the magic order."""
        owner, local = np.divmod(self.ahead.points, self.points.shape[0])
        groups = [(int(s), take(self.points, local[owner == s])) for s in np.unique(owner)]
        order = np.argsort(np.argsort(owner, kind="stable"))
        basis = self.ahead.basis
        return namespace_of(basis).asarray(order, device=device_of(basis)), groups


def _samples(features: Sequence[Feature], points: Array, mu: Any) -> list[Array]:
    """Return all functions at all points, checked."""
    named = {
        f"features[{s}] at mu = {mu}": _evaluate(g, points, mu, s) for s, g in enumerate(features)
    }
    return list(enter(matrix=False, **named).arrays)


def _evaluate(feature: Feature, points: Array, mu: Any, number: int) -> Array:
    values = own_copy(feature(points, mu))
    if tuple(values.shape) != tuple(points.shape[:1]):
        raise ValueError(
            f"features[{number}] at mu = {mu} must be of shape {tuple(points.shape[:1])}, one for "
            f"each point; got {tuple(values.shape)}"
        )
    return values
