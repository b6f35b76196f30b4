r"""Generalised minimal residuals, restarted: GMRES(m) for any square :math:`A`.

Over the Krylov space of :math:`A M` the iterate has the smallest residual

.. math::

    \min_y \|r - A M V_m y\| = \min_y \|\beta e_1 - \bar H_m y\|, \qquad d = M V_m y .

The preconditioner stands on the right, so that the residual is the true one. After ``restart``
steps the space is dropped and a new one begins with the true residual.

Cost: step j has one product with A, one with M and 8 j n operations, and a cycle keeps
``restart + 1`` vectors; a restart has one product more.

Failure modes: restarts may stop progress altogether, which is named STAGNATED: raise ``restart``.
For a singular A the space may break down before the solution is found.

Source: Saad and Schultz, SIAM J. Sci. Stat. Comput. 7 (1986), doi 10.1137/0907058.
Differs from the source in: CGS2 instead of modified Gram-Schmidt; the residual norm from the left
null vector of the Hessenberg matrix (`resolvent.solvers.krylov.arnoldi`).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from resolvent.arrays import Array
from resolvent.drive import Callback
from resolvent.preconditioners.preconditioner import Preconditioner
from resolvent.recurrence import Counted, State, Target
from resolvent.results import Solution
from resolvent.solvers.compiled.known import Given, chunk, form_of, is_known, is_small
from resolvent.solvers.krylov.arnoldi import Arnoldi
from resolvent.solvers.krylov.fgmres import fgmres_steps
from resolvent.solvers.krylov.minimal_residual import check_restart, cycles, stalled
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import linear_system
from resolvent.vectors import Inner
from resolvent.vectors import inner as euclidean

__all__ = ["gmres", "gmres_steps"]


def gmres(
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
    r"""Solve :math:`A x = b` with any square :math:`A` by restarted GMRES.

    Parameters
    ----------
    A, b, x0, rtol, atol, callback, inner, time_limit
        As in `resolvent.solvers.cg`; ``A`` need not be Hermitian.
    M : preconditioner, array, operator or callable, optional
        Approximate inverse of ``A``, applied from the right; linear and the same in every step.
        If it says that it isn't, FGMRES runs instead.
    maxiter : int, optional
        Largest number of steps, by default ``10 n``; a step is one product with ``A``, not a cycle.
    restart : int
        Steps in a cycle.

    Returns
    -------
    Solution
        ``info`` is None.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.cg`, and for ``restart`` below 1.

    Notes
    -----
    Array API: any library and device. Real SciPy matrices of up to 200 000 rows run in a compiled
    loop.

    Examples
    --------
    >>> import numpy as np
    >>> from resolvent.linalg.gallery import convection_diffusion
    >>> from resolvent.solvers import gmres
    >>> A = convection_diffusion((20, 20), peclet=2.0)
    >>> gmres(A, np.ones(400), restart=50).converged
    True
    """
    system = linear_system(A, b, M=M, x0=x0)
    M = system.M
    restart = check_restart(restart, system.A.shape[0])
    if M is not None and not (M.is_linear and M.is_fixed):
        steps = partial(fgmres_steps, M=M, restart=restart, inner=inner or euclidean)
    elif (
        is_known(system, inner)
        and system.b.ndim == 1
        and is_small(system)
        and not isinstance(form_of(M, system.b.dtype), Given)
    ):
        steps = partial(gmres_compiled_steps, M=M, restart=restart)
    else:
        steps = partial(gmres_steps, M=M, restart=restart, inner=inner or euclidean)
    return run(
        steps,
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
        inner=inner,
    )


class _Fixed:
    # the correction is M V y: one more product with M, and no directions to keep
    def __init__(self, M: Any) -> None:
        self.M = M

    def direction(self, v: Array) -> Array:
        return v if self.M is None else self.M @ v

    def correction(self, basis: Arnoldi) -> Array:
        return self.direction(basis.combination())


def gmres_steps(
    A: Counted, r: Array, _: Target, *, M: Any = None, restart: int, inner: Inner = euclidean
) -> Iterator[State]:
    """Yield the states of GMRES for ``A d = r``, on any array library."""
    return cycles(A, r, search=lambda: _Fixed(M), restart=restart, inner=inner)


def gmres_compiled_steps(
    A: Counted, r: Array, target: Target, *, M: Preconditioner | None, restart: int
) -> Iterator[State]:
    """Yield the states of the same recurrence, a chunk of compiled steps at a time."""
    from resolvent.solvers.compiled.arnoldi import CompiledArnoldi

    left = target.budget
    x = np.zeros_like(r)
    while True:
        cycle = CompiledArnoldi(A.kernel, form_of(M, r.dtype), r, restart)
        while cycle.size < restart:
            steps = min(chunk(r.size), target.every, left)
            norms = cycle.advance(float(target.tolerance[0]), steps)
            if not len(norms):  # the entries of A have no squares
                A.spent(1)
                for state in gmres_steps(A, r, target, M=M, restart=restart):
                    yield state._replace(x=partial(_further, x, state.x))
                return
            left -= len(norms)
            A.spent(len(norms))
            trouble = stalled(norms[-1], cycle.beta) if cycle.size == restart else 0
            yield State(partial(cycle.iterate, x), norms, trouble, monotone=True)
        d = cycle.correction()
        x = x + d
        r = r - A @ d


def _further(x: Array, d: Callable[[], Array]) -> Array:
    return x + d()
