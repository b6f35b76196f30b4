"""Sensors break: fields from the values that are left."""

import numpy as np

from resolvent.arrays import Array, Namespace, to_host
from resolvent.linalg import GappyInterpolant, eim
from resolvent.papers.eim_variants.inverse_distance import fields, points, random_sources, sources
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["sensors"]


def sensors(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    side: int,
    tests: int,
    terms: int,
    broken: int,
    failures: int,
) -> Results:
    r"""Break some of the sensors at random, many times, and recover fields from the others.

    Errors are those of unseen fields in the maximum norm, relative to the maximum of the field: of
    the typical field (the median) and of the worst, both as medians over failures. Forms:
    ``pairs``, where the snapshots of broken sensors are left out too; ``rectangular``, which keeps
    them; ``scaled``, the same with snapshots of norm one (`drop_points`); ``moved``, EIM with as
    many sensors at their best places. Scalars, for one, half of and all ``broken`` sensors:
    ``worst_gain_1``, ``worst_gain_half``, ``worst_gain_all``, the error of ``pairs`` over that of
    ``rectangular`` for the worst field; ``typical_gain_*``, for the typical one; ``scaled_gain_*``,
    for the worst field, of ``scaled``. Arrays: ``broken``; ``typical_*`` and ``worst_*``.
    """
    X, Y, new = points(side), sources(side), random_sources(tests, rng)
    f, exact = fields(X, Y), fields(X, new)
    found = eim(xp.asarray(f), tol=1e-12, max_terms=terms)
    snapshots = f[:, found.params]

    def recover(broken: Array) -> dict[str, Array]:
        left = np.setdiff1d(np.arange(terms), broken)
        where, fewer = found.points[left], found.truncate(left.size)
        values = xp.asarray(exact[where, :])
        return {
            "pairs": GappyInterpolant.of(xp.asarray(snapshots[:, left]), where)(values),
            "rectangular": GappyInterpolant.of(xp.asarray(snapshots), where)(values),
            "scaled": found.drop_points(broken.tolist())(values),
            "moved": fewer(xp.asarray(exact[fewer.points, :])),
        }

    forms = list(recover(np.arange(0)))
    counts = np.arange(broken + 1)
    errors = np.empty((2, len(forms), counts.size, failures))
    for count in progress(counts):
        for k in range(failures):
            recovered = recover(rng.choice(terms, count, replace=False))
            for j, form in enumerate(forms):
                missed = np.max(np.abs(to_host(recovered[form]) - exact), axis=0)
                missed = missed / np.max(exact, axis=0)
                errors[:, j, count, k] = np.median(missed), np.max(missed)

    typical, worst = (dict(zip(forms, rows, strict=True)) for rows in np.median(errors, axis=-1))
    scalars = {}
    for name, count in {"1": 1, "half": broken // 2, "all": broken}.items():
        scalars[f"worst_gain_{name}"] = worst["pairs"][count] / worst["rectangular"][count]
        scalars[f"typical_gain_{name}"] = typical["pairs"][count] / typical["rectangular"][count]
        scalars[f"scaled_gain_{name}"] = worst["pairs"][count] / worst["scaled"][count]
    arrays = {f"typical_{form}": row for form, row in typical.items()}
    arrays |= {f"worst_{form}": row for form, row in worst.items()}
    return Results(scalars, {"broken": counts, **arrays})
