r"""Deep conjugate directions (DCDM): a convolutional network proposes the direction of each step.

The network sees the residual as an image, of length one, and returns an image p that should be
parallel to :math:`A^{-1} r`; its length does not matter. `resolvent.solvers.fcg` with
``truncate=2`` makes it conjugate to the last two directions and takes the best step along it, so
that the energy of the error falls whatever the network says.

Cost: 9500 flops a cell and step with 8 filters, where conjugate gradients have about 25; memory for
some hundred numbers a cell. The set-up, factors for the solids, is less than a step. On a processor
multigrid is faster.

Failure modes: it knows the Laplacian on grids of square cells that it was trained on, and nothing
of the matrix: for another operator it is slow, though never wrong. On grids much finer than those
of the training the steps become more. A shape or mask that is not that of the matrix makes it slow
too: it is found out where the matrix is a sparse one of SciPy, not for an operator, whose entries
are unknown. Single precision inside does not limit what is reached, as
each step begins from the residual.

Source: A. Kaneda, O. Akar, J. Chen, V. Kala, D. Hyde and J. Teran, A deep conjugate direction
method for iteratively solving linear systems, ICML (2023), arXiv 2205.10763.

Differs from the source in: planes instead of space; as many levels as the grid has, with the same
weights on all of them, instead of two (``levels=2``); training on the energy of the error, instead
of the residual (``objective="residual"``), from the additive multigrid cycle on; solids act on the
features; solutions are sums of sine modes, some of them smoother, and what the network itself
leaves of them, instead of Ritz vectors.
"""

from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from resolvent.arrays import Array, Namespace, namespace_of
from resolvent.operators import Operator, as_operator, keeping_dtype
from resolvent.preconditioners.learned.direction_preconditioner import (
    DirectionInfo,
    direction_preconditioner,
)
from resolvent.preconditioners.learned.inputs.fluid_grid import FluidGrid, sine_mixtures
from resolvent.preconditioners.learned.losses.direction_loss import (
    energy_loss,
    residual_loss,
    step_length,
)
from resolvent.preconditioners.learned.model import LearnedModel
from resolvent.preconditioners.learned.networks.multilevel_net import (
    Net,
    flops_per_cell,
    multilevel_net,
    multilevel_weights,
    solids_of_levels,
)
from resolvent.preconditioners.learned.networks.perceptron import Weights
from resolvent.preconditioners.learned.training.checks import check_counts
from resolvent.preconditioners.preconditioner import Preconditioner

__all__ = ["DeepConjugateDirection"]

_SMOOTHEST = 1.0  # power of the eigenvalues by which solutions are smoother, at most
_STEPS_BEFORE = 3  # that the network takes on an example, at most, before it learns from it
_RTOL = 1e-4  # of the runs that validate
_LOSSES = {"energy": energy_loss, "residual": residual_loss}


@dataclass(frozen=True, eq=False)
class _Example:
    grid: FluidGrid
    A: Operator
    solids: list[Array]


