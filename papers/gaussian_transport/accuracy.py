r"""Digits of the Bures distance and of the optimal map, by factors and by square roots.

The matrices are such that the truth is known without a reference in higher precision: for integer
``A`` and a dyadic ``T``, ``B = T A T`` is exact in double precision as long as its bits fit. Then
``T`` is the map, and :math:`\|(T - I) A^{1/2}\|_F` the distance.
"""

import numpy as np
from scipy.linalg import hadamard

from resolvent.arrays import Array, Namespace, to_host
from resolvent.linalg import inv_sqrtm, sqrtm
from resolvent.papers.results import Results
from resolvent.papers.running import Progress
from resolvent.solvers.transport import bures_distance, bures_map

__all__ = ["accuracy"]

EPS = float(np.finfo(float).eps)


def accuracy(
    xp: Namespace,
    rng: np.random.Generator,  # noqa: ARG001
    progress: Progress,
    *,
    order: int,
    halvings: list[int],
    bits: list[int],
) -> Results:
    r"""Let B approach A, then let A lose its condition.

    Scalars: ``distance_error``, the largest absolute error of `bures_distance`, in units of
    ``eps sqrt(tr A)``; ``factors_last`` and ``trace_last``, the relative errors of both distances
    at the closest pair; ``trace_exponent``, the power of d in the relative error of the trace
    formula; ``map_error``, the largest relative error of `bures_map` in units of ``eps κ(A)``;
    ``push_error``, the largest one of ``T A T = B``, in units of eps; ``map_exponent`` and
    ``formula_exponent``, the powers of κ(A) in the errors of both maps. Arrays: ``distances``
    over ``sqrt(tr A)``, ``conditions``, and the errors.
    """
    E = np.diag(np.arange(order) % 3 - 1.0) + np.eye(order, k=1) + np.eye(order, k=-1)
    A, near = spread(order, 4), []
    for halving in progress(halvings):
        T = np.eye(order) + 2.0**-halving * E
        d = 2.0**-halving * np.sqrt(np.trace(E @ A @ E))
        pair = xp.asarray(A), xp.asarray(T @ A @ T)
        errors = (abs(float(f(*pair)) / d - 1) for f in (bures_distance, trace_formula))
        near.append((d / np.sqrt(np.trace(A)), *errors))
    distances, factors, trace = np.array(near).T

    ill, T = [], 3 * np.eye(order) + E
    for range_ in progress(bits):
        A = spread(order, range_)
        B = T @ A @ T
        pair = xp.asarray(A), xp.asarray(B)
        by_factors, by_roots = (to_host(f(*pair)) for f in (bures_map, map_formula))
        push = relative(by_factors @ A @ by_factors, B)
        ill.append((2.0**range_, relative(by_factors, T), relative(by_roots, T), push))
    conditions, map_errors, formula_errors, pushes = np.array(ill).T

    seen = trace > 0  # a lucky trace may be exact
    has_digits = formula_errors < 0.01
    scalars = {
        "distance_error": np.max(factors * distances) / EPS,
        "factors_last": factors[-1],
        "trace_last": np.max(trace[-3:]),
        "trace_exponent": exponent(distances[seen], trace[seen]),
        "map_error": np.max(map_errors / conditions) / EPS,
        "push_error": np.max(pushes) / EPS,
        "map_exponent": exponent(conditions, map_errors),
        "formula_exponent": exponent(conditions[has_digits], formula_errors[has_digits]),
    }
    arrays = {
        "distances": distances,
        "factors": factors,
        "trace": trace,
        "conditions": conditions,
        "map_errors": map_errors,
        "formula_errors": formula_errors,
    }
    return Results(scalars, arrays)


def spread(order: int, bits: int) -> Array:
    """Return an integer matrix with eigenvalues from ``order`` to ``2**bits order``."""
    H = hadamard(order).astype(float)
    return (H * 2.0 ** np.round(np.linspace(0, bits, order))) @ H.T


def trace_formula(A: Array, B: Array) -> float:
    """Return the distance from the traces of A, B and of a root of their product."""
    root = sqrtm(A)
    A, B, S = (to_host(X) for X in (A, B, sqrtm(symmetric(root @ B @ root))))
    return float(np.sqrt(max(np.trace(A) + np.trace(B) - 2 * np.trace(S), 0.0)))


def map_formula(A: Array, B: Array) -> Array:
    """Return the map from square roots and their inverses."""
    root, inverse = sqrtm(A), inv_sqrtm(A)
    return inverse @ sqrtm(symmetric(root @ B @ root)) @ inverse


def symmetric(A: Array) -> Array:
    """Return the symmetric part."""
    return 0.5 * (A + A.T)


def relative(found: Array, wanted: Array) -> float:
    """Return the relative error in the Frobenius norm."""
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


def exponent(x: Array, y: Array) -> float:
    """Return p of the least-squares fit ``y = c x^p``."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])
