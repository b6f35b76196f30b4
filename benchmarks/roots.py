"""Matrix roots, the polar decomposition and the gradient of the square root.

SPD matrices have logarithmically spaced eigenvalues and condition 1e6 in float64, 1e3 in float32.
"""

from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.linalg
from resolvent.arrays import to_host
from resolvent.linalg import gallery, inv_rootm, sqrtm, sqrtm_vjp
from resolvent.linalg.polar import polar

from benchmarks.harness import Peer, Row

CONDITION = {"float64": 1e6, "float32": 1e3}


def rows(xp: Any) -> list[Row]:
    """Return the rows for NumPy or CuPy; SciPy's peers and the bars are for NumPy."""
    eigh = partial(eigh_power, xp)

    def spd(*shape: int, dtype: str = "float64") -> tuple[Any]:
        spectrum = np.broadcast_to(gallery.logspaced(shape[-1], CONDITION[dtype]), shape)
        return (xp.asarray(gallery.spd(spectrum, rng=0, dtype=dtype)),)

    def gaussian(n: int, shift: float = 0) -> tuple[Any]:
        G = np.random.default_rng(0).standard_normal((n, n))
        return (xp.asarray(G / np.sqrt(n) + shift * np.eye(n)),)

    def root_and_gradient(*shape: int) -> tuple[Any, Any]:
        G = np.random.default_rng(1).standard_normal((*shape, shape[-1]))
        return sqrtm(*spd(*shape)), xp.asarray(G)

    def on_host(*peers: Peer) -> tuple[Peer, ...]:
        return peers if xp is np else ()

    def square_root(*shape: int, dtype: str = "float64", bars: Bars = (None, None)) -> Row:
        scipy_bar, eigh_bar = bars
    return []
