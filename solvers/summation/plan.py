"""Everything about a set of points that does not depend on charges, as arrays of host integers.

The lists say which rows go where; `resolvent.solvers.summation.product` and
`resolvent.solvers.summation.generic` follow the same plan.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers.summation.interactions import Pairs, interactions
from resolvent.solvers.summation.levels import Levels
from resolvent.solvers.summation.tree import Box, Tree, grow

__all__ = ["Plan", "cheapest_plan", "make_plan"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Costs in evaluations of the kernel, as measured: of a translation, for the square of its rank
_TRANSLATION, _OVERHEAD = 0.045, 25.0
_COMPLEX = 1.3  # four times the products, of evaluations that take three times as long
_PAIRS = {2: 3.0, 3: 6.5}  # translations over near cells, of a leaf
_LOAD, _FEWEST = 2.5, 24  # largest over best mean number of points in a leaf
_SCALES = (
    1.0,
    1.16,
    1.34,
    1.6,
)  # of the box: the load of a leaf falls by eight from level to level


@dataclass(frozen=True, eq=False)
class Plan:
    """Which cells take part, and in what.

    Attributes
    ----------
    tree : Tree
        Cells and points.
    pairs : Pairs
        How they meet.
    levels : Levels
        Their skeletons.
    target_leaves : (T,) ndarray of int
        Leaves that hold targets.
    source_leaves, local_leaves : ndarray of int
        Leaves whose sources are projected, and leaves where a local expansion ends.
    up, down : dict of level to ndarray of int
        Cells of a level whose coefficients go to the parent, or come from it.
    cost : float
        Expected, in evaluations of the kernel, but for what does not depend on the tree.
    """

    tree: Tree
    pairs: Pairs
    levels: Levels
    target_leaves: Ints
    source_leaves: Ints
    local_leaves: Ints
    up: dict[int, Ints]
    down: dict[int, Ints]
    cost: float


def make_plan(
    targets: Floats, sources: Floats, box: Box, levels: Levels, tol: float, *, merge: bool
) -> Plan:
    """Grow a tree of points (n, 3), find its pairs, and the cells that they oblige to take part.

    With ``merge`` cells of few points meet directly even where an expansion could be used.
    """
    price, size = _prices(levels, tol)
    loaded = _LOAD * np.sqrt(_PAIRS[levels.dim] * price)
    tree = grow(targets, sources, box, levels.dim, max(_FEWEST, int(loaded)))
    pairs = interactions(tree, price if merge else 0.0, size if merge else 0.0)
    sends = _marked(tree, pairs.translated[1], pairs.evaluated[1])
    takes = _marked(tree, pairs.translated[0], pairs.projected[0])
    above_sends, above_takes = _below(tree, sends), _below(tree, takes)
    has_sources, has_targets = tree.source_count > 0, tree.target_count > 0
    sends, takes = (sends | above_sends) & has_sources, (takes | above_takes) & has_targets
    leaf = tree.is_leaf
    return Plan(
        tree,
        pairs,
        levels,
        np.flatnonzero(leaf & has_targets),
        np.flatnonzero(leaf & sends),
        np.flatnonzero(leaf & takes),
        _by_level(tree, above_sends & has_sources),
        _by_level(tree, above_takes & has_targets),
        _direct(tree, *pairs.near) + price * len(pairs.translated[0]),
    )


def cheapest_plan(plan: Callable[[float], Plan]) -> Plan:
    """Return the plan of the scale of the box that costs least."""
    return min((plan(scale) for scale in _SCALES), key=lambda found: found.cost)


def _prices(levels: Levels, tol: float) -> tuple[float, float]:
    """Return the cost of a translation and the size of a skeleton, both expected."""
    digits = -np.log10(tol)
    rank = 4.4 * digits**2 + 4 if levels.dim == 3 else 5.5 * digits
    factor = _COMPLEX if levels.kernel.is_complex else 1.0
    return factor * _TRANSLATION * rank**2 + _OVERHEAD, 1.5 * rank


def _direct(tree: Tree, t: Ints, s: Ints) -> float:
    """Return the evaluations of near pairs; targets are taken by eight."""
    return float(np.sum(-(-tree.target_count[t] // 8) * 8.0 * tree.source_count[s]))


def _marked(tree: Tree, *cells: Ints) -> NDArray[np.bool_]:
    mark = np.zeros(len(tree.level), dtype=np.bool_)
    for some in cells:
        mark[some] = True
    return mark


def _below(tree: Tree, mark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which cells have a marked ancestor."""
    below = np.zeros_like(mark)
    for level in range(1, int(tree.level[-1]) + 1):
        here = np.flatnonzero(tree.level == level)
        below[here] = (mark | below)[tree.parent[here]]
    return below


def _by_level(tree: Tree, mark: NDArray[np.bool_]) -> dict[int, Ints]:
    cells = np.flatnonzero(mark)
    return {int(level): cells[tree.level[cells] == level] for level in np.unique(tree.level[cells])}
