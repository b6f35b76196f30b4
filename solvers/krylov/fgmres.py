r"""Flexible GMRES: the preconditioner may be nonlinear, and another one in every step.

The directions :math:`z_j = M_j(v_j)` are kept, so that the correction is :math:`d = Z_m y` with
the :math:`y` of GMRES, and :math:`A Z_m = V_{m+1} \bar H_m` holds whatever :math:`M_j` did.

Cost: as GMRES, with twice the vectors, and no product with M for the correction.

Failure modes: as GMRES; besides, a direction may be in the span of the earlier ones, which wastes
the step.

Source: Saad, A Flexible Inner-Outer Preconditioned GMRES Algorithm, SIAM J. Sci. Comput. 14
(1993), doi 10.1137/0914028.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.arrays import Array, namespace_of
from resolvent.drive import Callback
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Solution
from resolvent.solvers.krylov.arnoldi import Arnoldi
from resolvent.solvers.krylov.minimal_residual import check_restart, cycles
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import linear_system
from resolvent.vectors import Inner
from resolvent.vectors import inner as euclidean

__all__ = ["fgmres", "fgmres_steps"]


def fgmres(
    A: Any,
    b: Any,
    *,
    M: Any = None,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    restart: int = 30,
    callback: Callback | None = None,
    inner: Inner | None = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` by GMRES with a preconditioner that may change from step to step.

    Parameters
    ----------
    A, b, x0, rtol, atol, maxiter, restart, callback, inner, time_limit
        As in `resolvent.solvers.gmres`.
    M : preconditioner, operator or callable, optional
        ``v -> z`` close to :math:`A^{-1} v`, such as another solver or a network.

    Returns
    -------
    Solution
        ``info`` is None.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.gmres`.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``; what ``M`` returns is
    converted to it.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import convection_diffusion
    >>> from resolvent.solvers import fgmres, gmres
    >>> A = convection_diffusion((20, 20), peclet=2.0)
    >>> M = lambda v: gmres(A, v, rtol=0.1).x
    >>> solution = fgmres(A, np.ones(400), M=M)
    >>> solution.converged, solution.iterations < 15
    (True, True)
    """
    system = linear_system(A, b, M=M, x0=x0)
    restart = check_restart(restart, system.A.shape[0])
    return run(
        partial(fgmres_steps, M=system.M, restart=restart, inner=inner or euclidean),
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
        inner=inner,
    )


class _Stored:
    def __init__(self, M: Any) -> None:
        self.M = M
        self.directions: list[Array] = []

    def direction(self, v: Array) -> Array:
        self.directions.append(v if self.M is None else self.M @ v)
        return self.directions[-1]

    def correction(self, basis: Arnoldi) -> Array:
        y = basis.coordinates()
        Z = namespace_of(y).stack(self.directions[: basis.size])
        return basis.combine(Z, y)


def fgmres_steps(
    A: Counted, r: Array, _: Target, *, M: Any = None, restart: int, inner: Inner = euclidean
) -> Iterator[State]:
    """Yield the states of FGMRES for ``A d = r``, on any array library."""
    return cycles(A, r, search=lambda: _Stored(M), restart=restart, inner=inner)
