r"""The methods of the paper with their published settings, and what all experiments measure.

Published: the Taylor polynomial (MTP) of degree 10 and the Padé approximant (MPA) [5/5], both of
``A / norm(A, 'fro')``; 8 steps of the Lyapunov backward pass; for comparison 5 steps of the coupled
Newton-Schulz iteration on ``A / tr(A)``.

Costs are counted in products of two n x n matrices, ``2 n³`` flops: a solve with n right-hand
sides is 4/3 of one, an inverse is one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from math import isqrt
from time import perf_counter

import numba
import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, namespace_of, to_host
from resolvent.linalg.roots import Minimax, NewtonSchulz, Pade, Taylor

__all__ = [
    "BACKWARD_STEPS",
    "MPA",
    "MTP",
    "NEWTON_SCHULZ",
    "eigh_root",
    "gaussian",
    "products",
    "race",
    "relative_error",
]

MTP = Taylor(degree=10)
MPA = Pade(order=5, normaliser="frobenius")
NEWTON_SCHULZ = NewtonSchulz(steps=5, normaliser="trace")
BACKWARD_STEPS = 8

SOLVE, INVERSE = 4 / 3, 1.0
SPECTRUM = INVERSE + 2  # what the smallest eigenvalue is bounded by


def gaussian(xp: Namespace, rng: np.random.Generator, count: int, n: int, samples: int) -> Array:
    """Return ``X Xᵀ / samples`` for Gaussian ``X`` (count, n, samples)."""
    X = rng.standard_normal((count, n, samples))
    return xp.asarray(X @ X.mT / samples)


def eigh_root(A: Array) -> Array:
    """Return the square root by the eigendecomposition of the array library, the usual recipe."""
    xp = namespace_of(A)
    values, V = xp.linalg.eigh(A)
    return (V * xp.sqrt(xp.maximum(values, 0 * values))[..., None, :]) @ V.mT


def relative_error(X: Array, reference: Array) -> NDArray[np.float64]:
    """Return ``norm(X - reference) / norm(reference)`` of each matrix, in the Frobenius norm."""
    got, wanted = to_host(X), to_host(reference)
    norm = np.linalg.norm(wanted, axis=(-2, -1))
    return np.asarray(np.linalg.norm(got - wanted, axis=(-2, -1)) / norm)


def products(method: Taylor | Pade | NewtonSchulz | Minimax) -> float:
    """Return what a square root costs; estimating a spectrum by eigenvalues is not counted."""
    match method:
        case Taylor(degree=degree):
            size = isqrt(degree)
            return size - 1 + -(-degree // size) - 1
        case Pade(order=order, form="partial-fractions"):
            return order * INVERSE
        case Pade(order=order):
            return order - 1 + SOLVE
        case NewtonSchulz(steps=int(steps)):
            return max(3 * steps - 3, 1)
        case Minimax(steps=int(steps), degree=5):
            return max(4 * steps - 3, 2) + SPECTRUM
    raise ValueError(f"the cost of {method} depends on the matrix")


def race(
    runners: Sequence[Callable[[], Array]], rounds: int
) -> tuple[NDArray[np.float64], list[Array]]:
    """Run all in turn, several rounds, on one thread of the host.

    Returns
    -------
    tuple of array and list
        The seconds of the fastest round of each (what disturbs a round only ever slows it down),
        and the result of each.
    """
    with _one_thread():
        results = [run() for run in runners]
        seconds = [[_seconds(run) for run in runners] for _ in range(rounds)]
    return np.min(seconds, axis=0), results


def _seconds(run: Callable[[], Array]) -> float:
    start = perf_counter()
    to_host(run()[..., :1, :1])  # an answer on the host: what a device still computes counts too
    return perf_counter() - start


@contextmanager
def _one_thread() -> Iterator[None]:
    # what a method costs, not how well a BLAS and a busy machine share out the cores
    threadpoolctl = import_module("threadpoolctl")
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        with threadpoolctl.threadpool_limits(1):
            yield
    finally:
        numba.set_num_threads(threads)
