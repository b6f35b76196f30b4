"""A network on images as a preconditioner that always gives a direction of descent.

The residual has length one when the network sees it, so that neither its scale nor single precision
matter, and what the network says is replaced by the residual where it leads uphill or nowhere:
where the cosine of the two is below 1e-6, or not a number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from resolvent.arrays import Array, Namespace, device_of, namespace_of
from resolvent.linalg.norms import unit_vectors
from resolvent.preconditioners.learned.inputs.fluid_grid import FluidGrid
from resolvent.preconditioners.learned.networks.multilevel_net import Net
from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["DirectionInfo", "Network", "direction_preconditioner"]

Network = Callable[[Weights, list[Array]], Net]

_LEAST_COSINE = 1e-6


@dataclass(eq=False)
class DirectionInfo:
    """What the network is, and how it fares.

    Attributes
    ----------
    levels : int
        Grids that it visits.
    flops : float
        For each cell of the grid and application.
    applications : int
        Residuals so far.
    replaced : int
        Of these, for how many the network gave no direction of descent, and the residual itself
        was returned.
    """

    levels: int
    flops: float
    applications: int = 0
    replaced: int = 0


def direction_preconditioner(
    network: Network,
    weights: Weights,
    grid: FluidGrid,
    solids: list[Array],
    dtype: Any,
    info: DirectionInfo,
) -> Preconditioner:
    """Return a network, which weights and images of the solids make, as a preconditioner.

    It is made once on each device that residuals come from.
    """

    @cache
    def placed(xp: Namespace, device: Any) -> tuple[Net, Any]:
        there = {name: xp.asarray(W, device=device) for name, W in weights.items()}
        precision = next(iter(there.values())).dtype
        images = [xp.asarray(solid, device=device, dtype=precision) for solid in solids]
        return network(there, images), precision

    def product(r: Array) -> Array:
        xp = namespace_of(r)
        unit, size = _normalised(xp, xp.reshape(r, (r.shape[0], -1)))
        net, precision = placed(xp, device_of(r))
        image, _ = net(grid.images(xp.astype(unit, precision)))
        z = xp.astype(grid.vectors(image), r.dtype)
        z, replaced = _descending(xp, unit, z)
        info.applications += size.shape[1]
        info.replaced += int(xp.sum(xp.astype(replaced & (size[0, :] > 0), xp.int64)))
        return xp.reshape(z * size, r.shape)

    n = int(grid.fluid.sum())
    return Preconditioner((n, n), dtype, product, is_linear=False, info=info)


def _normalised(xp: Namespace, r: Array) -> tuple[Array, Array]:
    """Return columns of length one and their lengths (1, k); zero ones stay zero."""
    if r.shape[0] == 0:
        return r, xp.ones((1, r.shape[1]), dtype=r.dtype, device=device_of(r))
    unit, largest, norms = unit_vectors(xp, r, axis=0)
    return unit, largest * norms


def _descending(xp: Namespace, unit: Array, z: Array) -> tuple[Array, Array]:
    """Return directions, replaced by the residual where they don't descend, and where that was."""
    length = xp.sqrt(xp.sum(z * z, axis=0))
    good = (xp.sum(unit * z, axis=0) > _LEAST_COSINE * length) & xp.isfinite(length)
    return xp.where(good, z, unit), ~good
