"""Condition numbers of B P for polynomials of degree 0 to 4, with and without outliers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace, to_host
from resolvent.linalg import gallery
from resolvent.papers.polynomial_preconditioning.spectra import (
    SPECTRA,
    chebyshev_condition,
    predicted_condition,
    resolution,
    spectrum,
    tail_bound,
)
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.preconditioners import Preconditioner, chebyshev, symmetric_polynomial

__all__ = ["conditions", "eigenvalues_of"]


def conditions(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    n: int,
    degrees: list[int],
) -> Results:
    r"""Measure cond(B P) with Haar-distributed eigenvectors, and compare it with theory.

    Symmetric polynomials whose `resolution` is above 1 percent are left out: NaN.

    Scalars: ``two_outliers_degree<d>``, the measured condition; ``formula_gap``, the largest
    relative deviation from the formula, and ``bound_excess``, the largest quotient of the formula
    and the tail bound, over all spectra and degrees; ``left_over``, what degree 2 leaves of two
    outliers over the condition of the rest, and ``left_over_share`` the same over n - 2;
    ``least_eigenvalue``, the smallest of any P over its largest; ``rounding_degree<d>``, the
    resolution for two outliers. For Chebyshev polynomials: ``chebyshev_excess``, the largest
    quotient of the measured condition and the promised one; ``chebyshev_over_symmetric`` and
    ``_without_outliers``, quotients of conditions for degree 2; ``short_interval``, the smallest
    eigenvalue of P over the largest where the interval of degree 1 ends at 0.8 of the spectrum.
    Arrays: ``<spectrum>_measured``, ``_formula``, ``_bound``, ``_rest``, ``_chebyshev`` and
    ``_promise``, each (degrees,).
    """
    arrays: dict[str, Any] = {"degrees": np.array(degrees)}
    least = []
    for name, outliers in progress(SPECTRA.items()):
        values = spectrum(outliers, n)
        Q = gallery.haar((n, n), rng=rng)
        B = xp.asarray((Q * values) @ Q.T)
        measured = np.full(len(degrees), np.nan)
        for i, degree in enumerate(degrees):
            if resolution(values, degree) < 0.01:
                p = eigenvalues_of(xp, symmetric_polynomial(B, degree), Q)
                measured[i] = condition(values * p)
                least.append(p.min() / p.max())
        interval = (values[-1], values[0])
        chebyshevs = [eigenvalues_of(xp, chebyshev(B, d, interval), Q) for d in degrees]
        arrays |= {
            f"{name}_measured": measured,
            f"{name}_formula": np.array([predicted_condition(values, d) for d in degrees]),
            f"{name}_bound": np.array([tail_bound(values, d) for d in degrees]),
            f"{name}_rest": values[degrees] / values[-1],
            f"{name}_chebyshev": np.array([condition(values * p) for p in chebyshevs]),
            f"{name}_promise": np.array([chebyshev_condition(values, d) for d in degrees]),
        }

    def all_of(key: str) -> NDArray[Any]:
        return np.array([arrays[f"{name}_{key}"] for name in SPECTRA])

    values = spectrum(SPECTRA["two_outliers"], n)
    Q = gallery.haar((n, n), rng=rng)
    short = chebyshev(xp.asarray((Q * values) @ Q.T), 1, (values[-1], 0.8 * values[0]))
    p = eigenvalues_of(xp, short, Q)
    two, cut = arrays["two_outliers_measured"], degrees.index(2)
    left_over = two[cut] / arrays["two_outliers_rest"][cut]
    against = (all_of("chebyshev") / all_of("measured"))[:, cut]
    scalars = {f"two_outliers_degree{d}": x for d, x in zip(degrees, two, strict=True) if x > 0}
    scalars |= {f"rounding_degree{d}": resolution(values, d) for d in degrees}
    scalars |= {
        "formula_gap": np.nanmax(np.abs(all_of("measured") / all_of("formula") - 1)),
        "bound_excess": np.max(all_of("formula") / all_of("bound")),
        "left_over": left_over,
        "left_over_share": left_over / (n - 2),
        "least_eigenvalue": np.min(least),
        "chebyshev_excess": np.max(all_of("chebyshev") / all_of("promise")),
        "chebyshev_over_symmetric": against[0],
        "chebyshev_over_symmetric_without_outliers": against[-1],
        "short_interval": np.min(p) / np.max(p),
    }
    return Results(scalars, arrays)


def eigenvalues_of(xp: Namespace, P: Preconditioner, Q: NDArray[Any]) -> NDArray[Any]:
    """Return the eigenvalues of P on the eigenvectors in the columns of Q."""
    image = to_host(P @ xp.asarray(Q))
    return np.asarray(np.sum(Q * image, axis=0))


def condition(values: NDArray[Any]) -> float:
    """Return the largest over the smallest."""
    return float(np.max(values) / np.min(values))
