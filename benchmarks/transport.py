"""Entropic transport: whole solves to one accuracy, against POT and regot.

The residual is the L1 error of both marginals. regot stops by the 2-norm of its gradient and POT by
that of one marginal, so their tolerances are scaled to end at about the same error. The exact
solver of POT answers another question, the cost without regularisation, and stands there to keep
everyone honest. The limit is one exponential an entry and pass, as NumPy takes it.
"""

from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.harness import Peer, Row, Yardstick
from resolvent.solvers.transport import sinkhorn_newton

Array = Any
TOL = 1e-9
PAPER = 1 / 1200  # regularisation of the sparse Newton paper, of the largest cost


def rows(xp: Any) -> list[Row]:
    """Return the rows; there is nothing for a GPU yet."""
    if xp is not np:
        return []
    return [
        solve("assignment, n = 500", partial(assignment, 500), PAPER, 3, None),
        solve("images, squared distances, 28x28", partial(images, 2), PAPER, 3, None),
        solve("images, moduli, 28x28", partial(images, 1), PAPER, 15, None),
        solve("images, squared distances, 28x28", partial(images, 2), 5e-4, None, 10),
        solve("images, squared distances, 28x28", partial(images, 2), 1e-2, None, 1 / 1.2),
        solve("images, squared distances, 28x28", partial(images, 2), 1e-1, None, 1 / 1.2),
    ]


def solve(
    name: str, inputs: Any, relative: float, sparse_bar: float | None, sinkhorn_bar: float | None
) -> Row:
    """One problem at a regularisation relative to the largest cost."""

    def ours(C: Array, a: Array, b: Array) -> Array:
        return sinkhorn_newton(C, a, b, reg=relative * C.max(), tol=TOL).plan()

    peers = []
    if find_spec("regot"):
        peers.append(Peer("regot sinkhorn_ssns", partial(by_regot, relative), sparse_bar))
    if find_spec("ot"):
        peers.append(Peer("POT sinkhorn", partial(by_pot, relative), sinkhorn_bar))
        peers.append(Peer("POT emd, exact", by_exact))
    exponentials = Yardstick("exponentials", lambda C, *_: np.exp(-C), lambda C, *_: C.size, "exp")
    label = f"{name}, reg {relative:.1e}"
    return Row(label, inputs, ours, marginal_error, peers, exponentials)


def by_regot(relative: float, C: Array, a: Array, b: Array) -> Array:
    import regot

    n = C.shape[0]
    tol = TOL / np.sqrt(2 * n)
    return regot.sinkhorn_ssns(C, a, b, relative * C.max(), tol=tol, max_iter=5000).plan


def by_pot(relative: float, C: Array, a: Array, b: Array) -> Array:
    import ot

    tol = TOL / np.sqrt(len(a))
    return ot.sinkhorn(a, b, C, relative * C.max(), stopThr=tol, numItermax=100_000, warn=False)


def by_exact(C: Array, a: Array, b: Array) -> Array:
    import ot

    return ot.emd(a, b, C)


def marginal_error(P: Array, _: Array, a: Array, b: Array) -> float:
    return float(np.abs(P.sum(axis=1) - a).sum() + np.abs(P.sum(axis=0) - b).sum())


def assignment(n: int, seed: int = 11) -> tuple[Array, Array, Array]:
    return np.random.default_rng(seed).random((n, n)), np.full(n, 1 / n), np.full(n, 1 / n)


def images(p: int) -> tuple[Array, Array, Array]:
    """Two images of strokes on a faint ground, as handwritten digits are."""
    pair = [strokes(seed).ravel() + 0.01 for seed in range(2)]
    return pixel_costs(p), *(image / image.sum() for image in pair)


def pixel_costs(p: int) -> Array:
    """Costs between 28 by 28 pixels."""
    points = pixels().reshape(-1, 2)
    return (np.abs(points[:, None] - points) ** p).sum(axis=-1)


def strokes(seed: int) -> Array:
    """Three strokes of a pen."""
    ends = np.random.default_rng(seed).uniform(0.2, 0.8, (4, 2))
    path = np.concatenate([np.linspace(ends[k], ends[k + 1], 40) for k in range(3)])
    distance = ((pixels()[:, :, None] - path) ** 2).sum(axis=-1).min(axis=-1)
    return np.exp(-distance / 0.04**2)


def pixels() -> Array:
    side = np.arange(28) / 28
    return np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)
