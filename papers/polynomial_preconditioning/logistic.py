"""Descents of regularised logistic regression on real data, its constants unknown."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Namespace
from resolvent.papers.polynomial_preconditioning.descents import (
    counted,
    descents,
    summary,
    trace,
)
from resolvent.papers.polynomial_preconditioning.spectra import predicted_condition
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.gradient import gradient_method, krylov_step, logistic_regression

__all__ = ["logistic", "samples"]


def logistic(
    xp: Namespace,
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    source: Literal["cancer", "digits"],
    ridge: float,
    degrees: list[int],
    accuracy: float,
    maxiter: int,
) -> Results:
    """Minimise the regularised logistic loss with every method.

    The minimum is found by the full Krylov step, to a gradient whose certificate is far below the
    accuracy.

    Scalars: see `summary`; ``certificate``, the bound of what f* may be too large by, over
    ``accuracy`` of the first gap; ``condition_degree<d>`` of the curvature by the formula.
    Arrays: ``<run>_products`` and ``<run>_gaps``, and ``spectrum``.
    """
    A, y = samples(source)
    data, count = counted(xp.asarray(A))
    f = logistic_regression(data, xp.asarray(y), ridge=ridge)
    n = A.shape[1]
    x0 = xp.zeros(n, dtype=xp.float64)
    values = np.linalg.eigvalsh(f.loss.curvature * A.T @ A + ridge * np.eye(n))[::-1]
    best = gradient_method(f, x0, M=krylov_step(f.curvature, n), rtol=1e-11, maxiter=100_000)
    best.raise_if_failed()
    runs = {
        name: trace(
            minimise,
            f,
            x0,
            least=best.value,
            count=count,
            each=2,
            accuracy=accuracy,
            M=P,
            maxiter=maxiter,
        )  # fmt: skip
        for name, (minimise, P) in progress(descents(f.curvature, values, degrees).items())
    }
    scalars, arrays = summary(runs, degrees, accuracy)
    first = float(f.value(x0)) - best.value
    scalars["certificate"] = best.gradient_norm**2 / (2 * ridge) / (accuracy * first)
    scalars |= {f"condition_degree{d}": predicted_condition(values, d) for d in degrees}
    return Results(scalars, arrays | {"spectrum": values})


def samples(source: Literal["cancer", "digits"]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return samples with features scaled to at most 1, and labels 1 or -1.

    ``cancer`` is malignant or benign, ``digits`` is below five or not. The features are not
    centred, so that their mean is an outlier of the spectrum.
    """
    from sklearn import datasets

    if source == "cancer":
        A, y = datasets.load_breast_cancer(return_X_y=True)
    else:
        A, y = datasets.load_digits(return_X_y=True)
        y = y < 5
    return A / np.maximum(np.abs(A).max(axis=0), 1e-300), np.where(y, 1.0, -1.0)
