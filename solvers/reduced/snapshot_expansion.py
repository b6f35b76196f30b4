r"""Weights of snapshots, learned from samples of what a snapshot depends on.

Whatever is linear in functions :math:`g_s(x; \mu)`, a matrix or a vector assembled from them,
is expanded in its own snapshots by the weights that expand the functions:

.. math:: g_s(x; \mu) \approx \sum_m \beta_m(\mu)\, g_s(x; \mu_m) \text{ for all s}
          \quad \Longrightarrow \quad A(\mu) \approx \sum_m \beta_m(\mu) A(\mu_m).

The magic parameters and points are those of one empirical interpolation of all functions side by
side, each divided by its largest modulus, or a large one would be all that the greedy choice sees.
The weights solve ``F beta = g`` at the magic points by the triangular factors of the elimination.

Source: F. Casenave, A. Ern and T. Lelièvre, arXiv 1307.4330.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import array_api_compat
import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, enter, eps, namespace_of, to_host
from resolvent.linalg.interpolation.eim import eim
from resolvent.linalg.interpolation.interpolant import EmpiricalInterpolant
from resolvent.results import Outcome, Reason

__all__ = ["ExpansionError", "Feature", "SnapshotExpansion", "Training"]

Feature = Callable[[Array, Any], Any]


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


@dataclass(frozen=True, eq=False)
class Training:
    """Training parameters on the host, and what parameters look like to the user's functions."""

    params: NDArray[np.float64]

    @classmethod
    def of(cls, params: Any) -> "Training":
        """Take parameters (n,) or (n, d) through the door."""
        params = np.asarray(to_host(enter(matrix=False, params=params).arrays[0]), dtype=float)
        if params.ndim not in (1, 2) or params.size == 0:
            raise ValueError(
                f"params must be (n,) or (n, d) training parameters, got shape {params.shape}"
            )
        return cls(params)

    def batch(self, mus: Any) -> NDArray[np.float64]:
        """Return k parameters as the training has them: (k,) for (n,), (k, d) for (n, d)."""
        mus = np.asarray(to_host(enter(matrix=False, mus=mus).arrays[0]), dtype=float)
        shape = self.params.shape[1:]
        width = shape[0] if shape else 1
        if mus.ndim > 2 or mus.size % width or (mus.ndim and width > 1 and mus.shape[-1] != width):
            raise ValueError(
                f"mus must be k parameters of {width} numbers each, as the training has, "
                f"got shape {mus.shape}"
            )
        return np.asarray(mus.reshape(-1, *shape))

    def inside(self, mus: Any) -> NDArray[np.bool_]:
        """Tell which parameters lie in the smallest box around the training."""
        mus = self.batch(mus).reshape(-1, self.params[0].size)
        known = self.params.reshape(len(self.params), -1)
        return np.asarray(np.all((mus >= known.min(axis=0)) & (mus <= known.max(axis=0)), axis=1))


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
            No functions, samples of another length than the points or not finite, or all zero.
        TypeError
            Samples of several libraries.
        """
        if not features:
            raise ValueError("features must hold at least one function")
        points = points if array_api_compat.is_array_api_obj(points) else np.asarray(points)
        columns = [_samples(features, points, mu) for mu in training.params]
        xp = namespace_of(columns[0][0])
        blocks = [xp.stack(block, axis=1) for block in zip(*columns, strict=True)]
        scales = tuple(float(xp.max(xp.abs(block))) or 1.0 for block in blocks)
        scaled = [block / scale for block, scale in zip(blocks, scales, strict=True)]
        if not any(float(xp.max(xp.abs(block))) for block in blocks):
            raise ValueError("features are zero for all params: there is nothing to expand")
        interpolant = eim(xp.concat(scaled, axis=0), tol=tol, max_terms=max_terms)
        return cls(tuple(features), points, training, scales, interpolant)

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
            estimate = to_host(self.interpolant.error_estimate(values)).astype(float)
        return ExpansionError(estimate, amplification, rounding * amplification)

    def truncate(self, terms: int) -> "SnapshotExpansion":
        """Return the expansion by the first terms."""
        return replace(self, interpolant=self.interpolant.truncate(terms))

    def __repr__(self) -> str:
        return f"SnapshotExpansion({self.interpolant!r})"

    def _values(self, mus: Any) -> Array:
        """Return the samples (M, k) at the magic points, with that at the next one below them."""
        mus = self.training.batch(mus)
        return self._recent(mus.shape, mus.tobytes())

    @cached_property
    def _recent(self) -> Callable[[tuple[int, ...], bytes], Array]:
        """The samples of the last batches: a greedy choice asks for the same ones in every step."""

        @lru_cache(maxsize=4)
        def values(shape: tuple[int, ...], data: bytes) -> Array:
            columns = [self._column(mu) for mu in np.frombuffer(data).reshape(shape)]
            if not columns:
                return self.interpolant.basis[: len(self._wanted[0]), :0]
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
        found = self.interpolant
        extra = [found.next_point] if found.next_point >= 0 else []
        where = np.concatenate([found.points, np.asarray(extra, dtype=np.intp)])
        owner, local = np.divmod(where, self.points.shape[0])
        groups = [(int(s), _rows(self.points, local[owner == s])) for s in np.unique(owner)]
        order = np.argsort(np.argsort(owner, kind="stable"))
        basis = found.basis
        return namespace_of(basis).asarray(order, device=device_of(basis)), groups


def _rows(x: Array, where: NDArray[np.intp]) -> Array:
    xp = namespace_of(x)
    return xp.take(x, xp.asarray(where, device=device_of(x)), axis=0)


def _samples(features: Sequence[Feature], points: Array, mu: Any) -> list[Array]:
    """Return all functions at all points, checked."""
    named = {
        f"features[{s}] at mu = {mu}": _evaluate(g, points, mu, s) for s, g in enumerate(features)
    }
    return list(enter(matrix=False, **named).arrays)


def _evaluate(feature: Feature, points: Array, mu: Any, number: int) -> Array:
    values = feature(points, mu)
    values = values if array_api_compat.is_array_api_obj(values) else np.asarray(values)
    if tuple(values.shape) != tuple(points.shape[:1]):
        raise ValueError(
            f"features[{number}] at mu = {mu} must be of shape {tuple(points.shape[:1])}, one for "
            f"each point; got {tuple(values.shape)}"
        )
    return values
