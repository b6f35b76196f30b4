"""Gradient error of the Lyapunov backward pass against its number of steps."""

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.linalg import gallery, sqrtm, sqrtm_vjp
from resolvent.linalg.lyapunov import SignMinimax, SignNewtonSchulz
from resolvent.papers.fast_matrix_square_root.methods import BACKWARD_STEPS, relative_error
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["backward"]


def backward(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    n: int,
    conditions: list[float],
    steps: int,
    count: int,
) -> Results:
    """Compare gradients of the published polynomials and of the minimax ones with exact ones.

    ``A`` has log-spaced eigenvalues and Haar eigenvectors, the incoming gradient is symmetric
    Gaussian, and the exact answer comes from the eigenvectors of the root. Arrays: ``published``
    and ``minimax`` (conditions, steps), medians over ``count`` matrices.
    """
    errors = {name: np.empty((len(conditions), steps)) for name in ("published", "minimax")}
    for i, condition in enumerate(progress(conditions, desc="condition")):
        spectra = np.tile(gallery.logspaced(n, condition), (count, 1))
        X = sqrtm(xp.asarray(gallery.spd(spectra, rng=rng)))
        G = rng.standard_normal((count, n, n))
        G = xp.asarray(G + G.mT)
        exact = sqrtm_vjp(X, G, method="eigh")
        for name, row in errors.items():
            for t in range(steps):
                method = SignMinimax if name == "minimax" else SignNewtonSchulz
                gradient = sqrtm_vjp(X, G, method=method(steps=t + 1))
                row[i, t] = np.median(relative_error(gradient, exact))

    scalars = {}
    for name, row in errors.items():
        for i, condition in enumerate(conditions):
            label = f"{name}_{condition:.0e}".replace("+0", "")
            scalars[f"{label}_error"] = row[i, BACKWARD_STEPS - 1]
            scalars[f"{label}_steps"] = steps_until(row[i], 1e-6)
    return Results(scalars, {"conditions": np.array(conditions), **errors})


def steps_until(errors: NDArray[np.float64], wanted: float) -> float:
    """Return after how many steps an error is as small as wanted; infinity if it never is."""
    reached = np.flatnonzero(errors <= wanted)
    return float(reached[0] + 1) if reached.size else np.inf
