"""The error of an interpolant in its parts: what the basis lacks, what the points add, rounding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, adjoint, eps, namespace_of, to_host
from resolvent.linalg.interpolation.values import times
from resolvent.linalg.norms import column_norms

__all__ = ["ErrorSplit", "split_error"]


@dataclass(frozen=True, eq=False)
class ErrorSplit:
    r"""Relative errors in the 2-norm, one for each field, on the host.

    Attributes
    ----------
    total : ndarray
        :math:`\|f - I f\| / \|f\|`.
    projection : ndarray
        Distance from the span of the basis: no choice of points can be better.
    interpolation : ndarray
        What the points add, :math:`\|P f - I f\|/\|f\|`; its square and that of ``projection``
        sum to that of ``total``.
    floor : float
        Rounding, about ``eps`` times one plus the Lebesgue constant.
    """

    total: NDArray[np.float64]
    projection: NDArray[np.float64]
    interpolation: NDArray[np.float64]
    floor: float


def split_error(basis: Array, fields: Array, found: Array, lebesgue: float) -> ErrorSplit:
    """Return the parts of ``fields - found``, where ``found`` is in the span of the basis."""
    xp = namespace_of(fields)
    vectors, s, _ = xp.linalg.svd(basis, full_matrices=False)
    independent = s > max(basis.shape) * eps(xp, basis.dtype) * s[:1]
    vectors = vectors * xp.astype(independent, vectors.dtype)
    missed = fields - times(vectors, times(adjoint(xp, vectors), fields))
    size = np.asarray(_norms(fields))
    size = np.where(size > 0, size, 1)
    total, projection, interpolation = (
        _norms(x) / size for x in (fields - found, missed, fields - missed - found)
    )
    return ErrorSplit(total, projection, interpolation, eps(xp, basis.dtype) * (1 + lebesgue))


def _norms(x: Array) -> NDArray[np.float64]:
    columns = x if x.ndim == 2 else x[:, None]
    norms = to_host(column_norms(namespace_of(x), columns)).astype(np.float64)
    return norms if x.ndim == 2 else norms[0]
