r"""A few steps of GMRES with each of several preconditioners, and who is ahead.

The Arnoldi process :math:`A M V_m = V_{m+1} \bar H_m` from b knows the least residuals of all its
spaces: that after k steps is the part of :math:`\|b\| e_1` outside the range of :math:`\bar H_k`,
which the vector y with :math:`y^T \bar H_m = 0` and :math:`y_0 = 1` spans, so

.. math:: \frac{\|r_k\|}{\|b\|} = \frac{1}{\|(y_0, \dots, y_k)\|}, \qquad
    y_{k+1} = -\frac{1}{h_{k+1,k}} \sum_{i \le k} y_i h_{ik}.

Triangular systems can be so unstable that this is far from the truth: all products point the same
way to working precision, and the space looks invariant. So the residual of the last step is also
computed from its solution, and no step counts as better than that. What is below 1e-12 counts as
that: who has converged does not win by rounding.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.linalg.krylov_spaces.arnoldi import arnoldi
from resolvent.operators import as_operator

__all__ = ["gmres_progress", "minimal_residuals"]

Host = NDArray[Any]

_CONVERGED = 1e-12


def minimal_residuals(A: Any, M: Any, b: Host, steps: int) -> NDArray[np.float64]:
    """Return the residuals of right-preconditioned GMRES after 0, 1, ..., ``steps`` steps.

    They are relative to that of zero. An ``M`` that makes infinity of b or of what follows leaves
    them at 1.
    """
    norms = np.ones(steps + 1)
    product = as_operator(lambda x: A @ (M @ x), shape=A.shape)
    with np.errstate(all="ignore"):
        try:
            V, H = arnoldi(product, b, steps=steps)
        except ValueError:  # the product is not finite
            return norms
        y = np.ones(1)
        for k in range(H.shape[1]):
            total = y @ H[: k + 1, k]
            y = np.append(y, -total / H[k + 1, k] if total else 0.0)
            norms[k + 1 :] = 1 / np.linalg.norm(y)
        reached = _residual(A, M, b, V, H)
    least = min(reached, 1.0) if np.isfinite(reached) else 1.0
    return np.maximum(norms, max(least, _CONVERGED))


def _residual(A: Any, M: Any, b: Host, V: Host, H: Host) -> float:
    """Return the true residual of the best solution in the space, relative to that of zero."""
    size = float(np.linalg.norm(b))
    start = np.zeros(H.shape[0])
    start[0] = size
    x = M @ (V @ np.linalg.lstsq(H, start, rcond=None)[0].astype(V.dtype))
    return float(np.linalg.norm(b - A @ x)) / size


def gmres_progress(A: Any, M: Any, b: Host, level: float, most: int) -> tuple[int, float]:
    """Return the steps until the relative residual is at most ``level``, and what it then is.

    After ``most`` steps it is the least one so far.
    """
    steps = min(32, most)
    while True:
        residuals = minimal_residuals(A, M, b, steps)
        done = np.flatnonzero(residuals <= level)
        if done.size:
            return int(done[0]), float(residuals[done[0]])
        if steps == most:
            return most, float(residuals[-1])
        steps = min(4 * steps, most)
