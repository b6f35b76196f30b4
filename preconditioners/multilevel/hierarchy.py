r"""Coarse levels of algebraic multigrid, chosen by PyAMG.

Cost: on one thread; for five-point matrices of order 10^6 about 0.7 s with Ruge-Stuben coarsening
and 1.0 s with smoothed aggregation. PyAMG's own defaults take 1.1 s and 2 to 9 s: the options here
leave out what the cycle doesn't use (its smoothers), take the cheaper interpolation, bound the
spectrum of a row by its sum instead of estimating it, and don't improve the candidates.

Failure modes: coarsening stops early where no connection is strong, as in a diagonal matrix.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from resolvent.arrays import eps

__all__ = ["COARSENINGS", "Hierarchy", "coarsen"]

COARSENINGS = ("ruge-stuben", "smoothed-aggregation")

_ROUNDINGS = 4  # of an entry of a Galerkin product

_BOTH: dict[str, Any] = {"presmoother": None, "postsmoother": None, "max_levels": 30, "keep": False}
_RUGE_STUBEN: dict[str, Any] = {"interpolation": "direct"}
_AGGREGATION: dict[str, Any] = {
    "smooth": ("jacobi", {"omega": 4 / 3, "weighting": "local"}),
    "improve_candidates": None,
}


def absolute_product(S: sparse.csr_array, x: NDArray[Any]) -> NDArray[Any]:
    """Return ``abs(S) @ x``, sharing the index arrays of S."""
    return np.asarray(sparse.csr_array((np.abs(S.data), S.indices, S.indptr), S.shape) @ x)


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Matrices of all levels, and the transfers between each and the next, in CSR."""

    matrices: list[sparse.csr_array]
    prolong: list[sparse.csr_array]
    restrict: list[sparse.csr_array]

    @cached_property
    def sums(self) -> list[NDArray[Any]]:
        """Row sums of the absolute values of each matrix."""
        return [absolute_product(A, np.ones(A.shape[0], dtype=A.dtype)) for A in self.matrices]

    @cached_property
    def noise(self) -> list[NDArray[Any]]:
        """Sums that are no more than what rounding left of larger numbers.

        So ends the Laplacian with Neumann conditions in a level with one unknown.
        """
        noise = [np.zeros_like(self.sums[0])]
        unit = _ROUNDINGS * eps(np, self.matrices[0].dtype)
        for R, sums in zip(self.restrict, self.sums, strict=False):
            noise.append(absolute_product(R, np.maximum(unit * sums, noise[-1])))
        return noise


def coarsen(
    A: sparse.csr_array, *, coarsening: str, symmetric: bool, max_coarse: int, **options: Any
) -> Hierarchy:
    """Return levels down to ``max_coarse`` unknowns; ``options`` go to PyAMG.

    Raises
    ------
    ImportError
        PyAMG is not installed.
    """
    try:
        import pyamg
    except ImportError as error:
        raise ImportError(
            'multigrid needs PyAMG: install it with pip install "resolvent[multigrid]"'
        ) from error
    if A.shape[0] <= max_coarse:
        return Hierarchy([A], [], [])
    if coarsening == "ruge-stuben":
        build, defaults = pyamg.ruge_stuben_solver, _BOTH | _RUGE_STUBEN
    else:
        symmetry = {"symmetry": "hermitian" if symmetric else "nonsymmetric"}
        build, defaults = pyamg.smoothed_aggregation_solver, _BOTH | _AGGREGATION | symmetry
    levels = build(A, **(defaults | {"max_coarse": max_coarse} | options)).levels
    return Hierarchy(
        [level.A.tocsr() for level in levels],
        [level.P.tocsr() for level in levels[:-1]],
        [level.R.tocsr() for level in levels[:-1]],
    )
