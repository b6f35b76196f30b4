"""One basis, four estimators: what each says of the same errors."""

from functools import partial
from typing import Any

import numpy as np

from resolvent.arrays import Array
from resolvent.papers.running import Progress
from resolvent.solvers.reduced import AffineSystem, ReducedBasis
from resolvent.solvers.reduced.estimators import InterpolatedResidual

__all__ = ["ESTIMATORS", "compare", "summary"]

ESTIMATORS: dict[str, Any] = {
    "direct": "direct",
    "gram": "gram",
    "eim": "eim",
    "orthonormal": "orthonormal",
    "unscaled": partial(InterpolatedResidual.of, scaled=False),
}
SPLIT = ("bound", "floor", "interpolation")


def compare(
    system: AffineSystem,
    X: Any,
    coercivity: Any,
    basis: Array,
    sizes: list[int],
    train: Array,
    test: Array,
    progress: Progress,
) -> dict[str, Array]:
    """Evaluate all estimators at the test parameters, for the first vectors of one basis.

    Returns ``error`` and ``truth`` (sizes, k); ``bound_NAME``, ``floor_NAME`` and
    ``interpolation_NAME`` likewise; and counts for each size: ``pieces`` of the residual,
    ``sigma`` different products of their factors, ``terms`` and ``terms_unscaled`` of those
    that the interpolation takes.
    """
    rows: dict[str, list[Any]] = {name: [] for name in ("error", "truth", "pieces", "sigma")}
    for size in progress(sizes):
        for name, estimator in ESTIMATORS.items():
            reduction = ReducedBasis(system, X=X, coercivity=coercivity, estimator=estimator)
            model = reduction.project(basis[:, :size], train=train)
            if name == "direct":
                tested = model.effectivity(test)
                pieces = model.pieces.columns.shape[1]
                counts = {"pieces": pieces, "sigma": pieces * (pieces + 1) // 2}
                found = {"error": tested.error, "truth": tested.truth, **counts}
                estimate = tested.estimate
            else:
                estimate, found = model.estimate(test), {}
            found |= {f"{part}_{name}": getattr(estimate, part) for part in SPLIT}
            if isinstance(model.estimator, InterpolatedResidual):
                found[f"terms_{name}"] = model.estimator.terms
            for key, value in found.items():
                rows.setdefault(key, []).append(value)
    return {key: np.array(values) for key, values in rows.items()} | {"sizes": np.array(sizes)}


def summary(arrays: dict[str, Array], shown: list[int]) -> dict[str, float]:
    """Return the table: for each size largest values, counts, and deviations from the direct one.

    ``deviation_NAME_SIZE`` is the largest relative one over the test parameters.
    """
    scalars: dict[str, float] = {}
    direct = arrays["bound_direct"]
    for size in shown:
        (row,) = np.flatnonzero(arrays["sizes"] == size)
        scalars[f"error_{size}"] = arrays["error"][row].max()
        scalars[f"sigma_{size}"] = arrays["sigma"][row]
        scalars[f"terms_{size}"] = arrays["terms_eim"][row]
        for name in ESTIMATORS:
            found = arrays[f"bound_{name}"][row]
            resolution = arrays[f"floor_{name}"][row] + arrays[f"interpolation_{name}"][row]
            scalars[f"{name}_{size}"] = found.max()
            scalars[f"resolution_{name}_{size}"] = resolution.max()
            scalars[f"deviation_{name}_{size}"] = np.max(np.abs(found / direct[row] - 1))
    return scalars | {f"exceeded_{name}": exceeded(arrays, name) for name in ESTIMATORS}


def exceeded(arrays: dict[str, Array], name: str) -> float:
    """Return how many errors are larger than bound, resolution and the error of the truth."""
    allowed = sum((arrays[f"{part}_{name}"] for part in SPLIT), start=arrays["truth"])
    return float(np.sum(arrays["error"] > allowed))
