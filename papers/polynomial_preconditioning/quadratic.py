"""Descents of a quadratic whose constants are known: does the condition rule the steps?"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace
from resolvent.linalg import gallery
from resolvent.papers.polynomial_preconditioning.conditions import eigenvalues_of
from resolvent.papers.polynomial_preconditioning.descents import (
    Trace,
    counted,
    curves,
    descents,
    fixed_polynomials,
    products_to,
    steps_to,
    trace,
)
from resolvent.papers.polynomial_preconditioning.spectra import predicted_condition, spectrum
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers import cg
from resolvent.solvers.gradient import Quadratic, gradient_method, krylov_step

__all__ = ["quadratic"]


def quadratic(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    n: int,
    outliers: list[float],
    degrees: list[int],
    accuracy: float,
    maxiter: int,
) -> Results:
    """Minimise a quadratic with every method, given the true L and mu of B P.

    Scalars: ``<method>_exponent``, of the condition in the steps over all degrees (symmetric
    polynomials); ``krylov_defeats``, the largest decrease by a fixed polynomial of the same
    degree with the best step length, over that of the Krylov step from the same point;
    ``krylov_steps_over_fixed`` and ``krylov_products_over_fixed``, the largest quotients with the
    better of the fixed polynomials of the same degree; ``krylov_products_over_cg``, of the best
    Krylov degree over conjugate gradients that aren't restarted in each step. Arrays:
    ``<run>_products`` and ``<run>_gaps``, and ``steps_<method>`` and ``conditions`` (degrees,).
    """
    values = spectrum(outliers, n)
    Q = gallery.haar((n, n), rng=rng)
    A = (Q * values) @ Q.T
    solution = rng.standard_normal(n)
    B, count = counted(xp.asarray(A))
    f = Quadratic(B, xp.asarray(A @ solution))
    x0 = xp.zeros(n, dtype=xp.float64)
    least = -float(solution @ A @ solution) / 2

    runs: dict[str, Trace] = {}
    for name, (minimise, P) in progress(descents(B, values, degrees).items()):
        options: dict[str, Any] = {"L": 1.0}  # the metric of a Krylov step is that of B
        if "krylov" not in name:
            p = values * eigenvalues_of(xp, P, Q)
            options = {"L": np.max(p)} | ({"mu": np.min(p)} if name.startswith("fgm") else {})
        runs[name] = trace(
            minimise, f, x0, least=least, count=count, each=1, accuracy=accuracy,
            M=P, maxiter=maxiter, **options,
        )  # fmt: skip
    reference = conjugate_gradients(f, least, accuracy)

    conditions = np.array([predicted_condition(values, degree) for degree in degrees])
    steps = {
        method: np.array([steps_to(runs[f"{method}_symmetric{d}"], accuracy) for d in degrees])
        for method in ("gm", "fgm")
    }
    krylov = min(products_to(runs[f"gm_krylov{d}"], accuracy) for d in degrees)
    scalars = {
        "gm_exponent": exponent(conditions, steps["gm"]),
        "fgm_exponent": exponent(conditions, steps["fgm"]),
        "krylov_defeats": max(
            defeat(f, x0, krylov_step(B, d), fixed_polynomials(B, values, d)) for d in degrees
        ),
        "krylov_steps_over_fixed": worst(steps_to, runs, degrees, accuracy),
        "krylov_products_over_fixed": worst(products_to, runs, degrees, accuracy),
        "krylov_products_over_cg": krylov / len(reference),
    }
    arrays = curves(runs, degrees, accuracy) | {"conditions": conditions}
    arrays |= {"cg_products": 1 + np.arange(len(reference)), "cg_gaps": reference}
    arrays |= {f"steps_{method}": row for method, row in steps.items()}
    return Results(scalars, arrays)


def conjugate_gradients(f: Quadratic, least: float, accuracy: float) -> NDArray[np.float64]:
    """Return f - f* after each step of conjugate gradients, until it fell by ``accuracy``."""
    gaps = [-least]

    def watch(seen: Any) -> bool:
        gaps.append(float(f.value(seen.x)) - least)
        return gaps[-1] <= accuracy * gaps[0]

    cg(f.A, f.b, rtol=1e-15, callback=watch)
    return np.array(gaps)


def worst(
    cost: Callable[[Trace, float], float],
    runs: Mapping[str, Trace],
    degrees: list[int],
    accuracy: float,
) -> float:
    """Return the cost of a Krylov step over the better fixed polynomial, for the worst degree."""
    costs = {name: cost(run, accuracy) for name, run in runs.items()}
    return max(
        costs[f"gm_krylov{d}"] / min(costs[f"gm_symmetric{d}"], costs[f"gm_chebyshev{d}"])
        for d in degrees
    )


def exponent(conditions: NDArray[Any], steps: NDArray[Any]) -> float:
    """Return the slope of log steps against log condition."""
    return float(np.polyfit(np.log(conditions), np.log(steps), 1)[0])


def defeat(f: Quadratic, x0: Array, krylov: Any, fixed: Mapping[str, Any]) -> float:
    """Return the largest decrease by a fixed polynomial over that of the Krylov step."""
    iterates = [x0]
    gradient_method(
        f, x0, M=krylov, L=1.0, maxiter=50, callback=lambda seen: iterates.append(seen.x)
    )
    ratios = []
    for x in iterates[:-1]:
        g = f.gradient(x)
        ratios += [decrease(f, g, P @ g) / decrease(f, g, krylov @ g) for P in fixed.values()]
    return max(ratios)


def decrease(f: Quadratic, g: Array, z: Array) -> float:
    """Return the decrease of the quadratic along z by the best step length."""
    return float(g @ z) ** 2 / float(z @ (f.A @ z)) / 2
