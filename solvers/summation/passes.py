"""The passes of a plan over coefficients: up, across and down, as pairs of cells and matrices."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers.summation.plan import Plan
from resolvent.solvers.summation.translations import Across, offset_index, offsets_of

__all__ = ["Pass", "across", "down", "up"]

Ints = NDArray[np.int64]


class Pass(NamedTuple):
    """Add ``matrices[which] @ coefficients[sources]`` to the rows ``targets``."""

    targets: Ints
    sources: Ints
    which: Ints
    matrices: Sequence[NDArray[Any]]


def up(plan: Plan) -> list[Pass]:
    """Return the passes from children to parents, the deepest first."""
    steps = []
    for level in sorted(plan.up, reverse=True):
        child = plan.up[level]
        parent = plan.tree.parent[child]
        steps.append(Pass(parent, child, _octant(plan, child), plan.levels.upward(level - 1)))
    return steps


def down(plan: Plan) -> list[Pass]:
    """Return the passes from parents to children, the deepest last."""
    degree = plan.levels.kernel.degree
    grow = 1.0 if degree is None else 2.0**degree  # the unit of potentials of a child
    steps = []
    for level in sorted(plan.down):
        child = plan.down[level]
        matrices = [grow * M.T for M in plan.levels.upward(level - 1, transposed=True)]
        steps.append(Pass(child, plan.tree.parent[child], _octant(plan, child), matrices))
    return steps


def across(plan: Plan) -> tuple[Pass, list[tuple[Ints, Across]]]:
    """Return the pass between cells of one level, and what each range of its matrices is.

    Its matrices are left out: those of `Across` follow each other, level by level; each comes with
    the target cells that it is for.
    """
    tree, levels = plan.tree, plan.levels
    t, s = plan.pairs.translated
    which = offset_index(tree.corner[t] - tree.corner[s], tree.dim)
    of_level = np.unique(tree.level[t])
    if levels.kernel.degree is not None and len(of_level):
        found = [(np.unique(t), levels.across(int(of_level[0])))]  # all share their matrices
    else:
        place = np.searchsorted(of_level, tree.level[t])
        which = which + len(offsets_of(tree.dim)) * place
        found = [
            (np.unique(t[tree.level[t] == level]), levels.across(int(level))) for level in of_level
        ]
    return Pass(t, s, which, ()), found


def _octant(plan: Plan, child: Ints) -> Ints:
    dim = plan.tree.dim
    return (plan.tree.corner[child] & 1)[:, :dim] @ (1 << np.arange(dim)[::-1])
