"""ZCA whitening of patches of handwritten digits: how white, and how long it takes."""

from functools import partial
from typing import Any, Literal

import numpy as np

from resolvent.arrays import Namespace, to_host
from resolvent.linalg import gallery, inv_sqrtm
from resolvent.linalg.roots import Minimax, Pade
from resolvent.papers.fast_matrix_square_root.methods import MPA, MTP, NEWTON_SCHULZ, race
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["METHODS", "whitening"]

METHODS: dict[str, Any] = {
    "eigh": "eigh",
    "minimax": Minimax(),
    "mpa_trace": Pade(MPA.order, "trace"),
    "mpa": MPA,
    "newton_schulz": NEWTON_SCHULZ,
    "mtp": MTP,
}


def whitening(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    source: Literal["mnist", "sklearn"],
    size: int,
    count: int,
    eps: float,
    stride: int,
    rounds: int,
) -> Results:
    """Whiten patches with ``W = (C + eps I)^{-1/2}``, C their covariance, by every method.

    Scalars: ``colour_<method>``, ``norm(W (C + eps I) W - I) / norm(I)``, zero for an exact root;
    and ``data_colour_eigh``, the same without ``eps``, which no method can avoid. Arrays:
    ``before`` and ``after_<method>`` (ten digits, size, size), ``variances`` (the eigenvalues of
    C + eps I) and ``white_<method>``, what whitening makes of them; ``time_<method>`` in seconds.
    """
    images = gallery.digits(source)
    patches = gallery.image_patches(images, size, count=count, rng=rng)
    C = gallery.covariance(patches)
    A = C + eps * np.eye(len(C))
    variances, V = np.linalg.eigh(A)
    margin = (images.shape[-1] - size) // 2
    digits = images[::stride, margin : margin + size, margin : margin + size][:10]
    centred = digits.reshape(-1, size * size) - patches.mean(axis=0)

    seconds, roots = race(
        [partial(inv_sqrtm, xp.asarray(A), method=method) for method in METHODS.values()],
        rounds,
    )
    scalars: dict[str, float] = {}
    arrays: dict[str, Any] = {"before": digits, "variances": variances}
    for name, time, root in progress(list(zip(METHODS, seconds, roots, strict=True))):
        W = to_host(root)
        scalars[f"colour_{name}"] = colour(W @ A @ W)
        arrays[f"white_{name}"] = np.sum(V * (W @ A @ W @ V), axis=0)
        arrays[f"after_{name}"] = (centred @ W).reshape(-1, size, size)
        arrays[f"time_{name}"] = time
        if name == "eigh":
            scalars["data_colour_eigh"] = colour(W @ C @ W)
    scalars["mpa_over_mpa_trace"] = scalars["colour_mpa"] / scalars["colour_mpa_trace"]
    scalars["mtp_over_mpa"] = scalars["colour_mtp"] / scalars["colour_mpa"]
    scalars["condition"] = variances[-1] / variances[0]
    return Results(scalars, arrays)


def colour(covariance: np.ndarray[Any, Any]) -> float:
    """Return ``norm(covariance - I) / norm(I)`` in the Frobenius norm."""
    identity = np.eye(len(covariance))
    return float(np.linalg.norm(covariance - identity) / np.linalg.norm(identity))
