r"""Flexible conjugate gradients (FCG), for a preconditioner that changes or is not linear.

The new direction is made conjugate to the last ones explicitly, instead of by the three-term
recurrence that a changing :math:`M` breaks:

.. math::

    z = M(r), \qquad p = z - \sum_j \frac{p_j^H A z}{p_j^H A p_j} p_j ,

over at most ``truncate`` directions :math:`p_j`, after which the oldest is forgotten. The energy
norm of the error falls in every step, whatever :math:`M` is, as long as :math:`p^H r \ne 0`.

Cost: a step has one product with A, one with M, ``j + 2`` inner products; ``2 j + 5`` vectors.

Failure modes: as CG's for an indefinite A. A direction with :math:`r^H z \le 0` is no descent
direction of the energy: M is then reported as indefinite.

Source: Notay, Flexible Conjugate Gradients, SIAM J. Sci. Comput. 22 (2000),
doi 10.1137/S1064827599362314.
Differs from the source in: :math:`p_j^H A z` is taken as :math:`(A p_j)^H z`, so that a step needs
the product :math:`A p` only; a window that slides instead of one that restarts.
"""

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any

from resolvent.arrays import Array, device_of, namespace_of
from resolvent.drive import Callback
from resolvent.recurrence import Counted, State, Target, at
from resolvent.results import Reason, Solution
from resolvent.solvers.krylov.curvature import examine, mark
from resolvent.solvers.krylov.run import run
from resolvent.solvers.linear_system import linear_system
from resolvent.vectors import Inner, ratio, real
from resolvent.vectors import inner as euclidean

__all__ = ["fcg", "fcg_steps"]


def fcg(
    A: Any,
    b: Any,
    *,
    M: Any = None,
    x0: Any = None,
    rtol: float = 1e-8,
    atol: float = 0.0,
    maxiter: int | None = None,
    truncate: int = 5,
    callback: Callback | None = None,
    inner: Inner | None = None,
    nullspace: Any = None,
    time_limit: float | None = None,
) -> Solution:
    r"""Solve :math:`A x = b` with a preconditioner that may change from step to step.

    Parameters
    ----------
    A, b, x0, rtol, atol, maxiter, callback, inner, nullspace, time_limit
        As in `resolvent.solvers.cg`.
    M : preconditioner, operator or callable, optional
        ``r -> z`` close to :math:`A^{-1} r`; it may be nonlinear, such as an inner iteration or a
        network, and another one in every step.
    truncate : int
        Directions kept; 1 is CG with the Polak-Ribière formula.

    Returns
    -------
    Solution
        ``info`` is None.

    Raises
    ------
    TypeError, ValueError
        As in `resolvent.solvers.cg`, and for ``truncate`` below 1.

    Notes
    -----
    Array API: any library and device, in the precision of ``A`` and ``b``; what ``M`` returns is
    converted to it.

    Examples
    --------
    An inner iteration as the preconditioner, never the same twice:

    >>> import numpy as np
    >>> from resolvent.linalg.gallery import poisson
    >>> from resolvent.solvers import cg, fcg
    >>> A = poisson((20, 20))
    >>> M = lambda r: cg(A, r, rtol=0.1).x
    >>> solution = fcg(A, np.ones(400), M=M)
    >>> solution.converged, solution.iterations < 15
    (True, True)
    """
    if truncate < 1:
        raise ValueError(f"truncate must be at least 1, got {truncate}")
    system = linear_system(A, b, M=M, x0=x0)
    steps = partial(fcg_steps, M=system.M, truncate=truncate, inner=inner or euclidean)
    return run(
        steps,
        system,
        rtol=rtol,
        atol=atol,
        maxiter=maxiter,
        callback=callback,
        time_limit=time_limit,
        inner=inner,
        nullspace=nullspace,
    )


def fcg_steps(
    A: Counted,
    r: Array,
    _: Target,
    *,
    M: Any = None,
    truncate: int = 5,
    inner: Inner = euclidean,
) -> Iterator[State]:
    """Yield the states of FCG for ``A d = r``."""
    xp = namespace_of(r)
    x = xp.zeros_like(r)
    rr = real(xp, inner(r, r))
    largest = xp.zeros_like(rr)
    trouble = xp.zeros(rr.shape, dtype=xp.int64, device=device_of(r))
    window: deque[tuple[Array, Array, Array]] = deque(maxlen=truncate)
    while True:
        z = r if M is None else M @ r
        rz = real(xp, inner(r, z))
        trouble = mark(xp, trouble, (rz <= 0) & (rr > 0), Reason.INDEFINITE_PRECONDITIONER)
        p = z
        for old, product, curvature in window:
            p = p - ratio(xp, inner(product, p), curvature) * old
        q = A @ p
        curvature, trouble, largest = examine(xp, inner, p, q, trouble, largest)
        window.append((p, q, curvature))
        alpha = ratio(xp, inner(p, r), curvature)
        alpha = xp.where(trouble == 0, alpha, xp.zeros_like(alpha))
        x = x + alpha * p
        r = r - alpha * q
        rr = real(xp, inner(r, r))
        yield State(at(x), xp.sqrt(rr), trouble)
