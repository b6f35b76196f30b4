r"""The factor of IC(0) and changes of its entries that keep its diagonal positive.

.. math:: \hat L_{ij} = l_{ij} + w_{ij} \; (i > j), \qquad \hat L_{ii} = l_{ii} \exp(w_{ii}).
"""

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.preconditioners.factorisations.ichol import cholesky_factor
from resolvent.preconditioners.learned.factor_model import positive
from resolvent.preconditioners.learned.inputs.scaled_matrix import LowerTriangle, ScaledMatrix

__all__ = ["corrected", "ichol_entries"]


def ichol_entries(scaled: ScaledMatrix) -> NDArray[np.float64]:
    """Return the entries of the factor of IC(0), in the order of the pattern."""
    unit, d, _ = cholesky_factor(scaled.matrix)
    root, pattern = np.sqrt(d), scaled.pattern
    entries = np.empty(len(scaled.lower))
    entries[pattern.diagonal] = root
    entries[~pattern.diagonal] = unit.data * root[unit.indices]
    return entries


def corrected(factor: Array, change: Array, pattern: LowerTriangle) -> tuple[Array, Array]:
    """Return the entries of the changed factor, and their derivatives by the changes."""
    xp, (growth, slope) = namespace_of(change), positive(change)
    diagonal = xp.asarray(pattern.diagonal, device=device_of(change))
    L = xp.where(diagonal, factor * growth, factor + change)
    return L, xp.where(diagonal, factor * slope, xp.ones_like(change))
