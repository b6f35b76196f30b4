"""What all descents share: the methods, and f - f* against products with the curvature matrix."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array
from resolvent.operators import Operator, as_operator
from resolvent.preconditioners import (
    Preconditioner,
    chebyshev,
    elementary_symmetric,
    symmetric_polynomial,
)
from resolvent.recurrence import Counted
from resolvent.solvers.gradient import (
    Minimum,
    Objective,
    fast_gradient_method,
    gradient_method,
    krylov_step,
)

__all__ = [
    "Trace",
    "counted",
    "curves",
    "descents",
    "fixed_polynomials",
    "products_to",
    "steps_to",
    "summary",
    "trace",
]


@dataclass(frozen=True)
class Trace:
    """A run of a method: its outcome, and f - f* after so many products."""

    outcome: Minimum
    products: NDArray[np.floating[Any]]
    gaps: NDArray[np.floating[Any]]


def counted(A: Any) -> tuple[Operator, Counted]:
    """Return an operator that counts its products, and where the count is read."""
    count = Counted(as_operator(A))
    shape, dtype = count.operator.shape, count.operator.dtype
    return Operator(shape, dtype, lambda x: count @ x, lambda y: count.H @ y), count


def fixed_polynomials(
    B: Operator, eigenvalues: NDArray[Any], degree: int
) -> dict[str, Preconditioner]:
    """Return the symmetric and the Chebyshev polynomial of B.

    What they need to know of the spectrum is taken from ``eigenvalues``, and not counted.
    """
    elementary = elementary_symmetric(eigenvalues, degree + 1)[1:]
    interval = (float(eigenvalues[-1]), float(eigenvalues[0]))
    return {
        "symmetric": symmetric_polynomial(B, degree, elementary=elementary),
        "chebyshev": chebyshev(B, degree, interval),
    }


def descents(
    B: Operator, eigenvalues: NDArray[Any], degrees: Sequence[int]
) -> dict[str, tuple[Callable[..., Minimum], Any]]:
    """Return the methods with their preconditioners, by the names of the results."""
    runs: dict[str, tuple[Callable[..., Minimum], Any]] = {}
    for degree in degrees:
        for kind, P in fixed_polynomials(B, eigenvalues, degree).items():
            runs[f"gm_{kind}{degree}"] = (gradient_method, P)
            runs[f"fgm_{kind}{degree}"] = (fast_gradient_method, P)
        runs[f"gm_krylov{degree}"] = (gradient_method, krylov_step(B, degree))
    return runs


def trace(
    minimise: Callable[..., Minimum],
    f: Objective,
    x0: Array,
    *,
    least: float,
    count: Counted,
    each: int,
    accuracy: float,
    **options: Any,
) -> Trace:
    """Run a method until f - f* has fallen by ``accuracy``, ``each`` matvecs being a product.

    The gradient at the start counts.
    """
    start = float(f.value(x0))
    before = count.matvecs
    products: list[float] = []

    def watch(seen: Any) -> bool:
        products.append((count.matvecs - before) / each)
        return bool(seen.value - least <= accuracy * (start - least))

    outcome = minimise(f, x0, rtol=1e-15, callback=watch, **options)
    return Trace(outcome, np.array([1.0, *products]), outcome.values - least)


def products_to(run: Trace, accuracy: float) -> float:
    """Return the products until f - f* had fallen by ``accuracy``; infinite if it never did."""
    there = np.flatnonzero(run.gaps <= accuracy * run.gaps[0])
    return float(run.products[there[0]]) if len(there) else float("inf")


def steps_to(run: Trace, accuracy: float) -> float:
    """Return the steps until f - f* had fallen by ``accuracy``; infinite if it never did."""
    there = np.flatnonzero(run.gaps <= accuracy * run.gaps[0])
    return float(there[0]) if len(there) else float("inf")


def summary(
    runs: Mapping[str, Trace], degrees: Sequence[int], accuracy: float
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the scalars and arrays of runs whose constants were searched for.

    Scalars: ``gm_gain`` and ``fgm_gain``, products of the method without preconditioner over
    those with the best symmetric polynomial; ``krylov_steps_over_symmetric``, the largest
    quotient of steps of the gradient method over the positive degrees; ``krylov_over_fixed``,
    products of the best Krylov degree over those of the best of all other runs;
    ``chebyshev_over_symmetric_gm`` and ``_fgm``, products with the polynomials of the highest
    degree. Arrays: ``<run>_products`` and ``<run>_gaps``.
    """
    products = {name: products_to(run, accuracy) for name, run in runs.items()}
    positive = [d for d in degrees if d > 0]
    krylov = min(products[f"gm_krylov{d}"] for d in degrees)
    scalars = {
        f"{method}_gain": products[f"{method}_symmetric0"]
        / min(products[f"{method}_symmetric{d}"] for d in positive)
        for method in ("gm", "fgm")
    }
    scalars |= {
        f"chebyshev_over_symmetric_{method}": products[f"{method}_chebyshev{max(degrees)}"]
        / products[f"{method}_symmetric{max(degrees)}"]
        for method in ("gm", "fgm")
    }
    scalars["krylov_steps_over_symmetric"] = max(
        steps_to(runs[f"gm_krylov{d}"], accuracy) / steps_to(runs[f"gm_symmetric{d}"], accuracy)
        for d in positive
    )
    scalars["krylov_over_fixed"] = krylov / min(
        count for name, count in products.items() if "krylov" not in name
    )
    return scalars, curves(runs, degrees, accuracy)


def curves(runs: Mapping[str, Trace], degrees: Sequence[int], accuracy: float) -> dict[str, Any]:
    """Return the arrays that are drawn: ``<run>_products`` and ``<run>_gaps``."""
    arrays: dict[str, Any] = {"degrees": np.array(degrees), "accuracy": accuracy}
    for name, run in runs.items():
        arrays |= {f"{name}_products": run.products, f"{name}_gaps": run.gaps}
    return arrays
