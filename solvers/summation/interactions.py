"""Which cells meet how: near, by translation, or by one expansion only.

Two cells of one level that don't touch, but whose parents do, are a pair for a translation. Where
the tree is deeper on one side, a leaf meets smaller cells that don't touch it: ``evaluated`` when
the leaf holds the targets, ``projected`` when it holds the sources. What is left is summed
directly, and so is every pair of few points, for which that costs less.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resolvent.solvers.summation.tree import DEPTH, Tree

__all__ = ["Pairs", "interactions", "lists", "merged_runs"]

Ints = NDArray[np.int64]
PairArrays = tuple[Ints, Ints]


class Pairs(NamedTuple):
    """Pairs (target cells, source cells) of each kind; the targets of near ones are leaves."""

    near: PairArrays
    translated: PairArrays
    evaluated: PairArrays
    projected: PairArrays


def interactions(tree: Tree, worth_translation: float, worth_expansion: float) -> Pairs:
    """Walk down pairs of touching cells from the root.

    Pairs of fewer products of points than ``worth_translation`` are near, whatever their distance;
    so are smaller cells with fewer points than ``worth_expansion``.
    """
    near, far = [], []
    t = s = np.zeros(1, dtype=np.int64)
    while len(t):
        here = (tree.target_count[t] > 0) & (tree.source_count[s] > 0)
        t, s = t[here], s[here]
        ends = tree.is_leaf[t] & tree.is_leaf[s]
        near.append((t[ends], s[ends]))
        t, s = _children(tree, t[~ends], s[~ends])
        touch = _touching(tree, t, s)
        far.append((t[~touch], s[~touch]))
        t, s = t[touch], s[touch]
    t, s = (np.concatenate(side) for side in zip(*far, strict=True))
    targets, sources = tree.target_count[t], tree.source_count[s]
    t, s = (side[(targets > 0) & (sources > 0)] for side in (t, s))
    targets, sources = tree.target_count[t], tree.source_count[s]
    difference = tree.level[s] - tree.level[t]
    few = np.select(
        [difference == 0, difference > 0],
        [targets * sources <= worth_translation, sources <= worth_expansion],
        targets <= worth_expansion,
    )
    direct = few & tree.is_leaf[t]
    near.append((t[direct], s[direct]))
    kinds = [(t[kind & ~direct], s[kind & ~direct]) for kind in (difference == 0, difference > 0)]
    projected = (t[(difference < 0) & ~direct], s[(difference < 0) & ~direct])
    t, s = (np.concatenate(side) for side in zip(*near, strict=True))
    return Pairs((t, s), kinds[0], kinds[1], projected)


def _children(tree: Tree, t: Ints, s: Ints) -> PairArrays:
    """Replace every cell of a pair that is no leaf by its children."""
    many_t, many_s = np.maximum(tree.children[t], 1), np.maximum(tree.children[s], 1)
    first_t = np.where(tree.is_leaf[t], t, tree.child[t])
    first_s = np.where(tree.is_leaf[s], s, tree.child[s])
    many = many_t * many_s
    place = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    row, column = np.divmod(place, np.repeat(many_s, many))
    return np.repeat(first_t, many) + row, np.repeat(first_s, many) + column


def _touching(tree: Tree, t: Ints, s: Ints) -> NDArray[np.bool_]:
    """Tell which cells share at least a corner."""
    touch = np.ones(len(t), dtype=np.bool_)
    size_t, size_s = (np.left_shift(1, DEPTH - tree.level[c]) for c in (t, s))
    for axis in range(3):
        low_t, low_s = tree.corner[t, axis] * size_t, tree.corner[s, axis] * size_s
        touch &= (low_t <= low_s + size_s) & (low_s <= low_t + size_t)
    return touch


def lists(keys: Ints, rows: int) -> Ints:
    """Return where the list of every row begins, of keys that are sorted."""
    return np.searchsorted(keys, np.arange(rows + 1))


def merged_runs(row: Ints, ranges: Ints, rows: int) -> tuple[Ints, Ints, Ints]:
    """Return ranges (n, 2) as lists by row, those that follow each other joined."""
    order = np.lexsort((ranges[:, 0], row))
    row, start, stop = row[order], ranges[order, 0], ranges[order, 1]
    opens = np.ones(len(row), dtype=np.bool_)
    opens[1:] = (row[1:] != row[:-1]) | (start[1:] != stop[:-1])
    closes = np.append(opens[1:], np.ones(min(len(row), 1), dtype=np.bool_))
    return lists(row[opens], rows), start[opens], stop[closes]
