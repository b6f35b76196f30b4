r"""Ours: better scalars to divide by, and better polynomials, at the same number of products.

The Padé approximant is symmetric under ``x -> 1/x``, so it wants the spectrum around 1, where the
mean eigenvalue puts it and the published ``norm(A, 'fro')`` doesn't.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, to_host
from resolvent.errors import UntrustedResultError
from resolvent.linalg import gallery, inv_sqrtm, sqrtm
from resolvent.linalg.roots import Minimax, NewtonSchulz, Pade, Taylor
from resolvent.papers.fast_matrix_square_root.methods import (
    MPA,
    eigh_root,
    gaussian,
    products,
    relative_error,
)
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["FAMILIES", "normalisers", "predicted_error"]

ORDERS = (2, 3, 5, 7, 10, 14, 20, 28)
FAMILIES: dict[str, list[Any]] = {
    "mtp": [Taylor(degree) for degree in (4, 6, 10, 16, 25, 42, 90, 210)],
    "newton_schulz": [NewtonSchulz(steps) for steps in range(2, 12)],
    "mpa": [Pade(order, "frobenius", "partial-fractions") for order in ORDERS],
    "mpa_geometric": [Pade(order, "geometric", "partial-fractions") for order in ORDERS],
    "mpa_trace": [Pade(order, "trace", "partial-fractions") for order in ORDERS],
    "minimax": [Minimax(steps=steps) for steps in range(1, 9)],
}


def normalisers(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    n: int,
    count: int,
) -> Results:
    """Measure errors and products on covariances of ``n`` and of ``4 n`` Gaussian samples.

    Arrays: ``products_<family>`` (settings) and ``square_<family>``, ``tall_<family>``, medians
    over ``count`` matrices, infinite where the library refuses to return so inaccurate a root.
    """
    scalars: dict[str, float] = {}
    arrays: dict[str, Any] = {
        f"products_{family}": [products(method) for method in methods]
        for family, methods in FAMILIES.items()
    }
    parts = Pade(MPA.order, MPA.normaliser, "partial-fractions")
    for kind, samples, rival, ours in (
        ("square", n, NewtonSchulz(steps=11), Minimax(steps=7)),  # 30 and 28 products
        ("tall", 4 * n, NewtonSchulz(steps=5), Minimax(steps=3)),  # 12 each
    ):
        A = gaussian(xp, rng, count, n, samples)
        reference = eigh_root(A)
        for family, methods in progress(FAMILIES.items(), desc=kind):
            arrays[f"{kind}_{family}"] = [_error(A, reference, method) for method in methods]
        published, trace, geometric = (
            _error(A, reference, Pade(MPA.order, normaliser, "partial-fractions"))
            for normaliser in ("frobenius", "trace", "geometric")
        )
        scalars |= {
            f"{kind}_trace_gain": published / trace,
            f"{kind}_geometric_gain": published / geometric,
            f"{kind}_forms_differ": max(
                float(np.max(relative_error(root(A, method=parts), root(A, method=MPA))))
                for root in (sqrtm, inv_sqrtm)
            ),
            f"{kind}_minimax_gain": _error(A, reference, rival) / _error(A, reference, ours),
        }
    scalars["theory_gap"] = _theory_gap(xp, rng, n)
    return Results(scalars, arrays)


def predicted_error(x: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return the relative error of the ``[order/order]`` approximant of ``sqrt(x)``."""
    s = np.sqrt(x)
    q = ((1 - s) / (1 + s)) ** (2 * order + 1)
    return np.asarray(2 * q / (1 - q))


def _error(A: Array, reference: Array, method: Any) -> float:
    errors = []
    for i in range(A.shape[0]):  # one by one: the minimax polynomials are made for a whole batch
        try:
            X = sqrtm(A[i, ...], method=method)
        except UntrustedResultError:
            errors.append(np.inf)
        else:
            errors.append(float(relative_error(X, reference[i, ...])))
    return float(np.median(errors))


def _theory_gap(xp: Namespace, rng: np.random.Generator, n: int) -> float:
    """Return how far the eigenvalues of computed roots are from the predicted ones."""
    spectrum = gallery.logspaced(n, 1e4)
    A = xp.asarray(gallery.spd(spectrum, rng=rng))
    got = np.sort(to_host(xp.linalg.eigvalsh(sqrtm(A, method=MPA))))[::-1]
    error = predicted_error(spectrum / np.linalg.norm(spectrum), MPA.order)
    return float(np.max(np.abs(got / (np.sqrt(spectrum) * (1 + error)) - 1)))
