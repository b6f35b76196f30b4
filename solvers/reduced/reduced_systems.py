"""The reduced systems of many parameters, solved in one batch."""

import numpy as np
from numpy.typing import NDArray

from resolvent.arrays import Array, Namespace, eps, is_numpy, namespace_of, to_host
from resolvent.errors import SingularMatrixError
from resolvent.linalg.factorisations import solve
from resolvent.linalg.norms import column_norms

__all__ = ["solve_reduced"]


def solve_reduced(terms: Array, rhs: Array, alpha: Array, beta: Array, mus: Array) -> Array:
    """Return ``c`` (n, k) with ``sum_q alpha[q] terms[q] c = rhs beta``.

    On NumPy by a compiled kernel, else by the library's own batched LU factorisation.

    Raises
    ------
    SingularMatrixError
        A reduced matrix is singular to working precision, that is ``eps norm(A) norm(c) >=
        norm(b)``; the message names the parameter.
    """
    xp = namespace_of(terms)
    dtype = xp.result_type(terms, rhs, alpha, beta)
    terms, rhs, alpha, beta = (xp.astype(x, dtype) for x in (terms, rhs, alpha, beta))
    if 0 in (terms.shape[1], alpha.shape[1]):
        return xp.zeros((terms.shape[1], alpha.shape[1]), dtype=dtype, device=terms.device)
    if is_numpy(xp):
        from resolvent.solvers.compiled.small_systems import solve_small_systems

        found, singular = solve_small_systems(terms, rhs, alpha, beta)
        if singular.any():
            raise _singular(mus, int(singular.argmax()))
        return found.T
    Q, n, _ = terms.shape
    k = alpha.shape[1]
    A = xp.reshape(alpha.T @ xp.reshape(terms, (Q, n * n)), (k, n, n))
    b = (rhs @ beta).T[:, :, None]
    c = solve(xp, A, b)
    singular = _are_singular(xp, A, b, c)
    if c is None or singular.any():
        raise _singular(mus, int(singular.argmax()))
    return c[:, :, 0].T


def _are_singular(xp: Namespace, A: Array, b: Array, c: Array | None) -> NDArray[np.bool_]:
    """Tell where ``eps norm(A) norm(c) >= norm(b)``, or there is no solution at all."""
    if c is None and A.shape[0] == 1:
        return np.array([True])
    if c is None:
        one = (slice(k, k + 1) for k in range(A.shape[0]))
        parts = (
            _are_singular(xp, A[k, ...], b[k, ...], solve(xp, A[k, ...], b[k, ...])) for k in one
        )
        return np.concatenate(list(parts))
    columns = (xp.reshape(x, (x.shape[0], -1)).T for x in (A, c, b))
    matrix, size, right = (to_host(column_norms(xp, x)).astype(float) for x in columns)
    # a comparison with NaN is false: what is not finite is singular
    regular = (eps(xp, A.dtype) * matrix * size < right) | ((right == 0) & np.isfinite(size))
    return np.asarray(~regular)


def _singular(mus: Array, k: int) -> SingularMatrixError:
    return SingularMatrixError(
        f"the reduced matrix is singular to working precision at mu = {mus[k, :]}: the problem is "
        "singular there, or not coercive and Galerkin's projection fails; leave it out"
    )
