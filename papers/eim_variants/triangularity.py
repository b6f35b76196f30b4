"""How triangular the matrix of EIM remains, in the form for functions."""

import numpy as np
from scipy.linalg import solve_triangular

from resolvent.arrays import Array, Namespace, to_host
from resolvent.linalg import eim
from resolvent.papers.results import Results
from resolvent.papers.running import Progress

__all__ = ["triangularity"]


def triangularity(
    xp: Namespace,
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    size: int,
    family: int,
    terms: list[int],
) -> Results:
    r"""Run EIM on bumps that oscillate, as written and as in the library.

    ``triangle`` is the largest modulus above the diagonal of ``q_m(x_l)``, which is zero in exact
    arithmetic. Scalars, for each number ``M`` of ``terms``: ``published_M``, where the residual is
    the field less its interpolant; ``library_M``, where that is done twice; ``array_M``, by
    elimination in an array of all fields; ``published_error`` and ``library_error``, the largest
    error of all fields at the end, by forward substitution; ``same_points``, how many of the first
    points are the same in all three forms. Arrays: ``published``, ``library`` and ``array`` over
    the number of terms.
    """
    x = np.linspace(-1, 1, size)
    m = np.linspace(0.01, 1, family)
    f = np.exp(-(((x[:, None] - m) / (0.05 + 0.2 * m)) ** 2)) * np.cos(20 * m * x[:, None])
    most = max(terms)
    places, Q = published(f, most)
    held = xp.asarray(f)
    forms = {
        "library": eim(
            lambda _, j: held[:, j], points=x, params=range(family), tol=0.0, max_terms=most
        ),
        "array": eim(held, tol=0.0, max_terms=most),
    }
    triangles = {"published": Q[places, :]}
    for name, found in progress(list(forms.items())):
        triangles[name] = to_host(found.basis)[found.points, :]
    known = solve_triangular(Q[places, :], f[places, :], lower=True, unit_diagonal=True)
    library = to_host(forms["library"](xp.asarray(f[forms["library"].points, :])))
    count = min(form.points.size for form in forms.values())
    same = [form.points[:count] == places[:count] for form in forms.values()]

    curves = {name: above_diagonal(B) for name, B in triangles.items()}
    scalars = {
        f"{name}_{M}": curve[min(M, curve.size) - 1]
        for name, curve in curves.items()
        for M in terms
    }
    scalars |= {
        "published_error": np.max(np.abs(f - Q @ known)),
        "library_error": np.max(np.abs(f - library)),
        "same_points": np.argmin([*np.all(same, axis=0), False]),
    }
    return Results(scalars, curves)


def published(f: Array, terms: int) -> tuple[Array, Array]:
    """Return points and basis by the algorithm as it is usually written, all fields at once."""
    places: list[int] = []
    Q = np.empty((f.shape[0], 0))
    for _ in range(terms):
        residual = f - Q @ np.linalg.solve(Q[places, :], f[places, :])
        left = residual[:, np.argmax(np.max(np.abs(residual), axis=0))]
        place = int(np.argmax(np.abs(left)))
        places.append(place)
        Q = np.column_stack([Q, left / left[place]])
    return np.array(places), Q


def above_diagonal(B: Array) -> Array:
    """Return the largest modulus above the diagonal of every leading block."""
    return np.maximum.accumulate(np.max(np.abs(np.triu(B, 1)), axis=0))