@dataclass(frozen=True, eq=False, kw_only=True)
class DeepConjugateDirection(LearnedModel):
    r"""A convolutional network that maps residuals on a grid to directions.

    Attributes
    ----------
    filters : int
        Features of a cell.
    pairs : int
        Residual pairs of convolutions of a level, on the way down and again on the way up.
    levels : int or None
        Grids, each half as fine as the one before, with weights of their own; None for as many as
        a grid has, down to 2 by 2 cells, all with the same weights.
    objective : {'energy', 'residual'}
        Of the training, see `resolvent.preconditioners.learned.losses.direction_loss`.
    cells : int
        Of all images of a training step together: more of them on smaller grids.

    Raises
    ------
    TypeError, ValueError
        An option is out of range, or a weight is not one of the network.

    Notes
    -----
    `fit` takes pairs of a matrix and the mask of its fluid cells, such as those of
    `resolvent.linalg.gallery.pressure`. Training is in single precision, in the library of the
    matrices.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery.pressure import pressure_poisson, random_solids
    >>> from resolvent.solvers import cg, fcg
    >>> fluid = random_solids((64, 64), rng=12345)
    >>> A = pressure_poisson(fluid)
    >>> b = np.ones(A.shape[0])
    >>> M = DeepConjugateDirection.pretrained("pressure-2d")(A, mask=fluid)
    >>> solution = fcg(A, b, M=M, truncate=2, rtol=1e-4)
    >>> solution.converged, solution.iterations < cg(A, b, rtol=1e-4).iterations / 10
    (True, True)
    >>> M.info.levels, M.info.replaced
    (6, 0)

    Training on systems of one's own; the weights begin at additive multigrid.

    >>> model = DeepConjugateDirection(filters=4, cells=4096)
    >>> model = model.fit([(A, fluid)], validation=[(A, fluid)], steps=2)
    """

    kind: ClassVar[str] = "deep-conjugate-direction"
    counts: ClassVar[tuple[str, ...]] = ("filters", "pairs", "cells")
    most: ClassVar[float] = 60
    filters: int = 8
    pairs: int = 1
    levels: int | None = None
    objective: Literal["energy", "residual"] = "energy"
    cells: int = 16384

    def __post_init__(self) -> None:
        if self.levels is not None:
            check_counts(levels=self.levels)
        if self.objective not in _LOSSES:
            raise ValueError(f"objective must be one of {[*_LOSSES]}, got {self.objective!r}")
        super().__post_init__()

    @property
    def names(self) -> list[str]:
        """The names of the weights of each level; those below have the last one."""
        return [f"level{k}" for k in range(self.levels or 1)]

    def initial_weights(self, rng: np.random.Generator) -> Weights:
        """Return the weights of the additive multigrid cycle, random where they don't act."""
        return multilevel_weights(self.names, self.filters, self.pairs, rng)

    def example(self, system: Any, xp: Namespace) -> _Example:
        """Return the grid, the operator and the solids of a pair ``(A, mask)``."""
        if not isinstance(system, tuple) or len(system) != 2:
            raise TypeError(f"a system must be a pair (A, mask), got {type(system).__name__}")
        A, mask = system
        operator = keeping_dtype(as_operator(A), "A")
        grid = FluidGrid.of(mask, operator.shape[0])
        grid.check_neighbours(A)
        solids = solids_of_levels(grid.solid, self.levels)
        return _Example(grid, operator, [xp.asarray(solid) for solid in solids])

    def loss(
        self, weights: Weights, example: _Example, rng: np.random.Generator
    ) -> tuple[float, Weights]:
        """Return the loss of some random right-hand sides, and its gradient."""
        grid, A, like = example.grid, example.A, weights["dense"]
        xp = namespace_of(like)
        count = max(1, self.cells // grid.fluid.size)
        x = xp.astype(xp.asarray(sine_mixtures(grid, count, _SMOOTHEST, rng)), like.dtype)
        solids = [xp.astype(solid, like.dtype) for solid in example.solids]
        net = self._network(weights, solids)
        for _ in range(rng.integers(_STEPS_BEFORE + 1)):
            d = A @ x
            p = grid.vectors(net(grid.images(d))[0])
            x = x - step_length(A @ p, p, d) * p
        d = A @ x
        image, back = net(grid.images(d))
        value, slope = _LOSSES[self.objective](A, grid.vectors(image), x, d)
        gradient: Weights = {}
        back(grid.images(slope), gradient)
        return value, gradient

    def score(self, weights: Weights, example: _Example) -> float:
        """Return the steps for one random right-hand side, to a residual of 1e-4, at most 60."""
        M = self._preconditioner(weights, example.grid, np.float64)
        b = np.random.default_rng(0).standard_normal(M.shape[0])
        b = namespace_of(weights["dense"]).asarray(b)
        return _steps_to(example.A, M, b)

    def __call__(
        self, A: Any, *, shape: tuple[int, int] | None = None, mask: ArrayLike | None = None
    ) -> Preconditioner:
        """Return the network as a preconditioner for `resolvent.solvers.fcg`.

        Parameters
        ----------
        A : (k, k) matrix or operator
            Of which only the number of unknowns and the precision are read; of a sparse matrix of
            SciPy also where its entries are, which must be between neighbours of the grid.
        shape : (int, int), optional
            Rows and columns of a grid without solids.
        mask : (m, n) array_like of bool, optional
            True in the fluid cells, which are the unknowns in C order.

        Returns
        -------
        Preconditioner
            Neither linear nor symmetric, but fixed, and homogeneous for positive factors. It
            returns no NaN for a finite residual, and a direction of descent: the residual itself
            where the network has none. ``info`` is a
            `resolvent.preconditioners.learned.direction_preconditioner.DirectionInfo`.

        Raises
        ------
        ValueError
            Not one of ``shape`` and ``mask`` is given, or it doesn't fit to A: another number of
            unknowns, or entries between cells that are no neighbours; there are no weights yet.

        Notes
        -----
        Array API: any library and device; the weights move to that of the first residual. The
        network runs in single precision; ``M @ r`` has the precision of r, ``(n,)`` or ``(n, k)``.
        Counting the residuals that were replaced waits for the device.
        """
        if shape is not None and mask is None:
            mask = np.ones(shape, dtype=bool)
        elif shape is not None or mask is None:
            raise ValueError("give the shape of a grid without solids, or the mask of its fluid")
        operator = as_operator(A)
        grid = FluidGrid.of(mask, operator.shape[0])
        grid.check_neighbours(A)
        return self._preconditioner(self.trained(), grid, operator.dtype)

    def _network(self, weights: Weights, solids: list[Array]) -> Net:
        return multilevel_net(weights, self.names, self.pairs, solids)

    def _preconditioner(self, weights: Weights, grid: FluidGrid, dtype: Any) -> Preconditioner:
        solids = solids_of_levels(grid.solid, self.levels)
        flops = flops_per_cell(self.filters, self.pairs, [prod(x.shape) for x in solids])
        info = DirectionInfo(len(solids), flops)
        return direction_preconditioner(self._network, weights, grid, solids, dtype, info)


def _steps_to(A: Operator, M: Preconditioner, b: Array) -> float:
    """Return how many steps, each conjugate to the two before it, make the residual small."""
    r, window, most = b, list[tuple[Array, Array]](), DeepConjugateDirection.most
    goal = _RTOL * float(b @ b) ** 0.5
    for k in range(1, int(most)):
        p = M @ r
        for old, product in window:
            p = p - (product @ p) / (product @ old) * old
        Ap = A @ p
        r = r - (p @ r) / (p @ Ap) * Ap
        window = [*window[-1:], (p, Ap)]
        if float(r @ r) ** 0.5 <= goal:
            return k
    return most
