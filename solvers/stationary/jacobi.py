r"""Jacobi iteration, :math:`x \leftarrow x + \omega D^{-1} (b - A x)`, D the diagonal of A.

All unknowns move at once, so that it runs on every array library and on any number of threads. It
converges for strictly diagonally dominant A, and for Hermitian positive definite A exactly if
:math:`\omega \lambda_{\max}(D^{-1} A) < 2`.

Cost: a step reads every entry once, the residual norm included.

Failure modes: diverges for other matrices; it is then called off, with the best iterate kept.

Source: Y. Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. (2003), section 4.1,
doi 10.1137/1.9780898718003.
"""

from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from resolvent.drive import Callback
from resolvent.preconditioners.relaxation.jacobi import jacobi as reciprocal_diagonal
from resolvent.results import Solution
from resolvent.solvers.compiled.known import is_small
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.stationary.divergence import with_contraction
from resolvent.solvers.stationary.richardson import richardson_steps
from resolvent.solvers.stationary.sweeps import relaxed, require_convergent

__all__ = ["jacobi"]


def jacobi(
    A: Any,
    b: Any,
    *,
    omega: float = 1.0,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` by Jacobi iteration.

    Parameters
    ----------
    A : (n, n) array_like or sparse matrix
        Dense in any array library, or sparse of SciPy or cupyx, without zeros on the diagonal.
    omega : float
        Damping, between 0 and 2; 1 is the plain iteration.
    b, x0, rtol, atol, maxiter, callback, time_limit
        As in `resolvent.solvers.sor`.

    Returns
    -------
    Solution
        As that of `resolvent.solvers.sor`.

    Raises
    ------
    TypeError, ValueError, SingularMatrixError
        As in `resolvent.solvers.sor`; every device is welcome.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``. SciPy matrices of up to
    200 000 rows run in a compiled loop.

    Examples
    --------
    >>> from resolvent.solvers import jacobi
    >>> jacobi([[4.0, 1.0], [1.0, 4.0]], [5.0, 5.0], rtol=1e-12).x.round(10)
    array([1., 1.])
    """
    options: dict[str, Any] = {
        "rtol": rtol,
        "atol": atol,
        "maxiter": maxiter,
        "callback": callback,
        "time_limit": time_limit,
    }
    system = linear_system(A, b, x0=x0)
    if sparse.issparse(system.A.matrix) and type(system.b) is np.ndarray and is_small(system):
        return relaxed("jacobi", system, omega=omega, name="jacobi", **options)
    require_convergent(omega)
    if system.A.matrix is None:
        raise TypeError("jacobi needs the entries of A; chebyshev_iteration takes its products")
    steps = partial(richardson_steps, M=reciprocal_diagonal(system.A), omega=omega)
    return with_contraction(run(steps, system, **options))
