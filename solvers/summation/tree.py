"""A tree of cubes over targets and sources: sorted by Morton keys, empty cells left out.

A cell is split while it holds more than ``capacity`` targets or sources, so that clusters, curves
and surfaces get deep branches where the points are and nothing elsewhere. Cells are numbered level
by level; those of one level are in Morton order, so the points of a cell are one range.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "Tree", "grow"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DEPTH = 20  # levels at most: 60 bits of a key
_SLACK = 1e-12  # of the side


@dataclass(frozen=True)
class Box:
    """A cube (3,) by its lowest corner and its side; in two dimensions the last is flat."""

    corner: Floats
    side: float

    @classmethod
    def around(cls, points: Floats) -> "Box":
        """Return the smallest cube with the middle of the points (n, 3) in its own."""
        if len(points) == 0:
            return cls(np.zeros(3), 1.0)
        low, high = points.min(axis=0), points.max(axis=0)
        half = high / 2 - low / 2
        # a box without extent has one leaf, whatever its side
        side = 2 * float(np.max(half)) or 1.0
        return cls(low + half - side / 2, side)

    @property
    def origin(self) -> Floats:
        """A point (3,) that can be taken from all points of the box without rounding.

        Its centre on the axes where that is more than a side from zero: then a coordinate is from
        half of it to twice as much, and differences are exact (Sterbenz). Elsewhere zero.
        """
        centre = self.corner + self.side / 2
        return np.where(np.abs(centre) > self.side, centre, 0.0)

    def holds(self, points: Floats) -> bool:
        """Tell whether all points (n, 3) are inside, up to rounding."""
        at = (points - self.corner) / self.side
        return bool(np.all((at >= -_SLACK) & (at <= 1 + _SLACK)))


@dataclass(frozen=True, eq=False)
class Tree:
    """Cells ``c`` with ranges of sorted points.

    Attributes
    ----------
    level, parent : (C,) ndarray of int
        The root is cell 0 on level 0, and its own parent.
    corner : (C, 3) ndarray of int
        In units of the side of the cells on this level.
    sources, targets : (C, 2) ndarray of int
        First and one past the last of the sorted points.
    child, children : (C,) ndarray of int
        The first child, and how many there are: 0 for a leaf.
    source_order, target_order : (N,) ndarray of int
        Which point is the ``k``-th in the order of the tree.
    """

    box: Box
    dim: int
    level: Ints
    parent: Ints
    corner: Ints
    sources: Ints
    targets: Ints
    child: Ints
    children: Ints
    source_order: Ints
    target_order: Ints

    @cached_property
    def side(self) -> Floats:
        """Sides (C,) of the cells."""
        return np.ldexp(self.box.side, -self.level)

    @cached_property
    def centre(self) -> Floats:
        """Centres (C, 3) of the cells; in two dimensions the last coordinate is 0."""
        centre = self.box.corner + (self.corner + 0.5) * self.side[:, None]
        centre[:, self.dim :] = 0
        return centre

    @cached_property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which cells (C,) have no children."""
        return np.asarray(self.children == 0)

    @cached_property
    def source_count(self) -> Ints:
        """Sources (C,) in each cell."""
        return self.sources[:, 1] - self.sources[:, 0]

    @cached_property
    def target_count(self) -> Ints:
        """Targets (C,) in each cell."""
        return self.targets[:, 1] - self.targets[:, 0]


def grow(targets: Floats, sources: Floats, box: Box, dim: int, capacity: int) -> Tree:
    """Return the tree of points (n, 3) whose leaves hold at most ``capacity`` of each kind."""
    target_order, target_keys = _sorted(targets, box, dim)
    if targets is sources:
        source_order, source_keys = target_order, target_keys
    else:
        source_order, source_keys = _sorted(sources, box, dim)
    arity = 2**dim
    keys = np.zeros(1, dtype=np.int64)
    ranges = np.array([[[0, len(source_keys)], [0, len(target_keys)]]])
    parent = np.zeros(1, dtype=np.int64)
    levels, first = [], 0
    for level in range(DEPTH + 1):
        crowded = np.any(ranges[:, :, 1] - ranges[:, :, 0] > capacity, axis=1)
        split = np.flatnonzero(crowded) if level < DEPTH else np.empty(0, dtype=np.int64)
        edges = (keys[split, None] * arity + np.arange(arity + 1)) << (dim * (DEPTH - level - 1))
        cuts = np.stack(
            [np.searchsorted(source_keys, edges), np.searchsorted(target_keys, edges)], axis=-1
        )
        below = np.stack([cuts[:, :-1], cuts[:, 1:]], axis=-1)  # cell, child, kind, ends
        occupied = np.any(below[..., 1] > below[..., 0], axis=-1)
        children = np.zeros(len(keys), dtype=np.int64)
        children[split] = occupied.sum(axis=1)
        after = first + len(keys)
        child = after + np.cumsum(children) - children
        levels.append((np.full(len(keys), level), parent, keys, ranges, child, children))
        who, which = np.nonzero(occupied)
        if len(who) == 0:
            break
        parent, keys = first + split[who], keys[split[who]] * arity + which
        ranges, first = below[who, which], after
    depth, parent, keys, ranges, child, children = map(np.concatenate, zip(*levels, strict=True))
    corner = _corner(keys, dim)
    return Tree(
        box,
        dim,
        depth,
        parent,
        corner,
        ranges[:, 0],
        ranges[:, 1],
        child,
        children,
        source_order,
        target_order,
    )


def _sorted(points: Floats, box: Box, dim: int) -> tuple[Ints, Ints]:
    """Return the order of the points and their sorted keys."""
    steps = 1 << DEPTH
    at = np.floor((points[:, :dim] - box.corner[:dim]) * (steps / box.side)).astype(np.int64)
    keys = _key(np.clip(at, 0, steps - 1), dim)
    order = np.argsort(keys)
    return order, keys[order]


def _key(corner: Ints, dim: int) -> Ints:
    """Interleave the bits of the coordinates."""
    key = np.zeros(len(corner), dtype=np.int64)
    for axis in range(dim):
        x = corner[:, axis]
        for bits, mask in _SPREAD[dim]:
            x = (x | (x << bits)) & mask
        key |= x << (dim - 1 - axis)
    return key


def _corner(keys: Ints, dim: int) -> Ints:
    """Take every ``dim``-th bit of keys apart again."""
    corner = np.zeros((len(keys), 3), dtype=np.int64)
    for bit in range(DEPTH):
        for axis in range(dim):
            corner[:, axis] |= ((keys >> (dim * bit + dim - 1 - axis)) & 1) << bit
    return corner


_SPREAD = {
    2: (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ),
    3: (
        (32, 0x001F00000000FFFF),
        (16, 0x001F0000FF0000FF),
        (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ),
}
