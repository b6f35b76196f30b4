r"""Gauss-Seidel iteration, :math:`x \leftarrow x + (D + L)^{-1} (b - A x)`.

Successive over-relaxation with the parameter 1, and the letters of `resolvent.solvers.sor`.
Converges for Hermitian positive definite and for strictly diagonally dominant A. On matrices that
can be coloured in two colours it takes half the steps of Jacobi.

Cost: a step reads every entry once, the residual norm included.

Failure modes: diverges for other matrices as a rule; it is then called off, with the best iterate
kept.

Source: Y. Saad, Iterative Methods for Sparse Linear Systems, 2nd ed. (2003), section 4.1,
doi 10.1137/1.9780898718003.
"""

from typing import Any

from resolvent.drive import Callback
from resolvent.results import Solution
from resolvent.solvers.linear_system import linear_system
from resolvent.solvers.stationary.sweeps import relaxed

__all__ = ["gauss_seidel"]


def gauss_seidel(
    A: Any,
    b: Any,
    *,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    callback: Callback | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` by Gauss-Seidel sweeps over the rows in their order.

    Parameters
    ----------
    A, b, x0, rtol, atol, maxiter, callback, time_limit
        As in `resolvent.solvers.sor`.

    Returns
    -------
    Solution
        As that of `resolvent.solvers.sor`.

    Raises
    ------
    TypeError, ValueError, SingularMatrixError
        As in `resolvent.solvers.sor`.

    Notes
    -----
    NumPy and SciPy on the host only, in a compiled loop, in the precision of ``A`` and ``b``.

    Examples
    --------
    A lower triangular matrix takes one sweep:

    >>> from resolvent.solvers import gauss_seidel
    >>> solution = gauss_seidel([[2.0, 0.0], [1.0, 4.0]], [2.0, 5.0])
    >>> solution.x, solution.iterations
    (array([1., 1.]), 1)
    """
    return relaxed(
        "sor",
        linear_system(A, b, x0=x0),
        omega=1.0,
        name="gauss_seidel",
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
    )
