"""Descents of a soft maximum with outliers in the spectrum, its constants unknown."""

import numpy as np

from resolvent.arrays import Namespace
from resolvent.linalg import gallery
from resolvent.papers.polynomial_preconditioning.descents import (
    counted,
    descents,
    summary,
    trace,
)
from resolvent.papers.polynomial_preconditioning.spectra import spectrum
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers import gradient

__all__ = ["soft_maximum"]


def soft_maximum(
    xp: Namespace,
    rng: np.random.Generator,
    progress: Progress,
    *,
    m: int,
    n: int,
    outliers: list[float],
    s: float,
    degrees: list[int],
    accuracy: float,
    maxiter: int,
) -> Results:
    r"""Minimise :math:`s \log \sum_i \exp(a_i^T (x - x^*)/s)` with every method.

    The left singular vectors of A are orthogonal to the constants, so that the mean of the rows
    vanishes and :math:`x^*`, random of length 1, is the minimiser, with value s log m. L is
    searched for, mu unknown.

    Scalars: see `summary`. Arrays: ``<run>_products`` and ``<run>_gaps``.
    """
    values = spectrum(outliers, n)
    centred = rng.standard_normal((m, n))
    U = np.linalg.qr(centred - centred.mean(axis=0))[0]
    A = (U * np.sqrt(values)) @ gallery.haar((n, n), rng=rng).T
    minimiser = rng.standard_normal(n)
    minimiser /= np.linalg.norm(minimiser)
    data, count = counted(xp.asarray(A))
    f = gradient.soft_maximum(data, xp.asarray(A @ minimiser), s=s)
    runs = {
        name: trace(
            minimise,
            f,
            xp.zeros(n, dtype=xp.float64),
            least=s * np.log(m),
            count=count,
            each=2,
            accuracy=accuracy,
            M=P,
            maxiter=maxiter,
        )  # fmt: skip
        for name, (minimise, P) in progress(
            descents(f.curvature, values * f.loss.curvature, degrees).items()
        )
    }
    scalars, arrays = summary(runs, degrees, accuracy)
    return Results(scalars, arrays)
