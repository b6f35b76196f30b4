"""The reduced systems of many parameters, solved in one batch."""

from resolvent.arrays import Array, Namespace, is_finite, is_numpy, namespace_of
from resolvent.errors import SingularMatrixError
from resolvent.linalg.factorisations import solve

__all__ = ["solve_reduced"]


def solve_reduced(terms: Array, rhs: Array, alpha: Array, beta: Array, mus: Array) -> Array:
    """Return ``c`` (n, k) with ``sum_q alpha[q] terms[q] c = rhs beta``.

    On NumPy by a compiled kernel, else by the library's own batched LU factorisation.

    Raises
    ------
    SingularMatrixError
        A reduced matrix is singular; the message names the parameter.
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
    if c is None or not is_finite(c):
        raise _singular(mus, _first_singular(xp, A, b))
    return c[:, :, 0].T


def _first_singular(xp: Namespace, A: Array, b: Array) -> int:
    for k in range(A.shape[0]):
        c = solve(xp, A[k, ...], b[k, ...])
        if c is None or not is_finite(c):
            return k
    return 0


def _singular(mus: Array, k: int) -> SingularMatrixError:
    return SingularMatrixError(
        f"the reduced matrix is singular to working precision at mu = {mus[k, :]}: the problem is "
        "singular there, or not coercive and Galerkin's projection fails; leave it out"
    )
