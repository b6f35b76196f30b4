r"""Points chosen by the kernel against Chebyshev nodes, which are the same for all kernels.

Both interpolate :math:`K(x, y) \approx \sum_m K(x, y_m) S_m(y)` for y in a cell and x at least one
cell away. Chebyshev nodes form a tensor grid, so that their number is a cube.
"""

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace, to_host
from resolvent.linalg import eim
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["nodes"]

Floats = NDArray[np.float64]
_REACH = 3.5  # half of the far region that is looked at, in sides of the cell
_FACE = 1.5


def nodes(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    orders: list[int],
    screening: float,
    samples: int,
    fresh: int,
) -> Results:
    """Measure both errors at points that none of the two has seen.

    Scalars: for each kernel ``<kernel>_saving``, the number of Chebyshev nodes over that of chosen
    points with the same error, at the largest order. Arrays: ``orders``, and for each kernel
    ``chebyshev``, ``sizes`` and ``chosen``: errors by both, relative to the largest value.
    """
    kernels: dict[str, Callable[[Floats], Floats]] = {
        "laplace": lambda r: 1 / r,
        "screened": lambda r: np.exp(-screening * (r - 1)) / r,
        "fourth_power": lambda r: r**-4,
    }
    cell, far = grid(samples, 0.5), shells(2 * samples)
    new_cell, new_far = rng.uniform(-0.5, 0.5, (fresh, 3)), outside(rng, fresh)
    scalars, arrays = {}, {"orders": np.array(orders)}
    for name, profile in progress(kernels.items()):
        truth = values(profile, new_far, new_cell)
        scale = np.max(np.abs(truth))

        by_nodes = []
        for order in orders:
            y, S = chebyshev(order, new_cell)
            by_nodes.append(np.max(np.abs(values(profile, new_far, y) @ S - truth)) / scale)

        found = eim(xp.asarray(values(profile, far, cell)), tol=by_nodes[-1] / 30)
        sizes = np.unique(np.geomspace(4, found.points.size, 14).astype(int))
        by_choice = []
        for size in sizes:
            few = found.truncate(int(size))
            at_points = xp.asarray(values(profile, far[few.points], new_cell))
            weights = to_host(few.weights(at_points))
            known = values(profile, new_far, cell[few.params])
            by_choice.append(np.max(np.abs(known @ weights - truth)) / scale)

        enough = sizes[np.array(by_choice) <= by_nodes[-1]]
        scalars[f"{name}_saving"] = orders[-1] ** 3 / enough[0] if enough.size else 0.0
        arrays |= {
            f"{name}_chebyshev": np.array(by_nodes),
            f"{name}_sizes": sizes,
            f"{name}_chosen": np.array(by_choice),
        }
    return Results(scalars, arrays)


def values(profile: Callable[[Floats], Floats], x: Floats, y: Floats) -> Floats:
    """Return the kernel between all points of two sets."""
    return profile(np.linalg.norm(x[:, None] - y, axis=2))


def grid(many: int, half: float) -> Floats:
    """Return a tensor grid of Chebyshev points with the ends."""
    line = -half * np.cos(np.pi * np.arange(many) / (many - 1))
    return np.array(list(product(line, repeat=3)))


def shells(many: int) -> Floats:
    """Return points on the surfaces of three cubes around the cell."""
    surfaces = []
    for half in (_FACE, 0.5 * (_FACE + _REACH), _REACH):
        cube = grid(many, half)
        surfaces.append(cube[np.max(np.abs(cube), axis=1) > half * (1 - 1e-12)])
    return np.concatenate(surfaces)


def outside(rng: np.random.Generator, many: int) -> Floats:
    """Return random points of the far region, half of them on its nearest face."""
    x = rng.uniform(-1, 1, (many, 3))
    halves = np.where(np.arange(many) % 2, _FACE, rng.uniform(_FACE, _REACH, many))
    return np.asarray(x * (halves / np.max(np.abs(x), axis=1))[:, None])


def chebyshev(order: int, points: Floats) -> tuple[Floats, Floats]:
    """Return the nodes (order**3, 3) in the unit cell, and their cardinal functions at points."""
    line = 0.5 * np.cos(np.pi * (np.arange(order) + 0.5) / order)
    cardinal = np.ones((3, order, len(points)))
    for k, here in enumerate(line):
        for other in np.delete(line, k):
            cardinal[:, k] *= (points.T - other) / (here - other)
    S = np.einsum("ap,bp,cp->abcp", *cardinal).reshape(order**3, -1)
    return np.array(list(product(line, repeat=3))), S
