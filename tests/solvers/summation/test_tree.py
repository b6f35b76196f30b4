"""Trees and pairs: every target meets every source once."""

import numpy as np
import pytest

from resolvent.solvers.summation.interactions import interactions, merged_runs
from resolvent.solvers.summation.tree import Box, grow


def tree_of(n, dim, capacity, power=1, seed=0):
    rng = np.random.default_rng(seed)
    x = np.zeros((n, 3))
    x[:, :dim] = rng.random((n, dim)) ** power
    return x, grow(x, x, Box.around(x), dim, capacity)


@pytest.mark.parametrize("power", [1, 6])
@pytest.mark.parametrize("dim", [2, 3])
@pytest.mark.parametrize("n", [0, 1, 40, 1500])
def test_every_target_meets_every_source_once(n, dim, power):
    _, tree = tree_of(n, dim, 10, power)
    for thresholds in ((0, 0), (50, 20)):
        met = np.zeros((n, n), dtype=np.int64)
        kinds = interactions(tree, *thresholds)
        pairs = (np.concatenate([kind[side] for kind in kinds]) for side in (0, 1))
        for t, s in zip(*pairs, strict=True):
            met[slice(*tree.targets[t]), slice(*tree.sources[s])] += 1
        assert np.all(met == 1)


@pytest.mark.parametrize("dim", [2, 3])
def test_cells_hold_their_points_and_no_more_than_the_capacity(dim):
    x, tree = tree_of(3000, dim, 12, power=4)
    ordered = x[tree.source_order]
    for c in range(len(tree.level)):
        inside = ordered[slice(*tree.sources[c])]
        slack = 1e-9 * tree.box.side  # keys are rounded to 2^-20 of the box, inwards
        assert np.all(np.abs(inside - tree.centre[c]) <= tree.side[c] / 2 + slack)
    assert np.all(tree.source_count[tree.is_leaf] <= 12)
    assert np.all(tree.source_count > 0)


def test_expansions_are_at_least_a_cell_away():
    _, tree = tree_of(3000, 3, 10, power=6)
    pairs = interactions(tree, 0, 0)
    for kind, size in ((pairs.translated, 1), (pairs.evaluated, 1), (pairs.projected, 0)):
        t, s = kind
        small = tree.side[s if size else t]
        gap = np.abs(tree.centre[t] - tree.centre[s]) - (tree.side[t] + tree.side[s])[:, None] / 2
        assert len(t) > 0
        assert np.all(gap.max(axis=1) >= small * (1 - 1e-9))


def test_runs_that_follow_each_other_are_joined():
    rows = np.array([0, 0, 2, 2, 2])
    ranges = np.array([[4, 6], [1, 4], [0, 2], [3, 5], [5, 9]])
    indptr, start, stop = merged_runs(rows, ranges, 3)
    assert indptr.tolist() == [0, 1, 1, 3]
    assert start.tolist() == [1, 0, 3]
    assert stop.tolist() == [6, 2, 9]
